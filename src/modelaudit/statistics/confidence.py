"""An estimate and its confidence distribution.

An interval at one level answers one question. The same interval at a fixed grid of levels is a confidence
distribution (Xie and Singh 2013, "Confidence distribution, the frequentist distribution estimator of a parameter"),
and from it follow the interval at any level and the p-value against any limit, without the data. So a checker stores
bounds, and a policy decides later what it asks of them.

Between the points of the grid everything is linear in z, the normal quantile of the level, which is exact for a normal
interval and smooth for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from .arrays import check_level
from .influence import Influence

LEVELS: tuple[float, ...] = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999)
"""The grid of two-sided confidence levels at which every estimate carries its interval."""

Bounds = tuple[tuple[float, float, float], ...]
"""(level, low, high), by ascending level; the intervals are nested."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with its uncertainty, or the reason why there is none.

    `n` counts what was sampled (rows, not words); `bounds` is empty and `reason` says why where no interval can be
    given; `smallest_detectable` is the effect that a two-sided test at .05 would have found in 80% of such samples.
    `influence` says what each unit adds to the error, where the method knows it; it has no part in equality.
    Raises ValueError where the parts contradict one another.
    """

    value: float | None
    n: int
    method: str
    bounds: Bounds = ()
    smallest_detectable: float | None = None
    reason: str | None = None
    influence: Influence | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"An estimate cannot rest on n = {self.n} observations.")
        if self.value is None and self.bounds:
            raise ValueError("An estimate without a value cannot have an interval.")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"The value of an estimate must be finite, not {self.value}; give None and a reason.")
        if not self.bounds and not self.reason:
            raise ValueError("An estimate without a value or an interval needs a reason.")
        if self.bounds:
            check_bounds(self.bounds)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return (low, high) at a two-sided confidence level; ValueError where the estimate has no interval."""
        if not self.bounds:
            raise ValueError(f"This estimate has no interval: {self.reason}")
        return interval_at(self.bounds, level)

    def keyed(self, keys: Sequence[Hashable]) -> Estimate:
        """Return the estimate with the keys of its units; ValueError unless there is one for each.

        An estimate without an influence is returned as it is.
        """
        return self if self.influence is None else replace(self, influence=self.influence.keyed(keys))

    def of_choice(self, choice: str) -> Estimate:
        """Return the estimate with the name of the one of several that it is of, for its influence alone."""
        return self if self.influence is None else replace(self, influence=replace(self.influence, choice=choice))


def check_bounds(bounds: Bounds) -> None:
    """Raise ValueError unless levels ascend and intervals are finite, in order and nested."""
    previous = (0.0, math.inf, -math.inf)
    for level, low, high in bounds:
        check_level(level)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(f"The bounds ({low}, {high}) at level {level} are not finite.")
        if level <= previous[0] or low > high or low > previous[1] or high < previous[2]:
            raise ValueError(f"The bounds ({low}, {high}) at level {level} are not nested in ascending order of level.")
        previous = (level, low, high)


def on_grid(
    interval: Callable[[float], tuple[float, float]], *, support: tuple[float, float] = (-math.inf, math.inf)
) -> Bounds:
    """Evaluate an interval method at every level of the grid.

    Bounds are clipped to the support of the quantity and made nested (an interval never shrinks as its level grows).
    A bound that is clipped at the highest level alone stands at the level below it as well: where the support was
    reached can't be told from one point, and a p-value between the two would be too small.
    ValueError where a bound is NaN, or still infinite after clipping.
    """
    least, most = support
    bounds: list[tuple[float, float, float]] = []
    lowest, highest = math.inf, -math.inf
    for level in LEVELS:
        low, high = interval(level)
        if math.isnan(low) or math.isnan(high) or low > high:
            raise ValueError(f"The interval method gave ({low}, {high}) at level {level}.")
        lowest = min(lowest, min(max(float(low), least), most))
        highest = max(highest, min(max(float(high), least), most))
        bounds.append((level, lowest, highest))
    level, before_low, before_high = bounds[-2]
    bounds[-2] = (level, lowest if low < least else before_low, highest if high > most else before_high)
    result = tuple(bounds)
    check_bounds(result)
    return result


def interval_at(bounds: Bounds, level: float) -> tuple[float, float]:
    """Return (low, high) at a level: exact on the grid, linear in z between its points.

    Beyond the ends of the grid the interval of the nearest level is given. Below the lowest level that is
    conservative; above the highest it is not, and `min_p` tells how far the grid reaches.
    """
    check_level(level)
    _require(bounds)
    levels, lows, highs = (np.array(column) for column in zip(*bounds, strict=True))
    grid, z = _two_sided_z(levels), float(_two_sided_z(np.array(level)))
    return float(np.interp(z, grid, lows)), float(np.interp(z, grid, highs))


