"""What every task's scores have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.evidence import Evidence
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, mean_difference

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of the model: its id, title, unit, the better direction, what it says in words, and caveats."""

    id: str
    title: str
    unit: str
    better: str
    estimate: Estimate
    said: str
    caveats: tuple[str, ...] = ()


class Scores(Protocol):
    """The scores of one task on the drawn rows."""

    @property
    def headline(self) -> Score:
        """The score that stands first, in which gains are given where there are any."""

    @property
    def others(self) -> tuple[Score, ...]:
        """The other scores."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands beside the headline."""


class Comparable(Scores, Protocol):
    """Scores that answers of something simpler can be held against."""

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return a baseline's value of the headline score."""
        ...

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return the model's score less that of a baseline that gave these answers, paired by row."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """Scores that no simple answer is held against."""

    headline: Score
    others: tuple[Score, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def mean_score(values: Floats, rows: Sequence[Row]) -> Estimate:
    """Return the mean of scores between 0 and 1 (rows,), robust to documents.

    The interval allows for answers all right or all wrong that are too rare to be in the sample (`bounded_normal`).
    """
    units = documents(rows)
    found = mean_difference(values, clusters=units, reach=1.0).keyed(unit_keys(rows, units))
    bounds = tuple((level, max(low, 0.0), high) for level, low, high in found.bounds)
    return replace(found, method=found.method.removeprefix("paired-"), bounds=bounds, smallest_detectable=None)
