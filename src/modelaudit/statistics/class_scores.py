"""Precision, recall and F1 by class, and their averages: of answers one by one, and of whole entities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How often a class was answered rightly, was answered, and was the truth."""

    name: str
    right: int
    predicted: int
    true: int

    @property
    def precision(self) -> float | None:
        """Share of the answers that are right; None where there are none."""
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of the truth that was answered; None where there is none."""
        return self.right / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two, 2 right / (predicted + true); None where there is nothing of the class."""
        total = self.predicted + self.true
        return 2.0 * self.right / total if total else None


@dataclass(frozen=True, slots=True)
class Average:
    """Scores averaged over the classes that occur, in the truth or among the answers; None where none occurs."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    true: int


def counted_classes(truth: Ints, found: Ints, names: Sequence[str]) -> tuple[ClassCount, ...]:
    """Return the counts of each class; both arrays have shape [n], and an answer below 0 is none."""
    right = np.bincount(truth[truth == found], minlength=len(names))
    predicted = np.bincount(found[found >= 0], minlength=len(names))
    true = np.bincount(truth, minlength=len(names))
    return tuple(
        ClassCount(name, int(right[place]), int(predicted[place]), int(true[place])) for place, name in enumerate(names)
    )


def counted_entities(truth: Sequence[Collection[Span]], found: Sequence[Collection[Span]]) -> tuple[ClassCount, ...]:
    """Return the counts of each type, sorted by name; `truth` and `found` hold the entities of each sentence.

    An entity is right where type and both ends are.
    """
    pairs = [(set(one), set(other)) for one, other in zip(truth, found, strict=True)]
    kinds = sorted({span[2] for pair in pairs for side in pair for span in side})
    place = {kind: number for number, kind in enumerate(kinds)}
    counts = np.zeros((len(kinds), 3), dtype=np.int64)
    for one, other in pairs:
        for column, spans in enumerate((one & other, other, one)):
            for span in spans:
                counts[place[span[2]], column] += 1
    return tuple(ClassCount(kind, *map(int, counts[place[kind]])) for kind in kinds)


def micro(counts: Sequence[ClassCount]) -> Average:
    """Return the scores of all classes thrown together; where each unit has one answer, all three are the accuracy."""
    right, predicted, true = (sum(getattr(count, part) for count in counts) for part in ("right", "predicted", "true"))
    whole = ClassCount("micro", right, predicted, true)
    return Average("micro", whole.precision, whole.recall, whole.f1, true)


def macro(counts: Sequence[ClassCount]) -> Average:
    """Return the mean over classes, each counting alike; a score that a class does not have counts as 0.

    F1 is the mean of the classes' F1 and not the F1 of their means (Opitz and Burst 2019, arXiv 1911.03347).
    """
    return _mean("macro", counts, [1.0] * len(counts))


def weighted(counts: Sequence[ClassCount]) -> Average:
    """Return the mean over classes, each counting as often as it is the truth."""
    return _mean("weighted", counts, [float(count.true) for count in counts])


def _mean(name: str, counts: Sequence[ClassCount], weights: Sequence[float]) -> Average:
    occurring = [(count, weight) for count, weight in zip(counts, weights, strict=True) if count.predicted + count.true]
    total = sum(weight for _, weight in occurring)

    def over(part: str) -> float | None:
        return sum((getattr(count, part) or 0.0) * weight for count, weight in occurring) / total if total else None

    return Average(name, over("precision"), over("recall"), over("f1"), sum(count.true for count in counts))
