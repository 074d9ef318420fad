"""The same words in another case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, budget, check_level, choose_spans
from modelaudit.text.perturbations.places import words_of_letters
from modelaudit.text.words import outside, protected_spans, word_spans


def _recase(
    document: Document, convert: Callable[[str], str], word_rate: float, kind: str, rng: np.random.Generator
) -> list[Edit]:
    """One edit for each word that changes; characters are converted one by one, since some grow (ß, İ, ŉ)."""
    text = document.text
    words = [span for span in outside(word_spans(text), protected_spans(text)) if document.within_word(*span)]
    edits = []
    for start, end in choose_spans(words, budget(word_rate, len(words), rng), rng):
        converted = convert(text[start:end])
        if converted != text[start:end]:
            edits.append(Edit(start, end, converted, kind))
    return edits


def _label(case: str, word_rate: float) -> str:
    return case if word_rate == 1 else f"{case} in {word_rate:.0%} of words"


@dataclass(frozen=True, slots=True)
class LowerCase:
    """All words, or a random share ``word_rate`` of them, in lower case; addresses stay as they are."""

    word_rate: float = 1.0

    version: ClassVar[int] = 1
    family: ClassVar[str] = "letter case"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words and their order stay; only capitals are lost."

    @property
    def name(self) -> str:
        """ "lower case", with the share of words where it is not all of them."""
        return _label("lower case", self.word_rate)

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word that has capitals."""
        check_level(self.name, level, self.levels)
        return _recase(document, lambda word: "".join(map(str.lower, word)), self.word_rate, self.name, rng)


@dataclass(frozen=True, slots=True)
class UpperCase:
    """All words, or a random share ``word_rate`` of them, in capitals; addresses stay as they are."""

    word_rate: float = 1.0

    version: ClassVar[int] = 1
    family: ClassVar[str] = "letter case"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words and their order stay; only small letters become capitals."

    @property
    def name(self) -> str:
        """ "upper case", with the share of words where it is not all of them."""
        return _label("upper case", self.word_rate)

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word that has small letters."""
        check_level(self.name, level, self.levels)
        return _recase(document, lambda word: "".join(map(str.upper, word)), self.word_rate, self.name, rng)


@dataclass(frozen=True, slots=True)
class TitleCase:
    """All words, or a random share ``word_rate`` of them, with a capital first letter; addresses stay as they are."""

    word_rate: float = 1.0

    version: ClassVar[int] = 1
    family: ClassVar[str] = "letter case"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words and their order stay; only first letters become capitals."

    @property
    def name(self) -> str:
        """ "title case", with the share of words where it is not all of them."""
        return _label("title case", self.word_rate)

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word that begins with a small letter."""
        check_level(self.name, level, self.levels)
        return _recase(document, lambda word: word[:1].title() + word[1:], self.word_rate, self.name, rng)


@dataclass(frozen=True, slots=True)
class SwappedCase:
    """Capitals and small letters exchanged in 5, 10, 15, 25 or 40% of the words; addresses and numerals stay."""

    name: ClassVar[str] = "swapped case"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "letter case"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words and their order stay; some are in the other case, as with a stuck shift key."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word; words without case are not chosen."""
        check_level(self.name, level, self.levels)
        text = document.text
        words = words_of_letters(document)
        cased = [(start, end) for start, end in words if text[start:end] != text[start:end].swapcase()]
        chosen = choose_spans(cased, budget(WORD_RATES[level], len(words), rng), rng)
        return [Edit(start, end, "".join(map(str.swapcase, text[start:end])), self.name) for start, end in chosen]
