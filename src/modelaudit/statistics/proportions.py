"""A proportion: hits of n independent trials."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri

from .arrays import booleans, check_counts, check_level, codes
from .confidence import Estimate, on_grid
from .influence import mean_influence


def clopper_pearson_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion (Clopper and Pearson 1934): it covers at least at its level, always."""
    check_counts(hits, n)
    check_level(level)
    if n == 0:
        return 0.0, 1.0
    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1.0 - tail))
    return low, high


def wilson_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion (Wilson 1927): shorter than the exact one, right on average."""
    check_counts(hits, n)
    check_level(level)
    if n == 0:
        return 0.0, 1.0
    z2 = float(ndtri((1.0 + level) / 2.0)) ** 2
    rate = hits / n
    centre = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n)
    half = math.sqrt(z2 * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n)
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return low, high


def clopper_pearson(hits: int, n: int) -> Estimate:
    """Return hits / n with the exact interval; n = 0 gives no value and the reason."""
    return _proportion(hits, n, method="clopper-pearson", interval=clopper_pearson_interval)


def wilson(hits: int, n: int) -> Estimate:
    """Return hits / n with the score interval; n = 0 gives no value and the reason."""
    return _proportion(hits, n, method="wilson", interval=wilson_interval)


def clustered_proportion(hits: ArrayLike, units: Any = None, *, family: int = 1) -> Estimate:
    """Return the share of hits (bool, n) with Clopper and Pearson's interval, at the size that clusters leave.

    Korn and Graubard 1998: n is divided by the design effect, the variance of the share with whole units drawn over
    that of independent records; never by less than 1. `family` widens the interval to hold for so many shares at once
    (Bonferroni).
    """
    found = booleans(hits, "hits")
    n, count = len(found), int(found.sum())
    if n == 0:
        return Estimate(value=None, n=0, method="clopper-pearson", reason="There is nothing to count: n is 0.")
    effective, method, code = float(n), "clopper-pearson", None
    if units is not None:
        code, clusters = codes(units, "units", length=n)
        method = "korn-graubard"
        effective = float(clusters)
        if clusters > 1 and 0 < count < n:
            rate = count / n
            sums = np.bincount(code, weights=found - rate, minlength=clusters)
            variance = float((sums**2).sum()) / n**2 * clusters / (clusters - 1)
            effective = n / max(1.0, variance / (rate * (1.0 - rate) / n))
    share = count / n

    def interval(level: float) -> tuple[float, float]:
        tail = (1.0 - level) / (2.0 * family)
        hit, missed = share * effective, (1.0 - share) * effective
        low = 0.0 if count == 0 else float(betaincinv(hit, missed + 1.0, tail))
        high = 1.0 if count == n else float(betaincinv(hit + 1.0, missed, 1.0 - tail))
        return low, high

    if family > 1:
        method += f", for {family} at once"
    return Estimate(
        value=share,
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, 1.0)),
        influence=mean_influence(found, code, reach=1.0),
    )


def _proportion(
    hits: int, n: int, *, method: str, interval: Callable[[int, int, float], tuple[float, float]]
) -> Estimate:
    check_counts(hits, n)
    if n == 0:
        return Estimate(value=None, n=0, method=method, reason="There is nothing to count: n is 0.")
    bounds = on_grid(lambda level: interval(hits, n, level), support=(0.0, 1.0))
    return Estimate(value=hits / n, n=n, method=method, bounds=bounds)
