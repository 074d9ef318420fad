"""Tagged cells: the words and tags of a table's sentences, before tags are matched to labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.tables import Table
from modelaudit.subject.tag_faults import TagFaults, tag_faults
from modelaudit.subject.task import NO_LABEL, NO_TEXT, ColumnChoice, not_text

WORD_COLUMNS: Tiers = (("tokens", "words"), ("token", "word", "text", "sentence"), ("content", "sentences"))
TAG_COLUMNS: Tiers = (("ner_tags", "ner"), ("tags", "labels"))


@dataclass(frozen=True, slots=True)
class TaggedCells:
    """The sentences of a table that have words and, where the table has tags, tags.

    Attributes:
        word_column, tag_column: where they stood; `tag_column` is None where the table has no tags.
        positions: of the sentences in the table, counted from 0. words: of each.
        tags: of each, one a word, as the table's reader gives them; empty without a column of tags.
        written: the same as the source spells them, where the reader has respelled them.
        class_names: names that the column declares for integers. set_aside: rows left out, by reason.
    """

    word_column: str
    tag_column: str | None
    positions: tuple[int, ...]
    words: tuple[tuple[str, ...], ...]
    tags: tuple[Sequence[Any], ...]
    written: tuple[Sequence[Any], ...]
    class_names: tuple[str, ...]
    set_aside: dict[str, int]

    @property
    def are_text(self) -> bool:
        """Whether every tag is text."""
        return all(isinstance(tag, str) for sentence in self.tags for tag in sentence)

    @property
    def numbered(self) -> bool:
        """Whether every tag is an integer, or text that writes one out."""
        tags = [tag for sentence in self.tags for tag in sentence]
        return bool(tags) and all(_whole(tag) >= 0 for tag in tags)

    def named(self, sentences: Sequence[Sequence[Any]]) -> list[Sequence[str]] | None:
        """Return tags by name, of integers through the names that the column declares; None for nameless integers."""
        if not self.numbered:
            return list(sentences if self.are_text else [tuple(map(str, sentence)) for sentence in sentences])
        if not self.class_names:
            return None
        names = dict(enumerate(self.class_names))
        return [tuple(names.get(_whole(tag), str(tag)) for tag in sentence) for sentence in sentences]

    def faults(self) -> TagFaults | None:
        """Return what the tags break, as the source spells them; None where integers have no names."""
        named = self.named(self.written)
        return None if named is None else tag_faults(named)


def tagged_cells(table: Table, columns: ColumnChoice) -> TaggedCells:
    """Return the sentences of a table; raise DataInputError for a column or a cell that can't be used."""
    word_column, tag_column = _columns(table, columns)
    words = [_words(table, word_column, i, cell) for i, cell in enumerate(table.cells(word_column))]
    tags = table.cells(tag_column) if tag_column else [None] * len(table)
    if columns.label is None and all(cell is None for cell in tags):
        tag_column = None
    filled = [i for i, row in enumerate(words) if row]
    kept = [i for i in filled if tag_column is None or tags[i] is not None]
    if not kept:
        empty = f"column {word_column!r} has no words" if not filled else f"column {tag_column!r} has no tags"
        raise DataInputError(f"{table.name}: {empty}; check the table, or name the column yourself")
    split: tuple[Sequence[Any], ...] = ()
    written: tuple[Sequence[Any], ...] = ()
    if tag_column is not None:
        split = tuple(_tags(table, tag_column, i, tags[i], len(words[i])) for i in kept)
        spelled = table.written.get(tag_column)
        written = split if spelled is None else tuple(spelled[i] for i in kept)
    counts = {NO_TEXT: len(table) - len(filled), NO_LABEL: len(filled) - len(kept)}
    return TaggedCells(
        word_column,
        tag_column,
        tuple(kept),
        tuple(words[i] for i in kept),
        split,
        written,
        table.class_names.get(tag_column or "", ()),
        {reason: n for reason, n in counts.items() if n},
    )


def _columns(table: Table, columns: ColumnChoice) -> tuple[str, str | None]:
    word_column = find_column(
        table,
        columns.text,
        WORD_COLUMNS,
        what="words",
        flag="--text-column",
        fits=lambda cell: isinstance(cell, str | list),
        fallback=lambda cell: isinstance(cell, list) and all(isinstance(word, str) for word in cell),
        taken=[name for name in (columns.label, columns.group) if name],
    )
    if word_column is None:
        raise missing_column(table, what="words", flag="--text-column", known=WORD_COLUMNS)
    tag_column = find_column(
        table,
        columns.label,
        TAG_COLUMNS,
        what="tags",
        flag="--label-column",
        fits=lambda cell: isinstance(cell, str | list),
        taken=[name for name in (word_column, columns.group) if name],
    )
    return word_column, tag_column


def _words(table: Table, column: str, position: int, cell: Any) -> tuple[str, ...]:
    """The words of a cell: a list of them, or text to be split at white space; none for a missing cell."""
    if cell is None:
        return ()
    if isinstance(cell, str):
        return tuple(cell.split())
    if not isinstance(cell, list) or not all(isinstance(word, str) for word in cell):
        raise not_text(table, column, position, cell)
    return tuple(cell)


def _tags(table: Table, column: str, position: int, cell: Any, words: int) -> list[Any]:
    tags = cell.split() if isinstance(cell, str) else cell
    if not isinstance(tags, list):
        raise DataInputError(
            f"{table.name}: row {table.number(position)} of column {column!r} is a {type(cell).__name__}; it needs one "
            "tag a word"
        )
    if len(tags) != words:
        raise DataInputError(
            f"{table.name}: row {table.number(position)} has {words} words but {len(tags)} tags in column {column!r}; "
            "give each word one tag"
        )
    return tags


def _whole(tag: Any) -> int:
    """The integer that a tag is, or writes out; -1 for anything else."""
    if isinstance(tag, str):
        return int(tag) if tag.strip().isdecimal() and len(tag) < 20 else -1
    if isinstance(tag, bool) or not isinstance(tag, int | float) or not float(tag).is_integer():
        return -1
    return int(tag)
