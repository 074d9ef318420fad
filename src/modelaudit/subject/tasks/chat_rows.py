"""Chat rows: the rows of a table whose cells are messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from modelaudit.errors import DataInputError
from modelaudit.subject.chat import answer_text, chat_in
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.tables import Table
from modelaudit.subject.task import NO_TEXT, ColumnChoice, RowBatch
from modelaudit.subject.tasks.judged_tokens import answer_in
from modelaudit.subject.tasks.whole_text import Truths, text_rows, truths_in

NO_CHAT = "chats that end neither with their user's message nor with an answer to it, or hold more than text (left out)"


def chat_rows(table: Table, columns: ColumnChoice, messages: str, answers: Tiers) -> RowBatch:
    """Return the chats of a table: the last message of its user as the text, the turns before it, and the answer.

    The answer is the chat's own last message, unless the user names a column of answers, or no chat has one and the
    table a column of `answers`. Chats that can't be read are left out and counted.

    Args:
        table: the table; columns: the user's choice.
        messages: the column of the messages.
        answers: names of columns of answers.
    """
    chats = [chat_in(cell) for cell in table.cells(messages)]
    if not any(chats):
        raise DataInputError(
            f"{table.name}: no chat in column {messages!r} can be read; each needs messages with role and content, all "
            "texts, of which the last is the user's or an answer to it"
        )
    own = [None if chat is None else chat.answer for chat in chats]
    truths = _truths(table, columns, messages, answers, own)
    texts = [None if chat is None else chat.text for chat in chats]
    frame = table.frame.assign(**{messages: pd.Series(texts, index=table.frame.index, dtype=object)})
    batch = text_rows(
        replace(table, frame=frame),
        columns,
        text_column=messages,
        label_columns=truths.columns,
        truths=truths.cells,
        read=lambda cells: [{"answer": answer_in(cell, place=truths.place)} for cell in cells],
    )
    turns = {table.row_id(place): chat.turns for place, chat in enumerate(chats) if chat is not None}
    unread = sum(chat is None and cell is not None for chat, cell in zip(chats, table.cells(messages), strict=True))
    counts = {**batch.set_aside, NO_CHAT: unread, NO_TEXT: batch.set_aside.get(NO_TEXT, 0) - unread}
    return replace(
        batch,
        rows=tuple(replace(row, turns=turns[row.id]) for row in batch.rows),
        set_aside={reason: count for reason, count in counts.items() if count},
    )


def _truths(
    table: Table, columns: ColumnChoice, messages: str, answers: Tiers, own: Sequence[str | None]
) -> Truths:  # fmt: skip
    """The answers: of the chats themselves, or of another column."""
    place = f"{table.name}: column {messages!r}"
    if columns.label == messages or (columns.label is None and any(said is not None for said in own)):
        cells: list[Any] = [said if said is not None and said.strip() else None for said in own]
        return Truths(messages, cells, (), place)
    column = find_column(
        table,
        columns.label,
        answers,
        what="answer",
        flag="--label-column",
        fits=lambda cell: isinstance(answer_text(cell), str),
        taken=[name for name in (messages, columns.group) if name],
    )
    found = truths_in(table, column, named=columns.label is not None)
    return replace(found, cells=[answer_text(cell) for cell in found.cells])
