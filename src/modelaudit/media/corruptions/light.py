"""Light and colour: too bright, too flat, without colour."""

from __future__ import annotations

import numpy as np

from modelaudit.media.corruptions.canvas import Canvas, Floats
from modelaudit.media.corruptions.corruption import Corruption, Level

FAMILY = "light and colour"


def _brightness(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    """Raise the value of each pixel as HSV has it, the largest of its colours; hue and saturation stay."""
    (added,) = level
    value = pixels.max(axis=2, keepdims=True)
    raised = np.clip(value + np.float32(added), 0.0, 1.0)
    colour = np.where(value > 0, pixels / np.maximum(value, np.float32(1e-6)), np.float32(1))
    return np.asarray(colour * raised, dtype=np.float32)


def _contrast(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (kept,) = level
    mean = pixels.mean(axis=(0, 1), keepdims=True)
    flat: Floats = (pixels - mean) * np.float32(kept) + mean
    return flat


def _grey(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (kept,) = level
    grey = (pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32))[:, :, None]
    return grey + np.float32(kept) * (pixels - grey)


KINDS = (
    Corruption("brightness", FAMILY, _brightness, ((0.1,), (0.2,), (0.3,), (0.4,), (0.5,))),
    Corruption("contrast", FAMILY, _contrast, ((0.4,), (0.3,), (0.2,), (0.1,), (0.05,))),
    Corruption("grey", FAMILY, _grey, ((0.6,), (0.4,), (0.2,), (0.1,), (0.0,)), published=False),
)
