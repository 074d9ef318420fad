"""The task: what kind of answer a model gives, and how rows, labels and outputs of that kind are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.inference.units import Want
from modelaudit.rows import Row
from modelaudit.subject.columns import find_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

Medium = Literal["text", "picture", "sound"]
NO_TEXT = "rows without text (left out)"
NO_LABEL = "rows without a label (left out)"
REPAIRED = "rows with characters that UTF-8 can't carry (replaced)"


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns that the user named; None is found by name and type.

    Attributes:
        pair: the column of the second text of a pair; empty where texts stand alone, whatever else the table has.
        chat: whether prompts are put to the model through its chat template; None where the table holds messages.
    """

    text: str | None = None
    label: str | None = None
    group: str | None = None
    pair: str | None = None
    chat: bool | None = None


@dataclass(frozen=True, slots=True)
class RowBatch:
    """The rows of one table, the columns they came from, and what was set aside on the way.

    A table is labelled as a whole: where it has a label column, rows without a label are left out and counted.
    """

    rows: tuple[Row, ...]
    text_column: str
    label_column: str | None
    set_aside: dict[str, int] = field(default_factory=dict)
    pair_column: str | None = None


class Task(Protocol):
    """Everything that depends on the kind of answer; one module of `tasks` each.

    Attributes:
        name: as the report shows it, `text-classification`.
        medium: what rows are. reads: the main inputs of its models, `input_ids`, `pixel_values`, `input_values` or
            `input_features`.
        suffixes: how class names of models with such a head end, `ForSequenceClassification`.
        auto_class: the transformers class that loads them.
        peft_type: the task type in an adapter's configuration; empty where there is none of this kind.
        verbs: what a model of this task answers beside `embed`.
        per_word: whether it answers word by word.
        argmax: whether the answer is the class with the largest logit, of the row or of each word; half precision is
            certified for such answers alone.
        asks: what is asked of the engine for a prediction.
        masks: whether each judged token is hidden from the model while it is judged, in a copy of the row of its own.
    """

    name: str
    medium: Medium
    reads: frozenset[str]
    suffixes: tuple[str, ...]
    auto_class: str
    peft_type: str
    verbs: frozenset[str]
    per_word: bool
    argmax: bool
    asks: Want
    masks: bool

    def fits(self, config: Any) -> bool:
        """Tell whether a model with such a head and this configuration is of the task; several tasks share a head."""
        ...

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return the names of classes or outputs by index, none where answers are text.

        Raises ModelInputError for a head that the task can't judge.
        """
        ...

    def encoder(self, opened: OpenedModel, *, length: int) -> Any:
        """Return what turns contents into encodings: the tokenizer, cut to so many tokens, or a processor."""
        ...

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table; raise DataInputError for a column, a label or a cell that can't be used."""
        ...

    def content(self, row: Row) -> Any:
        """Return what the model reads of a row, as a key: rows with one content have one encoding."""
        ...

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of contents."""
        ...

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the maskable words of contents."""
        ...

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return the engine's answers, of the kind `asks`, as predictions of so many classes."""
        ...

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return the loss of the rows' truths under their predictions, of the kind that the task is trained with."""
        ...

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return how often each class is the truth."""
        ...


class Answering(Protocol):
    """What a task has in addition where its models answer with text."""

    def answers(self, rows: Sequence[Row], encoder: Any, engine: Engine, *, opened: OpenedModel, most: int) -> Answers:
        """Return what the model answers by itself, with at most so many new tokens where it writes."""
        ...


@runtime_checkable
class Settling(Protocol):
    """What a task has in addition where the rows of an audit say how its models are to be read."""

    def settled(self, reader: Any, rows: Sequence[Row], *, opened: OpenedModel) -> tuple[Any, tuple[str, ...]]:
        """Return the encoder as these rows want it, and sentences for the report."""
        ...


class ReadsText:
    """What tasks share whose rows are texts."""

    medium: Medium = "text"
    reads: frozenset[str] = frozenset({"input_ids"})

    def encoder(self, opened: OpenedModel, *, length: int) -> Encoder:
        """Return the tokenizer, cut to so many tokens."""
        return Encoder(opened.tokenizer, length)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities of (n, C) logits; NaN rows stay NaN."""
    shifted: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropy(logits: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cross-entropy in nats of one class for each row of (n, C) logits; NaN rows stay NaN."""
    top = logits.max(axis=1, initial=-np.inf)
    total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    loss: NDArray[np.float64] = total - logits[np.arange(len(logits)), classes]
    return loss


def group_cells(table: Table, columns: ColumnChoice) -> list[str | None]:
    """Return each row's group, or None for all where the user named no group column."""
    if columns.group is None:
        return [None] * len(table)
    column = find_column(
        table, columns.group, (), what="group", flag="--group-column", fits=lambda cell: cell is not None
    )
    return [None if cell is None else str(cell) for cell in table.cells(column or columns.group)]


def known_labels(cells: Sequence[Any], class_names: Sequence[str]) -> list[Any]:
    """Return label cells with None where there is none: empty text, or the -1 that `datasets` writes for it."""
    return [None if _is_missing(cell, class_names) else cell for cell in cells]


def other_cells(table: Table, taken: Sequence[str | None]) -> list[dict[str, Any]]:
    """Return the cells of each row that have no other meaning, by column."""
    names = [column for column in table.columns if column not in taken]
    if not names:
        return [{} for _ in range(len(table))]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*map(table.cells, names), strict=True)]


def not_text(table: Table, column: str, position: int, cell: Any) -> DataInputError:
    """Return the error for a cell that should be text and is not."""
    return DataInputError(
        f"{table.name}: row {position + 1} of column {column!r} is not text but {_kind(cell)}; convert it to text, or "
        "name another column with --text-column (text_column= in Python)"
    )


def _kind(cell: Any) -> str:
    return f"a list of {len(cell)}" if isinstance(cell, list) else f"a value of type {type(cell).__name__}"


def _is_missing(cell: Any, class_names: Sequence[str]) -> bool:
    return not cell.strip() if isinstance(cell, str) else bool(class_names) and cell == -1
