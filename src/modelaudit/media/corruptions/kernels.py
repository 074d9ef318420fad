"""Blurring kernels of any size, also of less than a pixel, and blurring with them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from modelaudit.media.corruptions.canvas import Floats

FINE = 4
"""Points a pixel of which a kernel is made."""
FEWEST = 24


def disc(radius: float, smooth: float) -> Floats:
    """Return the image of a point out of focus: a disc, its rim smoothed by a Gaussian (both in pixels)."""
    across = np.linspace(-radius, radius, max(FEWEST, math.ceil(2 * radius * FINE)))
    down, right = (grid.ravel() for grid in np.meshgrid(across, across, indexing="ij"))
    inside = np.hypot(down, right) <= radius
    kernel = _splat(down[inside], right[inside], np.ones(int(inside.sum())), math.ceil(radius + 3 * smooth))
    return np.asarray(gaussian_filter(kernel, smooth, mode="constant"), dtype=np.float32)


def streak(radius: float, sigma: float, angle: float) -> Floats:
    """Return the image of a moving point: a trail of 2 `radius` pixels, fading by a Gaussian; `angle` in degrees."""
    along = np.linspace(0.0, 2.0 * radius, max(FEWEST, math.ceil(2 * radius * FINE)))
    weights = np.exp(-(along**2) / (2.0 * sigma**2))
    turn = math.radians(angle)
    return _splat(along * math.sin(turn), along * math.cos(turn), weights, math.ceil(2 * radius)).astype(np.float32)


def blurred(pixels: Floats, kernel: Floats) -> Floats:
    """Return pixels (h, w, channels) convolved with a kernel of odd sides; the picture is mirrored at its edges."""
    reach = kernel.shape[0] // 2
    total = float(kernel.sum())
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    found = fftconvolve(padded, kernel[:, :, None] / np.float32(total), mode="valid", axes=(0, 1))
    return np.asarray(found, dtype=np.float32)


def _splat(
    down: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64], reach: int
) -> NDArray[np.float64]:
    """Return a kernel of points: each shares its weight among the four pixels around it."""
    side = 2 * reach + 3
    kernel = np.zeros((side, side))
    top, left = np.floor(down).astype(np.int64), np.floor(right).astype(np.int64)
    below, beside = down - top, right - left
    for row, by_row in ((0, 1.0 - below), (1, below)):
        for column, by_column in ((0, 1.0 - beside), (1, beside)):
            np.add.at(kernel, (top + row + reach + 1, left + column + reach + 1), weights * by_row * by_column)
    whole: NDArray[np.float64] = kernel / kernel.sum()
    return whole
