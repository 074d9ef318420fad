"""Text classification with one label a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.labels import match_labels
from modelaudit.subject.tables import Table
from modelaudit.subject.task import (
    NO_LABEL,
    NO_TEXT,
    ColumnChoice,
    RowBatch,
    class_names,
    cross_entropy,
    group_cells,
    known_labels,
    not_text,
    other_cells,
    softmax,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TEXT_COLUMNS: Tiers = (
    (
        "text", "sentence", "content", "review", "premise", "hypothesis", "sentence1", "sentence2",
        "review_text", "review_body", "texts", "sentences", "reviews",
    ),
    ("comment", "comment_text", "document", "body", "message", "utterance", "tweet", "question", "query"),
    ("description", "narrative", "headline", "title", "abstract", "input", "inputs", "prompt"),
)  # fmt: skip
LABEL_COLUMNS: Tiers = (("label", "labels", "target", "class", "y"),)
Floats = NDArray[np.float64]


class TextClassification:
    """One class for a whole text."""

    name: str = "text-classification"
    suffix: str = "ForSequenceClassification"
    auto_class: str = "AutoModelForSequenceClassification"
    peft_type: str = "SEQ_CLS"
    verbs: frozenset[str] = frozenset({"predict", "predict_proba", "loss", "players", "predict_masked", "gradients"})
    per_word: bool = False

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return class names by index; raise ModelInputError for regression and for several labels a text."""
        names = class_names(model)
        if model.config.problem_type == "multi_label_classification":
            raise ModelInputError(
                "the model gives several labels a text (problem_type 'multi_label_classification'); only models with "
                "one label a text can be audited now"
            )
        if len(names) < 2 or model.config.problem_type == "regression":
            raise ModelInputError(
                f"the model has {len(names)} output(s) and problem_type {model.config.problem_type!r}, which is a "
                "regression; only models that choose among two or more classes can be audited now"
            )
        return names

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table, with class indices where it has a label column."""
        text_column = self._text_column(table, columns)
        label_column = self._label_column(table, labels, columns, text_column)
        texts = table.cells(text_column)
        names = table.class_names.get(label_column or "", ())
        truths = known_labels(table.cells(label_column) if label_column else [None] * len(table), names)
        if columns.label is None and all(cell is None for cell in truths):
            label_column = None
        for position, cell in enumerate(texts):
            if cell is not None and not isinstance(cell, str):
                raise not_text(table, text_column, position, cell)
        filled = [i for i, cell in enumerate(texts) if cell is not None and cell.strip()]
        kept = [i for i in filled if label_column is None or truths[i] is not None]
        if not kept:
            empty = f"column {text_column!r} has no text" if not filled else f"column {label_column!r} has no label"
            raise DataInputError(f"{table.name}: {empty}; check the table, or name the column yourself")
        indices: list[int | None] = [None] * len(kept)
        if label_column is not None:
            place = f"{table.name}: column {label_column!r}"
            indices = [*match_labels([truths[i] for i in kept], labels, place=place, class_names=names)]
        groups = group_cells(table, columns)
        others = other_cells(table, (text_column, label_column))
        rows = tuple(
            Row(f"{table.name}:{i + 1}", texts[i], label=index, group=groups[i], columns=others[i])
            for i, index in zip(kept, indices, strict=True)
        )
        counts = {NO_TEXT: len(table) - len(filled), NO_LABEL: len(filled) - len(kept)}
        return RowBatch(rows, text_column, label_column, {reason: n for reason, n in counts.items() if n})

    def content(self, row: Row) -> Any:
        """Return the row's text."""
        return row.text

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of texts."""
        return encoder.texts(contents)

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of texts as the tokenizer splits them."""
        return encoder.text_segments(contents)

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (n, C) logits and probabilities."""
        values = np.array(logits).astype(np.float64) if len(logits) else np.zeros((0, classes))
        return Predictions(values, softmax(values), np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_))

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return the cross-entropy of each row's class; raise DataInputError for a row without one."""
        unlabelled = next((row.id for row in rows if row.label is None), None)
        if unlabelled is not None:
            raise DataInputError(f"row {unlabelled} has no label, so it has no loss; ask for the loss of labelled rows")
        classes = np.array([row.label for row in rows], dtype=np.int64)
        return Losses(cross_entropy(predictions.logits, classes) if len(rows) else np.zeros(0))

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return rows by class."""
        counts = Counter(row.label for row in rows if row.label is not None)
        return {label: counts[index] for index, label in enumerate(labels)} if counts else {}

    def _text_column(self, table: Table, columns: ColumnChoice) -> str:
        column = find_column(
            table,
            columns.text,
            TEXT_COLUMNS,
            what="text",
            flag="--text-column",
            fits=lambda cell: isinstance(cell, str),
            fallback=lambda cell: isinstance(cell, str) and len(cell.split()) > 2,
            taken=[name for name in (columns.label, columns.group) if name],
        )
        if column is None:
            raise missing_column(table, what="text", flag="--text-column", known=TEXT_COLUMNS)
        return column

    def _label_column(self, table: Table, labels: Sequence[str], columns: ColumnChoice, text_column: str) -> str | None:
        known = {label.casefold() for label in labels}
        return find_column(
            table,
            columns.label,
            LABEL_COLUMNS,
            what="label",
            flag="--label-column",
            fits=lambda cell: isinstance(cell, str | int | float),
            fallback=lambda cell: isinstance(cell, str) and cell.casefold() in known,
            taken=[name for name in (text_column, columns.group) if name],
        )
