"""Loudness: too quiet, or so loud that the peaks were cut off."""

from __future__ import annotations

import numpy as np

from modelaudit.media.sound_changes.sound_change import Floats, Level, SoundChange

FAMILY = "loudness"


def _quieter(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    quiet: Floats = samples * 10.0 ** (-level[0] / 20.0)
    return quiet


def _clipped(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    """Cut off what is above a share of the peak, and turn up what is left to the peak that there was."""
    (share,) = level
    peak = float(np.abs(samples).max())
    cut: Floats = np.clip(samples, -share * peak, share * peak) / share
    return cut


KINDS = (
    SoundChange("quieter", FAMILY, _quieter, ((6.0,), (12.0,), (18.0,), (24.0,), (30.0,))),
    SoundChange("clipped peaks", FAMILY, _clipped, ((0.7,), (0.5,), (0.3,), (0.2,), (0.1,))),
)
