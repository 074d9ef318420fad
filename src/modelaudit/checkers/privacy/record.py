"""The record: all that a model reads of a row and is judged by, as text to compare and as a name by content."""

from __future__ import annotations

import math

from modelaudit.rows import Row

WRITTEN = ("text-generation", "fill-mask")
"""Tasks whose rows are their own truth."""
ANSWERED = ("question-answering", "text2text-generation", "automatic-speech-recognition")
"""Tasks whose truth is a text of its own."""


def judged_by(row: Row, task: str) -> bool:
    """Tell whether a row has what the model's answer of this task is held against."""
    if task in WRITTEN:
        return True
    if task == "question-answering":
        return row.answers == () or bool(row.spans)
    if task in ANSWERED:
        return bool(row.answer)
    return row.label is not None or row.tags is not None


def whole_text(row: Row, most: int | None = None) -> str:
    """Return all text that the model reads of a row or that it should write: of each part of it so much.

    Earlier messages of a chat come first, then the question or second sentence, the text, and right behind it the
    answer: nothing is put between a prompt and its answer. Of a picture there is no text, of a sound the transcript.
    """
    before = [said[:most] for _, said in row.turns or ()]
    before += [] if row.companion is None else [row.companion[:most]]
    answer = "" if row.answer is None else row.answer[:most]
    return "\n".join([*before, row.text[:most] + answer])


def every_text(row: Row) -> str:
    """Return all text that a row holds: what `whole_text` has, and right answers that are not in the context."""
    others = dict.fromkeys(answer for answer in row.answers or () if answer not in row.text)
    return "\n".join([whole_text(row), *others])


def copied_text(row: Row) -> str:
    """Return the text that makes a row a copy of another: of a question put to a context, the context.

    Several questions on one context are several records, and who has seen one of them has seen the context.
    """
    return row.text if row.answers is not None else whole_text(row)


def content(row: Row) -> str:
    """Return the row's words and truth as one string; equal for rows that differ in id or other columns only."""
    words = [row.text] if row.words is None else ["words", *row.words]
    answer = [] if row.answer is None else ["\x1e", row.answer]
    # Fields that a task does not have leave no mark, so that its draws stay when another task gets one.
    more = {
        "companion": row.companion,
        "turns": row.turns,
        "answers": row.answers,
        "spans": row.spans,
        "medium": None if row.medium is None else row.medium.digest,
    }
    other = [f"\x1e{name}\x1f{value}" for name, value in more.items() if value is not None]
    return "\x1f".join([*words, "\x1e", str(row.label), str(row.tags), *answer, *other])


def extent(row: Row) -> float:
    """Return how much there is to read: characters of text, pixels of a picture, hundredths of a second of a sound."""
    if row.picture is not None:
        return float(math.prod(row.picture.size))
    if row.sound is not None:
        return float(round(100.0 * row.sound.seconds))
    return float(len(whole_text(row)))
