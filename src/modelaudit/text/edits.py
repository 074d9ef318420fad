"""Span-aware text edits: what is replaced, where, and where everything else went.

An edit names characters of the original text, so a set of edits is applied in one left-to-right pass and no edit can
see another's result. For pre-tokenised text the pass also says which new words each old word became, so that tags,
spans and answers move with the text instead of being found again in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

Span = tuple[int, int]
WordMap = tuple[tuple[int, ...], ...]

_PIECE = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Edit:
    """The replacement of the half-open character range ``[start, end)`` of the original text by ``text``.

    ``start == end`` is an insertion, an empty ``text`` a deletion. ``kind`` says who made the edit ("gender", "name").
    """

    start: int
    end: int
    text: str
    kind: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit needs 0 <= start <= end, but this one has start={self.start}, end={self.end}")


@dataclass(frozen=True)
class Document:
    """A text and, for pre-tokenised data, the character spans of its words (None for plain text)."""

    text: str
    words: tuple[Span, ...] | None = None

    def __post_init__(self) -> None:
        if self.words is None:
            return
        position = 0
        for number, (start, end) in enumerate(self.words):
            if not position <= start <= end <= len(self.text):
                raise ValueError(
                    f"word {number} has span ({start}, {end}), but word spans must follow one another "
                    f"from {position} on and stay within the {len(self.text)} characters of the text"
                )
            position = end

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Document:
        """The document of pre-tokenised ``words``, set apart by one space each."""
        spans: list[Span] = []
        position = 0
        for word in words:
            spans.append((position, position + len(word)))
            position += len(word) + 1
        return cls(" ".join(words), tuple(spans))

    def word_texts(self) -> tuple[str, ...]:
        """The words of a pre-tokenised document; ValueError for plain text, which has none."""
        if self.words is None:
            raise ValueError("a plain document has no words of its own; build it with Document.from_words")
        return tuple(self.text[start:end] for start, end in self.words)

    def within_word(self, start: int, end: int) -> bool:
        """Whether ``[start, end)`` lies in a single word, so that replacing it leaves the word count alone."""
        if self.words is None:
            return True
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self.words[index][1]

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(start for start, _ in self.words or ())

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        return tuple(end for _, end in self.words or ())


@dataclass(frozen=True)
class Edited:
    """An edited document, its edits in text order, and for each old word the indices of the new words it became."""

    document: Document
    edits: tuple[Edit, ...]
    word_map: WordMap

    def offset(self, position: int, *, after_insertion: bool = False) -> int:
        """Where a character offset of the original text lies in the edited text.

        An offset inside a replaced range keeps its distance from the range's start, up to the length of the
        replacement; the range's end maps to the replacement's end. At an insertion point the result lies before
        the inserted text, or behind it with ``after_insertion``.
        """
        ends = [edit.end for edit in self.edits] if not self.edits else self._ends
        index = bisect_left(ends, position)
        shift = self._shifts[index]
        if after_insertion:
            while index < len(self.edits) and self.edits[index].end == position:
                index += 1
            shift = self._shifts[index]
        elif index < len(self.edits):
            edit = self.edits[index]
            if edit.start < position:
                within = len(edit.text) if position == edit.end else min(position - edit.start, len(edit.text))
                return edit.start + shift + within
        if index < len(self.edits) and self.edits[index].start < position:
            edit = self.edits[index]
            return edit.start + shift + min(position - edit.start, len(edit.text))
        return position + shift

    def span(self, start: int, end: int) -> Span:
        """Where the range ``[start, end)`` of the original lies; text inserted at its edges stays outside of it."""
        return self.offset(start, after_insertion=True), self.offset(end)

    def carry(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The tags of the edited words (`carry_tags`); needs a pre-tokenised document."""
        return carry_tags(self.word_map, tags, n_words=len(self.document.word_texts()))

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        return tuple(edit.end for edit in self.edits)

    @cached_property
    def _shifts(self) -> tuple[int, ...]:
        shifts = [0]
        for edit in self.edits:
            shifts.append(shifts[-1] + len(edit.text) - (edit.end - edit.start))
        return tuple(shifts)
