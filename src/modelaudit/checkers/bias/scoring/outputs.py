"""Regression: each output, in standard deviations of the model's outputs over the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.bias.scoring.reading import unread
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant
from modelaudit.errors import NotAssessable


class OutputScoring:
    """Follows each output, standardised; a regression decides nothing.

    Args:
        originals: rows of the data as they are; the spread of their outputs is the unit.

    Raises:
        NotAssessable: the outputs are alike for all rows, so there is no spread to measure by.
    """

    def __init__(self, model: ModelHandle, *, originals: Sequence[Row]) -> None:
        self._model = model
        outputs = model.predict(originals).logits
        self._spread: Floats = outputs.std(axis=0, ddof=1) if len(outputs) > 1 else np.zeros(outputs.shape[1])
        if not (self._spread > 1e-9 * np.maximum(np.abs(outputs).max(axis=0, initial=0.0), 1e-300)).all():
            raise NotAssessable(
                f"the model's output is the same for all {len(originals)} evaluation rows looked at, so a difference "
                "can't be measured by its spread; provide rows that differ"
            )
        names = [
            model.labels[each] if each < len(model.labels) else f"output {each + 1}"
            for each in range(len(self._spread))
        ]
        self._scores = tuple(
            Score(
                "standardised_difference",
                "Standardised difference",
                "standard deviations of the output",
                f"the output {name}" if len(names) > 1 else "the output",
                bounded=False,
                points=False,
                label=name if len(names) > 1 else None,
            )
            for name in names
        )

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return the outputs."""
        return self._scores

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for predictions."""
        predictions = self._model.predict([variant.row for variant in variants])
        values: Floats = predictions.logits / self._spread
        values[unread(self._model, variants, predictions.truncated)] = np.nan
        return [Answer(variant, scores, None) for variant, scores in zip(variants, values, strict=True)]
