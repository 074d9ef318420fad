"""The picture: what an image model sees of a row, decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import DataInputError
from modelaudit.media.encoded import UnreadableMedium, bytes_of
from modelaudit.media.raster import decode, refuse_bomb

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture, equal to another with the same pixels however they are kept.

    Attributes:
        digest: 32 hex digits of its pixels; of a changed picture, of its parent's digest and the change's key.
        format: how it was encoded, `JPEG`; empty for arrays and changed pictures.
        name: what messages call it.
    """

    digest: str
    format: str
    name: str
    load: Callable[[], Pixels] = field(repr=False)
    shape: tuple[int, int] | None = field(default=None, repr=False)

    @classmethod
    def of_file(cls, path: str | Path) -> Picture:
        """Return the picture in a file, which stays where it is and is read again when its pixels are asked for.

        Raises DataInputError where it can't be read, is broken, or is too large.
        """
        place = Path(path)
        name = f"the picture {place.name!r}"
        return _checked(partial(_of_file, place, name), name)

    @classmethod
    def of_bytes(cls, data: bytes, *, name: str = "the picture") -> Picture:
        """Return the picture in the bytes of a picture file; raise DataInputError where they are none."""
        return _checked(partial(decode, data, name), name)

    @classmethod
    def of_array(cls, pixels: Pixels, *, name: str = "the picture") -> Picture:
        """Return the picture of an array, uint8 (H, W, 3), which is copied; raise DataInputError for another."""
        kept = _fit(np.array(pixels), name)
        return cls(_digest(kept), "", name, partial(_same, kept), (kept.shape[0], kept.shape[1]))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        if self.shape is not None:
            return self.shape
        height, width, _ = self.pixels().shape
        return height, width

    def pixels(self) -> Pixels:
        """Return the pixels, uint8 (H, W, 3), RGB, upright, read-only.

        Raises DataInputError where the file is gone or holds another picture than when it was first read.
        """
        return _latest(self)

    def changed(self, key: str, change: Callable[[Pixels], Pixels]) -> Picture:
        """Return the picture after a change, which is made when its pixels are asked for.

        `key` names the change with all its settings and seeds: the same key must make the same pixels.
        """
        digest = blake2b(f"{self.digest}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return Picture(digest, "", self.name, partial(_after, self, change))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _checked(load: Callable[[], tuple[Pixels, str]], name: str) -> Picture:
    pixels, kind = load()
    digest = _digest(pixels)
    return Picture(digest, kind, name, partial(_again, load, digest, name), (pixels.shape[0], pixels.shape[1]))


def _of_file(path: Path, name: str) -> tuple[Pixels, str]:
    return decode(bytes_of(path, name), name)


def _again(load: Callable[[], tuple[Pixels, str]], digest: str, name: str) -> Pixels:
    pixels, _ = load()
    if _digest(pixels) != digest:
        raise DataInputError(f"{name} has changed since the audit began; leave the files alone and start again")
    return pixels


def _after(parent: Picture, change: Callable[[Pixels], Pixels]) -> Pixels:
    return _fit(np.asarray(change(parent.pixels())), parent.name)


def _same(pixels: Pixels) -> Pixels:
    return pixels


@lru_cache(maxsize=4)
def _latest(picture: Picture) -> Pixels:
    """The pixels of the pictures that were asked for last: many changed ones are made of the same parent in a row."""
    pixels = picture.load()
    pixels.flags.writeable = False
    return pixels


def _fit(pixels: NDArray[np.generic], name: str) -> Pixels:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UnreadableMedium(
            "broken", f"{name} is an array of {pixels.dtype} of shape {pixels.shape}, not of uint8 (height, width, 3)"
        )
    refuse_bomb((pixels.shape[0], pixels.shape[1]), name)
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def _digest(pixels: Pixels) -> str:
    digest = blake2b(f"{pixels.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
