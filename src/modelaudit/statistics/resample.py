"""Resampling: the bootstrap for statistics without a formula, and the p-value of a simulated null."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import codes, vector

Indices = NDArray[np.intp]


def bootstrap_se(
    statistic: Callable[[Indices], float],
    n: int,
    *,
    rng: np.random.Generator,
    draws: int = 1000,
    clusters: Any | None = None,
) -> float:
    """Return the standard error of a statistic over rows drawn again with replacement (Efron 1979).

    `statistic` takes row indices (shape [k]). With `clusters` (one label a row) whole clusters are drawn.
    ValueError below two rows or clusters, or where the statistic is not finite in a draw.
    """
    code, groups = (np.arange(n), n) if clusters is None else codes(clusters, "clusters", length=n)
    if groups < 2 or draws < 2:
        raise ValueError(f"The bootstrap needs two rows or clusters and two draws, not {groups} and {draws}.")
    order = np.argsort(code, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(code, minlength=groups))[:-1])
    values = np.empty(draws)
    for draw in range(draws):
        drawn = rng.integers(groups, size=groups)
        values[draw] = statistic(drawn if clusters is None else np.concatenate([members[g] for g in drawn]))
    if not np.isfinite(values).all():
        raise ValueError("The statistic was NaN or infinite in a bootstrap draw; it needs a value for every sample.")
    return math.sqrt(float(values.var(ddof=1)))


def permutation_p(observed: float, null: ArrayLike) -> float:
    """Return the share of null draws at or above the observed value, each side counting the observed one once.

    (1 + hits) / (1 + draws): never 0, and valid for any number of draws (Phipson and Smyth 2010).

    Args:
        null: statistics of the null draws, [draws].

    Raises:
        ValueError: `observed` is not finite, or there is no draw.
    """
    draws = vector(null, "null")
    if len(draws) == 0 or not math.isfinite(observed):
        raise ValueError("A permutation p-value needs a finite observed value and at least one null draw.")
    return float((1 + np.count_nonzero(draws >= observed)) / (1 + len(draws)))
