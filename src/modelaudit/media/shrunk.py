"""Shrinking: a copy of a large picture, for questions that are asked of it many times over.

A photograph has more pixels than any model reads, and each variant of it is made, and made small, anew.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from modelaudit.media.corruptions.canvas import resized
from modelaudit.media.picture import Picture, Pixels


def shrunk(picture: Picture, *, longest: int) -> Picture:
    """Return the picture with no side longer than so many pixels; one that is not larger is returned itself."""
    height, width = picture.size
    scale = longest / max(height, width)
    if scale >= 1.0:
        return picture
    size = max(round(height * scale), 1), max(round(width * scale), 1)
    return picture.changed(f"shrunk to {size[0]}x{size[1]}", partial(_resized, size=size))


def _resized(pixels: Pixels, *, size: tuple[int, int]) -> Pixels:
    small: Pixels = np.rint(resized(pixels.astype(np.float32), size)).clip(0, 255).astype(np.uint8)
    return small
