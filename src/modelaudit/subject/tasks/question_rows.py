"""Question rows: the questions, contexts and right answers of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.tables import Table
from modelaudit.subject.task import NO_LABEL, NO_TEXT, ColumnChoice, RowBatch, group_cells, not_text, other_cells
from modelaudit.subject.tasks.articles import unfolded
from modelaudit.subject.tasks.span_truths import Said, is_answer_cell, placed, said_in

CONTEXT_COLUMNS: Tiers = (
    ("context", "contexts", "passage", "paragraph"),
    ("document", "article", "text", "story", "content"),
)
QUESTION_COLUMNS: Tiers = (("question", "questions"), ("query", "prompt"))
ANSWER_COLUMNS: Tiers = (
    ("answers",),
    ("answer", "answer_text", "text_answer"),
    ("label", "labels", "target", "targets"),
)
START, IMPOSSIBLE = "answer_start", "is_impossible"
NO_QUESTION = "rows without a question (left out)"


@dataclass(frozen=True, slots=True)
class QuestionColumns:
    """Where a table has its questions, contexts and answers; `beside` says more of answers: where they begin."""

    question: str
    context: str
    answer: str | None
    beside: tuple[str, ...]


def question_rows(table: Table, columns: ColumnChoice) -> RowBatch:
    """Return the rows that have a question, a context and, where the table has answers, a word on the answer.

    Raises DataInputError for a column or a cell that can't be used, or where no row is left.
    """
    table = unfolded(table)
    found = question_columns(table, columns)
    truths = _truths(table, found)
    if columns.label is None and all(truth is None for truth in truths):
        found = QuestionColumns(found.question, found.context, None, ())
    contexts, questions = (_texts(table, column) for column in (found.context, found.question))
    with_text = [i for i, context in enumerate(contexts) if context.strip()]
    asked = [i for i in with_text if questions[i].strip()]
    kept = [i for i in asked if found.answer is None or truths[i] is not None]
    if not kept:
        names = [found.context, found.question, *([found.answer] if found.answer else [])]
        listed = ", ".join(map(repr, names))
        raise DataInputError(f"{table.name}: no row has something in each of {listed}; check the table, or name others")
    groups = group_cells(table, columns)
    others = other_cells(table, (found.context, found.question, found.answer, *found.beside))
    remarks: Counter[str] = Counter()
    rows = []
    for i in kept:
        row = Row(table.row_id(i), contexts[i], group=groups[i], columns=others[i], companion=questions[i])
        said = truths[i]
        if found.answer is not None and said is not None:
            truth = placed(said, contexts[i])
            remarks.update(truth.remarks)
            row = replace(row, answers=truth.answers, spans=truth.spans)
        rows.append(row)
    counts = {
        NO_TEXT: len(table) - len(with_text),
        NO_QUESTION: len(with_text) - len(asked),
        NO_LABEL: len(asked) - len(kept),
        **remarks,
    }
    set_aside = {reason: n for reason, n in counts.items() if n}
    return RowBatch(tuple(rows), found.context, found.answer, set_aside, pair_column=found.question)


def question_columns(table: Table, columns: ColumnChoice) -> QuestionColumns:
    """Return the columns of questions, contexts and answers; raise DataInputError where one is missing or unclear."""
    named = [column for column in (columns.text, columns.label, columns.group, columns.pair) if column]
    question = _column(table, columns.pair or None, QUESTION_COLUMNS, what="question", taken=named)
    context = _column(table, columns.text, CONTEXT_COLUMNS, what="context", taken=[*named, question])
    answer = find_column(
        table,
        columns.label,
        ANSWER_COLUMNS,
        what="answer",
        flag="--label-column",
        fits=is_answer_cell,
        taken=[*named, question, context],
    )
    beside = [column for column in table.columns if _plain(column) in {START, IMPOSSIBLE} and answer is not None]
    return QuestionColumns(question, context, answer, tuple(beside))


def _column(table: Table, named: str | None, known: Tiers, *, what: str, taken: Sequence[str]) -> str:
    flag = "--pair-column" if what == "question" else "--text-column"
    column = find_column(
        table, named, known, what=what, flag=flag, fits=lambda cell: isinstance(cell, str), taken=taken
    )
    if column is None:
        raise missing_column(table, what=what, flag=flag, known=known)
    return column


def _texts(table: Table, column: str) -> list[str]:
    """The texts of a column, empty where there is none; DataInputError for a cell that is no text."""
    texts = []
    for position, cell in enumerate(table.cells(column)):
        if cell is not None and not isinstance(cell, str):
            raise not_text(table, column, position, cell)
        texts.append(cell or "")
    return texts


def _truths(table: Table, found: QuestionColumns) -> list[list[Said] | None]:
    if found.answer is None:
        return [None] * len(table)
    nothing: list[Any] = [None] * len(table)
    by_name = {_plain(column): table.cells(column) for column in found.beside}
    starts, impossible = by_name.get(START, nothing), by_name.get(IMPOSSIBLE, nothing)
    place = f"{table.name}: column {found.answer!r}"
    return [
        said_in(cell, start, never, place=place)
        for cell, start, never in zip(table.cells(found.answer), starts, impossible, strict=True)
    ]


def _plain(column: str) -> str:
    return column.strip().casefold()
