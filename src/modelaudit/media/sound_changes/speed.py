"""Speed: played faster or slower, and so higher or lower, as a tape is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from modelaudit.media.sound_changes.sound_change import Floats, Level, SoundChange

FAMILY = "speed"
FINEST = 100


def _faster(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    return _played(samples, 1.0 + level[0])


def _slower(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    return _played(samples, 1.0 - level[0])


def _played(samples: Floats, factor: float) -> Floats:
    by = Fraction(factor).limit_denominator(FINEST)
    return np.asarray(resample_poly(samples, by.denominator, by.numerator), dtype=np.float64)


SHARES = ((0.03,), (0.05,), (0.1,), (0.15,), (0.2,))

KINDS = (
    SoundChange("faster", FAMILY, _faster, SHARES),
    SoundChange("slower", FAMILY, _slower, SHARES),
)
