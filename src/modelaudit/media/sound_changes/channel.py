"""The channel: a telephone's narrow band, few bits, packets that were lost."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfilt

from modelaudit.media.sound_changes.sound_change import Floats, Level, SoundChange

FAMILY = "transmission"
HIGHEST = 0.45
"""The highest edge of a band as a share of the rate; nothing above half of it is in a sound."""
PACKET = 0.02
"""Seconds of a packet, as most codecs cut speech."""
BURST = 3
"""Packets in a row that are lost at the most."""


def _band(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    low, high = level
    edges = [min(low, HIGHEST * rate / 2), min(high, HIGHEST * rate)]
    sections = butter(4, edges, btype="bandpass", fs=rate, output="sos")
    band = np.asarray(sosfilt(sections, samples), dtype=np.float64)
    # A filter moves overtones against one another, so that peaks grow; to clip them would be another change.
    full, peak = max(1.0, float(np.abs(samples).max(initial=0.0))), float(np.abs(band).max(initial=0.0))
    return band if peak <= full else band * (full / peak)


def _few_bits(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    """Round the logarithm of the samples, as mu-law does (ITU-T G.711 has 8 bits); a peak above 1 is full scale."""
    full = max(1.0, float(np.abs(samples).max(initial=0.0)))
    steps = 2.0 ** (level[0] - 1.0)
    mu = 255.0
    pressed = np.sign(samples) * np.log1p(mu * np.abs(samples) / full) / np.log1p(mu)
    rounded = np.rint(pressed * steps) / steps
    back: Floats = full * np.sign(rounded) * np.expm1(np.abs(rounded) * np.log1p(mu)) / mu
    return back


def _lost(samples: Floats, rate: int, level: Level, rng: np.random.Generator) -> Floats:
    """Silence whole packets, one to three in a row, until that share of them is lost."""
    size = max(1, round(PACKET * rate))
    count = -(-len(samples) // size)
    wanted, lost = round(level[0] * count), np.zeros(count, dtype=np.bool_)
    for start in rng.permutation(count):
        missing = wanted - int(lost.sum())
        if missing <= 0:
            break
        lost[start : start + min(missing, int(rng.integers(1, BURST + 1)))] = True
    return np.where(lost[np.arange(len(samples)) // size], 0.0, samples)


KINDS = (
    SoundChange(
        "narrow band",
        FAMILY,
        _band,
        ((100.0, 6_000.0), (200.0, 4_500.0), (300.0, 3_400.0), (400.0, 2_600.0), (500.0, 2_000.0)),
    ),
    SoundChange("few bits", FAMILY, _few_bits, ((8.0,), (7.0,), (6.0,), (5.0,), (4.0,))),
    SoundChange("lost packets", FAMILY, _lost, ((0.02,), (0.05,), (0.1,), (0.15,), (0.25,))),
)
