"""Multi-label classification: each label of a text is there or not, whatever the others are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.label_names import class_names
from modelaudit.subject.label_sets import flagged_labels, match_label_sets
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch, known_labels
from modelaudit.subject.tasks.whole_text import WholeText, text_columns_of, text_rows, truths_in

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LABEL_COLUMNS: Tiers = (
    ("labels", "label", "targets", "target", "classes"),
    ("tags", "categories", "genres", "emotions"),
)


class MultiLabelClassification(WholeText):
    """Any number of labels for a whole text, each decided by a sigmoid of its own logit."""

    name: str = "multi-label-classification"
    verbs: frozenset[str] = frozenset({"predict", "predict_proba", "loss", "players", "predict_masked", "gradients"})
    argmax: bool = False

    def fits(self, config: Any) -> bool:
        """Whether the configuration says that labels do not exclude one another."""
        return bool(config.problem_type == "multi_label_classification")

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return label names by index."""
        return class_names(model)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table, with the indices of their labels where it has them.

        Labels stand in one column, as a list of names or of indices, as a list of one 0 or 1 a label, or as text with
        marks between; or in a column of 0 and 1 for each label, called as the label, which is never read as indices.
        """
        texts = text_columns_of(table, columns)
        of_labels = [] if columns.label is not None else _columns_of_labels(table, labels)
        if of_labels:
            return text_rows(
                table,
                columns,
                text_column=texts.text,
                pair_column=texts.pair,
                label_columns=of_labels,
                truths=_cells_of_labels(table, of_labels),
                read=lambda rows: [{"label_set": found} for found in flagged_labels(rows, of_labels, table=table.name)],
            )
        column = find_column(
            table,
            columns.label,
            LABEL_COLUMNS,
            what="label",
            flag="--label-column",
            fits=lambda cell: isinstance(cell, str | int | list),
            taken=texts.taken(columns),
        )
        truths = truths_in(table, column, named=columns.label is not None)
        return text_rows(
            table,
            columns,
            text_column=texts.text,
            pair_column=texts.pair,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [
                {"label_set": found}
                for found in match_label_sets(cells, labels, place=truths.place, class_names=truths.class_names)
            ],
        )

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (n, C) logits, and the probability of each label on its own."""
        values = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, classes))
        return Predictions(values, expit(values), np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_))

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each row's mean binary cross-entropy in nats; raise DataInputError for a row without labels."""
        unlabelled = next((row.id for row in rows if row.label_set is None), None)
        if unlabelled is not None:
            raise DataInputError(
                f"row {unlabelled} has no labels, so it has no loss; ask for the loss of labelled rows"
            )
        true = np.zeros(predictions.logits.shape, dtype=np.bool_)
        for place, row in enumerate(rows):
            true[place, list(row.label_set or ())] = True
        against = np.where(true, -predictions.logits, predictions.logits)
        return Losses(np.logaddexp(0.0, against).mean(axis=1) if len(rows) else np.zeros(0))

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return rows by label; a row counts once for each of its labels."""
        if all(row.label_set is None for row in rows):
            return {}
        counts = Counter(index for row in rows for index in row.label_set or ())
        return {label: counts[index] for index, label in enumerate(labels)}


def _columns_of_labels(table: Table, labels: Sequence[str]) -> list[str]:
    """Return the columns that are called as the labels, in their order; none where one is missing."""
    by_name = {column.strip().casefold(): column for column in table.columns}
    found = [by_name.get(label.strip().casefold()) for label in labels]
    return [] if any(column is None for column in found) else [str(column) for column in found]


def _cells_of_labels(table: Table, columns: Sequence[str]) -> list[Any]:
    """Return position and cells of each row, None where a cell is empty."""
    rows = zip(*(known_labels(table.cells(column), ()) for column in columns), strict=True)
    return [None if None in cells else (position, cells) for position, cells in enumerate(rows)]
