"""What the tasks share that read a whole text and answer it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.inference.units import Want
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import (
    NO_LABEL,
    NO_TEXT,
    ColumnChoice,
    RowBatch,
    group_cells,
    known_labels,
    not_text,
    other_cells,
)

TEXT_COLUMNS: Tiers = (
    (
        "text", "sentence", "content", "review", "premise", "hypothesis", "sentence1", "sentence2",
        "review_text", "review_body", "texts", "sentences", "reviews",
    ),
    ("comment", "comment_text", "document", "body", "message", "utterance", "tweet", "question", "query"),
    ("description", "narrative", "headline", "title", "abstract", "input", "inputs", "prompt"),
)  # fmt: skip


class WholeText:
    """Rows of one text each, encoded and cut into words as the tokenizer does it."""

    suffixes: tuple[str, ...] = ("ForSequenceClassification",)
    auto_class: str = "AutoModelForSequenceClassification"
    peft_type: str = "SEQ_CLS"
    per_word: bool = False
    asks: Want = "logits"
    masks: bool = False

    def content(self, row: Row) -> Any:
        """Return the row's text."""
        return row.text

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of texts."""
        return encoder.texts(contents)

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of texts as the tokenizer splits them."""
        return encoder.text_segments(contents)


def text_column_of(table: Table, columns: ColumnChoice, *, known: Tiers = TEXT_COLUMNS) -> str:
    """Return the column of the text; raise DataInputError where there is none, or more than one."""
    column = find_column(
        table,
        columns.text,
        known,
        what="text",
        flag="--text-column",
        fits=lambda cell: isinstance(cell, str),
        fallback=lambda cell: isinstance(cell, str) and len(cell.split()) > 2,
        taken=[name for name in (columns.label, columns.group) if name],
    )
    if column is None:
        raise missing_column(table, what="text", flag="--text-column", known=known)
    return column


@dataclass(frozen=True, slots=True)
class Truths:
    """What a table says of the truth.

    Attributes:
        column: where it stands; None where the table has none. columns: the same as a list.
        cells: of each row, None where it is missing.
        class_names: names of classes that the column declares. place: the column, as messages call it.
    """

    column: str | None
    cells: Sequence[Any]
    class_names: Sequence[str]
    place: str

    @property
    def columns(self) -> list[str]:
        """The column, or no column."""
        return [] if self.column is None else [self.column]


def truths_in(table: Table, column: str | None, *, named: bool) -> Truths:
    """Return the truths in a column; one in which nothing stands counts as none, unless the user `named` it."""
    names = table.class_names.get(column or "", ())
    cells = known_labels(table.cells(column) if column else [None] * len(table), names)
    if not named and all(cell is None for cell in cells):
        column = None
    return Truths(column, cells, names, f"{table.name}: column {column!r}")


def filled_rows(table: Table, text_column: str) -> list[int]:
    """Return the positions of the rows that have a text; raise DataInputError for a cell that is none."""
    texts = table.cells(text_column)
    for position, cell in enumerate(texts):
        if cell is not None and not isinstance(cell, str):
            raise not_text(table, text_column, position, cell)
    return [i for i, cell in enumerate(texts) if cell is not None and cell.strip()]


def text_rows(
    table: Table,
    columns: ColumnChoice,
    *,
    text_column: str,
    label_columns: Sequence[str],
    truths: Sequence[Any],
    read: Callable[[list[Any]], Sequence[dict[str, Any]]],
) -> RowBatch:
    """Return the rows that have a text and, where the table has truths, a truth.

    Args:
        table: the table; columns: the user's choice of columns.
        text_column, label_columns: where text and truth stand; without label columns rows have no truth.
        truths: the truth of each row of the table, None where it is missing.
        read: takes the truths of the rows that stay, and returns the fields of each row that say it.

    Raises:
        DataInputError: a cell is no text, no row is left, or whatever `read` raises.
    """
    texts = table.cells(text_column)
    filled = filled_rows(table, text_column)
    kept = [i for i in filled if not label_columns or truths[i] is not None]
    if not kept:
        named = ", ".join(map(repr, label_columns))
        empty = f"column {text_column!r} has no text" if not filled else f"column {named} has no label"
        raise DataInputError(f"{table.name}: {empty}; check the table, or name the column yourself")
    said: Sequence[dict[str, Any]] = read([truths[i] for i in kept]) if label_columns else [{} for _ in kept]
    groups = group_cells(table, columns)
    others = other_cells(table, (text_column, *label_columns))
    rows = tuple(
        Row(table.row_id(i), texts[i], group=groups[i], columns=others[i], **truth)
        for i, truth in zip(kept, said, strict=True)
    )
    counts = {NO_TEXT: len(table) - len(filled), NO_LABEL: len(filled) - len(kept)}
    label_column = ", ".join(label_columns) or None
    return RowBatch(rows, text_column, label_column, {reason: n for reason, n in counts.items() if n})
