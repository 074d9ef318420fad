"""Digital: stretched, in coarse pixels, encoded with loss."""

from __future__ import annotations

import io
from types import ModuleType

import numpy as np
from scipy.ndimage import map_coordinates

from modelaudit.errors import InputError
from modelaudit.media.corruptions.canvas import Canvas, Floats, enlarged, resized
from modelaudit.media.corruptions.corruption import Corruption, Level
from modelaudit.media.corruptions.fields import smooth_field

FAMILY = "digital"
WORST, BEST = 1, 95
"""Qualities of a JPEG file that are used."""


def _elastic(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    """Shift each pixel by a smooth field on top of an affine map, as Simard, Steinkraus and Platt 2003 do.

    Of the level, the first is the standard deviation of the shifts, the second the smoothness of the field and the
    third how far three corners of the affine map may move, all as shares of the shorter side.
    """
    shift, smooth, skew = (part * canvas.shorter for part in level)
    size = canvas.height, canvas.width
    third = canvas.shorter / 3.0
    middle = np.array([canvas.height / 2.0, canvas.width / 2.0])
    corners = middle + third * np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    moved = corners + canvas.rng.uniform(-skew, skew, size=(3, 2))
    ones = np.ones((3, 1))
    # Where each pixel of the new picture comes from: the map that takes the moved corners back.
    back = np.linalg.lstsq(np.hstack([moved, ones]), corners, rcond=None)[0]
    down, right = (grid.astype(np.float64) for grid in np.indices(size))
    places = [
        down * back[0, axis] + right * back[1, axis] + back[2, axis] + shift * smooth_field(canvas.rng, size, smooth)
        for axis in range(2)
    ]
    channels = [map_coordinates(pixels[..., at], places, order=1, mode="reflect") for at in range(3)]
    return np.stack(channels, axis=2).astype(np.float32)


def _pixelate(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (kept,) = level
    share = kept / canvas.scale if canvas.scale > 1.0 else kept**canvas.grain
    size = max(1, round(canvas.height * share)), max(1, round(canvas.width * share))
    return enlarged(resized(pixels, size), (canvas.height, canvas.width))


def _jpeg(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (quality,) = level

    def encoded(light: Floats) -> Floats:
        Image = _pillow()
        kept = io.BytesIO()
        eight_bits = np.rint(np.clip(light, 0.0, 1.0) * 255).astype(np.uint8)
        Image.fromarray(eight_bits).save(kept, "JPEG", quality=round(min(max(quality / canvas.grain, WORST), BEST)))
        return np.asarray(Image.open(kept).convert("RGB"), dtype=np.float32) / np.float32(255)

    return canvas.grained(pixels, encoded)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise InputError('pictures need Pillow; pip install "modelaudit-core[image]"') from error
    return Image


KINDS = (
    Corruption(
        "elastic transform",
        FAMILY,
        _elastic,
        ((0.002, 0.7, 0.1), (0.018, 0.08, 0.2), (0.0036, 0.01, 0.02), (0.0051, 0.01, 0.02), (0.0087, 0.01, 0.02)),
    ),
    Corruption("pixelate", FAMILY, _pixelate, ((0.6,), (0.5,), (0.4,), (0.3,), (0.25,))),
    Corruption("JPEG compression", FAMILY, _jpeg, ((25,), (18,), (15,), (10,), (7,))),
)
