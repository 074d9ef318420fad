"""Patches: the parts of a picture that can be hidden from a model, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from modelaudit.media.picture import Picture, Pixels

Flags = NDArray[np.bool_]

MOST_PATCHES = 36
"""Patches that a picture is divided into at the most."""

BLURS = 3
"""Box filters in a row, which come near a Gaussian at a cost that does not grow with its width."""


@dataclass(frozen=True, slots=True)
class Patches:
    """A picture's division into rows and columns of patches, as square as whole pixels allow.

    Attributes:
        size: height and width of the picture in pixels.
        grid: how many rows and columns.
    """

    size: tuple[int, int]
    grid: tuple[int, int]

    @classmethod
    def of(cls, picture: Picture, *, most: int = MOST_PATCHES) -> Patches:
        """Return the finest division into at most so many patches. Raises ValueError for none at all."""
        if most < 1:
            raise ValueError(f"a picture has one patch at least, not {most}")
        return cls(picture.size, _grid(picture.size, most))

    def __len__(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def names(self) -> tuple[str, ...]:
        """What each patch is called, row by row from the top left."""
        rows, columns = self.grid
        return tuple(f"row {row + 1}, column {column + 1}" for row in range(rows) for column in range(columns))

    def hidden(self, picture: Picture, keep: Flags, how: str) -> Picture:
        """Return the picture without the patches that `keep` (patches,) has not; with all of them it is the picture.

        "mean" puts the mean colour of the whole picture in their place, "blur" a copy so blurred that nothing as small
        as a patch can be made out in it. Neither depends on which patches are hidden.

        Raises:
            ValueError: `keep` is of another width, the picture of another size, or `how` is neither.
        """
        if keep.shape != (len(self),) or picture.size != self.size:
            raise ValueError(f"{len(self)} patches of {self.size} pixels can't hide parts of {keep.shape} in {picture}")
        if how not in {"mean", "blur"}:
            raise ValueError(f"patches are hidden by mean or blur, not by {how!r}")
        if keep.all():
            return picture
        rows, columns = self.grid
        shown = np.packbits(keep).tobytes().hex()
        return picture.changed(
            f"patches {rows}x{columns} by {how}: {shown}", partial(self._without, picture, keep, how)
        )

    def _without(self, picture: Picture, keep: Flags, how: str, pixels: Pixels) -> Pixels:
        down, across = (_patch_of_pixel(length, count) for length, count in zip(self.size, self.grid, strict=True))
        shown = keep.reshape(self.grid)[down][:, across]
        return np.where(shown[:, :, None], pixels, _absent(picture, how, max(self._sides)))

    @property
    def _sides(self) -> tuple[int, int]:
        """Height and width of a patch in pixels, rounded up."""
        return (-(-self.size[0] // self.grid[0]), -(-self.size[1] // self.grid[1]))


def _grid(size: tuple[int, int], most: int) -> tuple[int, int]:
    """Return rows and columns: as many rows as leave room for columns of square patches."""
    height, width = size

    def columns(rows: int) -> int:
        return min(max(round(width * rows / height), 1), width)

    fitting = [rows for rows in range(1, min(height, most) + 1) if rows * columns(rows) <= most]
    rows = max(fitting, default=1)
    return rows, min(columns(rows), most)


def _patch_of_pixel(length: int, count: int) -> NDArray[np.int64]:
    """Return (length,) which of so many stretches of nearly equal length each pixel belongs to."""
    return np.arange(length) * count // length


@lru_cache(maxsize=4)
def _absent(picture: Picture, how: str, side: int) -> Pixels:
    """The pixels that stand in hidden places, of the pictures asked last: a picture's variants follow one another."""
    pixels = picture.pixels()
    if how == "mean":
        colour = np.rint(pixels.mean(axis=(0, 1), dtype=np.float64)).astype(np.uint8)
        return np.broadcast_to(colour, pixels.shape)
    blurred = pixels.astype(np.float32)
    # Wider than a patch and odd: a patch of one pixel is blurred too, and nothing is moved.
    box = 2 * side + 1
    for _ in range(BLURS):
        blurred = uniform_filter(blurred, size=(box, box, 0), mode="reflect")
    return np.clip(np.rint(blurred), 0, 255).astype(np.uint8)
