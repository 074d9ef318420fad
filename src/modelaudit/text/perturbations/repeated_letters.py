"""Letters repeated for weight, as in "soooo good"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.places import Slip, edits_in_words

_VOWELS = frozenset("aeiouyAEIOUY")
_COPIES = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class RepeatedLetters:
    """A vowel or the last letter of a word written two to four times more, in 5, 10, 15, 25 or 40% of the words.

    Words shorter than four letters, numerals, addresses and negations are left alone.
    """

    name: ClassVar[str] = "repeated letters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "informal writing"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words stay; a letter is drawn out, as in informal writing, and none is lost."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One letter replaced by several for each chosen word, at the strongest level up to two."""
        check_level(self.name, level, self.levels)
        return edits_in_words(document, level=level, rng=rng, makers=(_repetitions,), kind=self.name)


def _repetitions(text: str, word: Span) -> list[Slip]:
    last = word[1] - 1
    return [
        (i, i + 1, text[i] * (1 + copies))
        for i in range(word[0] + 1, word[1])
        if i == last or text[i] in _VOWELS
        for copies in _COPIES
    ]
