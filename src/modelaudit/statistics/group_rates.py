"""Rates of two groups of different rows: their difference and their ratio, with intervals.

A rate is hits by trials. A row may hold one trial (was it selected?), none (a TPR counts only the rows that are truly
positive) or several (the entities of a sentence), and rows may share a document. Both intervals are score intervals
of independent trials, taken at the number of independent trials that likeness leaves (as Korn and Graubard 1998 do for
one share): the variance between documents over that of independent trials gives the design effect, never below 1, and
Student's t with Welch and Satterthwaite's degrees of freedom takes the place of z.

- Difference: Newcombe 1998 (Statistics in Medicine 17:873), method 10, from Wilson's interval of either rate.
- Ratio: Koopman 1984 (Biometrics 40:513), the ratios that the score test does not reject. The delta interval of the log
  ratio (Katz et al. 1978) is not defined without a hit in either group.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri

from .arrays import Codes, Vector, check_level, vector
from .confidence import Estimate, on_grid, quantile
from .influence import Influence, influence_of
from .power import detectable_mean

LEAST_LOG_RATIO = -60.0
"""Where the search for a bound of the ratio ends, as a natural logarithm: 9e-27, and its inverse."""

Interval = tuple[float, float]
Intervals = Callable[[float], Interval]
"""An interval by its level."""


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """The trials of one group, by row.

    Attributes:
        hits, totals: float64 (rows,), 0 <= hits <= totals; rows without a trial are not in it.
        clusters: the document of each row as a code that the groups of one comparison share, or None where all trials
            are independent.
    """

    hits: Vector
    totals: Vector
    clusters: Codes | None = None

    @property
    def n(self) -> float:
        """How many trials there are."""
        return float(self.totals.sum())

    @property
    def rate(self) -> float:
        """Hits by trials; NaN without a trial."""
        return float(self.hits.sum()) / self.n if self.n else math.nan

    @property
    def units(self) -> int:
        """How many documents, or rows where there are none, the trials come from."""
        return len(self.totals) if self.clusters is None else len(np.unique(self.clusters))


def trials(hits: ArrayLike, totals: ArrayLike | None = None, *, clusters: Codes | None = None) -> Trials:
    """Return the trials of one group; without `totals` each row is one trial, and its hit 0 or 1.

    `clusters` numbers the document of each row (rows,), alike in all groups of a comparison; rows of several trials
    need it, be it with a number of their own each. ValueError where the hits of a row are not between 0 and its total.
    """
    hit = vector(hits, "hits")
    total = np.ones(len(hit)) if totals is None else vector(totals, "totals")
    if len(total) != len(hit) or (hit < 0.0).any() or (hit > total).any():
        raise ValueError("A row needs its hits and its total, with 0 <= hits <= total.")
    held = total > 0.0
    if clusters is None and (total[held] != 1.0).any():
        raise ValueError("Rows of several trials are not independent trials: number them in clusters.")
    if clusters is not None and clusters.shape != hit.shape:
        raise ValueError(f"clusters has the shape {clusters.shape}, but there are {len(hit)} rows.")
    return Trials(hit[held], total[held], None if clusters is None else clusters[held])


def newcombe_interval(a: Trials, b: Trials, level: float = 0.95) -> Interval:
    """Return the interval of rate a minus rate b; either has a trial, and clustered ones come from two documents."""
    return difference_intervals(a, b)(level)


def koopman_interval(a: Trials, b: Trials, level: float = 0.95) -> Interval:
    """Return the interval of rate a by rate b; infinite above where b has no hit, (0, inf) where neither has one."""
    return ratio_intervals(a, b)(level)


def difference_intervals(a: Trials, b: Trials) -> Intervals:
    """Return Newcombe's interval of rate a minus rate b as a function of the level."""
    worth = _worth(a, b, weight_a=1.0, weight_b=1.0)
    difference = a.rate - b.rate

    def interval(level: float) -> Interval:
        z, (size_a, size_b) = _z(level), worth.at(level)
        (low_a, high_a), (low_b, high_b) = _wilson(a.rate, size_a, z), _wilson(b.rate, size_b, z)
        low = difference - math.hypot(a.rate - low_a, high_b - b.rate)
        high = difference + math.hypot(high_a - a.rate, b.rate - low_b)
        return max(low, -1.0), min(high, 1.0)

    return interval


def ratio_intervals(a: Trials, b: Trials) -> Intervals:
    """Return Koopman's interval of rate a by rate b as a function of the level."""
    if a.rate == 0.0 and b.rate == 0.0:
        return lambda level: (0.0, math.inf)
    worth = _worth(a, b, weight_a=_log_weight(a.rate), weight_b=_log_weight(b.rate))
    first, last = LEAST_LOG_RATIO, -LEAST_LOG_RATIO

    def interval(level: float) -> Interval:
        z, (size_a, size_b) = _z(level), worth.at(level)

        def score(log_ratio: float) -> float:
            return _ratio_score(a.rate, size_a, b.rate, size_b, math.exp(log_ratio))

        def bound(target: float) -> float:
            return math.exp(float(brentq(lambda t: score(t) - target, first, last, xtol=1e-10)))

        low = 0.0 if a.rate == 0.0 or score(first) < z else bound(z)
        high = math.inf if b.rate == 0.0 or score(last) > -z else bound(-z)
        return low, high

    return interval


