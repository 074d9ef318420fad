"""The model's answers with their confidence, whether they were right, and what they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context, Predictions, Row
from modelaudit.checkers.unit_keys import key_of
from modelaudit.drawing import content
from modelaudit.statistics import Estimate, clustered_ece
from modelaudit.statistics.row_outcomes import design_effect
from modelaudit.text.tags import OUTSIDE

Floats = NDArray[np.float64]
LEAST_INSIDE = 0.05
"""Chance of belonging to an entity that the model must give a word, for the word to count."""
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers that count, one a word for taggers and one a row for others.

    Attributes:
        logits, probabilities: (n, C), of all classes.
        truth: (n,) the true class.
        row: (n,) place of the answer's row among the rows asked.
        cluster: (n,) document of the answer, or its row where there are none, from 0 up without gaps.
        fold: (n,) 0 to `FOLDS` - 1, equal within a cluster and decided by its content.
        unit: what an answer is called.
        keys: by cluster, what it is known by in another audit; None where no other is compared with.
    """

    logits: Floats
    probabilities: Floats
    truth: NDArray[np.int64]
    row: NDArray[np.int64]
    cluster: NDArray[np.int64]
    fold: NDArray[np.int64]
    unit: str
    keys: tuple[Hashable, ...] | None = None

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class, (n,)."""
        return self.probabilities.argmax(axis=1) if len(self) else np.empty(0, dtype=np.int64)

    @property
    def confidence(self) -> Floats:
        """Its probability, (n,)."""
        return np.minimum(self.probabilities.max(axis=1), 1.0) if len(self) else np.empty(0)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether it is the true class, (n,)."""
        right: NDArray[np.bool_] = self.predicted == self.truth
        return right

    @property
    def clusters(self) -> int:
        """How many rows or documents the answers come from."""
        return len(np.unique(self.cluster))

    @property
    def units(self) -> NDArray[np.int64] | None:
        """The cluster of each answer, or None where no two answers come from one."""
        return self.cluster if self.clusters < len(self) else None


def answers_of(ctx: Context, rows: list[Row]) -> Answers:
    """Ask the model about each row and return the answers that count; `rows` are labelled and of different content."""
    predicted = ctx.model.predict(rows)
    if predicted.offsets is None:
        truth = np.array([-1 if row.label is None else row.label for row in rows], dtype=np.int64)
        owner, chosen, unit = np.arange(len(rows)), predicted.labels >= 0, "rows"
    else:
        truth = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
        owner = np.repeat(np.arange(len(rows)), np.diff(predicted.offsets))
        chosen, unit = _in_question(ctx, predicted, truth), "words"
    names = [_cluster(row) for row in rows]
    code = {name: place for place, name in enumerate(dict.fromkeys(names))}
    cluster = np.array([code[name] for name in names], dtype=np.int64)[owner[chosen]]
    kept, first, local = np.unique(cluster, return_index=True, return_inverse=True)
    folds = _folds([list(code)[place] for place in kept])
    return Answers(
        logits=predicted.logits[chosen],
        probabilities=predicted.probabilities[chosen],
        truth=truth[chosen],
        row=owner[chosen],
        cluster=local.reshape(-1),
        fold=folds[local.reshape(-1)],
        unit=unit,
        keys=tuple(key_of(rows[place]) for place in owner[chosen][first].tolist()),
    )


def error_of(confidence: Floats, correct: NDArray[np.bool_], cluster: NDArray[np.int64]) -> Estimate:
    """Return the calibration error, its noise raised by the likeness of answers within clusters (0 up, no gaps)."""
    apart = len(np.unique(cluster)) == len(cluster)
    effect = 1.0 if apart else design_effect(confidence - correct, cluster)
    found = clustered_ece(confidence, correct, design_effect=effect)
    return replace(found, influence=found.influence and found.influence.by(cluster))


def _in_question(ctx: Context, predicted: Predictions, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words (shape (words,)) the model itself gives a chance of 5% or more of belonging to an entity.

    Nearly all words are outside and nearly sure to be: with them any tagger would look calibrated. The choice heeds the
    model's answer alone. Chosen by the truth as well, the missed entities would come in without the words that were
    rightly left alone with as much doubt, and a perfectly calibrated tagger would look overconfident.
    """
    answered = predicted.labels >= 0
    if OUTSIDE not in ctx.model.labels:
        return answered
    outside = ctx.model.labels.index(OUTSIDE)
    inside = 1.0 - np.where(answered, predicted.probabilities[:, outside], 1.0)
    chosen = answered & (inside >= LEAST_INSIDE)
    others = answered & ~chosen
    if others.any():
        ctx.note(
            f"{others.sum():,} words that the model gives a chance under 5% of belonging to an entity are left out. "
            f"Its chances make that about {inside[others].sum():,.0f} of them; by the labels it is "
            f"{(truth[others] != outside).sum():,}."
        )
    return chosen


def _cluster(row: Row) -> str:
    return f"row {content(row)}" if row.group is None else f"group {row.group}"


def _folds(names: list[str]) -> NDArray[np.int64]:
    """Deal the clusters to folds of equal size, in an order that their content decides."""
    digests = [hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest() for name in names]
    fold = np.empty(len(names), dtype=np.int64)
    fold[sorted(range(len(names)), key=digests.__getitem__)] = np.arange(len(names)) % FOLDS
    return fold
