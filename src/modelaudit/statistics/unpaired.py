"""The difference of two means whose units share parts: names that share a surname, say.

Units that share a part are not independent, and one unit may share different parts with many others, so that no
clusters exist. The variance sums the products of the influence values of every two units that share a part (the
sandwich estimator of dyadic data: Aronow, Samii and Assenova 2015, Political Analysis 23:564; Cameron and Miller 2014);
parts that occur in both samples then count with their sign. It is never taken to be below that of independent units.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from .arrays import Vector, vector
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile
from .influence import influence_of
from .power import z_sum

METHOD = "weighted-difference-shared-parts-t"

Parts = Sequence[Collection[Hashable]]


def unpaired_difference(
    a: ArrayLike, b: ArrayLike, *, parts_a: Parts, parts_b: Parts, weights_a: ArrayLike | None = None, reach: float
) -> Estimate:
    """Return the (weighted) mean of `a` minus the mean of `b`, with a t interval.

    `a` and `b` have one value a unit (shapes [n_a] and [n_b]); `parts_a` and `parts_b` have what each unit is made of.
    `weights_a` says how much each unit of `a` counts, equally by default. `reach` is the largest distance of a value
    from another that is possible: 1.5 units at that distance are added to the standard error,
    so that values which never differ give no interval of width 0. Degrees of freedom are Welch and Satterthwaite's,
    divided by the factor by which sharing raises the variance. The interval is clipped to +-reach; `n` counts the
    units of both samples. ValueError where lengths differ, or a weight is negative.
    """
    first, second = vector(a, "a"), vector(b, "b")
    n = len(first) + len(second)
    if min(len(first), len(second)) < 2:
        reason = f"A difference needs two units on either side; there are {len(first)} and {len(second)}."
        return Estimate(value=None, n=n, method=METHOD, reason=reason)
    if len(parts_a) != len(first) or len(parts_b) != len(second):
        raise ValueError("parts_a and parts_b need one entry for each value of a and b.")
    left, of_a, size_a = _influence(first, np.ones(len(first)) if weights_a is None else vector(weights_a, "weights_a"))
    right, of_b, size_b = _influence(second, np.ones(len(second)))
    value = of_a - of_b
    influence = np.concatenate([left, -right])
    alone_a, alone_b = float(left @ left), float(right @ right)
    alone = alone_a + alone_b
    shared = _sharing([*parts_a, *parts_b])
    together = max(alone, float(influence @ (shared @ influence)))
    added = ADDED_UNITS * reach * math.hypot(1.0 / size_a, 1.0 / size_b)
    spread = alone_a**2 / (size_a - 1.0) + alone_b**2 / (size_b - 1.0)
    df = alone**2 / spread if spread > 0.0 else size_a + size_b - 2.0
    # Where sharing makes the variance d times as large, there are about d times fewer independent units.
    df = max(1.0, df * alone / together) if together > 0.0 else df
    se = math.sqrt(together * (df + 1.0) / df)

    def interval(level: float) -> tuple[float, float]:
        half = quantile(level, df=df) * math.hypot(se, added)
        return value - half, value + half

    found, missed = z_sum(power=0.5), z_sum() - z_sum(power=0.5)
    return Estimate(
        value=value,
        n=n,
        method=METHOD,
        bounds=on_grid(interval, support=(-reach, reach)),
        smallest_detectable=min(reach, found * math.hypot(se, added) + missed * se),
        influence=influence_of(
            influence, reach=added / ADDED_UNITS, design=max(1.0, se**2 / alone if alone > 0.0 else 1.0)
        ),
    )


def _influence(values: Vector, weights: Vector) -> tuple[Vector, float, float]:
    """Return what each unit adds to the mean's error (shape [n]), the mean, and Kish's effective number of units."""
    if len(weights) != len(values) or (weights < 0.0).any() or np.count_nonzero(weights) < 2:
        raise ValueError("Weights are not negative, one a value, and two or more are positive.")
    share = weights / weights.sum()
    size = 1.0 / float(share @ share)
    mean = float(share @ values)
    return share * (values - mean) * math.sqrt(size / (size - 1.0)), mean, size


def _sharing(parts: Parts) -> sparse.csr_matrix:
    """Return which units share a part with which, themselves included, as 0 and 1 (shape [n, n])."""
    code: dict[Hashable, int] = {}
    rows, columns = [], []
    for unit, own in enumerate(parts):
        for part in (("unit", unit), *(("part", part) for part in own)):
            rows.append(unit)
            columns.append(code.setdefault(part, len(code)))
    holds = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(parts), len(code)))
    together = (holds @ holds.T).tocsr()
    together.data[:] = 1.0
    return together
