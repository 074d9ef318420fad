"""Latin words in the full-width forms of East Asian typing, and full-width words as plain letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, budget, check_level, choose_spans
from modelaudit.text.perturbations.places import words_of_letters

_SHIFT = ord("Ａ") - ord("A")
_PLAIN = re.compile(r"[A-Za-z]+")
_FULL = re.compile(r"[Ａ-Ｚａ-ｚ]+")
_TO_FULL = {code: code + _SHIFT for code in (*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1))}
_TO_PLAIN = {full: plain for plain, full in _TO_FULL.items()}


@dataclass(frozen=True, slots=True)
class FullWidthForms:
    """5, 10, 15, 25 or 40% of the words, and at least one, in full-width Latin letters (U+FF21 to U+FF5A)."""

    name: ClassVar[str] = "full-width letters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "character widths"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "The letters are the same in another width; compatibility normalisation (NFKC) undoes it."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each chosen word of ASCII letters only; numerals and addresses stay."""
        check_level(self.name, level, self.levels)
        words = words_of_letters(document)
        plain = _matching(document.text, words, _PLAIN)
        n = max(1, budget(WORD_RATES[level], len(words), rng))
        return [
            Edit(start, end, document.text[start:end].translate(_TO_FULL), self.name)
            for start, end in choose_spans(plain, n, rng)
        ]


@dataclass(frozen=True, slots=True)
class HalfWidthForms:
    """All full-width Latin words in plain letters; no other text changes."""

    name: ClassVar[str] = "full-width letters made plain"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "character widths"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "The letters are the same in another width, as compatibility normalisation (NFKC) has them."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each word of full-width letters only; numerals stay."""
        check_level(self.name, level, self.levels)
        return [
            Edit(start, end, document.text[start:end].translate(_TO_PLAIN), self.name)
            for start, end in _matching(document.text, words_of_letters(document), _FULL)
        ]


def _matching(text: str, words: list[Span], letters: re.Pattern[str]) -> list[Span]:
    return [word for word in words if letters.fullmatch(text, *word)]
