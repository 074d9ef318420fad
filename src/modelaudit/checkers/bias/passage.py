"""The texts of one row that are read together, as one document, so that a person has the same name in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from modelaudit.rows import Row
from modelaudit.text import Edited, Span

BORDER = "\n\n\u2014\n\n"
"""What stands between two texts: more than white space, so that no word or name is found across it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a row: what it is, and where it stands in the document of all of them."""

    of: Literal["turn", "companion", "text", "answer"]
    start: int
    end: int


def joined(row: Row, *, with_answer: bool) -> tuple[str, tuple[Part, ...]]:
    """Return the row's texts as one, with its parts; no parts where it has a single text and no answer in it.

    In order: earlier turns of a chat, the question or the second text of a pair, the text, and the text to be written
    where it is rewritten too (`with_answer`). A question stands first, for it says which person it is about.
    """
    texts: list[tuple[Literal["turn", "companion", "text", "answer"], str]]
    texts = [("turn", said) for _, said in row.turns or ()]
    texts += [("companion", row.companion)] if row.companion is not None else []
    texts += [("text", row.text)]
    texts += [("answer", row.answer)] if with_answer and row.answer is not None else []
    if len(texts) == 1 and not row.spans:
        return row.text, ()
    parts, place = [], 0
    for of, text in texts:
        parts.append(Part(of, place, place + len(text)))
        place += len(text) + len(BORDER)
    return BORDER.join(text for _, text in texts), tuple(parts)


def rebuilt(row: Row, parts: Sequence[Part], edited: Edited) -> Row:
    """Return the row with its edited texts; answers that stand in the text are edited and moved with it."""

    def cut(part: Part) -> str:
        start, end = _moved(part, edited)
        return edited.document.text[start:end]

    whole = {part.of: cut(part) for part in parts if part.of != "turn"}
    said = [cut(part) for part in parts if part.of == "turn"]
    turns = row.turns and tuple((role, text) for (role, _), text in zip(row.turns, said, strict=True))
    changed = replace(
        row,
        text=whole["text"],
        companion=whole.get("companion", row.companion),
        answer=whole.get("answer", row.answer),
        turns=turns,
    )
    if not row.spans:
        return changed
    [text] = [part for part in parts if part.of == "text"]
    first, _ = _moved(text, edited)
    spans = [edited.span(text.start + start, text.start + end) for start, end in row.spans]
    moved = tuple((start - first, end - first) for start, end in spans)
    return replace(changed, spans=moved, answers=tuple(changed.text[start:end] for start, end in moved))


def edges(row: Row, parts: Sequence[Part]) -> frozenset[int]:
    """Return the offsets that no edit may cross: where texts begin and end, and answers in them."""
    found = {edge for part in parts for edge in (part.start, part.end)}
    for part in parts:
        if part.of == "text":
            found |= {part.start + edge for span in row.spans or () for edge in span}
    return frozenset(found)


def _moved(part: Part, edited: Edited) -> Span:
    return edited.offset(part.start), edited.offset(part.end, after_insertion=True)
