"""Second code points of the same character: radicals and compatibility ideographs that look no different."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, exchanged
from modelaudit.text.perturbations.chinese.protected import left_alone

_KANGXI_RADICALS = range(0x2F00, 0x2FD6)
# The doubles of KS X 1001 and Big5; those behind them are variants that a reader can tell apart.
_COMPATIBILITY_IDEOGRAPHS = range(0xF900, 0xFA0E)


@dataclass(frozen=True, slots=True)
class CompatibilityForms:
    """Characters replaced by their second code point (人 U+4EBA by U+2F08), as many as `SoundAlikes` replaces.

    Such code points come from PDF text, fonts and copied web pages. Normalisation to NFKC gives the text back; a
    tokenizer that does not do so takes them for unknown characters.
    """

    name: ClassVar[str] = "compatibility characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "invisible characters"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The characters are drawn alike; only their code points differ."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen character."""
        check_level(self.name, level, self.levels)
        return exchanged(document, _forms(), level=level, kind=self.name, rng=rng)


@cache
def _forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for code in (*_KANGXI_RADICALS, *_COMPATIBILITY_IDEOGRAPHS):
        common = unicodedata.normalize("NFKC", chr(code))
        if common != chr(code) and common not in left_alone():
            forms[common] = forms.get(common, "") + chr(code)
    return forms
