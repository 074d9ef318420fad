"""The ratio of two means over the same rows, where no row's ratio is above 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import codes, vector
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile

Floats = NDArray[np.float64]


def share_of_means(parts: ArrayLike, wholes: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the mean of the parts by the mean of the wholes: which share of what could be had was had.

    Both have one number a row (shape [n]), no part above its whole. The standard error is linearised (Cochran 1977,
    section 6.3; cluster-robust, CR1, with one label a row in `clusters`), and the interval allows for rows with next to
    nothing of their whole that are too rare to be in the sample, as in `bounded_normal`: where one row in ten has none,
    the plain t interval of 30 rows covers 84% instead of 95%. A part below 0 counts as it is. There is no interval
    where the mean of the wholes is less than four of its own standard errors.

    Raises:
        ValueError: `parts` and `wholes` have different lengths, or a part is above its whole.
    """
    above, below = vector(parts, "parts"), vector(wholes, "wholes")
    if len(above) != len(below):
        raise ValueError(f"{len(above)} parts and {len(below)} wholes are not of the same rows.")
    if (above > below + 1e-9 * np.abs(below).max(initial=0.0)).any():
        raise ValueError("A part is above its whole.")
    n = len(above)
    method = "ratio of means, linearised t" if clusters is None else "ratio of means, cluster-robust linearised t"
    code, groups = (np.arange(n), n) if clusters is None else codes(clusters, "clusters", length=n)
    if n == 0 or below.mean() <= 0.0:
        return Estimate(value=None, n=n, method=method, reason="The wholes have no positive mean.")
    value = float(above.mean() / below.mean())
    if groups < 2:
        unit = "row" if clusters is None else "cluster"
        return Estimate(value=value, n=n, method=method, reason=f"One {unit} shows no spread; two are the least.")
    if below.mean() < 4.0 * _standard_error(below - below.mean(), code, groups):
        return Estimate(value=value, n=n, method=method, reason="The mean of the wholes is too uncertain to divide by.")
    se = _standard_error(above - value * below, code, groups) / float(below.mean())
    reach = np.bincount(code, weights=max(value, 1.0 - value) * np.maximum(below, 0.0) / below.mean())
    added = ADDED_UNITS * float(reach @ reach) / float(reach.sum()) / n

    def interval(level: float) -> tuple[float, float]:
        half = quantile(level, df=groups - 1) * math.hypot(se, added)
        return value - half, value + half

    bounds = on_grid(interval, support=(-math.inf, 1.0))
    return Estimate(value=value, n=n, method=f"{method}-bounded", bounds=bounds)


def _standard_error(deviations: Floats, code: NDArray[np.int64], groups: int) -> float:
    sums = np.bincount(code, weights=deviations, minlength=groups)
    return math.sqrt(groups / (groups - 1) * float(sums @ sums)) / len(deviations)
