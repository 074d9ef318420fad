"""Means of two groups of different rows, where rows may share a document: their difference and their ratio.

The standard error sums what each document adds to the number (a sandwich, with clusters / (clusters - 1)), so that a
document with rows of both groups counts with its signs. Degrees of freedom are Welch and Satterthwaite's, each group's
documents taken alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import row_outcomes
from .arrays import Codes, Vector, vector
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile
from .influence import Influence, influence_of
from .power import detectable_mean

FEW = "A comparison of means needs two rows or documents in either group; there are {} and {}."


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One group's values (rows,), and the document of each as a code that both groups share, or None."""

    values: Vector
    clusters: Codes | None = None

    @property
    def mean(self) -> float:
        """The mean; the sample is not empty."""
        return float(self.values.mean())

    @property
    def units(self) -> int:
        """How many documents, or rows where there are none, the values come from."""
        return len(self.values) if self.clusters is None else len(np.unique(self.clusters))


def sample(values: ArrayLike, *, clusters: Codes | None = None) -> Sample:
    """Return the sample of one group; `clusters` numbers the document of each row, alike in both groups.

    Args:
        values: one number a row, [n]; clusters: int, [n].

    Raises:
        ValueError: `clusters` has another length.
    """
    found = vector(values, "values")
    if clusters is not None and clusters.shape != found.shape:
        raise ValueError(f"clusters has the shape {clusters.shape}, but there are {len(found)} values.")
    return Sample(found, clusters)


def group_mean(one: Sample, *, reach: float | None = None) -> Estimate:
    """Return one group's mean with a t interval, robust to likeness within documents; `reach` as below."""
    method = _method("t", one, one)
    if one.units < 2:
        reason = f"A mean needs two rows or documents to show its spread; there are {one.units}."
        return Estimate(value=one.mean if len(one.values) else None, n=one.units, method=method, reason=reason)
    se = math.sqrt(_spread(one, 1.0))
    added = 0.0 if reach is None else ADDED_UNITS * reach / one.units

    def interval(level: float) -> tuple[float, float]:
        half = quantile(level, df=one.units - 1) * math.hypot(se, added)
        return one.mean - half, one.mean + half

    return Estimate(value=one.mean, n=one.units, method=method, bounds=on_grid(interval))


def group_mean_difference(a: Sample, b: Sample, *, reach: float | None = None) -> Estimate:
    """Return the mean of a minus the mean of b with a t interval; `n` counts rows or documents of both.

    With `reach`, the distance from the usual value that a single row may have, 1.5 rows at that distance are added to
    the standard error of either mean (as in `bounded_normal`): values that hardly vary in the sample, as p - y of a
    model that is nearly always right, are not certain for that.
    """
    method, n = _method("welch-t", a, b), a.units + b.units
    if min(a.units, b.units) < 2:
        return Estimate(value=None, n=n, method=method, reason=FEW.format(a.units, b.units))
    value = a.mean - b.mean
    se, df = _standard_error(a, b, 1.0, 1.0)
    added = 0.0 if reach is None else ADDED_UNITS * reach * math.hypot(1.0 / a.units, 1.0 / b.units)

    def interval(level: float) -> tuple[float, float]:
        half = quantile(level, df=df) * math.hypot(se, added)
        return value - half, value + half

    return Estimate(
        value=value,
        n=n,
        method=method if reach is None else f"{method}-bounded",
        bounds=on_grid(interval),
        smallest_detectable=detectable_mean(math.hypot(se, added)),
        influence=_by_unit(a, b, reach=added / ADDED_UNITS),
    )


def group_mean_ratio(a: Sample, b: Sample) -> Estimate:
    """Return the mean of a by the mean of b for values that are not negative, by the t interval of the log ratio.

    ValueError for a negative value. There is no ratio where all values of b are 0,
    and no interval where all of a are.
    """
    method, n = _method("log-ratio-welch-t", a, b), a.units + b.units
    if (a.values < 0.0).any() or (b.values < 0.0).any():
        raise ValueError("The ratio of means is for values that are not negative.")
    if min(a.units, b.units) < 2:
        return Estimate(value=None, n=n, method=method, reason=FEW.format(a.units, b.units))
    if b.mean == 0.0:
        return Estimate(value=None, n=n, method=method, reason="The mean of the second group is 0.")
    value = a.mean / b.mean
    if value == 0.0:
        return Estimate(value=0.0, n=n, method=method, reason="All values of the first group are 0.")
    se, df = _standard_error(a, b, 1.0 / a.mean, 1.0 / b.mean)

    def interval(level: float) -> tuple[float, float]:
        # Beyond e^40 either way a ratio says no more.
        half = min(quantile(level, df=df) * se, 40.0)
        return value * math.exp(-half), value * math.exp(half)

    return Estimate(value=value, n=n, method=method, bounds=on_grid(interval, support=(0.0, math.inf)))


def design_effect(one: Sample) -> float:
    """Return how much likeness within documents raises the variance of the mean; 1 at the least.

    Where all values are equal likeness can't be seen, and each document counts once.
    """
    if one.clusters is None:
        return 1.0
    return row_outcomes.design_effect(one.values, _local(one))


def _standard_error(a: Sample, b: Sample, weight_a: float, weight_b: float) -> tuple[float, float]:
    """Return the standard error of weight_a * mean a - weight_b * mean b and its degrees of freedom."""
    alone_a, alone_b = _spread(a, weight_a), _spread(b, weight_b)
    together = alone_a + alone_b
    parts = alone_a**2 / (a.units - 1) + alone_b**2 / (b.units - 1)
    df = together**2 / parts if parts > 0.0 else float(a.units + b.units - 2)
    if a.clusters is not None and b.clusters is not None:
        code = np.unique(np.concatenate([a.clusters, b.clusters]), return_inverse=True)[1].reshape(-1)
        sums = np.bincount(code, weights=np.concatenate([_influence(a, weight_a), -_influence(b, weight_b)]))
        together = len(sums) / max(len(sums) - 1, 1) * float(sums @ sums)
    return math.sqrt(together), df


def _by_unit(a: Sample, b: Sample, *, reach: float) -> Influence | None:
    """Return the influence of the difference of means: documents by code, or rows of a, then of b."""
    values = np.concatenate([_influence(a, 1.0), -_influence(b, 1.0)])
    if a.clusters is None or b.clusters is None:
        return influence_of(values, reach=reach)
    code = np.unique(np.concatenate([a.clusters, b.clusters]), return_inverse=True)[1].reshape(-1)
    return influence_of(np.bincount(code, weights=values), reach=reach)


def _spread(one: Sample, weight: float) -> float:
    """Return the variance of weight * mean."""
    sums = np.bincount(_local(one), weights=_influence(one, weight))
    return len(sums) / (len(sums) - 1) * float(sums @ sums)


def _influence(one: Sample, weight: float) -> Vector:
    # Equal values have no spread, whatever rounding their mean leaves.
    if np.all(one.values == one.values[0]):
        return np.zeros(len(one.values))
    return weight * (one.values - one.mean) / len(one.values)


def _local(one: Sample) -> Codes:
    if one.clusters is None:
        return np.arange(len(one.values), dtype=np.intp)
    return np.unique(one.clusters, return_inverse=True)[1].reshape(-1)


def _method(name: str, a: Sample, b: Sample) -> str:
    return name if a.clusters is None and b.clusters is None else f"cluster-robust {name}"
