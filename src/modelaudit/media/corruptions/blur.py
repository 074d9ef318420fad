"""Blur: out of focus, through frosted glass, of a hand that moved, of a lens that zoomed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from modelaudit.media.corruptions.canvas import Canvas, Floats, resized
from modelaudit.media.corruptions.corruption import Corruption, Level
from modelaudit.media.corruptions.kernels import blurred, disc, streak

Places = NDArray[np.int64]

FAMILY = "blur"
MOST_TILTED = 45.0
"""Degrees that the trail of a moving hand is tilted at the most."""


def _defocus(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    radius, smooth = level
    return blurred(pixels, disc(radius * canvas.scale, smooth * canvas.scale))


def _motion(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    radius, sigma = level
    angle = float(canvas.rng.uniform(-MOST_TILTED, MOST_TILTED))
    return blurred(pixels, streak(radius * canvas.scale, sigma * canvas.scale, angle))


def _glass(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    sigma, reach, rounds = level
    spread = sigma * canvas.scale
    step = reach * canvas.scale
    smooth = gaussian_filter(pixels, (spread, spread, 0), mode="nearest")
    rows, columns = np.indices((canvas.height, canvas.width))
    for _ in range(int(rounds)):
        rows, columns = _strayed(rows, columns, step, canvas)
    return np.asarray(gaussian_filter(smooth[rows, columns], (spread, spread, 0), mode="nearest"), dtype=np.float32)


def _strayed(rows: Places, columns: Places, step: float, canvas: Canvas) -> tuple[Places, Places]:
    """Let each pixel take the place of one at most `step` away, all at once; the paper swaps them one by one.

    Where a step is less than a pixel, so many of the pixels go one further.
    """
    most = max(1, round(step))
    moves = canvas.rng.integers(-most, most + 1, size=(2, canvas.height, canvas.width))
    down, right = moves * (canvas.rng.random((canvas.height, canvas.width)) < step)
    at_row = np.clip(np.arange(canvas.height)[:, None] + down, 0, canvas.height - 1)
    at_column = np.clip(np.arange(canvas.width)[None, :] + right, 0, canvas.width - 1)
    return rows[at_row, at_column], columns[at_row, at_column]


def _zoom(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    most, by = level
    factors = np.arange(1.0, most, by)
    total = np.zeros_like(pixels)
    for factor in factors:
        total += _middle(pixels, float(factor), canvas)
    # The picture itself counts once more, as in the paper.
    return (pixels + total) / np.float32(len(factors) + 1)


def _middle(pixels: Floats, factor: float, canvas: Canvas) -> Floats:
    """Return the middle of the picture enlarged by a factor to the picture's size."""
    size = canvas.height, canvas.width
    high, wide = (math.ceil(side / factor - 1e-9) for side in size)
    top, left = (canvas.height - high) // 2, (canvas.width - wide) // 2
    return resized(pixels[top : top + high, left : left + wide], size)


KINDS = (
    Corruption("defocus blur", FAMILY, _defocus, ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))),
    Corruption("glass blur", FAMILY, _glass, ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
    Corruption("motion blur", FAMILY, _motion, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
    Corruption("zoom blur", FAMILY, _zoom, ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.33, 0.03))),
)
