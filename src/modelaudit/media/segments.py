"""Segments: the parts of a sound that can be hidden from a model, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.sound import Sound
from modelaudit.media.wave import Samples

Flags = NDArray[np.bool_]

MOST_SEGMENTS = 20
"""Segments that a sound is divided into at the most."""

SHORTEST = 0.1
"""Seconds that a segment lasts at the least: about as long as a syllable, and several frames of any model."""

RAMP = 0.005
"""Seconds in which a sound fades at the edge of a hidden segment, so that no click is heard there."""

FINE = 0.25
"""Seconds below which the edges of segments are named in hundredths."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A sound's division into segments of equal length.

    Attributes:
        seconds: how long the sound is.
        count: how many segments.
    """

    seconds: float
    count: int

    @classmethod
    def of(cls, sound: Sound, *, most: int = MOST_SEGMENTS) -> Segments:
        """Return the finest division into at most so many segments. Raises ValueError for none at all."""
        if most < 1:
            raise ValueError(f"a sound has one segment at least, not {most}")
        seconds = sound.seconds
        # Half a sample more: a sound of exactly n shortest segments has n of them, whatever rounding does.
        return cls(seconds, min(max(int((seconds + 0.5 / sound.rate) / SHORTEST), 1), most))

    def __len__(self) -> int:
        return self.count

    @property
    def edges(self) -> tuple[float, ...]:
        """Where segments begin and end, in seconds; one more than there are segments."""
        return tuple(self.seconds * place / self.count for place in range(self.count + 1))

    @property
    def names(self) -> tuple[str, ...]:
        """What each segment is called: from when to when it lasts."""
        places = 2 if self.seconds / self.count < FINE else 1
        told = [f"{edge:.{places}f}" for edge in self.edges]
        return tuple(f"{start}-{end} s" for start, end in pairwise(told))

    def hidden(self, sound: Sound, keep: Flags, how: str) -> Sound:
        """Return the sound without the segments that `keep` (segments,) has not; with all of them it is the sound.

        "silence" fades the sound out and in again, "noise" puts white noise as loud as the whole sound in their place.
        The noise is drawn from the sound's digest; neither depends on which segments are hidden.

        Raises:
            ValueError: `keep` is of another width, or `how` is neither.
        """
        if keep.shape != (self.count,):
            raise ValueError(f"a sound of {self.count} segments can't be hidden by flags of shape {keep.shape}")
        if how not in {"silence", "noise"}:
            raise ValueError(f"segments are hidden by silence or noise, not by {how!r}")
        if keep.all():
            return sound
        shown = np.packbits(keep).tobytes().hex()
        return sound.changed(
            f"{self.count} segments by {how}: {shown}", partial(self._without, sound.digest, keep, how)
        )

    def _without(self, digest: str, keep: Flags, how: str, samples: Samples, rate: int) -> Samples:
        gain = _gain(keep, len(samples), ramp=round(RAMP * rate))
        found: NDArray[np.float64] = samples * gain
        if how == "noise":
            found += (1.0 - gain) * _noise(samples, digest)
        return found.astype(np.float32)


def _gain(keep: Flags, length: int, *, ramp: int) -> NDArray[np.float64]:
    """Return (length,) 1 in segments that are kept, 0 in hidden ones, with half a cosine in these where two meet."""
    edges = np.arange(len(keep) + 1) * length // len(keep)
    gain = np.repeat(keep.astype(np.float64), np.diff(edges))
    fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, ramp + 1) / (ramp + 1))
    for place in np.flatnonzero(keep[1:] != keep[:-1]) + 1:
        edge = int(edges[place])
        if keep[place]:
            faded = gain[max(edge - ramp, 0) : edge]
            np.maximum(faded, fade[: len(faded)][::-1], out=faded)
        else:
            faded = gain[edge : edge + ramp]
            np.maximum(faded, fade[: len(faded)], out=faded)
    return gain


def _noise(samples: Samples, digest: str) -> NDArray[np.float64]:
    """Return (n,) white noise of the samples' root mean square, the same whenever it is drawn for one sound."""
    key = blake2b(f"noise in hidden segments\0{digest}".encode(), digest_size=16).digest()
    rng = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    noise: NDArray[np.float64] = loudness * rng.standard_normal(len(samples))
    return noise
