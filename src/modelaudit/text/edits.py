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
    """A text and, for pre-tokenised data, the character spans of its words (None for plain text).

    ``entities`` are the known entities as (first character, end, type), for perturbations that replace them; where
    they went follows from the word map, so an edited document has none.
    """

    text: str
    words: tuple[Span, ...] | None = None
    entities: tuple[tuple[int, int, str], ...] = ()

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
    def from_words(cls, words: Sequence[str], entities: Sequence[tuple[int, int, str]] = ()) -> Document:
        """The document of pre-tokenised ``words``, set apart by one space each.

        ``entities`` are (first word, end, type), as `tags.entity_spans` gives them.
        """
        spans: list[Span] = []
        position = 0
        for word in words:
            spans.append((position, position + len(word)))
            position += len(word) + 1
        named = tuple((spans[first][0], spans[end - 1][1], kind) for first, end, kind in entities)
        return cls(" ".join(words), tuple(spans), named)

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
        index = (bisect_right if after_insertion else bisect_left)(self._ends, position)
        shift = self._shifts[index]
        if index < len(self.edits) and self.edits[index].start < position:
            edit = self.edits[index]
            within = len(edit.text) if position == edit.end else min(position - edit.start, len(edit.text))
            return edit.start + shift + within
        return position + shift

    def span(self, start: int, end: int) -> Span:
        """Where the range ``[start, end)`` of the original lies; text inserted at its edges stays outside of it."""
        index = bisect_right(self._ends, start)
        if index == len(self.edits) or self.edits[index].start >= end:
            # Most words stand between two edits, and both of their ends move alike.
            return start + self._shifts[index], end + self._shifts[index]
        moved_start = self.offset(start, after_insertion=True)
        return moved_start, max(moved_start, self.offset(end))

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


def apply(document: Document, edits: Iterable[Edit]) -> Edited:
    """Apply non-overlapping edits in one left-to-right pass.

    In a pre-tokenised document an edit lies inside one word and brings no whitespace, or covers whole words exactly
    (or the space between words), or is inserted between words, set apart by whitespace. The replacement of whole
    words is split on whitespace into new words; a deleted word maps to ``()``.

    Raises ValueError where edits overlap, run past the text, or would split or merge words.
    """
    ordered = _in_order(edits, len(document.text))
    if document.words is None:
        return Edited(Document(_rewrite(document.text, ordered)), ordered, ())
    text = _rewrite(document.text, ordered)
    moved = Edited(Document(text), ordered, ())
    new_words, word_map = _move_words(document, moved)
    return Edited(Document(text, tuple(new_words)), ordered, word_map)


def carry_tags(word_map: WordMap, tags: Sequence[str], *, n_words: int | None = None) -> tuple[str, ...]:
    """The tags of the new words, from ``word_map`` and one tag string for each old word.

    A word replaced by n words hands its tag to the first and the inside tag to the others (B-X I-X I-X; BIOES and
    BILOU alike; "O" stays "O"). Where the first word of an entity is deleted, the next takes over its B-. Inserted
    words are "O", or inside when the words before and behind belong to one entity. ``n_words`` is the number of new
    words; it is needed when words were inserted at the end. ValueError where tags and words differ in number.
    """
    if len(word_map) != len(tags):
        raise ValueError(f"{len(tags)} tags for {len(word_map)} words: give one tag for each word of the original")
    last = max((index for indices in word_map for index in indices), default=-1)
    carried: list[str | None] = [None] * max(last + 1, n_words or 0)
    orphaned: str | None = None
    for indices, tag in zip(word_map, tags, strict=True):
        if orphaned is not None and tag == f"I-{orphaned}":
            tag = f"B-{orphaned}"
        if not indices:
            orphaned = tag[2:] if tag.startswith("B-") else None
            continue
        orphaned = None
        for index, piece_tag in zip(indices, _spread(tag, len(indices)), strict=True):
            carried[index] = piece_tag
    return _fill_inserted(carried)


def _in_order(edits: Iterable[Edit], length: int) -> tuple[Edit, ...]:
    ordered = tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))
    previous: Edit | None = None
    for edit in ordered:
        if edit.end > length:
            raise ValueError(f"edit [{edit.start}, {edit.end}) runs past the {length} characters of the text")
        if previous is not None and (
            edit.start < previous.end or (edit.start, edit.end) == (previous.start, previous.end)
        ):
            raise ValueError(
                f"edits [{previous.start}, {previous.end}) and [{edit.start}, {edit.end}) overlap; "
                "merge them into one edit or drop one"
            )
        previous = edit
    return ordered


