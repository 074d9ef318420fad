"""Space that a reader does not see, or overlooks: doubled, non-breaking, at the end, in a word, lost between two.

No pre-tokenised text changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import (
    TEXT,
    WORD_RATES,
    Tier,
    budget,
    check_level,
    choose_spans,
    editable_words,
)
from modelaudit.text.perturbations.places import MIN_LETTERS, Slip, edits_in_words, is_negation
from modelaudit.text.words import word_spans

_SINGLE_SPACE = re.compile(r"(?<=\S) (?=\S)")
_LINE_WIDTH = 40
_TRAILING = (" ", "\n", "  ", "\t", " \n")


def _chosen_spaces(document: Document, level: int, rng: np.random.Generator) -> list[Span]:
    """A level's share of the single spaces of a plain text, and at least one where there is one."""
    if document.words is not None:
        return []
    spaces = [match.span() for match in _SINGLE_SPACE.finditer(document.text)]
    return choose_spans(spaces, max(1, budget(WORD_RATES[level], len(spaces), rng)), rng)


@dataclass(frozen=True, slots=True)
class SpacingDouble:
    """Single spaces doubled, at 5, 10, 15, 25 or 40% of the gaps and at least one."""

    name: ClassVar[str] = "double spaces"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "The words stay and look the same; only the width of a gap changes."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each chosen gap."""
        check_level(self.name, level, self.levels)
        return [Edit(end, end, " ", self.name) for _, end in _chosen_spaces(document, level, rng)]


@dataclass(frozen=True, slots=True)
class SpacingNonBreaking:
    """Single spaces turned into no-break spaces (U+00A0), at 5, 10, 15, 25 or 40% of the gaps and at least one."""

    name: ClassVar[str] = "no-break spaces"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "A no-break space looks like a space; the text reads the same."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each chosen gap."""
        check_level(self.name, level, self.levels)
        return [Edit(start, end, "\u00a0", self.name) for start, end in _chosen_spaces(document, level, rng)]


@dataclass(frozen=True, slots=True)
class SpacingTrailing:
    """Whitespace behind the last word."""

    name: ClassVar[str] = "trailing whitespace"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "Nothing is changed but invisible whitespace at the end."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion at the end; none in an empty or a pre-tokenised text."""
        check_level(self.name, level, self.levels)
        if document.words is not None or not document.text:
            return []
        length = len(document.text)
        return [Edit(length, length, _TRAILING[int(rng.integers(len(_TRAILING)))], self.name)]


@dataclass(frozen=True, slots=True)
class LineWraps:
    """Lines broken at 40 characters: a newline in place of the last single space that fits, as in e-mail."""

    name: ClassVar[str] = "line wraps"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "All words stay; the text only runs over more lines."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each line but the last; none in a text that fits in one."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        text = document.text
        gaps = [match.start() for match in _SINGLE_SPACE.finditer(text)]
        edits: list[Edit] = []
        line, last = 0, None
        for gap in (*gaps, len(text)):
            newline = text.rfind("\n", line if last is None else last, gap)
            if newline >= 0:
                line, last = newline + 1, None
            if last is not None and gap - line > _LINE_WIDTH:
                edits.append(Edit(last, last + 1, "\n", self.name))
                line = last + 1
            last = gap
        return edits


@dataclass(frozen=True, slots=True)
class SplitWords:
    """A space typed inside a word, in 5, 10, 15, 25 or 40% of the words.

    Both pieces have two letters or more and neither is a negation ("not able"). Words shorter than four letters,
    numerals, addresses and negations are left alone.
    """

    name: ClassVar[str] = "spaces in words"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "All letters and their order stay; a reader reads across the space."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each chosen word."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        return edits_in_words(document, level=level, rng=rng, makers=(_splits,), kind=self.name, most=1)


@dataclass(frozen=True, slots=True)
class JoinedWords:
    """The space between two words lost, after 5, 10, 15, 25 or 40% of the words.

    At least one of the two has four letters or more, and neither is a numeral, an address or a negation.
    """

    name: ClassVar[str] = "spaces lost"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "All letters and their order stay; a reader still tells the two words apart."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One deletion for each chosen gap; a word loses at most one of its two."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        text = document.text
        words = editable_words(document)
        joinable = [
            number
            for number, ((before, end), (start, behind)) in enumerate(pairwise(words))
            if text[end:start] == " " and max(end - before, behind - start) >= MIN_LETTERS
        ]
        n = budget(WORD_RATES[level], len(word_spans(text)), rng)
        joined: set[int] = set()
        for index in rng.permutation(len(joinable)).tolist():
            if len(joined) == n:
                break
            if joined.isdisjoint((joinable[index] - 1, joinable[index] + 1)):
                joined.add(joinable[index])
        return [Edit(words[number][1], words[number + 1][0], "", self.name) for number in sorted(joined)]


def _splits(text: str, word: Span) -> list[Slip]:
    start, end = word
    return [
        (i, i, " ")
        for i in range(start + 2, end - 1)
        if not is_negation(text[start:i]) and not is_negation(text[i:end])
    ]
