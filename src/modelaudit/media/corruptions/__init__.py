"""Corruptions of pictures: the 15 kinds of ImageNet-C and some of framing and colour, at five severities.

Written anew on numpy, scipy and Pillow with the constants of Hendrycks and Dietterich 2019 (arXiv 1903.12261).
"""

from __future__ import annotations

from modelaudit.media.corruptions import blur, digital, framing, light, noise, weather
from modelaudit.media.corruptions.corruption import SEVERITIES, Corruption, working
from modelaudit.media.corruptions.framing import MIRRORED

CORRUPTIONS: tuple[Corruption, ...] = (
    *noise.KINDS,
    *blur.KINDS,
    *weather.KINDS,
    *light.KINDS,
    *digital.KINDS,
    *framing.KINDS,
)
"""All kinds but the mirror, family by family."""

__all__ = ["CORRUPTIONS", "MIRRORED", "SEVERITIES", "Corruption", "working"]