def rate_difference(a: Trials, b: Trials) -> Estimate:
    """Return rate a minus rate b with Newcombe's interval; `n` counts the rows or documents of both."""
    method = _method("newcombe", a, b)
    if reason := _unmeasured(a, b):
        return Estimate(value=None, n=a.units + b.units, method=method, reason=reason)
    return Estimate(
        value=a.rate - b.rate,
        n=a.units + b.units,
        method=method,
        bounds=on_grid(difference_intervals(a, b), support=(-1.0, 1.0)),
        smallest_detectable=min(1.0, detectable_mean(_null_se(a, b))),
        influence=_by_unit(a, b, 1.0, 1.0),
    )


def parity_ratio(a: Trials, b: Trials) -> Estimate:
    """Return the lower rate by the higher, 1 at parity, with Koopman's interval folded alike.

    The interval holds min(r, 1/r) for each ratio r of Koopman's, so it covers at least as often. Which rate is the
    lower is not fixed before the data are seen, and need not be: both tails stay in the interval.
    """
    method = _method("koopman", a, b)
    if reason := _unmeasured(a, b):
        return Estimate(value=None, n=a.units + b.units, method=method, reason=reason)
    if a.rate == 0.0 and b.rate == 0.0:
        reason = "No trial of either group was a hit, so the rates are equal and have no ratio."
        return Estimate(value=None, n=a.units + b.units, method=method, reason=reason)
    intervals = ratio_intervals(a, b)
    return Estimate(
        value=min(a.rate, b.rate) / max(a.rate, b.rate),
        n=a.units + b.units,
        method=method,
        bounds=on_grid(lambda level: folded(intervals(level)), support=(0.0, 1.0)),
        influence=_of_ratio(a, b),
    )


def folded(interval: Interval) -> Interval:
    """Return the interval of min(r, 1/r) that belongs to an interval of the ratio r."""
    low, high = interval
    ends = [min(end, _inverse(end)) for end in (low, high)]
    return min(ends), 1.0 if low <= 1.0 <= high else max(ends)


def group_rate(found: Trials) -> Estimate:
    """Return one group's rate with Wilson's interval, at the size that likeness within rows and documents leaves."""
    method = "wilson" if found.clusters is None else "wilson, at the effective size"
    if not found.n:
        return Estimate(value=None, n=0, method=method, reason="There is nothing to count: n is 0.")
    if found.clusters is not None and found.units < 2:
        return Estimate(value=found.rate, n=found.units, method=method, reason="One row or document shows no spread.")

    worth = _Worth(found.n, found.n)
    if found.clusters is not None:
        size = found.n / _effect(found) if _variance(found) > 0.0 else float(found.units)
        worth = _Worth(size, size, found.units - 1)

    def interval(level: float) -> Interval:
        return _wilson(found.rate, worth.at(level)[0], _z(level))

    return Estimate(value=found.rate, n=found.units, method=method, bounds=on_grid(interval, support=(0.0, 1.0)))


def _unmeasured(a: Trials, b: Trials) -> str | None:
    if (a.clusters is None) != (b.clusters is None):
        raise ValueError("Number the documents of both groups, or of neither.")
    if not a.n or not b.n:
        return "One of the groups has nothing to count."
    if a.clusters is not None and min(a.units, b.units) < 2:
        return "One of the groups comes from a single row or document, which shows no spread."
    return None


def _method(name: str, a: Trials, b: Trials) -> str:
    return name if a.clusters is None and b.clusters is None else f"{name}, at the effective size"


def _wilson(rate: float, size: float, z: float) -> Interval:
    """Return Wilson's interval, also for sizes that are not whole."""
    shrink = z * z / size
    centre = (rate + shrink / 2.0) / (1.0 + shrink)
    half = math.sqrt(shrink * (rate * (1.0 - rate) + shrink / 4.0)) / (1.0 + shrink)
    return (0.0 if rate == 0.0 else max(0.0, centre - half)), (1.0 if rate == 1.0 else min(1.0, centre + half))


def _ratio_score(rate_a: float, size_a: float, rate_b: float, size_b: float, ratio: float) -> float:
    """Return the score of H0 "rate a = ratio * rate b"; it falls as the ratio grows.

    The rates under H0 are those of greatest likelihood, from the smaller root of its quadratic equation.
    """
    total, hits = size_a + size_b, rate_a * size_a + rate_b * size_b
    middle = ratio * (size_a + rate_b * size_b) + size_b + rate_a * size_a
    root = math.sqrt(max(middle * middle - 4.0 * total * ratio * hits, 0.0))
    # The smaller root, without the difference of two nearly equal numbers.
    null_b = min(2.0 * hits / (middle + root), 1.0, 1.0 / ratio)
    null_a = ratio * null_b
    variance = null_a * (1.0 - null_a) / size_a + ratio * ratio * null_b * (1.0 - null_b) / size_b
    return (rate_a - ratio * rate_b) / math.sqrt(max(variance, 1e-300))


