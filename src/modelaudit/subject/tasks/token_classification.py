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
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.label_names import class_names
from modelaudit.subject.labels import match_tags
from modelaudit.subject.tables import Table
from modelaudit.subject.tag_faults import typed
from modelaudit.subject.task import (
    ColumnChoice,
    ReadsText,
    RowBatch,
    cross_entropy,
    group_cells,
    other_cells,
    softmax,
)
from modelaudit.subject.tasks.tagged_cells import TAG_COLUMNS, WORD_COLUMNS, tagged_cells

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["BROKEN_TAGS", "TAG_COLUMNS", "WORD_COLUMNS", "TokenClassification"]

BROKEN_TAGS = "rows with tags that break their scheme (read as they stand)"


class TokenClassification(ReadsText):
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
        cells = tagged_cells(table, columns)
        set_aside = dict(cells.set_aside)
        indices: Sequence[tuple[int, ...] | None] = [None] * len(cells.positions)
        if cells.tag_column is not None:
            place = f"{table.name}: column {cells.tag_column!r}"
            tags = typed(cells.tags, known=labels) if cells.are_text else cells.tags
            indices = match_tags(tags, labels, place=place, class_names=cells.class_names)
            faults = cells.faults()
            set_aside |= {BROKEN_TAGS: len(faults.words)} if faults is not None and faults.words else {}
        groups = group_cells(table, columns)
        others = other_cells(table, (cells.word_column, cells.tag_column))
        rows = tuple(
            Row(table.row_id(i), " ".join(words), words, tags=tag, group=groups[i], columns=others[i])
            for i, words, tag in zip(cells.positions, cells.words, indices, strict=True)
        )
        return RowBatch(rows, cells.word_column, cells.tag_column, set_aside)

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
