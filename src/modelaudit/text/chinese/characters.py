"""A document seen as the characters of its words, without the spaces that only join them.

Chinese token classification usually gives one character a word, so that the text reads "王 伟 说". Matching happens on
the joined characters, and a match is put back as edits that respect the words: one for each word where the lengths
agree, else one that covers whole words and splits the new text as the old was split.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from modelaudit.text.edits import Document, Edit, Span


def is_han(character: str) -> bool:
    """Whether a character is Han: the unified block, extension A, and 〇; rarer extensions are in no lexicon."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf" or character == "〇"


@dataclass(frozen=True)
class Characters:
    """The joined characters of a document; ``positions[i]`` is where ``text[i]`` lies in the document's text.

    The space between two words is left out where one side of it is Chinese or both words are single characters, and
    kept elsewhere ("New York"). A plain document is taken as it is.
    """

    document: Document
    text: str
    positions: Sequence[int]

    @classmethod
    def of(cls, document: Document) -> Characters:
        """Join the characters of ``document``."""
        if document.words is None:
            return cls(document, document.text, range(len(document.text)))
        positions: list[int] = []
        previous: Span | None = None
        for word in document.words:
            if previous is not None and not _joins(document.text, previous, word):
                positions.extend(range(previous[1], word[0]))
            positions.extend(range(*word))
            if word[0] < word[1]:
                previous = word
        return cls(document, "".join(document.text[position] for position in positions), positions)

    def span(self, start: int, end: int) -> Span:
        """Where the joined characters ``[start, end)``, at least one, lie in the document."""
        return self.positions[start], self.positions[end - 1] + 1

    def index(self, position: int) -> int:
        """The first of the joined characters that lies at or behind a position of the document."""
        return bisect_left(self.positions, position)

    def within_word(self, start: int, end: int) -> bool:
        """Whether ``[start, end)`` lies in a single word."""
        return self.document.within_word(*self.span(start, end))

    def exchangeable(self, start: int, end: int) -> bool:
        """Whether text of any length can stand for ``[start, end)``, and the old text for that again.

        So it is in plain text, inside one word, and over whole words where each character is a word.
        """
        if self.within_word(start, end):
            return True
        return self._by_character and self._whole_words(start, end)

    def edits(self, start: int, end: int, new: str, kind: str) -> tuple[Edit, ...] | None:
        """The edits that put ``new`` in the place of ``[start, end)``; None where they would cut a word in two.

        Parts that stay as they are get no edit, so that ``new`` equal to the old text gives ().
        """
        old = self.text[start:end]
        if old == new:
            return ()
        if len(old) == len(new):
            return self._word_by_word(start, end, new, kind)
        pieces = self._pieces(start, end)
        start, end, new = self._trimmed(pieces, start, end, new)
        if not self.within_word(start, end) and not self._whole_words(start, end):
            return None
        spaced = self._by_character and self._whole_words(start, end)
        return (Edit(*self.span(start, end), " ".join(new) if spaced else new, kind),)

    def _word_by_word(self, start: int, end: int, new: str, kind: str) -> tuple[Edit, ...]:
        edits = []
        for first, last in self._pieces(start, end):
            part = new[first - start : last - start]
            if part != self.text[first:last]:
                edits.append(Edit(*self.span(first, last), part, kind))
        return tuple(edits)

    def _trimmed(self, pieces: list[Span], start: int, end: int, new: str) -> tuple[int, int, str]:
        """The range and new text without the words at both ends that stay."""
        while len(pieces) > 1 and new.endswith(kept := self.text[slice(*pieces[-1])]) and len(new) > len(kept):
            new, end = new[: -len(kept)], pieces.pop()[0]
        while len(pieces) > 1 and new.startswith(kept := self.text[slice(*pieces[0])]) and len(new) > len(kept):
            new, start = new[len(kept) :], pieces.pop(0)[1]
        return start, end, new

    def _pieces(self, start: int, end: int) -> list[Span]:
        """The parts of ``[start, end)`` that lie in one word each."""
        if self.document.words is None:
            return [(start, end)]
        cuts = [index for index in range(start + 1, end) if self._word_of(index) != self._word_of(index - 1)]
        return list(zip([start, *cuts], [*cuts, end], strict=True))

    def _whole_words(self, start: int, end: int) -> bool:
        words = self.document.words
        if words is None:
            return False
        return (
            words[self._word_of(start)][0] == self.positions[start]
            and words[self._word_of(end - 1)][1] == self.positions[end - 1] + 1
        )

    def _word_of(self, index: int) -> int:
        return bisect_right(self._starts, self.positions[index]) - 1

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.document.words or ()]

    @cached_property
    def _by_character(self) -> bool:
        """Whether the words are single Chinese characters set apart, as token classification has them."""
        words = self.document.words or ()
        chinese = [(start, end) for start, end in words if any(map(is_han, self.document.text[start:end]))]
        apart = all(end < start for (_, end), (start, _) in pairwise(words))
        return bool(chinese) and apart and all(end - start == 1 for start, end in chinese)


def _joins(text: str, before: Span, behind: Span) -> bool:
    gap = text[before[1] : behind[0]]
    if gap and not gap.isspace():
        return False
    single = before[1] - before[0] == 1 and behind[1] - behind[0] == 1
    return not gap or single or _chinese(text[before[1] - 1]) or _chinese(text[behind[0] : behind[0] + 1])


def _chinese(character: str) -> bool:
    return is_han(character) or character in "，。！？：；、“”‘’（）《》…—"
