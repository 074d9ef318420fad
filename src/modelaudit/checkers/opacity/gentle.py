"""Gentle changes: pictures and sounds after which a person sees or hears the same.

They stand where the edits of a spelling stand for texts: an explanation that is another one after such a change is of
something that nobody can see or hear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.rows import Row

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]

DARKER = 0.95
"""What brightness is multiplied by; a difference of 5% is about what an eye tells in two pictures side by side."""
PALER = 0.95
"""What the distance of each pixel from the mean is multiplied by."""
GRAIN = 2.0
"""Standard deviation of the grain in levels of 255, as a good camera's."""
SOFTER = -1.0
"""Decibels, about the least that an ear tells."""
HISS = -40.0
"""Decibels of the hiss beside the sound."""


def kinds_of(row: Row) -> tuple[str, ...]:
    """Return the names of the changes that a row of this medium has; none for a text."""
    if row.picture is not None:
        return tuple(_PICTURES)
    return tuple(_SOUNDS) if row.sound is not None else ()


def changed(row: Row, kind: str) -> Row:
    """Return the row after a change; the same whenever it is asked for one picture or sound."""
    if row.picture is not None:
        seen = partial(_PICTURES[kind], rng=_rng(row.picture.digest, kind))
        return replace(row, picture=row.picture.changed(f"gentle: {kind}", seen))
    if row.sound is None:
        raise ValueError(f"row {row.id} is neither a picture nor a sound")
    heard = partial(_SOUNDS[kind], rng=_rng(row.sound.digest, kind))
    return replace(row, sound=row.sound.changed(f"gentle: {kind}", heard))


def _rng(digest: str, kind: str) -> Callable[[], np.random.Generator]:
    """Return what makes the generator of one change, anew each time it is made."""
    key = int.from_bytes(blake2b(f"gentle\0{kind}\0{digest}".encode(), digest_size=16).digest(), "little")
    return lambda: np.random.Generator(np.random.Philox(key=key))


def _levels(values: NDArray[np.floating[Any]]) -> Pixels:
    levels: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


def _darker(pixels: Pixels, *, rng: Callable[[], np.random.Generator]) -> Pixels:
    return _levels(pixels * DARKER)


def _paler(pixels: Pixels, *, rng: Callable[[], np.random.Generator]) -> Pixels:
    mean = pixels.mean(axis=(0, 1), dtype=np.float64)
    return _levels(mean + (pixels - mean) * PALER)


def _grainy(pixels: Pixels, *, rng: Callable[[], np.random.Generator]) -> Pixels:
    return _levels(pixels + GRAIN * rng().standard_normal(pixels.shape))


def _softer(samples: Samples, rate: int, *, rng: Callable[[], np.random.Generator]) -> Samples:
    softer: Samples = (samples * 10.0 ** (SOFTER / 20.0)).astype(np.float32)
    return softer


def _hissing(samples: Samples, rate: int, *, rng: Callable[[], np.random.Generator]) -> Samples:
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) * 10.0 ** (HISS / 20.0)
    hissing: Samples = (samples + loudness * rng().standard_normal(len(samples))).astype(np.float32)
    return hissing


_PICTURES: Mapping[str, Callable[..., Pixels]] = {
    "darker by 5%": _darker,
    "less contrast by 5%": _paler,
    "grain of 2 levels": _grainy,
}
_SOUNDS: Mapping[str, Callable[..., Samples]] = {"softer by 1 dB": _softer, "hiss at -40 dB": _hissing}
