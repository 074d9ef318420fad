"""The room: its echo, made of noise that fades."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from modelaudit.media.sound_changes.sound_change import Floats, Level, SoundChange, loudness

FAMILY = "room"
FADED = 6.9
"""By how much the logarithm of the amplitude falls in the time that a room is named by: 60 decibels."""
DELAY = 0.003
"""Seconds until the first echo, of a wall half a metre away."""


def _reverberant(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    """Add an echo that fades by 60 decibels in so many seconds and is so many decibels below the sound itself.

    The whole is as loud as the sound was.
    """
    seconds, below = level
    length = max(2, round(seconds * rate))
    fading = rng.standard_normal(length) * np.exp(-FADED * np.arange(length) / length)
    impulse = np.concatenate([np.zeros(max(1, round(DELAY * rate))), fading])
    impulse *= 10.0 ** (-below / 20.0) / np.sqrt(float(impulse @ impulse))
    mixed: Floats = samples + fftconvolve(samples, impulse)[: len(samples)]
    loud = loudness(mixed)
    return mixed * (loudness(samples) / loud) if loud > 0.0 else samples


KINDS = (SoundChange("echo", FAMILY, _reverberant, ((0.2, 12.0), (0.4, 8.0), (0.6, 5.0), (0.8, 2.0), (1.2, 0.0))),)
