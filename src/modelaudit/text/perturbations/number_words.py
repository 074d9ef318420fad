"""Small numbers of prose in digits or in words: "three apples", "3 apples"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.sites import month_names, opens_sentence, placeable, reads_as_word
from modelaudit.text.pronouns import Tokens


@dataclass(frozen=True, slots=True)
class NumberWords:
    """Numbers up to 100 that count things: digits become words and words digits, all of them.

    A number counts where a plural follows in small letters. So nothing is changed in dates, times, sums of money,
    years, decimals, ranges, numbered parts ("chapter 3 notes"), lists of digits, hyphenated or slashed words; "one" is
    a pronoun too, and stays.
    """

    name: ClassVar[str] = "number words"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same number is said, in digits or in words."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each number that counts something."""
        check_level(self.name, level, self.levels)
        text, tokens = document.text, Tokens.of(document.text)
        other, lower_cased = _other_ways(), text.islower()
        found: list[Edit] = []
        for index, word in enumerate(tokens.lower):
            new = other.get(word)
            if new is None or not _counts(text, tokens, index):
                continue
            if word[0].isdigit() and opens_sentence(tokens, index) and not lower_cased:
                new = new.capitalize()
            found.append(Edit(*tokens.spans[index], new, "number word"))
        return placeable(document, found)


@cache
def _other_ways() -> dict[str, str]:
    numbers = [(digits, words) for digits, words in read_lexicon("number_words")]
    return dict(numbers) | {words: digits for digits, words in numbers}


def _counts(text: str, tokens: Tokens, index: int) -> bool:
    """Whether a number stands alone in front of a plural, and no word before it makes it a part of something else."""
    if not tokens.gaps[index].isspace() or index + 1 == len(tokens.lower):
        return False
    start = tokens.spans[index][0]
    if start and not (text[start - 1].isspace() or text[start - 1] in "(\"'“‘"):
        return False
    if not tokens.lower[index].isdigit() and not reads_as_word(tokens, index):
        return False
    return _is_plural(tokens.surfaces[index + 1]) and (index == 0 or _leaves_alone(tokens, index - 1))


def _is_plural(word: str) -> bool:
    classes = word_classes("number_context")
    if not word.islower() or not word.isalpha() or word in classes["amount"] or word in classes["single"]:
        return False
    return word in classes["plural"] or (len(word) > 2 and word.endswith("s") and word[-2] not in "sui")


def _leaves_alone(tokens: Tokens, before: int) -> bool:
    """Whether the word in front, on the same side of any mark, is none that a number belongs to."""
    word, surface, gap = tokens.lower[before], tokens.surfaces[before], tokens.gaps[before]
    if gap.strip():
        return not word[-1].isdigit()
    named = surface != "I" and not surface.islower() and not opens_sentence(tokens, before)
    return not (named or word in _barred() or word[-1].isdigit())


@cache
def _barred() -> frozenset[str]:
    """Words behind which a number is a part of something else."""
    context = word_classes("number_context")
    return context["label"] | context["between"] | month_names() | frozenset(_other_ways())
