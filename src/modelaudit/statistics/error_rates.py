"""Rates of errors that are sums over rows: wrong words by words said, nats by tokens. Alone, and two held against one
another.

A rate is sum(errors) / sum(totals), linearised over rows (Cochran 1977, section 6.3) and summed over the speaker or
document that rows share: a sandwich with clusters / (clusters - 1), and Student's t. It may pass 1, for more words can
be wrong than were said.

Most rows have few errors and some have very many. For those that were seen, one and a half times the size of units that
make up the spread are added to the standard error, as in `bounded_normal`; for a row that fails from the first word to
the last, which the sample happens to lack, the interval reaches the rule of three to either side (`reach`: one error a
word). It does not allow for rows that fail many times over, as where a model that loops writes 150 words for 10: of 200
rows, the truth lies above the 95% interval in 37% of samples where one row in 200 does that, and in 2% where one in 50
does. A rate by itself and a ratio have their interval on the log scale, where they are nearly symmetric.

Of speakers who say unequal amounts the degrees of freedom are those of as many that say the same (Kish 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Vector, codes, vector
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile
from .influence import Influence, influence_of, ratio_influence
from .power import detectable_mean

FARTHEST = 40.0
"""Of the log scale; beyond e^40 either way an interval says no more."""
MOST_NATS = 100.0
"""Of a loss a token, beyond which a perplexity says no more."""
WHOLE = 1.0
"""Errors a word that a row can have where it fails as a whole."""
NOTHING = "There is nothing to count: no row has a word or a token."
ALONE = "One row or document shows no spread; two are needed."


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCounts:
    """Errors of rows.

    Attributes:
        errors, totals: float64 (rows,), none negative; errors may be more than the total, which may be 0.
        clusters: the speaker or document of each row, called alike on both sides of a comparison, or None.
        reach: errors by total that a row may have though none in the sample does; 0 where that says nothing.
    """

    errors: Vector
    totals: Vector
    clusters: NDArray[Any] | None = None
    reach: float = WHOLE

    @property
    def rate(self) -> float:
        """Errors by total; NaN where there is nothing to count."""
        total = float(self.totals.sum())
        return float(self.errors.sum()) / total if total else math.nan

    @property
    def units(self) -> int:
        """How many speakers or documents, or rows where there are none."""
        return len(self.totals) if self.clusters is None else len(np.unique(self.clusters))

    @property
    def size(self) -> float:
        """How many units that say the same amount these are worth: 1 / the sum of squared shares of the total."""
        shares = self.by_unit(self.totals) / float(self.totals.sum())
        return 1.0 / float(shares @ shares)

    @property
    def unseen(self) -> float:
        """What a row that fails as a whole adds to the rate, one and a half times; a row drawn by its total."""
        shares = self.totals / float(self.totals.sum())
        return ADDED_UNITS * self.reach * float(shares @ shares)

    def by_unit(self, values: Vector) -> Vector:
        """Return sums of the rows' values by unit."""
        if self.clusters is None:
            return values
        return _summed(self.clusters, values)

    def off(self, errors: Vector | None = None) -> Vector:
        """Return what each row adds to the error of the rate (rows,)."""
        found, total = self.errors if errors is None else errors, float(self.totals.sum())
        parts: Vector = (found - float(found.sum()) / total * self.totals) / total
        # Rounding is no spread.
        parts[np.abs(parts) < 1e-15 * max(1.0, float(np.abs(found).max(initial=0.0)))] = 0.0
        return parts


def error_counts(
    errors: ArrayLike, totals: ArrayLike, *, clusters: Any | None = None, reach: float = WHOLE
) -> ErrorCounts:
    """Return the errors of rows; ValueError for a negative number, or where lengths differ.

    `clusters` are labels of any sortable kind. A `reach` of 0 is for quantities that vary in every row, such as nats.

    Args:
        errors, totals: wrong and all items of each row (words, tokens), [n].
    """
    found, total = vector(errors, "errors"), vector(totals, "totals")
    if len(found) != len(total) or (found < 0.0).any() or (total < 0.0).any():
        raise ValueError("A row needs its errors and its total, none of them negative.")
    if clusters is not None:
        codes(clusters, "clusters", length=len(found))
    return ErrorCounts(found, total, None if clusters is None else np.asarray(clusters), reach)


