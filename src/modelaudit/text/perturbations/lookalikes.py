"""Letters taken for others that look like them: by a scanner, or on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.places import Slip, edits_in_words

# Words that a confusion inside another word would make ("comer" of "corner"): a reader takes them as they stand.
_OTHER_WORDS = frozenset(
    ("comer", "comers", "seat", "seats", "scam", "scams", "scar", "scars", "scat", "seam", "seams", "sear", "sears")
)


@dataclass(frozen=True, slots=True)
class ScanningErrors:
    """Letters misread by a scanner (rn and m, l and 1, cl and d, e and c), in 5, 10, 15, 25 or 40% of the words.

    First and last letters, words shorter than four letters, numerals, addresses and negations are left alone.
    """

    name: ClassVar[str] = "scanning errors"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "scanning errors"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "A reader still recognises every word, since the misread letters look like the right ones."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement of one or two letters for each chosen word, at the strongest level up to two."""
        check_level(self.name, level, self.levels)
        return edits_in_words(document, level=level, rng=rng, makers=(_confusions,), kind=self.name)


@dataclass(frozen=True, slots=True)
class DisguisedLetters:
    """Letters written as digits or signs (a as @, e as 3, s as $), in 5, 10, 15, 25 or 40% of the words.

    So do writers who hide a word from a filter. First and last letters, words shorter than four letters, numerals,
    addresses and negations are left alone.
    """

    name: ClassVar[str] = "disguised letters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "disguised letters"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "A reader still reads every word, since the sign stands for the letter it looks like."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement of a letter for each chosen word, at the strongest level up to two."""
        check_level(self.name, level, self.levels)
        return edits_in_words(document, level=level, rng=rng, makers=(_disguises,), kind=self.name)


def _confusions(text: str, word: Span) -> list[Slip]:
    readings = _readings("ocr_confusions")
    start, end = word
    return [
        (i, i + width, read)
        for i in range(start + 1, end - 1)
        for width in (1, 2)
        if i + width < end
        for read in readings.get(text[i : i + width], ())
        if f"{text[start:i]}{read}{text[i + width : end]}".lower() not in _OTHER_WORDS
    ]


def _disguises(text: str, word: Span) -> list[Slip]:
    signs = _readings("leet")
    return [(i, i + 1, sign) for i in range(word[0] + 1, word[1] - 1) for sign in signs.get(text[i], ())]


@cache
def _readings(lexicon: str) -> dict[str, tuple[str, ...]]:
    """What each letter or pair of letters may be read or written as."""
    return {written: tuple(read.split()) for written, read in read_lexicon(lexicon)}
