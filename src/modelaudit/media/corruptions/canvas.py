"""The canvas: what a corruption needs to know of a picture, so that it is as strong in a small one as in a large one.

The paper's constants hold at 224 pixels, which is what a model sees of a picture of any size. Lengths (of a blur, a
shift, a flake) grow with the shorter side. Grain (noise, blocks of a codec) is made as coarse as at 224 pixels in
larger pictures; in smaller ones a grain is a pixel, and its strength falls with the root of the shorter side. At 32
pixels that comes near the constants that the paper's authors chose for CIFAR-10-C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

SIDE = 224
"""Pixels of the shorter side at which the paper's constants hold."""

Floats = NDArray[np.float32]
Change = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Height and width of the picture in pixels, and the draw that belongs to it."""

    height: int
    width: int
    rng: np.random.Generator

    @property
    def shorter(self) -> int:
        """The shorter side in pixels."""
        return min(self.height, self.width)

    @property
    def scale(self) -> float:
        """What the paper's lengths are multiplied with: 1 at 224 pixels."""
        return self.shorter / SIDE

    @property
    def grain(self) -> float:
        """What the strength of grain is multiplied with: 1 from 224 pixels on, less below."""
        return math.sqrt(min(1.0, self.scale))

    @property
    def coarse(self) -> tuple[int, int]:
        """Height and width at which grain is made: 224 pixels for the shorter side, or its own if it has less."""
        by = max(1.0, self.scale)
        return max(1, round(self.height / by)), max(1, round(self.width / by))

    def grained(self, pixels: Floats, change: Change) -> Floats:
        """Return the pixels after a change that is made at `coarse` size; what it changes is enlarged and added."""
        if self.coarse == (self.height, self.width):
            return change(pixels)
        small = resized(pixels, self.coarse)
        return pixels + enlarged(change(small) - small, (self.height, self.width))


def enlarged(values: Floats, size: tuple[int, int]) -> Floats:
    """Return values (h, w, ...) at another size, each place that of its nearest one."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, values.shape[:2], strict=True))
    found: Floats = values[rows][:, columns]
    return found


def resized(pixels: Floats, size: tuple[int, int]) -> Floats:
    """Return pixels (h, w, channels) at another size: linear between them, and means of them in a smaller picture."""
    height, width, channels = pixels.shape
    down, across = _weights(height, size[0]), _weights(width, size[1])
    rows = (down @ pixels.reshape(height, -1)).reshape(size[0], width, channels)
    turned = across @ rows.transpose(1, 0, 2).reshape(width, -1)
    found: Floats = np.ascontiguousarray(turned.reshape(size[1], size[0], channels).transpose(1, 0, 2))
    return found


@lru_cache(maxsize=32)
def _weights(old: int, new: int) -> csr_array:
    """Return (new, old) what each new pixel takes of the old ones: a triangle as wide as two of the larger pixels."""
    reach = max(1.0, old / new)
    places = (np.arange(new) + 0.5) * old / new
    first = np.floor(places - reach).astype(np.int64)
    near = first[:, None] + np.arange(math.ceil(2 * reach) + 2)
    weights = np.clip(1.0 - np.abs(near + 0.5 - places[:, None]) / reach, 0.0, None) * ((near >= 0) & (near < old))
    weights /= weights.sum(axis=1, keepdims=True)
    row, at = np.nonzero(weights)
    return csr_array((weights[row, at].astype(np.float32), (row, near[row, at])), shape=(new, old))
