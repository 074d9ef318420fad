"""What every task's scores have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.evidence import Evidence
from modelaudit.rows import Row
from modelaudit.statistics import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of the model: its id, title, unit, the better direction, and what it says in words."""

    id: str
    title: str
    unit: str
    better: str
    estimate: Estimate
    said: str


class Scores(Protocol):
    """The scores of one task on the drawn rows."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that were scored."""

    @property
    def headline(self) -> Score:
        """The score in which gains are given."""

    @property
    def others(self) -> tuple[Score, ...]:
        """The other scores."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands beside the headline."""

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return a baseline's value of the headline score."""
        ...

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return the model's score less that of a baseline that gave these answers, paired by row."""
        ...
