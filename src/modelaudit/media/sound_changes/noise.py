"""Noise in the background, so many decibels below the sound."""

from __future__ import annotations

import numpy as np

from modelaudit.media.sound_changes.sound_change import Floats, Level, SoundChange, loudness

FAMILY = "background noise"
DECIBELS = ((30.0,), (20.0,), (15.0,), (10.0,), (5.0,))
"""Of the whole sound's power above that of the noise, pauses included."""


def _white(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    return _under(samples, rng.standard_normal(len(samples)), level)


def _pink(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    """Noise whose power falls with the frequency, as that of most places and machines does."""
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    # Below 20 Hz nobody hears it, and its power would take from what is heard.
    frequency = np.maximum(np.fft.rfftfreq(len(samples), 1.0 / rate), 20.0)
    return _under(samples, np.fft.irfft(spectrum / np.sqrt(frequency), n=len(samples)), level)


def _under(samples: Floats, noise: Floats, level: Level) -> Floats:
    loud = loudness(noise)
    by = loudness(samples) / loud * 10.0 ** (-level[0] / 20.0) if loud > 0.0 else 0.0
    mixed: Floats = samples + by * noise
    return mixed


KINDS = (
    SoundChange("white noise", FAMILY, _white, DECIBELS),
    SoundChange("pink noise", FAMILY, _pink, DECIBELS),
)
