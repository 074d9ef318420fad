"""Text regression: one or more numbers for a whole text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.cells import shown_cell, written_list
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.label_names import class_names
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.whole_text import WholeText, text_columns_of, text_rows, truths_in

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NUMBER_COLUMNS: Tiers = (
    ("label", "labels", "target", "score", "y"),
    ("rating", "stars", "value", "similarity", "similarity_score"),
)


class TextRegression(WholeText):
    """Numbers for a whole text; the model's outputs as they are."""

    name: str = "text-regression"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "gradients"})
    argmax: bool = False

    def fits(self, config: Any) -> bool:
        """Whether the configuration says so, or the head has one output and says nothing else."""
        return config.problem_type == "regression" or (config.problem_type is None and int(config.num_labels) == 1)

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return the names of the outputs by index."""
        return class_names(model)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table, with true values where it has a column of numbers."""
        texts = text_columns_of(table, columns)
        column = find_column(
            table,
            columns.label,
            NUMBER_COLUMNS,
            what="label",
            flag="--label-column",
            fits=lambda cell: _numbers(cell) is not None,
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
            read=lambda cells: [{"values": _values(cell, len(labels), place=truths.place)} for cell in cells],
        )

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (n, D) outputs as logits; a number has no probability, so these are NaN."""
        values = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, classes))
        truncated = np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_)
        return Predictions(values, np.full(values.shape, np.nan), truncated)

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each row's squared error, the mean over outputs; DataInputError for a row without a true value."""
        unknown = next((row.id for row in rows if row.values is None), None)
        if unknown is not None:
            raise DataInputError(
                f"row {unknown} has no true value, so it has no loss; ask for the loss of labelled rows"
            )
        true = np.array([row.values for row in rows], dtype=np.float64).reshape(predictions.logits.shape)
        return Losses(((predictions.logits - true) ** 2).mean(axis=1) if len(rows) else np.zeros(0))

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return nothing: there are no classes to count."""
        return {}


def _values(cell: Any, outputs: int, *, place: str) -> tuple[float, ...]:
    found = _numbers(cell)
    if found is None or len(found) != outputs:
        raise DataInputError(
            f"{place}: {shown_cell(cell)} is not the true value of a regression; the model gives {outputs} number(s) a "
            "text, so write as many finite numbers"
        )
    return found


def _numbers(cell: Any) -> tuple[float, ...] | None:
    """Return the finite numbers of a cell, which may be a list written out, or None."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        cell = written_list(cell.strip())
    cells = cell if isinstance(cell, list | tuple) else [cell]
    try:
        numbers = tuple(float(each) for each in cells)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
