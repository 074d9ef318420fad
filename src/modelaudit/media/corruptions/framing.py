"""Framing: the same thing seen a little closer, shifted, or tilted; mirrored only where the user says it may be."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from modelaudit.media.corruptions.canvas import Canvas, Floats, resized
from modelaudit.media.corruptions.corruption import Corruption, Level

FAMILY = "framing"


def _crop(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (share,) = level
    high, wide = (max(1, round(side * share)) for side in (canvas.height, canvas.width))
    top = int(canvas.rng.integers(canvas.height - high + 1))
    left = int(canvas.rng.integers(canvas.width - wide + 1))
    return resized(pixels[top : top + high, left : left + wide], (canvas.height, canvas.width))


def _shift(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    """Shift in a random direction; the edge is mirrored into what comes free."""
    (share,) = level
    angle = float(canvas.rng.uniform(0.0, 2.0 * math.pi))
    down, right = (round(share * canvas.shorter * part) for part in (math.sin(angle), math.cos(angle)))
    rows = _mirrored(np.arange(canvas.height) - down, canvas.height)
    columns = _mirrored(np.arange(canvas.width) - right, canvas.width)
    shifted: Floats = pixels[rows][:, columns]
    return shifted


def _rotate(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (degrees,) = level
    turn = math.radians(degrees) * (1.0 if canvas.rng.random() < 0.5 else -1.0)
    down, right = np.indices((canvas.height, canvas.width), dtype=np.float64)
    down -= (canvas.height - 1) / 2.0
    right -= (canvas.width - 1) / 2.0
    places = [
        math.cos(turn) * down - math.sin(turn) * right + (canvas.height - 1) / 2.0,
        math.sin(turn) * down + math.cos(turn) * right + (canvas.width - 1) / 2.0,
    ]
    channels = [map_coordinates(pixels[..., at], places, order=1, mode="reflect") for at in range(3)]
    return np.stack(channels, axis=2).astype(np.float32)


def _mirror(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    return pixels[:, ::-1]


def _mirrored(places: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return places beyond the edges mirrored at them."""
    inside = np.mod(places, 2 * length)
    found: NDArray[np.int64] = np.minimum(inside, 2 * length - 1 - inside)
    return found


KINDS = (
    Corruption("crop", FAMILY, _crop, ((0.95,), (0.9,), (0.85,), (0.75,), (0.65,)), published=False),
    Corruption("shift", FAMILY, _shift, ((0.01,), (0.03,), (0.06,), (0.09,), (0.12,)), published=False),
    Corruption("rotation", FAMILY, _rotate, ((2,), (4,), (7,), (11,), (15,)), published=False),
)
MIRRORED = Corruption("mirrored", FAMILY, _mirror, ((), (), (), (), ()), published=False)
"""No harmless change of text, digits, traffic signs or handedness: asked for by the user, never by default."""
