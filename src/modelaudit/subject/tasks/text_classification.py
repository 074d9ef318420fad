"""Text classification with one label a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.label_names import class_names
from modelaudit.subject.labels import match_labels
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch, cross_entropy, softmax
from modelaudit.subject.tasks.whole_text import WholeText, text_columns_of, text_rows, truths_in

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LABEL_COLUMNS: Tiers = (("label", "labels", "target", "class", "y"),)
Floats = NDArray[np.float64]


class TextClassification(WholeText):
    """One class for a whole text."""

    name: str = "text-classification"
    verbs: frozenset[str] = frozenset({"predict", "predict_proba", "loss", "players", "predict_masked", "gradients"})
    argmax: bool = True

    def fits(self, config: Any) -> bool:
        """Whether the head chooses one class of several."""
        return int(config.num_labels) > 1 and config.problem_type in {None, "single_label_classification"}

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return class names by index."""
        return class_names(model)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table, with class indices where it has a label column."""
        texts = text_columns_of(table, columns)
        column = label_column_of(table, labels, columns, *texts.taken(columns))
        truths = truths_in(table, column, named=columns.label is not None)
        return text_rows(
            table,
            columns,
            text_column=texts.text,
            pair_column=texts.pair,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [
                {"label": index}
                for index in match_labels(cells, labels, place=truths.place, class_names=truths.class_names)
            ],
        )

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


def label_column_of(table: Table, labels: Sequence[str], columns: ColumnChoice, *text_columns: str) -> str | None:
    """Return the column of the labels, found by its name or by cells that are known labels; None without one.

    It is none of `text_columns`, nor the column of the group.
    """
    known = {label.casefold() for label in labels}
    return find_column(
        table,
        columns.label,
        LABEL_COLUMNS,
        what="label",
        flag="--label-column",
        fits=lambda cell: isinstance(cell, str | int | float),
        fallback=lambda cell: isinstance(cell, str) and cell.casefold() in known,
        taken=[name for name in (*text_columns, columns.group) if name],
    )