def error_rate(counts: ErrorCounts) -> Estimate:
    """Return the sum of errors by the sum of totals; `n` counts rows."""
    n, method = len(counts.totals), _method("ratio of sums, t on the log scale", counts)
    if reason := _unmeasured(counts):
        return Estimate(value=_value(counts.rate), n=n, method=method, reason=reason)
    value, df = counts.rate, _df(counts.size)
    spread, seen = _spread(counts.by_unit(counts.off()))

    def interval(level: float) -> tuple[float, float]:
        t = quantile(level, df=df)
        half = min(t * math.hypot(spread, seen) / value, FARTHEST) if value > 0.0 else 0.0
        unseen = t * counts.unseen
        return min(value * math.exp(-half), value - unseen), max(value * math.exp(half), value + unseen)

    code = None if counts.clusters is None else np.unique(counts.clusters, return_inverse=True)[1].reshape(-1)
    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, math.inf)),
        influence=ratio_influence(counts.errors, counts.totals, code, reach=counts.reach),
    )


def error_rate_change(before: ErrorCounts, after: ArrayLike) -> Estimate:
    """Return the rate after a change less the rate before it, of the same rows: paired, row by row.

    `after` has the errors then (rows,), of the same totals. `n` counts rows.

    Raises:
        ValueError: `after` has another length, or a negative number.
    """
    n, method = len(before.totals), _method("paired ratio of sums, t", before)
    changed = vector(after, "after")
    if len(changed) != n or (changed < 0.0).any():
        raise ValueError(f"after has {len(changed)} numbers for {n} rows, or a negative one.")
    if reason := _unmeasured(before):
        return Estimate(value=None, n=n, method=method, reason=reason)
    rises = changed - before.errors
    value, df = float(rises.sum() / before.totals.sum()), _df(before.size)
    parts = before.by_unit(before.off(rises))
    spread, seen = _spread(parts)

    def interval(level: float) -> tuple[float, float]:
        t = quantile(level, df=df)
        half = max(t * math.hypot(spread, seen), t * before.unseen)
        return value - half, value + half

    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval),
        smallest_detectable=detectable_mean(max(math.hypot(spread, seen), before.unseen)),
        influence=influence_of(parts, reach=before.unseen / ADDED_UNITS),
    )


def error_rate_difference(a: ErrorCounts, b: ErrorCounts) -> Estimate:
    """Return the rate of a less the rate of b, of different rows; `n` counts the units of both.

    Degrees of freedom are Welch and Satterthwaite's; a speaker with rows on both sides counts with its signs.
    """
    n, method = a.units + b.units, _method("difference of ratios of sums, welch-t", a, b)
    if reason := _unmeasured(a, b):
        return Estimate(value=None, n=n, method=method, reason=reason)
    value = a.rate - b.rate
    together = _Together.of(a, b, 1.0, 1.0)

    def interval(level: float) -> tuple[float, float]:
        half = together.half(level)
        return value - half, value + half

    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval),
        smallest_detectable=detectable_mean(together.largest),
        influence=together.influence,
    )


def error_rate_ratio(a: ErrorCounts, b: ErrorCounts) -> Estimate:
    """Return the rate of a by the rate of b, of different rows, on the log scale; none where b has no error."""
    n, method = a.units + b.units, _method("ratio of ratios of sums, welch-t on the log scale", a, b)
    reason = _unmeasured(a, b)
    if reason is None and b.rate == 0.0:
        reason = "The second group has no error, so there is no ratio."
    if reason is not None:
        return Estimate(value=None, n=n, method=method, reason=reason)
    value = a.rate / b.rate
    if value == 0.0:
        return Estimate(value=0.0, n=n, method=method, reason="The first group has no error.")
    together = _Together.of(a, b, 1.0 / a.rate, 1.0 / b.rate)

    def interval(level: float) -> tuple[float, float]:
        half = min(together.half(level), FARTHEST)
        return value * math.exp(-half), value * math.exp(half)

    influence = together.influence and replace(together.influence.times(value), curved=True)
    return Estimate(value=value, n=n, method=method, bounds=on_grid(interval), influence=influence)


