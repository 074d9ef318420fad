"""Rows without an answer are judged by the model's own: what it answers to the row as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.bias.source import QUESTIONS, lacks_answer

NEW_TOKENS = 64
"""The most that is written, in tokens."""


def with_answers(model: ModelHandle, rows: Sequence[Row], task: str) -> list[Row]:
    """Return the rows, those that have no answer with the model's own; a row that it leaves empty stays as it is.

    Prompts of a language model that are no messages of a chat are judged by what follows the edit, and stay too.
    """
    untold = [row for row in rows if lacks_answer(row, task)]
    if not untold:
        return list(rows)
    texts = model.answers(untold, max_new_tokens=NEW_TOKENS).texts
    told = {row.id: _told(row, text, task) for row, text in zip(untold, texts, strict=True)}
    return [told.get(row.id, row) for row in rows]


def _told(row: Row, text: str, task: str) -> Row:
    if task != QUESTIONS:
        return replace(row, answer=text) if text else row
    place = row.text.find(text)
    if not text:
        return replace(row, answers=(), spans=())
    spans = ((place, place + len(text)),) if place >= 0 else None
    return replace(row, answers=(text,), spans=spans)
