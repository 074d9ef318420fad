"""Likeness: whether two pictures, or two sounds, are the same one encoded, resized or amplified anew.

The look of a picture is its grey levels on 32 by 32 places, that of a sound the logs of its spectrum in 32 bands over
32 stretches of its length. A cosine transform parts it: the lowest 8 by 8 frequencies make a hash of 64 bits (Zauner
2010, Implementation and benchmarking of perceptual image hash functions), by which copies are found; the frequencies up
to 16 by 16 settle whether they look alike. Things of one kind, as two X-rays or two digits, share the low frequencies
and not the high ones. Takes of one scene by one camera share both: a copy has its label as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound

SIDE = 32
LOW, HIGH = 8, 16
"""Frequencies, either way, that the hash is made of, and that two looks are compared by."""
ALIKE, ALIKE_IN_DETAIL = 0.98, 0.85
"""Correlations of all that is compared, and of what is above the hash's frequencies, from which on two look alike."""
NEAR = 7
"""Bits of 64 in which the hashes of copies differ at the most, so that one of eight bytes is the same."""
NEIGHBOURS = 64
"""Hashes with a byte in common that each is compared with, the next ones in order."""
BYTES = 8
UNKNOWN = -1
"""Stands for the label of what has none, or several."""
SMOOTH = 0.02
"""Share of a look's length that its detail has where there is none but rounding."""
FLAT = 0.5
"""Standard deviation of a look, in levels of 255 or in decibels, below which it shows nothing to be known by."""
LOWEST, HIGHEST = 80.0, 3_400.0
"""Hz that every sound has, that of a telephone too."""
FRAME = 0.032
"""Seconds of a sound whose spectrum is taken."""
QUIETEST = 1e-6
"""Share of the loudest power below which a place is silent (-60 dB)."""

Floats = NDArray[np.float64]
Codes = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """The pairs among n pictures or sounds that look or sound alike, each once.

    Attributes:
        left, right: int64 (pairs,), places of the two. labels: int64 (n,), a number that equal labels share; -1 where
            the label is not known, or contradicted.
    """

    left: Places
    right: Places
    labels: Places

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Which pairs have different labels, so that the one is no copy of the other. bool (pairs,)"""
        one, other = self.labels[self.left], self.labels[self.right]
        return np.asarray((one != other) & (one != UNKNOWN) & (other != UNKNOWN))

    @property
    def copies(self) -> tuple[Places, Places]:
        """The pairs that are copies of one another: alike, and not of different labels."""
        kept = ~self.apart
        return self.left[kept], self.right[kept]


def look_of(medium: Picture | Sound) -> NDArray[np.float32]:
    """Return the look of a picture or a sound by its lowest frequencies (16, 16), of length 1; zeros where it is flat.

    Neither light nor contrast, loudness nor size have a part in it.
    """
    values = _tiles(medium) if isinstance(medium, Picture) else decibels(medium)
    if values.std() < FLAT:
        return np.zeros((HIGH, HIGH), dtype=np.float32)
    found = _COSINES @ values @ _COSINES.T
    found[0, 0] = 0.0
    return np.asarray(found / np.linalg.norm(found), dtype=np.float32)


def codes_of(looks: NDArray[np.float32]) -> Codes:
    """Return the hashes of looks (n, 16, 16): a bit for each low frequency, whether it is above their median (n,)."""
    low = looks[:, :LOW, :LOW].reshape(len(looks), LOW * LOW)
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    weights = np.left_shift(np.uint64(1), np.arange(LOW * LOW, dtype=np.uint64))
    return np.asarray((bits * weights).sum(axis=1, dtype=np.uint64), dtype=np.uint64)


def bits_apart(one: Codes, other: Codes) -> NDArray[np.int64]:
    """Return in how many bits hashes differ (n,)."""
    parts = np.ascontiguousarray(one ^ other).view(np.uint16).reshape(len(one), 4)
    return np.asarray(_BITS[parts].sum(axis=1, dtype=np.int64), dtype=np.int64)


def lookalikes(media: Sequence[Picture | Sound], truths: Sequence[Collection[object]]) -> Lookalikes:
    """Return who looks or sounds alike among pictures or sounds, all different, with all labels that each has.

    Each is decoded once. Up to some 16,000 all pairs of which the hashes share a byte are compared.
    """
    known: dict[object, int] = {}
    labels = [known.setdefault(next(iter(each)), len(known)) if len(each) == 1 else UNKNOWN for each in truths]
    looks = np.stack([look_of(each) for each in media]) if media else np.empty((0, HIGH, HIGH), dtype=np.float32)
    codes = codes_of(looks)
    pairs = [np.empty(0, dtype=np.int64)]
    for turn in range(BYTES):
        bits = np.uint64(8 * turn)
        # The shared byte comes first, and the rest decides who stands next to whom.
        turned = (codes << bits) | (codes >> (np.uint64(64) - bits)) if turn else codes
        order = np.argsort(turned, kind="stable")
        first = (turned >> np.uint64(56))[order]
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            same = np.flatnonzero(first[step:] == first[:-step])
            if not len(same):
                break
            one, other = order[same], order[same + step]
            close = bits_apart(codes[one], codes[other]) <= NEAR
            one, other = one[close], other[close]
            found = alike(looks[one], looks[other])
            one, other = one[found], other[found]
            pairs.append(np.minimum(one, other) * len(media) + np.maximum(one, other))
    left, right = np.divmod(np.unique(np.concatenate(pairs)), max(len(media), 1))
    return Lookalikes(left, right, np.array(labels, dtype=np.int64))


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pairs of looks, both (n, 16, 16), are alike; a flat one is like none. bool (n,)"""
    whole = (one * other).sum(axis=(1, 2))
    first, second = _detail(one), _detail(other)
    lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    product = np.maximum(lengths[0] * lengths[1], 1e-12)
    smooth = np.maximum(*lengths) < SMOOTH
    same = smooth | ((first * second).sum(axis=1) / product >= ALIKE_IN_DETAIL)
    return np.asarray((whole >= ALIKE) & same, dtype=np.bool_)


