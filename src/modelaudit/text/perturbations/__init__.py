"""Perturbations: harmless changes of a text, each with its tier and the rule by which the label holds."""

from __future__ import annotations

from modelaudit.text.perturbations.base import WORD_RATES, Perturbation, Tier, row_rng
from modelaudit.text.perturbations.case import LowerCase, TitleCase, UpperCase
from modelaudit.text.perturbations.punctuation import PunctuationAdd, PunctuationDrop
from modelaudit.text.perturbations.spacing import SpacingDouble, SpacingNonBreaking, SpacingTrailing
from modelaudit.text.perturbations.typos import Typos

_BUNDLED: tuple[Perturbation, ...] = (
    Typos(),
    LowerCase(),
    UpperCase(),
    TitleCase(),
    PunctuationDrop(),
    PunctuationAdd(),
    SpacingDouble(),
    SpacingNonBreaking(),
    SpacingTrailing(),
)


def bundled_perturbations() -> tuple[Perturbation, ...]:
    """Every perturbation of the package, each at its defaults, in a fixed order."""
    return _BUNDLED


__all__ = [
    "WORD_RATES",
    "LowerCase",
    "Perturbation",
    "PunctuationAdd",
    "PunctuationDrop",
    "SpacingDouble",
    "SpacingNonBreaking",
    "SpacingTrailing",
    "Tier",
    "TitleCase",
    "Typos",
    "UpperCase",
    "bundled_perturbations",
    "row_rng",
]
