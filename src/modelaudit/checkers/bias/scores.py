"""What the model said of each rewritten row: a score for each class that is looked at, and a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.bias.arms import Variant

Floats = NDArray[np.float64]

MOST_CLASSES = 10


@dataclass(frozen=True, slots=True)
class ScoredClass:
    """One score: the label index (None: the reference tag of a token classification), and what it is called."""

    label: int | None
    name: str
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's answer to one variant.

    `scores` has the probability of each scored class (classes,), NaN where the model does not read as far as the edit.
    `decision` is the predicted label; for token classification 1 where every reference entity word that the model reads
    got its tag, else 0.
    """

    variant: Variant
    scores: Floats
    decision: int

    @property
    def row(self) -> str:
        """The id of the row that the variant was made of."""
        return self.variant.source.row.id


def scored_classes(labels: Sequence[str], predicted: Sequence[int], *, task: str) -> tuple[ScoredClass, ...]:
    """Return the classes whose probability is followed.

    Of two classes the second; of more each, and of more than `MOST_CLASSES` those that were predicted most often.
    """
    if task == "token-classification":
        return (ScoredClass(None, "the reference tag"),)
    if len(labels) == 2:
        return (ScoredClass(1, f"class {labels[1]}"),)
    counts = np.bincount(np.asarray(predicted, dtype=np.int64), minlength=len(labels))
    frequent = sorted(np.argsort(-counts, kind="stable")[:MOST_CLASSES])
    return tuple(ScoredClass(int(label), f"class {labels[label]}", f" · class {labels[label]}") for label in frequent)


def answers_of(
    variants: Sequence[Variant], predictions: Predictions, unread: NDArray[np.bool_], classes: Sequence[ScoredClass]
) -> list[Answer]:
    """Return the answers to the variants, in order; `unread` (variants,) says where the edit is beyond what is read."""
    if predictions.offsets is not None:
        answers = [_tagged(variant, predictions.words_of(index)) for index, variant in enumerate(variants)]
    else:
        columns = [each.label for each in classes if each.label is not None]
        scores: Floats = predictions.probabilities[:, columns]
        answers = [
            Answer(variant, scores[index], int(label))
            for index, (variant, label) in enumerate(zip(variants, predictions.labels, strict=True))
        ]
    return [
        replace(answer, scores=np.full_like(answer.scores, np.nan)) if lost else answer
        for answer, lost in zip(answers, unread, strict=True)
    ]


def _tagged(variant: Variant, probabilities: Floats) -> Answer:
    words = [word for word, _ in variant.scored]
    tags = [tag for _, tag in variant.scored]
    score = float(probabilities[words, tags].mean()) if words else float("nan")
    found = all(
        int(probabilities[word].argmax()) == tag
        for word, tag in variant.entities
        if not np.isnan(probabilities[word]).any()
    )
    return Answer(variant, np.array([score]), int(found))
