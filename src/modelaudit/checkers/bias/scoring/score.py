"""What is read off the model's answer to one variant: some scores, and a decision where there is one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.bias.variant import Variant

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """One number of an answer that is compared between groups.

    Attributes:
        metric, title, unit: of the finding on its difference.
        name: what it is, as a statement says it ("the probability of class yes").
        primary: whether its difference is judged.
        reach: the largest difference of a row that is possible; of a score without bounds, how much further than any
            that was seen a rare one may be.
        bounded: whether there is a largest difference.
        points: whether a statement tells it in points, hundredths of its unit.
        label: the class that it is of, where several classes are followed.
        unfollowed: how many classes of the model are not followed.
    """

    metric: str
    title: str
    unit: str
    name: str
    primary: bool = True
    reach: float = 1.0
    bounded: bool = True
    points: bool = True
    label: str | None = None
    unfollowed: int = 0


def reach_of(score: Score, differences: Floats) -> float:
    """Return the largest difference of a row to reckon with.

    A score without bounds may move by its `reach` further than in any row that was seen.
    """
    return score.reach if score.bounded else score.reach + float(np.abs(differences).max(initial=0.0))


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's answer to one variant.

    Attributes:
        scores: one value of each score that is followed, NaN where the model does not read as far as the edit.
        decision: the predicted label or labels; for token classification 1 where every reference entity word that the
            model reads got its tag, else 0; None where the model decides nothing.
        written: what the model wrote, with exchanged words in one form; None where it writes nothing.
    """

    variant: Variant
    scores: Floats
    decision: Hashable
    written: str | None = None

    @property
    def row(self) -> str:
        """The id of the row that the variant was made of."""
        return self.variant.source.row.id

    @property
    def tells(self) -> bool:
        """Whether it decides or writes anything that another answer may be apart from."""
        return self.decision is not None or self.written is not None


class Scoring(Protocol):
    """How the answers of a task are read."""

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return what is followed for an attribute, in the order of an answer's scores."""
        ...

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask the model for all variants and return its answers, in order."""
        ...
