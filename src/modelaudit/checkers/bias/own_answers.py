"""Rows without an answer are judged by the model's own: what it answers to the row as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.bias.source import QUESTIONS, lacks_answer

NEW_TOKENS = 64
"""The most that is written, in tokens."""


@dataclass(slots=True)
class OwnAnswers:
    """Asks for the answers that rows lack, and counts them.

    Attributes:
        asked: rows that had no answer. empty: of these, rows to which the model answers nothing. cut: answers that the
            limit on new tokens cut.
    """

    model: ModelHandle
    task: str
    asked: int = field(default=0, init=False)
    empty: int = field(default=0, init=False)
    cut: int = field(default=0, init=False)

    def given_to(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows, those that have no answer with the model's own; a row that it leaves empty stays as it is.

        Prompts of a language model that are no messages of a chat are judged by what follows the edit, and stay too.
        """
        untold = [row for row in rows if lacks_answer(row, self.task)]
        if not untold:
            return list(rows)
        answers = self.model.answers(untold, max_new_tokens=NEW_TOKENS)
        self.asked += len(untold)
        self.empty += sum(not text for text in answers.texts)
        self.cut += int((~answers.ended).sum())
        told = {row.id: _told(row, text, self.task) for row, text in zip(untold, answers.texts, strict=True)}
        return [told.get(row.id, row) for row in rows]

    def told(self, note: Callable[[str], None]) -> None:
        """Note by how many answers of its own the model is judged, and how many of them are empty or were cut."""
        if not self.asked:
            return
        note(
            f"{self.asked:,} rows have no answer, so what the model answers to the row as it is stands for it; "
            f"{self.empty:,} of these answers are empty."
        )
        if self.cut:
            note(f"{self.cut:,} of these answers were cut at {NEW_TOKENS} new tokens and count as far as they go.")


def _told(row: Row, text: str, task: str) -> Row:
    if task != QUESTIONS:
        return replace(row, answer=text) if text else row
    place = row.text.find(text)
    if not text:
        return replace(row, answers=(), spans=())
    spans = ((place, place + len(text)),) if place >= 0 else None
    return replace(row, answers=(text,), spans=spans)
