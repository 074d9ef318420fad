"""Examples as lines of a list: which row, what was changed in it, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Literal

from modelaudit.evidence import Example, Examples
from modelaudit.reports.numbers import decimal
from modelaudit.reports.text import visible
from modelaudit.reports.words import Told, say, told

MOST_EXAMPLES = 2
"""A piece of evidence shows so many rows; the JSON record holds the rest."""
MOST_IDS = 12
"""Where only ids are shown, so many of a kind are."""
MOST_KINDS = 5
MOST_ID = 120
MOST_NOTE = 300
AROUND = 40
"""So many letters of unchanged text are shown on either side of a change."""
MOST_TEXT = 160
"""The longest stretch of text that was put in or taken out, or of a text that was not changed."""
MOST_WORDS = 120
"""Words are set against one another up to so many; longer stretches are shown as one change."""

Change = Literal["", "del", "ins"]
Piece = tuple[Change, str]


@dataclass(frozen=True)
class ExampleLine:
    """One row: its text with what was taken out and put in, where text is shown, and what came of it."""

    row: str
    text: tuple[Piece, ...]
    notes: tuple[Told, ...]
    score: str


@dataclass(frozen=True)
class IdLine:
    """Rows of which the report shows ids alone, and what holds for all of them."""

    notes: tuple[Told, ...]
    rows: tuple[str, ...]
    left_out: int


@dataclass(frozen=True)
class ExamplesView:
    """Rows as lines, or as ids by what holds for them. `left_out` counts the rows of which nothing is shown."""

    lines: tuple[ExampleLine, ...]
    ids: tuple[IdLine, ...]
    left_out: int


def examples_view(item: Examples) -> ExamplesView:
    """Lay out examples: the first few as the checker ordered them, or ids alone where there is no more to show."""
    if any(shows_more(example) for example in item.items):
        lines = tuple(_line(example) for example in item.items[:MOST_EXAMPLES])
        return ExamplesView(lines, (), len(item.items) - len(lines))
    kinds: dict[tuple[str, ...], list[str]] = {}
    for example in item.items:
        kinds.setdefault(tuple(note for note in (example.change, example.outcome) if note), []).append(example.row)
    ids = tuple(
        IdLine(
            tuple(map(_note, notes)),
            tuple(visible(row, most=MOST_ID) for row in rows[:MOST_IDS]),
            max(0, len(rows) - MOST_IDS),
        )
        for notes, rows in list(kinds.items())[:MOST_KINDS]
    )
    return ExamplesView((), ids, sum(len(rows) for rows in list(kinds.values())[MOST_KINDS:]))


def _note(text: str) -> Told:
    whole = told(text)
    return Told(visible(whole.text, most=MOST_NOTE), whole.lang)


def shows_more(example: Example) -> bool:
    """Return whether there is text or a score to show beside the row's id."""
    return any(
        value is not None for value in (example.before, example.after, example.before_score, example.after_score)
    )


def _line(example: Example) -> ExampleLine:
    scores = [decimal(score, places=3) for score in (example.before_score, example.after_score) if score is not None]
    return ExampleLine(
        row=visible(example.row, most=MOST_ID),
        text=tuple(changes(example.before, example.after)),
        notes=tuple(_note(note) for note in (example.change, example.outcome) if note),
        score=say("drawing.examples.score", score=" → ".join(scores)) if scores else "",
    )


def changes(before: str | None, after: str | None) -> Iterator[Piece]:
    """Return a text in pieces: what stayed (cut short), what was taken out and what was put in."""
    if before is None or after is None or before == after:
        text = after if before is None else before
        if text:
            yield "", visible(text, most=MOST_TEXT)
        return
    head = _agree(before, after)
    tail = _agree(before[head:][::-1], after[head:][::-1])
    yield from _stayed(before[:head], first=True)
    yield from _words(before[head : len(before) - tail], after[head : len(after) - tail])
    yield from _stayed(before[len(before) - tail :], last=True)


def _agree(before: str, after: str) -> int:
    """Return how many letters two texts begin alike, to the end of a word."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    length = sum(1 for _ in pairs)
    if all(length == len(text) or text[length].isspace() for text in (before, after)):
        return length
    return next((place for place in range(length, 0, -1) if before[place - 1].isspace()), 0)


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = re.findall(r"\s+|\S+", before[: 4 * MOST_TEXT]), re.findall(r"\s+|\S+", after[: 4 * MOST_TEXT])
    if max(len(old), len(new)) > MOST_WORDS or max(len(before), len(after)) > 4 * MOST_TEXT:
        yield from _swapped(before, after)
        return
    for kind, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from _stayed("".join(old[start:end]))
        else:
            yield from _swapped("".join(old[start:end]), "".join(new[begin:stop]))


def _swapped(before: str, after: str) -> Iterator[Piece]:
    if before:
        yield "del", visible(before, most=MOST_TEXT)
    if after:
        yield "ins", visible(after, most=MOST_TEXT)


def _stayed(text: str, *, first: bool = False, last: bool = False) -> Iterator[Piece]:
    if not text:
        return
    if len(text) > 2 * AROUND:
        text = (text[:AROUND] if not first else "") + "…" + (text[-AROUND:] if not last else "")
    yield "", text
