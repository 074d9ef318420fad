"""Personal data in shown text: what the detectors find is replaced by its kind before anything is recorded.

Who asks for the text of rows wants to see what the model was given, and seldom whose telephone number it was. Only what
has a shape is found (`text.personal_data`): names of persons stay, since the questions on names can't be read without.
"""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.evidence import Attribution, Cell, Evidence, Examples, Table
from modelaudit.text.personal_data import find_personal_data


def masked(item: Evidence) -> Evidence:
    """Return the evidence with personal data in text of the audited rows replaced by its kind, `[phone number]`."""
    if isinstance(item, Examples):
        shown = tuple(
            example.model_copy(update={"before": _masked(example.before), "after": _masked(example.after)})
            for example in item.items
        )
        return item.model_copy(update={"items": shown})
    if isinstance(item, Attribution):
        words = None if item.words is None else _masked_words(item.words)
        return item.model_copy(update={"words": words, "answer": _masked(item.answer)})
    if isinstance(item, Table) and item.holds_text:
        return item.model_copy(update={"rows": tuple(tuple(_masked_cell(cell) for cell in row) for row in item.rows)})
    return item


def masked_text(text: str) -> str:
    """Return a text with each piece of personal data replaced by its kind."""
    parts, end = [], 0
    for match in find_personal_data(text):
        parts += [text[end : match.start], f"[{match.kind}]"]
        end = match.end
    return "".join([*parts, text[end:]])


def _masked(text: str | None) -> str | None:
    return None if text is None else masked_text(text)


def _masked_cell(cell: Cell) -> Cell:
    return masked_text(cell) if isinstance(cell, str) else cell


def _masked_words(words: Sequence[str]) -> tuple[str, ...]:
    """Mask words that lie, whole or in part, in personal data; a number may be several words."""
    starts, place = [], 0
    for word in words:
        starts.append(place)
        place += len(word) + 1
    shown = list(words)
    for match in find_personal_data(" ".join(words)):
        for position, (start, word) in enumerate(zip(starts, words, strict=True)):
            if start < match.end and match.start < start + len(word):
                shown[position] = f"[{match.kind}]"
    return tuple(shown)
