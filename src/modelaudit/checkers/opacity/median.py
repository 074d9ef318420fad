"""The median of a sample with a distribution-free interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from modelaudit.statistics import Estimate, on_grid

METHOD = "median, order-statistic interval"


def median(values: ArrayLike, *, least: float, most: float) -> Estimate:
    """Return the sample median with the interval between two order statistics (exact binomial; holds its level).

    `values` has shape [n]; `least` and `most` bound what can occur and stand in where n is too small for a level.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return Estimate(value=None, n=0, method=METHOD, reason="There are no rows: n is 0.")
    padded = np.concatenate([[least], ordered, [most]])

    def interval(level: float) -> tuple[float, float]:
        # The first count whose cdf reaches the tail: fewer than `rank` of n below the median is rarer than that.
        rank = int(binom.ppf((1.0 - level) / 2.0, n, 0.5))
        return float(padded[rank]), float(padded[n + 1 - rank])

    return Estimate(value=float(np.median(ordered)), n=n, method=METHOD, bounds=on_grid(interval))
