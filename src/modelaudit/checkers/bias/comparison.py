"""The estimates of one comparison between two groups: score differences, flips, and flips beyond the control's."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.checkers.bias.change import DECISIONS, Change
from modelaudit.statistics import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """How often the decision changes, or how much what is written.

    Attributes:
        excess: across the groups beyond those within them.
        across, within: the share of exchanges across the groups, and within them, that change the decision.
        controls: rows that have a control.
        controlled: whether they are enough to tell what goes beyond it.
        change: what changes.
    """

    excess: Estimate
    across: Estimate
    within: Estimate
    controls: int
    controlled: bool = True
    change: Change = DECISIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was estimated: mean score under focus less that under reference, one estimate a score; and flips."""

    differences: tuple[Estimate, ...]
    flips: Flips | None = None


def nothing(reason: str, *, n: int, scores: int) -> Comparison:
    """Return a comparison that could not be made, with the reason; `n` rows would have been there."""
    none = Estimate(value=None, n=n, method="none", reason=reason)
    return Comparison(differences=(none,) * scores)
