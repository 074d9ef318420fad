"""Measures: what the outcomes of a search say of a model's accuracy under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.robustness.attack.outcome import Outcome
from modelaudit.statistics import Estimate, clopper_pearson, clopper_pearson_interval

FEWEST = 20
"""Rows that must be attacked for a number about them."""
LEAST_RIGHT = 0.1
"""Share of the rows that must be answered rightly: of a model that is nearly always wrong no loss could be large."""
POWER = 0.8
FIRST_POINT = 8
"""The smallest budget on the curve."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts over the rows in which a kind of edit finds a word to edit.

    Attributes:
        rows: all of them. attacked: those with the right answer, all where the truth is not known.
        found_at: for each flip that was found the number of the query that found it.
        queries: the budget.
        labelled: whether the truth is known.
    """

    rows: int
    attacked: int
    found_at: tuple[int, ...]
    queries: int
    labelled: bool

    @property
    def found(self) -> int:
        """How many flips were found."""
        return len(self.found_at)

    @property
    def success_rate(self) -> Estimate:
        """The share of the attacked rows for which a flip was found."""
        return clopper_pearson(self.found, self.attacked)

    @property
    def robust_accuracy(self) -> Estimate:
        """The share of all rows that are answered rightly, and for which no flip was found."""
        return clopper_pearson(self.attacked - self.found, self.rows)

    @property
    def accuracy_drop(self) -> Estimate:
        """Accuracy less accuracy under attack.

        Only rows that are answered rightly are attacked, so no row can be gained: the loss is a plain proportion, with
        the exact interval.
        """
        return clopper_pearson(self.found, self.rows)

    @property
    def smallest_drop(self) -> float:
        """The loss that shows up in one row at least, and so as an interval above 0, with a chance of 80%."""
        return 1.0 - float((1.0 - POWER) ** (1.0 / self.rows))

    def curve(self) -> list[tuple[int, float, float, float]]:
        """Return (budget, share that holds, its 95% interval) for budgets that double, up to the one that was given."""
        budgets = [FIRST_POINT]
        while 2 * budgets[-1] < self.queries:
            budgets.append(2 * budgets[-1])
        found = np.array(self.found_at)
        points = []
        for budget in sorted({min(each, self.queries) for each in (*budgets, self.queries)}):
            held = self.attacked - int((found <= budget).sum())
            points.append((budget, held / self.rows, *clopper_pearson_interval(held, self.rows)))
        return points


def measures_of(outcomes: Sequence[Outcome], *, queries: int) -> Measures:
    """Count outcomes; all have a known truth, or none has."""
    return Measures(
        rows=len(outcomes),
        attacked=sum(one.subject.right is not False for one in outcomes),
        found_at=tuple(one.found_at for one in outcomes if one.found_at is not None),
        queries=queries,
        labelled=any(one.subject.right is not None for one in outcomes),
    )