def min_p(bounds: Bounds) -> float:
    """Return the smallest one-sided p-value that these bounds can show: half of what their highest level leaves out."""
    _require(bounds)
    return (1.0 - bounds[-1][0]) / 2.0


def confidence_below(bounds: Bounds, limit: float) -> float:
    """Return C(limit), the confidence that the quantity is at or below the limit.

    It lies between `min_p` and `1 - min_p`. Where the distribution has a step (a degenerate interval, or bounds clipped
    to the support) the grid leaves C open within the step, and its top is given; `p_below` takes its bottom, so that
    either p-value errs on the side of no evidence.
    """
    return _confidence(bounds, limit)[1]


def p_above(bounds: Bounds, limit: float) -> float:
    """Return the one-sided p-value of H0 "quantity <= limit"; small p is evidence that the limit is exceeded."""
    return _confidence(bounds, limit)[1]


def p_below(bounds: Bounds, limit: float) -> float:
    """Return the one-sided p-value of H0 "quantity >= limit"; small p is evidence that it is under the limit."""
    return 1.0 - _confidence(bounds, limit)[0]


def p_outside(bounds: Bounds, limit: float) -> float:
    """Return the p-value of the interval null "|quantity| <= limit"; at limit 0 it is the two-sided p of no effect.

    For a normal estimate d > 0 this is Phi((limit - d)/se) + Phi((-limit - d)/se), the exact p of |d| at the edge of
    the null; on the negative side it is mirrored. ValueError for a negative limit.
    """
    if limit < 0:
        raise ValueError(f"The limit on a magnitude cannot be negative, but is {limit}.")
    lower_edge, upper_edge = _confidence(bounds, -limit), _confidence(bounds, limit)
    positive = lower_edge[1] + upper_edge[1]
    negative = 2.0 - lower_edge[0] - upper_edge[0]
    return min(positive, negative, 1.0)


def normal(
    value: float,
    se: float,
    *,
    n: int,
    method: str,
    df: float | None = None,
    support: tuple[float, float] = (-math.inf, math.inf),
    smallest_detectable: float | None = None,
    influence: Influence | None = None,
) -> Estimate:
    """Return value +- quantile * se, with Student's t where `df` is given; se = 0 gives a degenerate interval.

    Raises:
        ValueError: `value` is not finite, `se` is negative, or `df` is not above 0.
    """
    if not math.isfinite(value) or not math.isfinite(se) or se < 0 or (df is not None and not df > 0):
        raise ValueError(f"A normal interval needs a finite value, se >= 0 and df > 0, not {value}, {se} and {df}.")

    def interval(level: float) -> tuple[float, float]:
        half = se * quantile(level, df=df)
        return value - half, value + half

    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval, support=support),
        smallest_detectable=smallest_detectable,
        influence=influence,
    )


def quantile(level: float, *, df: float | None = None) -> float:
    """Return how many standard errors a two-sided interval reaches to either side; Student's t where `df` is given."""
    tail = (1.0 + level) / 2.0
    return float(ndtri(tail) if df is None else stdtrit(df, tail))


def _require(bounds: Bounds) -> None:
    if not bounds:
        raise ValueError("There are no bounds; the estimate's reason says why.")


def _two_sided_z(level: np.ndarray) -> np.ndarray:
    return np.asarray(ndtri((1.0 + level) / 2.0))


def _confidence(bounds: Bounds, limit: float) -> tuple[float, float]:
    """Return the bottom and the top of C at the limit; they differ only at a step, and up to the point beside it."""
    _require(bounds)
    if math.isnan(limit):
        raise ValueError("The limit is NaN.")
    levels, lows, highs = (np.array(column) for column in zip(*bounds, strict=True))
    z = _two_sided_z(levels)
    points = np.concatenate([lows[::-1], highs])
    scores = np.concatenate([-z[::-1], z])
    first, last = (int(np.searchsorted(points, limit, side=side)) for side in ("left", "right"))
    if first == last == 0 or first == last == len(points):
        bottom = top = scores[min(first, len(points) - 1)]
    elif first < last:
        # Equal points are a step. Bounds clipped to the support reach it somewhere before the next point of the grid.
        step = last - first > 1
        bottom = scores[max(first - 1, 0) if step else first]
        top = scores[min(last, len(points) - 1) if step else first]
    else:
        left, right = first - 1, first
        share = (limit - points[left]) / (points[right] - points[left])
        between = scores[left] + share * (scores[right] - scores[left])
        after_step = left > 0 and points[left - 1] == points[left]
        before_step = right + 1 < len(points) and points[right + 1] == points[right]
        # A step of the two outermost points alone may be one clipped bound (`on_grid`): C reaches to the outer one.
        bottom = scores[left] if before_step else scores[0] if after_step and left == 1 else between
        top = scores[right] if after_step else scores[-1] if before_step and right == len(points) - 2 else between
    return float(ndtr(bottom)), float(ndtr(top))
