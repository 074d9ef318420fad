"""Traits of pictures and sounds that no model is asked for: what tells two collections of them apart by itself.

Pictures of two sources differ in size, colours, sharpness and file format; sounds in length, loudness, microphone and
codec. The traits serve the blind guard and, without a base model, the calibration by difficulty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.rows import Row

Vector = NDArray[np.float64]

PICTURE_FORMATS = ("JPEG", "PNG", "WEBP")
SOUND_FORMATS = ("WAV", "FLAC", "OGG", "MP3")
MOST_PIXELS = 256
"""A side of the middle of a picture that fine traits are read from; all of it where it is smaller."""
BLOCK = 8
"""Pixels of a side of the blocks that JPEG codes by themselves."""
MOST_SECONDS = 60.0
"""Of the middle of a sound; traits of its source show in less."""
FRAME = 0.032
"""Seconds of a sound whose spectrum is taken."""
BANDS = 16
LOWEST = 80.0
"""Hz from which on a spectrum is read."""
QUIET = 1e-6
"""Share of the loudest band's power below which a band is silent (-60 dB)."""


def traits(rows: Sequence[Row]) -> Vector:
    """Return (n, t) traits of rows of one medium, none for rows of text; each picture or sound is read once."""
    return np.array([_traits(row) for row in rows], dtype=np.float64).reshape(len(rows), -1)


def _traits(row: Row) -> list[float]:
    if row.picture is not None:
        return [*_of_pixels(row.picture.pixels()), *_one_of(row.picture.format, PICTURE_FORMATS)]
    if row.sound is not None:
        known = [float(np.log(row.sound.rate)), *_one_of(row.sound.format, SOUND_FORMATS)]
        return [*_of_samples(row.sound.samples(), row.sound.rate), *known]
    return []


def _one_of(name: str, known: Sequence[str]) -> list[float]:
    return [float(name == each) for each in known] + [float(name not in known)]


def _of_pixels(pixels: NDArray[np.uint8]) -> list[float]:
    height, width, _ = pixels.shape
    top, left = max(0, (height - MOST_PIXELS) // 2), max(0, (width - MOST_PIXELS) // 2)
    # From a multiple of the block on, so that blocks stay where they are.
    top, left = top - top % BLOCK, left - left % BLOCK
    middle = pixels[top : top + MOST_PIXELS, left : left + MOST_PIXELS].astype(np.float64) / 255.0
    grey = middle.mean(axis=2)
    tones = np.histogram(grey, bins=8, range=(0.0, 1.0))[0] / grey.size
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    curve = np.abs(np.diff(grey, n=2, axis=1))
    return [
        float(np.log(height)), float(np.log(width)), float(np.log(height / width)),
        *middle.mean(axis=(0, 1)), *middle.std(axis=(0, 1)),
        float((middle.max(axis=2) - middle.min(axis=2)).mean()),
        float((grey < 0.02).mean()), float((grey > 0.98).mean()),
        *(_log_mean(each) for each in (*steps, curve)),
        *(_at_blocks(step, axis) for axis, step in enumerate(steps)),
        *tones, *_means(grey[:, :, None], 4).ravel(),
    ]  # fmt: skip


def _at_blocks(steps: Vector, axis: int) -> float:
    """Return how much steeper steps are from one coding block to the next than within, as a log ratio."""
    at = np.arange(steps.shape[axis]) % BLOCK == BLOCK - 1
    if not at.any() or at.all():
        return 0.0
    means = steps.mean(axis=1 - axis)
    return _log_mean(means[at]) - _log_mean(means[~at])


def _of_samples(samples: NDArray[np.float32], rate: int) -> list[float]:
    most = int(MOST_SECONDS * rate)
    start = max(0, (len(samples) - most) // 2)
    wave = samples[start : start + most].astype(np.float64)
    peak = float(np.abs(wave).max(initial=0.0))
    power = _spectra(wave, rate)
    bands = _means(power[:, :, None], 1, BANDS)[0, :, 0], power.std(axis=0)
    loud = power.mean(axis=1)
    return [
        float(np.log(len(samples) / rate)),
        _log_mean(wave**2), float(np.log(peak + 1e-6)), float(wave.mean()),
        float((np.abs(wave) > 0.999 * peak).mean()),
        float((loud < loud.max() - np.log(1e4)).mean()),
        float((np.diff(np.signbit(wave)) != 0).mean()) if len(wave) > 1 else 0.0,
        *(bands[0] - bands[0].mean()), *bands[1],
    ]  # fmt: skip


def _spectra(samples: NDArray[np.floating], rate: int) -> Vector:
    """Return (frames, BANDS) logs of the power in bands from `LOWEST` Hz to the highest, each as many times wider."""
    size = max(2, round(FRAME * rate))
    frames = max(1, len(samples) // size)
    wave = np.zeros(frames * size)
    wave[: min(len(samples), len(wave))] = samples[: len(wave)]
    spectrum = np.abs(np.fft.rfft(wave.reshape(frames, size) * np.hanning(size), axis=1)) ** 2 / size**2
    pitch = np.fft.rfftfreq(size, 1.0 / rate)
    edges = np.geomspace(LOWEST, max(rate / 2, 2 * LOWEST), BANDS + 1)
    band = np.clip(np.searchsorted(edges, pitch, side="right") - 1, -1, BANDS)
    found = np.stack([spectrum[:, band == each].sum(axis=1) for each in range(BANDS)], axis=1)
    return np.asarray(np.log(found + QUIET * found.max() + 1e-12))


def _means(values: Vector, rows: int, columns: int | None = None) -> Vector:
    """Return (rows, columns, C) means over parts of (H, W, C) of about equal size; small arrays repeat some."""
    for axis, parts in enumerate((rows, columns or rows)):
        edges = np.floor(np.linspace(0, values.shape[axis], parts + 1)).astype(np.int64)
        starts = np.minimum(edges[:-1], values.shape[axis] - 1)
        sizes = np.maximum(np.diff(edges), 1)
        sums = np.add.reduceat(values, starts, axis=axis)
        values = sums / np.expand_dims(sizes, tuple(place for place in range(3) if place != axis))
    return values


def _log_mean(values: Vector) -> float:
    return float(np.log(values.mean() + 1e-6)) if values.size else float(np.log(1e-6))
