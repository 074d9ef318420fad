"""Accents left out, as on a keyboard that lacks them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.places import words_of_letters

# Latin and Greek words, with their marks, hyphens and apostrophes. In other scripts a mark is a letter's better half:
# a vowel (Devanagari), a voiced consonant (kana), another letter (Cyrillic short i).
_ACCENTED_SCRIPTS = re.compile(r"(?:[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿͰ-Ͽἀ-῿]|(?<!^)[\u0300-\u036f'’‐‑-])+")


@dataclass(frozen=True, slots=True)
class AccentsDropped:
    """All accents left out of Latin and Greek words; letters that are no accented form (ø, ł, ß) stay."""

    name: ClassVar[str] = "accents dropped"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "accents"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words and their letters stay; only accents are missing, as in hasty writing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each word that has accents; numerals and addresses stay."""
        check_level(self.name, level, self.levels)
        text = document.text
        if text.isascii():
            return []
        edits = []
        for start, end in words_of_letters(document):
            word = text[start:end]
            if not word.isascii() and _ACCENTED_SCRIPTS.fullmatch(word):
                plain = _without_marks(word)
                if plain is not None:
                    edits.append(Edit(start, end, plain, self.name))
        return edits


def _without_marks(word: str) -> str | None:
    """The word without its marks, which leaves nothing to compose; None where it has none."""
    taken_apart = unicodedata.normalize("NFD", word)
    letters = [character for character in taken_apart if unicodedata.category(character) != "Mn"]
    return None if len(letters) == len(taken_apart) else "".join(letters)
