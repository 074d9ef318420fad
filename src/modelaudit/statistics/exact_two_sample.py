"""Two samples compared by tests that hold at any level.

Where a threshold of one in a million is asked, normal tails are guesses and permutations too few.

- One number a row: Kolmogorov and Smirnov's largest gap between two distribution functions, its p-value by counting
  the orders of the pooled sample, ties included (Schröer and Trenkler 1995, Computational Statistics and Data Analysis
  20:185).
- One class a row: Fisher's exact test of each class against all others, times the number of classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import kolmogorov
from scipy.stats import hypergeom

MOST_STEPS = 100_000_000
"""Steps of counting up to which the largest gap's p is exact; beyond, a bound of it."""
CLEARLY_NONE = 0.3
"""p from which on it may be rough: no test rejects there."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest gap between two distribution functions, its p, and the bin up to which they are summed there."""

    value: float
    p: float
    place: int


def counts_of(values: ArrayLike, name: str) -> Counts:
    """Return whole numbers of 0 and more as counts; ValueError for anything else."""
    counts = np.asarray(values)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.rint(counts)).any():
        raise ValueError(f"{name} must be one row of whole numbers, none of them negative.")
    return counts.astype(np.int64)


def largest_gap(a: ArrayLike, b: ArrayLike) -> Gap:
    """Compare two samples given as counts by bin, in ascending order of the bins (both of shape [bins]).

    p is exact given the pooled counts. Above .3 it is the limit of many rows, which is the larger of the two there and
    quickly had. Beyond a hundred million steps it is a bound that is never too small, and wide: 4 exp(-2 t^2) with
    t = D / (1/sqrt(n) + 1/sqrt(m)). A gap of D needs one of the samples to stray from what both were drawn from by its
    part of D, and of each Massart bounds how often (1990, Annals of Probability 18:1269). The bound that would be
    tighter, Massart's for both samples at once, is proven for n = m and for sizes up to 200 and conjectured beyond (Wei
    and Dudley 2012, arXiv 1107.5356).
    """
    first, second = counts_of(a, "a"), counts_of(b, "b")
    n, m = int(first.sum()), int(second.sum())
    if len(first) != len(second) or not n or not m:
        raise ValueError("A gap needs two samples with counts of the same bins, neither of them empty.")
    # Over a common denominator, so that no rounding decides whether two gaps are equal.
    gaps = np.abs(np.cumsum(first) * m - np.cumsum(second) * n)
    place, largest = int(gaps.argmax()), int(gaps.max())
    value = largest / (n * m)
    limit = float(kolmogorov(value * math.sqrt(n * m / (n + m))))
    if limit > CLEARLY_NONE:
        return Gap(value, limit, place)
    if _beyond(n, m):
        return Gap(value, min(1.0, 4.0 * math.exp(-2.0 * (value / _spread(n, m)) ** 2)), place)
    pooled = first + second
    ends = np.cumsum(pooled)[pooled > 0]
    return Gap(value, _share_of_orders(n, m, largest, ends), place)


def gap_detectable(n: int, m: int, *, alpha: float, power_z: float = 0.8416) -> float:
    """Return about the gap that samples of n and m rows show with power 80% at `alpha`, at most 1."""
    spread = math.sqrt((n + m) / (n * m))
    if _beyond(n, m):
        reach = _spread(n, m) * math.sqrt(math.log(4.0 / alpha) / 2.0)
    else:
        reach = spread * math.sqrt(math.log(2.0 / alpha) / 2.0)
    return min(1.0, reach + 0.5 * power_z * spread)


def class_p(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return for each class the two-sided p of its share in `b` against `a`, both as counts by class (shape [classes]).

    Twice the smaller tail of Fisher's exact test. Not adjusted for the number of classes.
    """
    return np.minimum(1.0, 2.0 * np.minimum(class_tail(a, b, above=True), class_tail(a, b, above=False)))


def class_tail(a: ArrayLike, b: ArrayLike, *, above: bool) -> NDArray[np.float64]:
    """Return the one-sided p of a share that is larger (`above`) or smaller in `b` than in `a`, class by class."""
    first, second = counts_of(a, "a"), counts_of(b, "b")
    n, m = int(first.sum()), int(second.sum())
    if len(first) != len(second) or not n or not m:
        raise ValueError("Shares need two samples with counts of the same classes, neither of them empty.")
    pooled = first + second
    found = hypergeom.sf(second - 1, n + m, pooled, m) if above else hypergeom.cdf(second, n + m, pooled, m)
    return np.asarray(np.clip(found, 0.0, 1.0), dtype=np.float64)


def _beyond(n: int, m: int) -> bool:
    """Tell whether two samples are too large for counting."""
    return (n + m) * min(n, m) > MOST_STEPS


def _spread(n: int, m: int) -> float:
    """Return what a gap is measured by where it is bounded: each sample strays by a part of it of its own."""
    return 1.0 / math.sqrt(n) + 1.0 / math.sqrt(m)


def _share_of_orders(n: int, m: int, largest: int, ends: Counts) -> float:
    """Return the share of orders of n a's and m b's whose gap is `largest` (over n m) or more at the end of some tie.

    Orders are paths from (0, 0) to (n, m). Where a path stands at (i, j), its last step was an a in i of i + j orders,
    so the share that was outside before follows from the two points before it. All terms are positive: a share of one
    in a billion is as exact as one in two.
    """
    if n > m:
        n, m = m, n
    checked = np.zeros(n + m + 1, dtype=np.bool_)
    checked[ends] = True
    number = np.arange(n + 1, dtype=np.float64)
    # One place more in front: before the first a comes no a.
    outside, moved = np.zeros(n + 2), np.empty(n + 1)
    for total in range(1, n + m + 1):
        low, high = max(0, total - m), min(n, total)
        here, before = outside[low + 1 : high + 2], outside[low : high + 1]
        first, then = number[low : high + 1], moved[: high - low + 1]
        np.multiply(first, before - here, out=then)
        then /= total
        here += then
        if checked[total]:
            # |i m - j n| >= largest, solved for i.
            outside[low + 1 : max(low, (total * n - largest) // (n + m) + 1) + 1] = 1.0
            outside[max(low, -((-total * n - largest) // (n + m))) + 1 : high + 2] = 1.0
    return float(min(1.0, outside[n + 1]))
