"""Common misspellings of English words, as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.places import Slip, edits_in_words


@dataclass(frozen=True, slots=True)
class Misspellings:
    """Words spelt as many people spell them by mistake ("recieve"), up to 5, 10, 15, 25 or 40% of a text's words.

    Only the words of ``misspellings_en.tsv`` are touched, so that many texts stay as they are: that is no robustness.
    """

    name: ClassVar[str] = "misspellings"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "typing errors"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "The words stay; they are spelt as people often spell them, and no spelling is another word."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each chosen word, of the part that is spelt otherwise."""
        check_level(self.name, level, self.levels)
        return edits_in_words(
            document, level=level, rng=rng, makers=(_misspellings,), kind=self.name, fits=_is_listed, most=1
        )


def _is_listed(text: str, word: Span) -> bool:
    return text[slice(*word)].lower() in _table()


def _misspellings(text: str, word: Span) -> list[Slip]:
    start, end = word
    written = text[start:end]
    edits = []
    for first, last, spelling in _table()[written.lower()]:
        cased = spelling.upper() if written.isupper() else spelling
        edits.append((start + first, start + last, cased))
    return edits


@cache
def _table() -> dict[str, tuple[tuple[int, int, str], ...]]:
    """For each word its misspellings, each as the part that differs: its first letter, its end and what is written."""
    return {
        word: tuple(_difference(word, spelling) for spelling in spellings.split())
        for word, spellings in read_lexicon("misspellings_en")
    }


def _difference(word: str, spelling: str) -> tuple[int, int, str]:
    """A letter of the word is part of it even where letters are only added at the end, so that it lies in the word."""
    first = min(_shared(word, spelling), len(word) - 1)
    shared = _shared(word[first:][::-1], spelling[first:][::-1])
    return first, len(word) - shared, spelling[first : len(spelling) - shared]


def _shared(one: str, other: str) -> int:
    """How many letters two words share at their beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