def perplexity(loss: Estimate) -> Estimate:
    """Return e to the loss a token in nats, with the interval of the loss carried along."""

    def carried(value: float) -> float:
        return math.exp(min(value, MOST_NATS))

    return Estimate(
        value=None if loss.value is None else carried(loss.value),
        n=loss.n,
        method=f"e to the {loss.method}",
        bounds=tuple((level, carried(low), carried(high)) for level, low, high in loss.bounds),
        reason=loss.reason,
        influence=loss.influence and replace(loss.influence.times(carried(loss.value or 0.0)), curved=True),
    )


@dataclass(frozen=True, slots=True)
class _Together:
    """The uncertainty of weight_a * rate a - weight_b * rate b."""

    spread: float
    seen: float
    unseen: float
    df: float
    influence: Influence | None

    @classmethod
    def of(cls, a: ErrorCounts, b: ErrorCounts, weight_a: float, weight_b: float) -> _Together:
        """Return it from both groups' rows."""
        parts = [weight_a * a.by_unit(a.off()), weight_b * b.by_unit(b.off())]
        (alone_a, seen_a), (alone_b, seen_b) = (_spread(each) for each in parts)
        weighed = alone_a**4 / _df(a.size) + alone_b**4 / _df(b.size)
        df = (alone_a**2 + alone_b**2) ** 2 / weighed if weighed > 0.0 else _df(a.size + b.size - 1.0)
        unseen = math.hypot(weight_a * a.unseen, weight_b * b.unseen)
        found = np.concatenate([parts[0], -parts[1]])
        spread = math.hypot(alone_a, alone_b)
        if a.clusters is not None and b.clusters is not None:
            both = np.concatenate([np.unique(a.clusters), np.unique(b.clusters)])
            found = _summed(both, found)
            spread = _spread(found)[0]
        influence = influence_of(found, reach=unseen / ADDED_UNITS)
        return cls(spread, math.hypot(seen_a, seen_b), unseen, df, influence)

    @property
    def largest(self) -> float:
        """The standard error with what it allows for."""
        return max(math.hypot(self.spread, self.seen), self.unseen)

    def half(self, level: float) -> float:
        """Return how far the interval reaches to either side."""
        return quantile(level, df=self.df) * self.largest


def _spread(parts: Vector) -> tuple[float, float]:
    """Return the standard error from what units add, and one and a half times the size of those that make it up."""
    squares, units = float(parts @ parts), len(parts)
    if squares == 0.0:
        return 0.0, 0.0
    sizes = np.abs(parts)
    return math.sqrt(units / (units - 1) * squares), ADDED_UNITS * float(sizes**2 @ sizes) / squares


def _summed(labels: NDArray[Any], values: Vector) -> Vector:
    """Return the sums of values by label, in the labels' order."""
    code = np.unique(labels, return_inverse=True)[1].reshape(-1)
    return np.asarray(np.bincount(code, weights=values), dtype=np.float64)


def _df(size: float) -> float:
    return max(1.0, size - 1.0)


def _method(name: str, *sides: ErrorCounts) -> str:
    return name if all(side.clusters is None for side in sides) else f"{name}, cluster-robust"


def _unmeasured(*sides: ErrorCounts) -> str | None:
    if len({side.clusters is None for side in sides}) > 1:
        raise ValueError("Number the speakers or documents of both groups, or of neither.")
    if any(not side.totals.sum() for side in sides):
        return NOTHING
    return ALONE if any(side.units < 2 for side in sides) else None


def _value(rate: float) -> float | None:
    return None if math.isnan(rate) else rate
