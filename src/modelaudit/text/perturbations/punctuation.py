"""The mark at the end of a text, dropped or changed; commas lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT, TEXT_AND_TOKENS, Tier, check_level

_FINAL_MARKS = frozenset(".!?…。！？")
_ADDED = ("...", "!!")
_COMMA = re.compile(r"(?<=\w),(?=\s)")


def _final_marks(text: str) -> Span:
    """The run of final marks at the end of a text, before trailing whitespace; empty where there is none."""
    end = len(text.rstrip())
    start = end
    while start > 0 and text[start - 1] in _FINAL_MARKS:
        start -= 1
    return start, end


@dataclass(frozen=True, slots=True)
class PunctuationDrop:
    """The final punctuation left out; in pre-tokenised text a final word of marks only is deleted with its tag."""

    name: ClassVar[str] = "final punctuation dropped"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "punctuation"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "All words stay; only the mark that closes the text is missing, as in hasty writing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """At most one edit; none where the text would be empty without its marks."""
        check_level(self.name, level, self.levels)
        start, end = _final_marks(document.text)
        if start == end or not document.text[:start].strip():
            return []
        if document.words is not None and not _inside_last_word(document, start, end):
            return []
        return [Edit(start, end, "", self.name)]


@dataclass(frozen=True, slots=True)
class PunctuationAdd:
    """ "..." or "!!" at the end, in place of a final full stop or exclamation mark, behind a question mark."""

    name: ClassVar[str] = "final punctuation added"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "punctuation"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "All words stay; the marks that close the text are stronger, as in informal writing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """At most one edit; in pre-tokenised text the marks become a word of their own, or replace the last one."""
        check_level(self.name, level, self.levels)
        added = _ADDED[int(rng.integers(len(_ADDED)))]
        start, end = _final_marks(document.text)
        if end == 0:
            return []
        if any(mark in document.text[start:end] for mark in "?？"):
            start = end
        if document.text[start:end] == added:
            return []
        if document.words is None:
            return [Edit(start, end, added, self.name)]
        if start < end and _inside_last_word(document, start, end):
            return [Edit(start, end, added, self.name)]
        length = len(document.text)
        return [Edit(length, length, f" {added}", self.name)]


@dataclass(frozen=True, slots=True)
class CommasDropped:
    """All commas between words left out of a plain text; in pre-tokenised text they are words with tags, and stay."""

    name: ClassVar[str] = "commas dropped"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "punctuation"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "All words and their order stay; only commas are missing, as in hasty writing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One deletion for each comma behind a word and before a space."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        return [Edit(*match.span(), "", self.name) for match in _COMMA.finditer(document.text)]


def _inside_last_word(document: Document, start: int, end: int) -> bool:
    return document.words is not None and document.within_word(start, end) and document.words[-1][0] <= start
