"""The difference of two estimates of which only the intervals are known: the same number in two audits.

Square-and-add (Newcombe 1998; named MOVER by Zou and Donner 2008, Statistics in Medicine 27:1693): the lower arm of the
difference is the root of the squares of the one estimate's lower and the other's upper arm. So intervals that are not
symmetric stay so, and a share near 0 or 1 gets no impossible difference. It is right for independent estimates. Two
audits of the same rows err alike as a rule, and their difference then varies less than is allowed for: the interval is
wider than it need be, and a false "worse" rarer.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .confidence import LEVELS, Bounds, Estimate, interval_at, p_above, p_below
from .one_run import OPEN_END
from .paired import mcnemar_p, mean_difference, paired_difference
from .power import detectable_proportion_difference, z_sum

UNPAIRED = "square-and-add"
"""Method of a difference of two intervals."""
Counts = NDArray[np.float64]


def difference_of(before: Estimate, after: Estimate) -> Estimate:
    """Return after less before, from the two grids of intervals.

    The grid of the difference ends where the shorter of the two does. The smallest detectable effect is the larger of
    those up and down. Where either has no interval, or one without an upper end, there is no interval and the reason
    says so.
    """
    n = min(before.n, after.n)
    if before.value is None or after.value is None:
        reason = before.reason if before.value is None else after.reason
        return Estimate(value=None, n=n, method=UNPAIRED, reason=reason)
    value = after.value - before.value
    if not before.bounds or not after.bounds:
        reason = after.reason if before.bounds else before.reason
        return Estimate(value=value, n=n, method=UNPAIRED, reason=reason)
    if any(high >= OPEN_END for bounds in (before.bounds, after.bounds) for _, _, high in bounds):
        reason = "A bound from below has no upper end, so nothing bounds the difference."
        return Estimate(value=value, n=n, method=UNPAIRED, reason=reason)
    most = min(before.bounds[-1][0], after.bounds[-1][0])
    levels = [level for level in LEVELS if level <= most] or [most]
    bounds: list[tuple[float, float, float]] = []
    low, high = math.inf, -math.inf
    for level in levels:
        down, up = _arms(before, after, level)
        low, high = min(low, value - down), max(high, value + up)
        bounds.append((level, low, high))
    return Estimate(
        value=value,
        n=n,
        method=UNPAIRED,
        bounds=tuple(bounds),
        smallest_detectable=max(_detectable(before, after, min(0.95, most), sign) for sign in (1.0, -1.0)),
    )


def no_difference_p(bounds: Bounds) -> float:
    """Return the two-sided p of a difference of 0: at most 1 - level exactly where that interval leaves 0 out."""
    return min(1.0, 2.0 * min(p_above(bounds, 0.0), p_below(bounds, 0.0)))


def paired_right(
    before: NDArray[np.bool_], after: NDArray[np.bool_], *, clusters: NDArray[np.int64] | None = None
) -> tuple[Estimate, float | None]:
    """Return the share right after less the share right before, of the same rows (bool, shape [n]), and its p.

    Tango's interval and McNemar's exact p. Where rows share clusters: the mean difference by cluster, and no exact p.
    The smallest detectable change allows for the exact test, whose difference moves in steps of two rows. Its
    background is the rows that differ for no side: all but the net ones, of which sqrt(rows that differ) are chance.
    """
    if clusters is not None:
        return mean_difference(after.astype(np.float64) - before, clusters=clusters, reach=1.0), None
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    found = paired_difference(gained, lost, len(before))
    if found.value is None:
        return found, None
    differing = gained + lost
    background = min(float(differing), 2 * min(gained, lost) + math.sqrt(differing))
    smallest = detectable_proportion_difference(found.n, background / found.n) + 2.0 / found.n
    return replace(found, smallest_detectable=min(1.0, smallest)), mcnemar_p(gained, lost)


def paired_share(
    before: Counts, after: Counts, totals: Counts, *, clusters: NDArray[np.int64] | None = None
) -> Estimate:
    """Return the change of sum(hits) / sum(totals) where each row holds several outcomes (all shape [n]).

    `before` and `after` count the hits of the same `totals`. A row counts by its total; the difference is linearised
    over rows, or over clusters of them, and allows for changes too rare to be seen as `mean_difference` does.
    """
    held = totals > 0
    size = totals[held]
    if not size.size:
        return Estimate(value=None, n=0, method="paired-t", reason="There are no paired rows: n is 0.")
    change, weight = (after - before)[held], size / size.mean()
    value = float(change.sum() / size.sum())
    # Each row's part of the ratio: its own change, less what its size alone adds.
    parts = change / size.mean() + value * (1.0 - weight)
    reach = weight + abs(value) * np.abs(1.0 - weight)
    return mean_difference(parts, clusters=None if clusters is None else clusters[held], reach=reach)


def _arms(before: Estimate, after: Estimate, level: float) -> tuple[float, float]:
    """Return how far the difference reaches down and up at a level."""
    (low, high), (low_after, high_after) = interval_at(before.bounds, level), interval_at(after.bounds, level)
    first, second = before.value or 0.0, after.value or 0.0
    # An estimate may lie outside its own interval at a low level; then that arm has no length.
    down = math.hypot(max(second - low_after, 0.0), max(high - first, 0.0))
    return down, math.hypot(max(high_after - second, 0.0), max(first - low, 0.0))


def _detectable(before: Estimate, after: Estimate, level: float, sign: float) -> float:
    """Return the smallest detectable change in one direction (`sign` 1 is up).

    An interval that comes of a test says how the variance changes with the value: its ends lie z standard errors away
    at the variance that holds there. So a share near 0 varies more once it has risen, and the change that is found in
    80% of such audits, d^2 = k^2 (v1 + v2 + slope d), takes the variance after the change.
    """
    z = z_sum(alpha=1.0 - level, power=0.5)
    low, high = interval_at(before.bounds, level)
    first = ((high - (before.value or 0.0)) if sign > 0 else ((before.value or 0.0) - low)) / z
    low, high = interval_at(after.bounds, level)
    value = min(max(after.value or 0.0, low), high)
    least, most = ((value - low) / z) ** 2, ((high - value) / z) ** 2
    slope = (most - least) / (high - low) if high > low else 0.0
    variance = max(first, 0.0) ** 2 + least + slope * (value - low)
    k2 = z_sum() ** 2
    return (k2 * sign * slope + math.sqrt((k2 * slope) ** 2 + 4.0 * k2 * variance)) / 2.0