def _rewrite(text: str, ordered: Sequence[Edit]) -> str:
    pieces: list[str] = []
    position = 0
    for edit in ordered:
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def _move_words(document: Document, moved: Edited) -> tuple[list[Span], WordMap]:
    """The new word spans, and for each old word its indices among them."""
    assert document.words is not None
    owned: list[list[Span]] = [[] for _ in document.words]
    inserted: list[Span] = []
    replaced = [False] * len(document.words)
    for edit, shift in zip(moved.edits, moved._shifts, strict=False):
        covered = _covered_words(document, edit)
        if covered is None:
            continue
        pieces = [
            (edit.start + shift + match.start(), edit.start + shift + match.end())
            for match in _PIECE.finditer(edit.text)
        ]
        if not covered:
            inserted += pieces
            continue
        for number, word in enumerate(covered):
            replaced[word] = True
            owned[word] = pieces[number:] if word == covered[-1] else pieces[number : number + 1]
    for word, (start, end) in enumerate(document.words):
        if not replaced[word]:
            span = moved.span(start, end)
            if span[0] < span[1] or start == end:
                owned[word] = [span]
    _check_no_merge(document, owned)
    new_words = sorted([span for spans in owned for span in spans] + inserted)
    index_of = {span: index for index, span in enumerate(new_words)}
    return new_words, tuple(tuple(map(index_of.__getitem__, spans)) for spans in owned)


def _covered_words(document: Document, edit: Edit) -> range | None:
    """The words an edit replaces as a whole (none for an edit between words), or None for an edit inside a word."""
    assert document.words is not None
    # The word that begins before the edit's start, and the one that begins before its end, are the only two it can cut.
    first = bisect_left(document._starts, edit.start) - 1
    last = bisect_left(document._starts, edit.end) - 1
    cuts_first = first >= 0 and document.words[first][1] > edit.start
    ends_inside = last >= 0 and document.words[last][1] > edit.end
    if cuts_first or ends_inside:
        inside = last if ends_inside else first
        if not document.within_word(edit.start, edit.end):
            raise ValueError(
                f"edit [{edit.start}, {edit.end}) crosses an edge of word {inside} at {document.words[inside]}; "
                "edit inside one word or replace whole words"
            )
        if _PIECE.fullmatch(edit.text) is None and edit.text:
            raise ValueError(f"edit [{edit.start}, {edit.end}) would split word {inside} by whitespace")
        return None
    start_word = bisect_left(document._starts, edit.start)
    end_word = max(start_word, bisect_right(document._ends, edit.end))
    covered = range(start_word, end_word)
    _check_glue(document, edit, covered)
    return covered


def _check_glue(document: Document, edit: Edit, covered: range) -> None:
    """Refuse replacement text that would stick to a neighbouring word which stood apart before."""
    assert document.words is not None
    if not edit.text.strip():
        return
    before, behind = covered.start - 1, covered.stop
    left_gap = edit.start < (document.words[covered.start][0] if covered else edit.start + 1)
    right_gap = edit.end > (document.words[covered.stop - 1][1] if covered else edit.end - 1)
    if left_gap and before >= 0 and document.words[before][1] == edit.start and not edit.text[0].isspace():
        raise ValueError(f"edit [{edit.start}, {edit.end}) would merge with word {before}; begin it with a space")
    if (
        right_gap
        and behind < len(document.words)
        and document.words[behind][0] == edit.end
        and not edit.text[-1].isspace()
    ):
        raise ValueError(f"edit [{edit.start}, {edit.end}) would merge with word {behind}; end it with a space")


def _check_no_merge(document: Document, owned: Sequence[Sequence[Span]]) -> None:
    assert document.words is not None
    previous: int | None = None
    for word, spans in enumerate(owned):
        if not spans:
            continue
        if previous is not None and owned[previous][-1][1] == spans[0][0]:
            apart = any(document.words[i][1] < document.words[i + 1][0] for i in range(previous, word))
            if apart:
                raise ValueError(f"the edits would merge words {previous} and {word}; keep whitespace between them")
        previous = word


def _spread(tag: str, n: int) -> list[str]:
    prefix, separator, kind = tag.partition("-")
    if n == 1 or not separator or prefix not in {"B", "I", "E", "S", "L", "U"}:
        return [tag] * n
    first = {"S": "B", "U": "B", "E": "I", "L": "I"}.get(prefix, prefix)
    final = {"S": "E", "U": "L", "E": "E", "L": "L"}.get(prefix, "I")
    return [f"{first}-{kind}", *[f"I-{kind}"] * (n - 2), f"{final}-{kind}"]


def _fill_inserted(carried: Sequence[str | None]) -> tuple[str, ...]:
    filled: list[str] = []
    following: list[str | None] = [None] * len(carried)
    upcoming: str | None = None
    for index in range(len(carried) - 1, -1, -1):
        following[index] = upcoming
        upcoming = carried[index] or upcoming
    for index, tag in enumerate(carried):
        if tag is None:
            behind = following[index]
            before = filled[-1] if filled else "O"
            open_entity = before[:2] in {"B-", "I-"} and behind in {f"{rest}-{before[2:]}" for rest in "IEL"}
            tag = f"I-{before[2:]}" if open_entity else "O"
        filled.append(tag)
    return tuple(filled)
