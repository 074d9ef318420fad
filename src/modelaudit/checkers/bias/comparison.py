"""The estimates of one comparison between two groups: score differences, flips, and flips beyond the control's."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.statistics import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was estimated.

    Attributes:
        differences: mean score under focus less that under reference, one estimate a scored class.
        excess: flips across the groups beyond those within them.
        flips, control_flips: the share of exchanges across the groups, and within them, that change the decision.
        controls: rows that have a control.
        controlled: whether they are enough to tell what goes beyond it.
    """

    differences: tuple[Estimate, ...]
    excess: Estimate
    flips: Estimate
    control_flips: Estimate
    controls: int
    controlled: bool = True


def nothing(reason: str, *, n: int, classes: int) -> Comparison:
    """Return a comparison that could not be made, with the reason; `n` rows would have been there."""
    none = Estimate(value=None, n=n, method="none", reason=reason)
    return Comparison(
        differences=(none,) * classes, excess=none, flips=none, control_flips=none, controls=0, controlled=False
    )
