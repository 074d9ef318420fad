"""Scores of a saved model on a table, read as an audit would read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelaudit.subject.opened import OpenedCallable, OpenOptions
from modelaudit.subject.source import open_model
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import ColumnChoice
from modelaudit.subject.tasks import task_of
from modelaudit.training.compact import TaskName
from modelaudit.training.record import TrainingScores
from modelaudit.training.scores import scored

__all__ = ["scores_on"]


def scores_on(
    folder: Path,
    source: Any,
    *,
    of: str = "test",
    columns: ColumnChoice = ColumnChoice(),  # noqa: B008
    options: OpenOptions = OpenOptions(),  # noqa: B008
    device: str = "auto",
) -> TrainingScores:
    """Return the scores of the model in a folder on labelled rows.

    Args:
        source: rows in every format that an audit takes. of: what they are called.
        columns: the columns that the user names. options: what the model's folder may bring.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ModelInputError, DataInputError: the model can't be opened, or the rows can't be used.
    """
    opened = open_model(folder, options)
    assert not isinstance(opened, OpenedCallable)
    task = task_of(opened.model)
    labels = task.labels(opened.model)
    rows = task.rows(read_table(source, name=of), labels, columns).rows
    return scored(opened.model, opened.tokenizer, rows, labels, task=_named(task.name), of=of, device=device)


def _named(task: str) -> TaskName:
    return "token-classification" if task == "token-classification" else "text-classification"
