"""Token classification: one tag a word, as in named-entity recognition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.inference.units import Want
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.labels import match_tags
from modelaudit.subject.tables import Table
from modelaudit.subject.task import (
    NO_LABEL,
    NO_TEXT,
    ColumnChoice,
    RowBatch,
    class_names,
    cross_entropy,
    group_cells,
    not_text,
    other_cells,
    softmax,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WORD_COLUMNS: Tiers = (("tokens", "words"), ("token", "word", "text", "sentence"), ("content", "sentences"))
TAG_COLUMNS: Tiers = (("ner_tags", "ner"), ("tags", "labels"))


class TokenClassification:
    """One tag for each word. A word is answered by the output of its first token.

    Words that were cut off, and words of which the tokenizer makes no token (a lone zero-width space), have NaN rows:
    the model says nothing about them, which is not the same as "outside".
    """

    name: str = "token-classification"
    suffixes: tuple[str, ...] = ("ForTokenClassification",)
    auto_class: str = "AutoModelForTokenClassification"
    peft_type: str = "TOKEN_CLS"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "gradients"})
    per_word: bool = True
    argmax: bool = True
    asks: Want = "logits"
    masks: bool = False

    def fits(self, config: Any) -> bool:
        """Whether the head tags words; every one of this kind does."""
        return True

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return tag names by index."""
        names = class_names(model)
        if len(names) < 2:
            raise ModelInputError(f"the model knows {len(names)} tag(s); it needs two or more to be audited")
        return names

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table, with tag indices where it has a tag column."""
        word_column, tag_column = self._columns(table, columns)
        words = [_words(table, word_column, i, cell) for i, cell in enumerate(table.cells(word_column))]
        tags = table.cells(tag_column) if tag_column else [None] * len(table)
        if columns.label is None and all(cell is None for cell in tags):
            tag_column = None
        filled = [i for i, row in enumerate(words) if row]
        kept = [i for i in filled if tag_column is None or tags[i] is not None]
        if not kept:
            empty = f"column {word_column!r} has no words" if not filled else f"column {tag_column!r} has no tags"
            raise DataInputError(f"{table.name}: {empty}; check the table, or name the column yourself")
        indices: list[tuple[int, ...] | None] = [None] * len(kept)
        if tag_column is not None:
            place = f"{table.name}: column {tag_column!r}"
            split = [_tags(table, tag_column, i, tags[i], len(words[i])) for i in kept]
            names = table.class_names.get(tag_column, ())
            indices = [*match_tags(split, labels, place=place, class_names=names)]
        groups = group_cells(table, columns)
        others = other_cells(table, (word_column, tag_column))
        rows = tuple(
            Row(f"{table.name}:{i + 1}", " ".join(words[i]), words[i], tags=tag, group=groups[i], columns=others[i])
            for i, tag in zip(kept, indices, strict=True)
        )
        counts = {NO_TEXT: len(table) - len(filled), NO_LABEL: len(filled) - len(kept)}
        return RowBatch(rows, word_column, tag_column, {reason: n for reason, n in counts.items() if n})

    def content(self, row: Row) -> Any:
        """Return the row's words; those of plain text are set apart by white space."""
        return tuple(row.text.split()) if row.words is None else row.words

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of pre-tokenised rows."""
        return encoder.words(contents)

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of rows up to the first that was cut off."""
        return encoder.word_segments(contents)

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (sum of words, C) logits and probabilities, NaN where the model says nothing."""
        offsets = np.concatenate([[0], np.cumsum([e.words for e in encodings], dtype=np.int64)]).astype(np.int64)
        values = np.full((int(offsets[-1]), classes), np.nan)
        answered = [i for i, e in enumerate(encodings) if len(e.word_index)]
        if answered:
            places = np.concatenate([offsets[i] + encodings[i].word_index for i in answered])
            values[places] = np.concatenate([logits[i] for i in answered])
        truncated = np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_)
        return Predictions(values, softmax(values), truncated, offsets)

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return the cross-entropy of each word's tag, and its mean over the words that have an answer."""
        untagged = next((row.id for row in rows if row.tags is None), None)
        if untagged is not None or predictions.offsets is None:
            raise DataInputError(f"row {untagged} has no tags, so it has no loss; ask for the loss of tagged rows")
        tags = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
        per_word = cross_entropy(predictions.logits, tags) if len(tags) else np.zeros(0)
        row_of = np.repeat(np.arange(len(rows)), np.diff(predictions.offsets))
        known = ~np.isnan(per_word)
        total = np.bincount(row_of[known], per_word[known], minlength=len(rows))
        count = np.bincount(row_of[known], minlength=len(rows))
        per_row = np.divide(total, count, out=np.full(len(rows), np.nan), where=count > 0)
        return Losses(per_row, per_word, predictions.offsets)

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return words by tag."""
        counts = Counter(tag for row in rows for tag in row.tags or ())
        return {label: counts[index] for index, label in enumerate(labels)} if counts else {}

    def _columns(self, table: Table, columns: ColumnChoice) -> tuple[str, str | None]:
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
            f"{table.name}: row {position + 1} of column {column!r} is a {type(cell).__name__}; it needs one tag a word"
        )
    if len(tags) != words:
        raise DataInputError(
            f"{table.name}: row {position + 1} has {words} words but {len(tags)} tags in column {column!r}; "
            "give each word one tag"
        )
    return tags