def grey_levels(pixels: NDArray[np.uint8]) -> Floats:
    """Return how bright pixels, uint8 (H, W, 3), are to the eye, 0 to 255 (H, W) (ITU-R BT.601)."""
    return np.asarray(pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114]))


def _tiles(picture: Picture) -> Floats:
    return parts_of(parts_of(grey_levels(picture.pixels()), 0), 1)


def decibels(sound: Sound) -> Floats:
    """Return the sound's power in decibels (32 stretches, 32 bands), each band as many times wider than the last."""
    samples, size = sound.samples(), max(2, round(FRAME * sound.rate))
    frames = max(1, len(samples) // size)
    wave = np.zeros(frames * size)
    wave[: min(len(samples), len(wave))] = samples[: len(wave)]
    power = np.abs(np.fft.rfft(wave.reshape(frames, size) * np.hanning(size), axis=1)) ** 2
    edges = np.geomspace(LOWEST, HIGHEST, SIDE + 1)
    # Low bands are narrower than the spectrum's steps: the power is read between them.
    steps = np.fft.rfftfreq(size, 1.0 / sound.rate)
    summed = np.concatenate([np.zeros((frames, 1)), np.cumsum(power, axis=1)], axis=1)
    ends = np.concatenate([steps, [steps[-1] + steps[1]]]) - steps[1] / 2
    places = np.clip(np.searchsorted(ends, edges, side="right") - 1, 0, len(steps) - 1)
    parts = np.clip((edges - ends[places]) / steps[1], 0.0, 1.0)
    reached = summed[:, places] + parts * (summed[:, places + 1] - summed[:, places])
    bands = parts_of(np.diff(reached, axis=1), 0)
    return np.asarray(10.0 * np.log10(bands + QUIETEST * bands.max() + 1e-30))


def parts_of(values: NDArray[np.generic], axis: int, parts: int = SIDE) -> Floats:
    """Return the means over so many parts of equal length along an axis of (a, b); a value may belong to two."""
    length = values.shape[axis]
    summed = np.cumsum(values, axis=axis, dtype=np.float64)
    summed = np.concatenate([np.zeros_like(summed.take([0], axis)), summed], axis=axis)
    edges = np.linspace(0.0, length, parts + 1)
    places = np.minimum(edges.astype(np.int64), length - 1)
    shape = [1, 1]
    shape[axis] = parts + 1
    rest = (edges - places).reshape(shape)
    reached = summed.take(places, axis) + rest * (summed.take(places + 1, axis) - summed.take(places, axis))
    return np.asarray(np.diff(reached, axis=axis) * (parts / length))


def _detail(looks: NDArray[np.float32]) -> NDArray[np.float32]:
    found = looks.copy()
    found[:, :LOW, :LOW] = 0.0
    return found.reshape(len(looks), HIGH * HIGH)


def _cosines() -> Floats:
    """Return the first 16 rows of the orthonormal cosine transform of 32 values (DCT-II)."""
    angles = np.pi / SIDE * (np.arange(SIDE) + 0.5) * np.arange(HIGH)[:, None]
    return np.asarray(np.cos(angles) * np.where(np.arange(HIGH)[:, None] == 0, SIDE**-0.5, (2 / SIDE) ** 0.5))


_COSINES = _cosines()
_BITS = np.array([bin(each).count("1") for each in range(2**16)], dtype=np.uint8)
