"""Text classification, with one label or several: the probability of each class, and the label or labels decided on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from modelaudit.checker import ModelHandle, Predictions, Row
from modelaudit.checkers.bias.scoring.reading import unread
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant

MOST_CLASSES = 50
"""Classes that are followed; of more, those that are decided on most often."""
THRESHOLD = 0.5
"""Of a multi-label model: the probability from which on a label counts as decided."""


class ClassScoring:
    """Follows the favourable class, or the second of two; of more classes each, up to `MOST_CLASSES`.

    Args:
        favourable: name of the class to follow, one of the model's labels; or None.
        multi_label: whether labels do not exclude one another.
        originals: rows of the data, whose predictions say which classes are frequent, where there are too many.
    """

    def __init__(
        self, model: ModelHandle, *, favourable: str | None, multi_label: bool, originals: Sequence[Row]
    ) -> None:
        self._model, self._multi_label = model, multi_label
        labels = model.labels
        if favourable is not None or (len(labels) == 2 and not multi_label) or len(labels) == 1:
            self._classes = [len(labels) - 1 if favourable is None else labels.index(favourable)]
        else:
            self._classes = self._frequent(originals)
        self._scores = self._followed()

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return the probability of each class that is followed, and of a single one whether it is decided on."""
        return self._scores

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for predictions."""
        predictions = self._model.predict([variant.row for variant in variants])
        lost = unread(self._model, variants, predictions.truncated)
        decided = self._decided(predictions)
        values: Floats = predictions.probabilities[:, self._classes]
        if len(self._classes) == 1:
            values = np.column_stack([values, decided[:, self._classes].astype(np.float64)])
        values[lost] = np.nan
        return [
            Answer(variant, scores, decision)
            for variant, scores, decision in zip(variants, values, self._decisions(decided), strict=True)
        ]

    def _followed(self) -> tuple[Score, ...]:
        names = [self._model.labels[each] for each in self._classes]
        several = len(names) > 1
        unfollowed = len(self._model.labels) - len(names) if several else 0
        found = [
            Score(
                "score_difference",
                "Score difference",
                "probability",
                f"the probability of class {name}",
                label=name if several else None,
                unfollowed=unfollowed,
            )
            for name in names
        ]
        if not several:
            shift = f"the share of decisions for class {names[0]}"
            found.append(Score("net_shift", "Net shift of decisions", "share of rows", shift, primary=False))
        return tuple(found)

    def _decided(self, predictions: Predictions) -> np.ndarray:
        """Return whether each class is decided on, bool (n, C)."""
        if self._multi_label:
            return np.asarray(predictions.probabilities > THRESHOLD)
        return np.asarray(predictions.labels[:, None] == np.arange(len(self._model.labels)))

    def _decisions(self, decided: np.ndarray) -> list[Hashable]:
        if self._multi_label:
            return [row.tobytes() for row in np.packbits(decided, axis=1)]
        return [int(row) for row in decided.argmax(axis=1)]

    def _frequent(self, originals: Sequence[Row]) -> list[int]:
        count = len(self._model.labels)
        if count <= MOST_CLASSES:
            return list(range(count))
        often = self._decided(self._model.predict(originals)).sum(axis=0)
        return sorted(int(each) for each in np.argsort(-often, kind="stable")[:MOST_CLASSES])
