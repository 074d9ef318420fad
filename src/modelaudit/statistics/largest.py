"""The largest of several quantities: one judged number where a model was asked in many ways.

M = max_k m_k. Picked from noisy estimates it looks larger than it is, the more so the more there are. Where all of K
intervals hold at once, M is at least the largest of their lower ends; so the lower end takes each at the level
1 - (1 - level) / K (Bonferroni). M is one of the m_k, so the interval of that one at the plain level bounds it from
above, and the upper end is the largest upper end of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .confidence import LEVELS, Estimate, on_grid
from .paired import PAIRED
from .power import detectable_proportion_difference, z_sum


def largest_of(estimates: Sequence[Estimate], *, support: tuple[float, float]) -> tuple[Estimate, int]:
    """Return the largest of estimates of one kind, with its simultaneous interval, and which of them it is.

    `support` is what the quantity can be (-1 to 1 for a difference of rates). The influence stays that of the largest.
    Where any estimate has no value or no interval, neither has the largest, for the same reason. ValueError where
    there are none.
    """
    if not estimates:
        raise ValueError("the largest of no estimates was asked for")
    for place, each in enumerate(estimates):
        if each.value is None or not each.bounds:
            return each, place
    values = [-math.inf if each.value is None else each.value for each in estimates]
    which, count = int(np.argmax(values)), len(estimates)
    if count == 1:
        return estimates[0], 0

    def interval(level: float) -> tuple[float, float]:
        stricter = 1.0 - (1.0 - level) / count
        # Beyond the grid nothing is known of an interval but that it is wider.
        lows = [support[0]] if stricter > LEVELS[-1] else [each.interval(stricter)[0] for each in estimates]
        return min(max(lows), values[which]), max(each.interval(level)[1] for each in estimates)

    chosen = estimates[which]
    return (
        replace(
            chosen,
            method=f"{chosen.method}, largest of {count} (Bonferroni)",
            bounds=on_grid(interval, support=support),
            smallest_detectable=_detectable(chosen, count, support[1]),
        ),
        which,
    )


def _detectable(chosen: Estimate, count: int, most: float) -> float | None:
    """Return what is found four times in five at the level at which each of `count` is taken, `most` at the most.

    A mean's grows with z. That of paired proportions grows faster, as z^2 / n where few rows are discordant.
    """
    smallest, alpha = chosen.smallest_detectable, 0.05 / count
    if smallest is None:
        return None
    if chosen.method == PAIRED:
        background = max(0.0, chosen.n * (smallest / z_sum()) ** 2 - smallest)
        return detectable_proportion_difference(chosen.n, min(1.0, background), alpha=alpha)
    return min(most, smallest * z_sum(alpha=alpha) / z_sum())


def size_of(estimate: Estimate) -> Estimate:
    """Return the size of a signed estimate: how far it lies from 0 on either side."""
    if estimate.value is None or not estimate.bounds:
        return estimate

    def interval(level: float) -> tuple[float, float]:
        low, high = estimate.interval(level)
        return max(low, -high, 0.0), max(abs(low), abs(high))

    influence = estimate.influence and estimate.influence.times(math.copysign(1.0, estimate.value), folded=True)
    bounds = on_grid(interval, support=(0.0, math.inf))
    return replace(estimate, value=abs(estimate.value), bounds=bounds, influence=influence)
