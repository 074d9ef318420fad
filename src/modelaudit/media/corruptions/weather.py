"""Weather: snow, frost on the lens, fog; all made of noise, so that no other picture gets into the user's."""

from __future__ import annotations

import numpy as np

from modelaudit.media.corruptions.canvas import Canvas, Floats, resized
from modelaudit.media.corruptions.corruption import Corruption, Level
from modelaudit.media.corruptions.fields import clouds
from modelaudit.media.corruptions.kernels import blurred, streak

FAMILY = "weather"
CRYSTALS = 1.6
"""How fast the branches of frost get finer."""
ICE = np.array([0.86, 0.94, 1.0], dtype=np.float32)
"""The colour of ice: a little less red than white."""


def _snow(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    mean, spread, size, threshold, radius, sigma, kept = level
    flakes = _flakes(mean, spread, size, threshold, canvas)
    angle = float(canvas.rng.uniform(-135.0, -45.0))
    layer = blurred(flakes[:, :, None], streak(radius * canvas.scale, sigma * canvas.scale, angle))
    grey = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    pale = np.maximum(pixels, (1.5 * grey + 0.5)[:, :, None])
    white = np.float32((1.0 - kept) * canvas.grain)
    snowed: Floats = (1 - white) * pixels + white * pale + np.float32(canvas.grain) * (layer + layer[::-1, ::-1])
    return snowed


def _flakes(mean: float, spread: float, size: float, threshold: float, canvas: Canvas) -> Floats:
    """Return flakes (h, w) of `size` pixels at 224, and of one pixel at the least."""
    side = max(1.0, size * canvas.scale)
    grid = [max(1, round(length / side)) for length in (canvas.height, canvas.width)]
    drawn = canvas.rng.normal(mean, spread, size=(*grid, 1)).astype(np.float32)
    grown = resized(drawn, (canvas.height, canvas.width))[..., 0]
    return np.where(grown < threshold, np.float32(0), np.clip(grown, 0.0, 1.0)).astype(np.float32)


def _frost(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    kept, added = level
    ridges = 1.0 - np.abs(2.0 * clouds(canvas.rng, (canvas.height, canvas.width), CRYSTALS) - 1.0)
    patches = clouds(canvas.rng, (canvas.height, canvas.width), 2.0)
    # Branches are where the first clouds cross their middle; the others say where the lens is iced at all.
    ice = np.clip(1.3 * patches * ridges**2 + 0.2 * patches, 0.0, 1.0)[:, :, None] * ICE
    iced: Floats = np.float32(kept) * pixels + np.float32(added) * ice
    return iced


def _fog(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    thick, decay = level
    fog = clouds(canvas.rng, (canvas.height, canvas.width), decay)[:, :, None]
    brightest = max(float(pixels.max()), 1e-6)
    return (pixels + np.float32(thick) * fog) * np.float32(brightest / (brightest + thick))


KINDS = (
    Corruption(
        "snow",
        FAMILY,
        _snow,
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
    ),
    Corruption("frost", FAMILY, _frost, ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))),
    Corruption("fog", FAMILY, _fog, ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))),
)
