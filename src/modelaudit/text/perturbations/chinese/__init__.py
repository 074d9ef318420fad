"""Perturbations of Chinese text: sounds, shapes, scripts, widths, numbers, spaces, order and parts of characters."""

from __future__ import annotations

from modelaudit.text.perturbations.chinese.compatibility import CompatibilityForms
from modelaudit.text.perturbations.chinese.numbers import NumberForm
from modelaudit.text.perturbations.chinese.particles import FinalParticle
from modelaudit.text.perturbations.chinese.parts import SplitCharacters
from modelaudit.text.perturbations.chinese.scripts import ToSimplified, ToTraditional, is_traditional
from modelaudit.text.perturbations.chinese.shapes import LookAlikes
from modelaudit.text.perturbations.chinese.sounds import SoundAlikes
from modelaudit.text.perturbations.chinese.spaces import SpacedCharacters
from modelaudit.text.perturbations.chinese.swaps import SwappedCharacters
from modelaudit.text.perturbations.chinese.widths import FullWidthMarks, HalfWidthMarks

__all__ = [
    "CompatibilityForms",
    "FinalParticle",
    "FullWidthMarks",
    "HalfWidthMarks",
    "LookAlikes",
    "NumberForm",
    "SoundAlikes",
    "SpacedCharacters",
    "SplitCharacters",
    "SwappedCharacters",
    "ToSimplified",
    "ToTraditional",
    "is_traditional",
]
