"""Shares of classes: how far two tables lie apart, and how far one falls short of what was declared.

A share is a rate of one class, so the intervals are those of rates, each at a level that holds for all classes at once
where the largest of them is picked (`largest_of`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import booleans, codes
from .confidence import Estimate, on_grid
from .group_means import design_effect, sample
from .group_rates import Trials, difference_intervals
from .power import z_sum
from .proportions import clustered_proportion


def total_variation(classes: Sequence[tuple[Trials, Trials]]) -> Estimate:
    """Return half the sum of |share in a - share in b| over classes: the share of rows that would change their class.

    The plain sum is above 0 for two samples of one source, so each difference is taken as sqrt(max(d^2 - se^2, 0)),
    which is right on average at no difference and hardly changed far from it. The interval adds up the intervals of all
    differences that hold at once (Bonferroni): it covers at least at its level, and is wide with many classes.
    """
    n = max((a.units + b.units for a, b in classes), default=0)
    method = "total variation, debiased, simultaneous newcombe"
    if not classes or not all(_measurable(group) for pair in classes for group in pair):
        return Estimate(value=None, n=n, method=method, reason="One of the tables has too few rows with a class.")
    value = sum(math.sqrt(max((a.rate - b.rate) ** 2 - _variance(a) - _variance(b), 0.0)) for a, b in classes) / 2.0
    intervals = [difference_intervals(a, b) for a, b in classes]

    def interval(level: float) -> tuple[float, float]:
        ends = [one(1.0 - (1.0 - level) / len(classes)) for one in intervals]
        low = sum(max(low, -high, 0.0) for low, high in ends) / 2.0
        high = sum(max(-low, high) for low, high in ends) / 2.0
        return min(low, value), max(high, value)

    return Estimate(value=min(value, 1.0), n=n, method=method, bounds=on_grid(interval, support=(0.0, 1.0)))


def shortfall(hits: ArrayLike, target: float, units: Any = None) -> Estimate:
    """Return target - share of hits (bool, n) with the exact interval of the share, robust to documents in `units`.

    Positive where the share is below its target; between target - 1 and target.

    Raises:
        ValueError: `target` is no share.
    """
    found = booleans(hits, "hits")
    if not 0.0 <= target <= 1.0:
        raise ValueError(f"A target is a share from 0 to 1, not {target}.")
    share = clustered_proportion(found, units)
    if share.value is None:
        return share
    bounds = tuple((level, target - high, target - low) for level, low, high in share.bounds)
    return replace(share, value=target - share.value, bounds=bounds)


def detectable_shortfall(hits: ArrayLike, target: float, units: Any = None, *, family: int = 1) -> float:
    """Return the shortfall that is told from 0 in 80% of such samples where the largest of `family` is picked.

    Args:
        hits: bool, [n]; units: the document of each, [n]; target: a share.
    """
    found = booleans(hits, "hits")
    effect = 1.0
    if units is not None:
        code, _ = codes(units, "units", length=len(found))
        effect = design_effect(sample(found.astype(float), clusters=code))
    n = len(found) / effect
    se = math.sqrt(target * (1.0 - target) / n)
    # The exact interval is wider than the normal one by about one row.
    return min(target, z_sum(alpha=0.05 / family) * se + 1.0 / n)


def _variance(group: Trials) -> float:
    """Return the variance of a rate, with that of documents where there are any."""
    if group.clusters is None:
        return group.rate * (1.0 - group.rate) / group.n
    code, count = codes(group.clusters, "clusters", length=len(group.hits))
    sums = np.bincount(code, weights=(group.hits - group.rate * group.totals) / group.n)
    return count / max(count - 1, 1) * float(sums @ sums)


def _measurable(group: Trials) -> bool:
    return group.n > 0.0 and (group.clusters is None or group.units > 1)
