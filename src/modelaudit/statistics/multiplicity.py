"""Many tests at once: what each p-value and interval is still worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Vector, vector


def benjamini_hochberg(p: ArrayLike) -> Vector:
    """Return q-values, in the order of `p`: the false discovery rate at which each test is first rejected.

    Benjamini and Hochberg 1995: q of the i-th smallest p is the least p_(j) m / j over j >= i.
    """
    values = _p_values(p)
    m = len(values)
    order = np.argsort(values, kind="stable")
    steps = values[order] * m / np.arange(1, m + 1)
    adjusted = np.minimum.accumulate(steps[::-1])[::-1]
    return _in_place_of(order, np.minimum(adjusted, 1.0))


def holm(p: ArrayLike) -> Vector:
    """Return p-values adjusted for the chance of any false rejection at all (Holm 1979), in the order of `p`."""
    values = _p_values(p)
    m = len(values)
    order = np.argsort(values, kind="stable")
    adjusted = np.maximum.accumulate(values[order] * (m - np.arange(m)))
    return _in_place_of(order, np.minimum(adjusted, 1.0))


def step_down(observed: ArrayLike, null: ArrayLike) -> tuple[float, Vector]:
    """Return the p of the largest of J statistics, and each one's p adjusted for all (Westfall and Young 1993).

    `observed` (J,) and `null` (draws, J), drawn jointly under the null. Free step-down: a statistic is held against the
    largest of those that are no larger than itself, and never gets a smaller p than a larger one. Draws count the
    observed one once, so that p is never 0.

    Raises:
        ValueError: `null` is not as wide as `observed` is long.
    """
    found, draws = vector(observed, "observed"), np.asarray(null, dtype=np.float64)
    if draws.ndim != 2 or draws.shape[1] != len(found) or not len(draws):
        raise ValueError(f"{len(found)} statistics need null draws of that width, not of the shape {draws.shape}.")
    order = np.argsort(-found, kind="stable")
    # The largest over each statistic and all that come after it.
    tails = np.maximum.accumulate(draws[:, order][:, ::-1], axis=1)[:, ::-1]
    raw = (1 + (tails >= found[order]).sum(axis=0)) / (1 + len(draws))
    adjusted = np.maximum.accumulate(raw)
    return float(raw[0]), _in_place_of(order, adjusted)


def fcr_level(n_selected: int, n_family: int, q: float = 0.05) -> float:
    """Return the level at which the intervals of selected tests hold a false coverage rate of q.

    Benjamini and Yekutieli 2005: 1 - q R / m, with R of m tests selected; with none selected, the level of one.

    Raises:
        ValueError: more tests are selected than there are, there are none, or `q` is no share.
    """
    if n_family < 1 or not 0 <= n_selected <= n_family or not 0.0 < q < 1.0:
        raise ValueError(f"{n_selected} of {n_family} tests at q = {q} is not a selection from a family.")
    return 1.0 - q * max(n_selected, 1) / n_family


def _p_values(p: ArrayLike) -> Vector:
    values = vector(p, "p")
    if ((values < 0.0) | (values > 1.0)).any():
        raise ValueError("p-values lie between 0 and 1.")
    return values


def _in_place_of(order: np.ndarray, adjusted: Vector) -> Vector:
    result = np.empty_like(adjusted)
    result[order] = adjusted
    return result
