"""Perturbations: harmless changes of a text, each with its tier and the rule by which the label holds."""

from __future__ import annotations

from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Perturbation, Tier, row_rng
from modelaudit.text.perturbations.bundled import bundled_perturbations
from modelaudit.text.perturbations.case import LowerCase, TitleCase, UpperCase
from modelaudit.text.perturbations.chinese import is_traditional
from modelaudit.text.perturbations.entities import EntitySwap
from modelaudit.text.perturbations.punctuation import PunctuationAdd, PunctuationDrop
from modelaudit.text.perturbations.spacing import SpacingDouble, SpacingNonBreaking, SpacingTrailing
from modelaudit.text.perturbations.typos import Typos

__all__ = [
    "TEXT_AND_TOKENS",
    "WORD_RATES",
    "EntitySwap",
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
    "is_traditional",
    "row_rng",
]
