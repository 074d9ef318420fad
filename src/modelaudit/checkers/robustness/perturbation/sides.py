"""Sides: the text of a row that a change is made in, where a model reads two of them together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from modelaudit.rows import Row
from modelaudit.text import Edited, Span


@dataclass(frozen=True, slots=True)
class Side:
    """One of a row's texts, and what stands before the names of changes that are made in it."""

    prefix: str
    companion: bool = False

    def text(self, row: Row) -> str:
        """Return the text of a row on this side."""
        return (row.companion or "") if self.companion else row.text

    def changed(self, row: Row, edited: Edited) -> Row:
        """Return the row with the edited text; spans of right answers move with it."""
        new = edited.document
        if self.companion:
            return replace(row, companion=new.text)
        if row.words is not None:
            return row.with_words(new.word_texts(), None)
        moved = None if row.spans is None else tuple(edited.span(start, end) for start, end in row.spans)
        return replace(row.with_text(new.text), spans=moved)


def kept_spans(row: Row, answer: str) -> tuple[Span, ...]:
    """Return what no change of a context may touch: right answers, the model's own, and a character on either side.

    Where an answer's own letters change, so does the answer, and that tells nothing of the model. Spans are apart and
    in order.
    """
    spans = list(row.spans or ())
    if answer.strip():
        spans += [found.span() for found in re.finditer(re.escape(answer), row.text)]
    apart: list[Span] = []
    for start, end in sorted((max(start - 1, 0), end + 1) for start, end in spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return tuple(apart)


WHOLE = Side("")
QUESTION, CONTEXT = Side("question: ", companion=True), Side("context: ")
FIRST, SECOND = Side("first text: "), Side("second text: ", companion=True)


def sides_of(task: str, *, pairs: bool) -> tuple[Side, ...]:
    """Return the sides of rows: a question and its context, two texts of a pair, or the one text there is."""
    if task == "question-answering":
        return QUESTION, CONTEXT
    return (FIRST, SECOND) if pairs else (WHOLE,)
