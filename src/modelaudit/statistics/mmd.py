"""The maximum mean discrepancy: how far two samples of vectors lie apart, by a kernel.

Gretton et al. 2012, Journal of Machine Learning Research 13:723. Gaussian kernel, as wide as the median distance of two
rows of the pooled sample, which does not know which rows are whose; so the permutation test is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .sequential import SequentialP, sequential_permutation_p

HAIR = 1e-12
"""Sums in another order differ in the last bits, and equal values must stay equal."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """The squared discrepancy as a U-statistic, which is about 0 without a difference and may be below, and its p."""

    value: float
    test: SequentialP


def mmd_test(a: ArrayLike, b: ArrayLike, *, rng: np.random.Generator, most: int) -> Discrepancy:
    """Compare two samples of vectors (n, H) and (m, H) with at most `most` permutations; two rows or more on each side.

    ValueError where a value is not finite or the widths differ.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or min(len(first), len(second)) < 2:
        raise ValueError(f"Two samples of vectors can't have the shapes {first.shape} and {second.shape}.")
    pooled = np.vstack([first, second])
    if not np.isfinite(pooled).all():
        raise ValueError("A vector holds NaN or infinity.")
    kernel = gaussian_kernel(pooled)
    inside = np.arange(len(pooled)) >= len(first)
    rows = kernel.sum(axis=1)
    observed = float(_discrepancies(kernel, rows, inside[None, :].astype(np.float64))[0])

    def draw(count: int) -> Floats:
        sides = rng.permuted(np.broadcast_to(inside, (count, len(inside))), axis=1)
        return _discrepancies(kernel, rows, sides.astype(np.float64))

    return Discrepancy(observed, sequential_permutation_p(observed - HAIR, draw, most=most))


def gaussian_kernel(rows: Floats) -> Floats:
    """Return exp(-|x - y|^2 / (2 w^2)) of every two rows (n, n), w the median distance; all 1 where no two differ."""
    squares = (rows**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2.0 * (rows @ rows.T), 0.0)
    width = float(np.median(distances[np.triu_indices(len(rows), 1)]))
    if width <= 0.0:
        width = float(distances.mean()) or 1.0
    kernel: Floats = np.exp(-distances / (2.0 * width))
    np.fill_diagonal(kernel, 1.0)
    return kernel


def _discrepancies(kernel: Floats, rows: Floats, sides: Floats) -> Floats:
    """Return the squared discrepancy of each division of the rows in two (`sides`: 0 or 1, (divisions, n))."""
    m = sides.sum(axis=1)
    n = len(kernel) - m
    within = ((sides @ kernel) * sides).sum(axis=1)
    across = sides @ rows - within
    others = rows.sum() - within - 2.0 * across
    # The diagonal, 1 for each row, says nothing of likeness.
    return np.asarray(
        (within - m) / (m * (m - 1.0)) + (others - n) / (n * (n - 1.0)) - 2.0 * across / (m * n), dtype=np.float64
    )
