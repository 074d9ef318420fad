"""What the tasks share that read a whole text, or a pair of texts, and answer it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.inference.units import Want
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.pairs import check_pair_column, encoded_pairs, pair_columns, pair_segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import (
    NO_LABEL,
    NO_TEXT,
    ColumnChoice,
    ReadsText,
    RowBatch,
    group_cells,
    known_labels,
    not_text,
    other_cells,
)

NO_COMPANION = "rows without the second text of the pair (left out)"

TEXT_COLUMNS: Tiers = (
    (
        "text", "sentence", "content", "review", "premise", "hypothesis", "sentence1", "sentence2",
        "review_text", "review_body", "texts", "sentences", "reviews",
    ),
    ("comment", "comment_text", "document", "body", "message", "utterance", "tweet", "question", "query"),
    ("description", "narrative", "headline", "title", "abstract", "input", "inputs", "prompt"),
)  # fmt: skip


class WholeText(ReadsText):
    """Rows of one text each, or of a pair, encoded and cut into words as the tokenizer does it."""

    suffixes: tuple[str, ...] = ("ForSequenceClassification",)
    auto_class: str = "AutoModelForSequenceClassification"
    peft_type: str = "SEQ_CLS"
    per_word: bool = False
    asks: Want = "logits"
    masks: bool = False

    def content(self, row: Row) -> Any:
        """Return the row's text, or the pair of its texts."""
        return row.text if row.companion is None else (row.text, row.companion)

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of texts and pairs."""
        texts = iter(encoder.texts(_alone(contents)))
        pairs = iter(encoded_pairs(_paired(contents), encoder))
        return [next(texts if isinstance(content, str) else pairs) for content in contents]

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of texts as the tokenizer splits them, of a pair those of both its texts."""
        texts = iter(encoder.text_segments(_alone(contents)))
        pairs = iter(pair_segments(_paired(contents), encoder))
        return [next(texts if isinstance(content, str) else pairs) for content in contents]


def _alone(contents: Sequence[Any]) -> list[str]:
    return [content for content in contents if isinstance(content, str)]


def _paired(contents: Sequence[Any]) -> list[tuple[str, str]]:
    return [content for content in contents if not isinstance(content, str)]


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Where the texts of a table stand: the text, and the second text of pairs or None."""

    text: str
    pair: str | None = None

    def taken(self, columns: ColumnChoice) -> list[str]:
        """Return the columns that can't hold the truth."""
        return [name for name in (self.text, self.pair, columns.group) if name]


def text_columns_of(table: Table, columns: ColumnChoice) -> TextColumns:
    """Return the column of the text, and that of the second text where the table has pairs.

    A pair is found by the names of both columns where the user named neither text column; texts stand alone where the
    user's `pair` is empty. Raises DataInputError for a column that is missing or ambiguous.
    """
    meant = (columns.label, columns.group)
    if columns.pair:
        check_pair_column(table, columns.pair, taken=(columns.text, *meant))
        return TextColumns(text_column_of(table, columns, taken=(columns.pair,)), columns.pair)
    found = pair_columns(table, taken=meant) if columns.text is None and columns.pair is None else None
    return TextColumns(*found) if found else TextColumns(text_column_of(table, columns))


def text_column_of(
    table: Table, columns: ColumnChoice, *, known: Tiers = TEXT_COLUMNS, taken: Sequence[str] = ()
) -> str:
    """Return the column of the text; raise DataInputError where there is none, or more than one.

    Args:
        table: the table to look in; columns: the user's choice.
        known: names of columns that hold texts; taken: columns that already have another meaning.
    """
    column = find_column(
        table,
        columns.text,
        known,
        what="text",
        flag="--text-column",
        fits=lambda cell: isinstance(cell, str),
        fallback=lambda cell: isinstance(cell, str) and len(cell.split()) > 2,
        taken=[*taken, *(name for name in (columns.label, columns.group) if name)],
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
    pair_column: str | None = None,
) -> RowBatch:
    """Return the rows that have a text, the second text where rows are pairs and, where the table has truths, a truth.

    Args:
        table: the table; columns: the user's choice of columns.
        text_column, label_columns: where text and truth stand; without label columns rows have no truth.
        truths: the truth of each row of the table, None where it is missing.
        read: takes the truths of the rows that stay, and returns the fields of each row that say it.
        pair_column: where the second text of each pair stands, if rows are pairs.

    Raises:
        DataInputError: a cell is no text, no row is left, or whatever `read` raises.
    """
    texts = table.cells(text_column)
    filled = filled_rows(table, text_column)
    others_filled = set(filled_rows(table, pair_column)) if pair_column else set(filled)
    whole = [i for i in filled if i in others_filled]
    kept = [i for i in whole if not label_columns or truths[i] is not None]
    if not kept:
        named = ", ".join(map(repr, label_columns))
        empty = f"column {text_column!r} has no text" if not filled else f"column {named} has no label"
        empty = empty if whole or not filled else f"no row has a text in {text_column!r} and one in {pair_column!r}"
        raise DataInputError(f"{table.name}: {empty}; check the table, or name the column yourself")
    said: Sequence[dict[str, Any]] = read([truths[i] for i in kept]) if label_columns else [{} for _ in kept]
    groups = group_cells(table, columns)
    others = other_cells(table, (text_column, pair_column, *label_columns))
    companions = table.cells(pair_column) if pair_column else [None] * len(table)
    rows = tuple(
        Row(table.row_id(i), texts[i], group=groups[i], columns=others[i], companion=companions[i], **truth)
        for i, truth in zip(kept, said, strict=True)
    )
    counts = {
        NO_TEXT: len(table) - len(filled),
        NO_COMPANION: len(filled) - len(whole),
        NO_LABEL: len(whole) - len(kept),
    }
    label_column = ", ".join(label_columns) or None
    set_aside = {reason: n for reason, n in counts.items() if n}
    return RowBatch(rows, text_column, label_column, set_aside, pair_column=pair_column)
