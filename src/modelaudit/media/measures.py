"""Measures of pictures and sounds that a person can name, and their layout; no model is asked for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.likeness import QUIETEST, decibels, grey_levels, parts_of
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound

PICTURE_MEASURES = (
    *("height in pixels", "width in pixels", "width by height", "brightness (0 to 255)"),
    *("contrast (standard deviation of 0 to 255)", "colour (range of channels, 0 to 255)"),
    "steps between neighbouring pixels (0 to 255)",
)
SOUND_MEASURES = (
    *("seconds", "samples a second", "loudness (decibels below full scale)", "loudest sample (1 is full scale)"),
    *("share of quiet stretches", "mean frequency in Hz"),
)
TILES, BANDS = 4, 16
SILENCE = -100.0
"""Decibels below full scale that silence counts as."""
QUIET = -40.0
"""Decibels below its loudest stretch from which on a stretch of a sound is quiet."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Pictures or sounds in numbers.

    Attributes:
        names: of the measures, with their units. values: float64 (n, measures).
        layout: float64 (n, places), colours of 4 by 4 tiles, or decibels of 16 bands of frequency less their mean.
    """

    names: tuple[str, ...]
    values: Floats
    layout: Floats


def measured(media: Sequence[Picture | Sound]) -> Measured:
    """Return the measures of pictures or sounds, one or more of one kind; each is decoded once."""
    found = [_of_picture(each) if isinstance(each, Picture) else _of_sound(each) for each in media]
    return Measured(
        PICTURE_MEASURES if isinstance(media[0], Picture) else SOUND_MEASURES,
        np.asarray(np.round([values for values, _ in found], 6), dtype=np.float64),
        np.asarray(np.round(np.stack([layout for _, layout in found]), 6), dtype=np.float64),
    )


def _of_picture(picture: Picture) -> tuple[list[float], Floats]:
    pixels = picture.pixels()
    height, width = pixels.shape[:2]
    grey = grey_levels(pixels)
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    sharp = sum(float(step.sum()) for step in steps) / max(1, sum(step.size for step in steps))
    tiles = np.stack([parts_of(parts_of(pixels[:, :, place], 0, TILES), 1, TILES) for place in range(3)], axis=2)
    colour = float(np.ptp(pixels, axis=2).mean())
    return [height, width, width / height, grey.mean(), grey.std(), colour, sharp], tiles.ravel()


def _of_sound(sound: Sound) -> tuple[list[float], Floats]:
    samples = sound.samples().astype(np.float64)
    power = float(np.mean(samples**2))
    bands = decibels(sound)
    loud = 10.0 * np.log10(np.mean(10.0 ** (bands / 10.0), axis=1))
    spectrum = np.abs(np.fft.rfft(samples[: 30 * sound.rate])) ** 2
    frequencies = np.fft.rfftfreq(min(len(samples), 30 * sound.rate), 1.0 / sound.rate)
    loudness = max(SILENCE, 10.0 * float(np.log10(power + 1e-30)))
    quiet = float((loud < loud.max() + QUIET).mean())
    # The centre of the spectrum, which lies above the pitch that a person hears where there are overtones.
    centre = float((frequencies * spectrum).sum() / max(float(spectrum.sum()), QUIETEST))
    layout = parts_of(bands, 1, BANDS).mean(axis=0)
    peak = float(np.abs(samples).max())
    return [sound.seconds, sound.rate, loudness, peak, quiet, centre], layout - layout.mean()