@dataclass(frozen=True, slots=True)
class _Worth:
    """How many independent trials two groups are worth; `df` is None where all trials are independent."""

    size_a: float
    size_b: float
    df: float | None = None

    def at(self, level: float) -> tuple[float, float]:
        """Return the sizes at which z gives what Student's t gives at the whole ones."""
        check_level(level)
        factor = 1.0 if self.df is None else (_z(level) / quantile(level, df=self.df)) ** 2
        return factor * self.size_a, factor * self.size_b


def _worth(a: Trials, b: Trials, *, weight_a: float, weight_b: float) -> _Worth:
    """Return how many independent trials either group is worth in weight_a * rate a - weight_b * rate b."""
    if a.clusters is None and b.clusters is None:
        return _Worth(a.n, b.n)
    alone_a, alone_b = weight_a**2 * _variance(a), weight_b**2 * _variance(b)
    independent = alone_a + alone_b
    effect = max(1.0, _together(a, b, weight_a, weight_b) / independent) if independent > 0.0 else 1.0
    spread_a, spread_b = alone_a * _effect(a), alone_b * _effect(b)
    parts = spread_a**2 / (a.units - 1) + spread_b**2 / (b.units - 1)
    df = (spread_a + spread_b) ** 2 / parts if parts > 0.0 else float(min(a.units, b.units) - 1)
    # A rate of 0 or 1 shows no likeness, so each of its documents counts once.
    size_a, size_b = (
        min(group.n / effect, float(group.units)) if group.rate in (0.0, 1.0) else group.n / effect for group in (a, b)
    )
    return _Worth(size_a, size_b, df)


def _together(a: Trials, b: Trials, weight_a: float, weight_b: float) -> float:
    """Return the variance of weight_a * rate a - weight_b * rate b over documents, which may hold rows of both."""
    code = np.concatenate([_codes(a), _codes(b)])
    code = np.unique(code, return_inverse=True)[1].reshape(-1)
    influence = np.concatenate([weight_a * _influence(a), -weight_b * _influence(b)])
    sums = np.bincount(code, weights=influence)
    return len(sums) / max(len(sums) - 1, 1) * float(sums @ sums)


def _of_ratio(a: Trials, b: Trials) -> Influence | None:
    """Return the influence of the lower rate by the higher; none where a rate is 0 or they are equal, a bend."""
    if a.rate == b.rate or min(a.rate, b.rate) == 0.0:
        return None
    ratio = min(a.rate, b.rate) / max(a.rate, b.rate)
    sign = 1.0 if a.rate < b.rate else -1.0
    found = _by_unit(a, b, sign * ratio / a.rate, sign * ratio / b.rate)
    return found and replace(found, curved=True)


def _by_unit(a: Trials, b: Trials, weight_a: float, weight_b: float) -> Influence | None:
    """Return the influence of weight_a * rate a - weight_b * rate b: documents by code, or rows of a, then of b."""
    values = np.concatenate([weight_a * _influence(a), -weight_b * _influence(b)])
    reach = math.hypot(weight_a / a.units, weight_b / b.units)
    if a.clusters is None or b.clusters is None:
        return influence_of(values, reach=reach)
    code = np.unique(np.concatenate([_codes(a), _codes(b)]), return_inverse=True)[1].reshape(-1)
    return influence_of(np.bincount(code, weights=values), reach=reach)


def _effect(group: Trials) -> float:
    """Return the design effect of one rate."""
    variance = _variance(group)
    if variance <= 0.0 or group.clusters is None:
        return 1.0
    sums = np.bincount(np.unique(_codes(group), return_inverse=True)[1].reshape(-1), weights=_influence(group))
    return max(1.0, len(sums) / max(len(sums) - 1, 1) * float(sums @ sums) / variance)


def _codes(group: Trials) -> Codes:
    return np.arange(len(group.hits), dtype=np.intp) if group.clusters is None else group.clusters


def _influence(group: Trials) -> Vector:
    return (group.hits - group.rate * group.totals) / group.n


def _variance(group: Trials) -> float:
    return group.rate * (1.0 - group.rate) / group.n


def _null_se(a: Trials, b: Trials) -> float:
    """Return the standard error of the difference where both groups have the pooled rate, floored at half a hit."""
    pooled = (float(a.hits.sum() + b.hits.sum()) + 0.5) / (a.n + b.n + 1.0)
    size_a, size_b = _worth(a, b, weight_a=1.0, weight_b=1.0).at(0.95)
    return math.sqrt(pooled * (1.0 - pooled) * (1.0 / size_a + 1.0 / size_b))


def _z(level: float) -> float:
    return float(ndtri((1.0 + level) / 2.0))


def _log_weight(rate: float) -> float:
    """Return how much a rate counts in the log ratio; a rate of 0 shows no spread, whatever its weight."""
    return 0.0 if rate == 0.0 else 1.0 / rate


def _inverse(value: float) -> float:
    return math.inf if value == 0.0 else 1.0 / value
