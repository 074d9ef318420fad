"""The corruption: a change of a picture that leaves what is seen in it, at five severities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np

from modelaudit.media.corruptions.canvas import Canvas, Floats, resized
from modelaudit.media.picture import Picture, Pixels

SEVERITIES = (1, 2, 3, 4, 5)
LARGEST = 512
"""Pixels of the shorter side to which larger pictures are reduced before they are corrupted: more than most models
read, and a corruption of 10 million pixels takes seconds."""
LONGEST = 4_096
"""Pixels of the longer side, for strips."""

Level = tuple[float, ...]
Make = Callable[[Floats, Level, Canvas], Floats]


@dataclass(frozen=True, slots=True)
class Corruption:
    """A kind of corruption.

    Attributes:
        name, family: as the report names them.
        make: the change of pixels, float32 (H, W, 3) from 0 to 1, with the constants of a severity.
        levels: the constants of each severity, 1 to 5.
        published: whether it is one of the 15 of ImageNet-C (Hendrycks and Dietterich 2019, arXiv 1903.12261).
    """

    name: str
    family: str
    make: Make
    levels: tuple[Level, ...]
    published: bool = True

    def of(self, picture: Picture, severity: int) -> Picture:
        """Return the picture corrupted, of the same size; the draw depends on picture, kind and severity alone.

        Raises ValueError for a severity other than 1 to 5.
        """
        if severity not in SEVERITIES:
            raise ValueError(f"severities are 1 to 5, not {severity!r}")
        key = f"corruption {self.name}, severity {severity}"
        return picture.changed(key, partial(_corrupted, self, severity, f"{picture.digest} {key}"))


def working(picture: Picture) -> Picture:
    """Return a picture of 512 pixels by 4,096 at the most: itself, or a reduced one."""
    return picture if _fitting(picture.size) == 1.0 else picture.changed(f"at most {LARGEST} by {LONGEST}", _reduced)


def _fitting(size: tuple[int, int]) -> float:
    return min(1.0, LARGEST / min(size), LONGEST / max(size))


def _corrupted(kind: Corruption, severity: int, seed: str, pixels: Pixels) -> Pixels:
    key = int.from_bytes(blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")
    rng = np.random.Generator(np.random.Philox(key=key))
    height, width, _ = pixels.shape
    light = pixels.astype(np.float32) / np.float32(255)
    return _eight_bits(kind.make(light, kind.levels[severity - 1], Canvas(height, width, rng)))


def _reduced(pixels: Pixels) -> Pixels:
    height, width, _ = pixels.shape
    by = _fitting((height, width))
    size = max(1, round(height * by)), max(1, round(width * by))
    return _eight_bits(resized(pixels.astype(np.float32) / np.float32(255), size))


def _eight_bits(light: Floats) -> Pixels:
    pixels: Pixels = np.rint(np.clip(light, 0.0, 1.0) * 255).astype(np.uint8)
    return pixels
