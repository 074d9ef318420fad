"""A fake model in the place of an audit's model: the rows are read, and checkers run, as in any other audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelaudit.audit_report import ModelInfo, Preset, SubjectInfo
from modelaudit.checker import Answers, Hiding, Losses, Predictions, TokenStatistics
from modelaudit.errors import InputError
from modelaudit.inference.callable_engine import CallableEngine
from modelaudit.inference.callables import TextFunction
from modelaudit.rows import Row
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.dataset import prepare_rows
from modelaudit.subject.describe import callable_info
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedCallable
from modelaudit.subject.subject import Subject
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks import TASKS
from modelaudit.testing.fake_model import FakeModel

Floats = NDArray[np.float64]
Said = TypeVar("Said")

GIVEN = "rows"
"""The kind of a table whose rows are `Row`s already."""
TAKEN = ("model", "data", "train_data", "heldout_data", "base_model", "text_column", "label_column", "group_column")


def fake_subject(given: Mapping[str, Any], *, seed: int, preset: Preset) -> Subject:
    """Return the subject of an audit of a fake model.

    Args:
        given: keyword arguments of `modelaudit.Audit`: `model` and `base_model` are FakeModels, tables are lists of
            dicts or of `Row`s, files or DataFrames, and columns may be named.

    Raises:
        InputError: another argument, rows that can't be read, or a task that is not known.
    """
    if strange := sorted(set(given) - set(TAKEN)):
        raise InputError(
            f"a FakeModel is audited without {strange[0]}; of Audit's arguments it takes {', '.join(TAKEN)}"
        )
    model, base = FakeHandle(given["model"]), given.get("base_model")
    if base is not None and not isinstance(base, FakeModel):
        raise InputError(f"the base model of a FakeModel is a FakeModel as well, not {type(base).__name__}")
    base_model = None if base is None else FakeHandle(base)
    rows = prepare_rows(
        model,
        _table(given.get("data"), "evaluation"),
        train_data=_table(given.get("train_data"), "training"),
        heldout_data=_table(given.get("heldout_data"), "held-out"),
        columns=ColumnChoice(given.get("text_column"), given.get("label_column"), given.get("group_column")),
        seed=seed,
    )
    return Subject(
        info=SubjectInfo(
            task=model.task.name,
            model=_info(model),
            base_model=None if base_model is None else _info(base_model),
            capabilities=tuple(sorted(model.capabilities)),
            evaluation=rows.evaluation,
            members=rows.members,
            heldout=rows.heldout,
            heldout_is_evaluation=rows.heldout_is_evaluation,
            preset=preset,
        ),
        data=rows.data,
        model=model,
        # A base model is asked as any handle is; reference models, which train it, it has none of.
        base_model=cast("Model | None", base_model),
        engines=(model.engine,) if base_model is None else (model.engine, base_model.engine),
    )


class GivenRows:
    """A task that also takes tables of `Row`s as they are."""

    def __init__(self, task: Any) -> None:
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table."""
        if table.kind != GIVEN:
            batch: RowBatch = self._task.rows(table, labels, columns)
            return batch
        rows = tuple(table.cells(GIVEN))
        labelled = all(any(truth is not None for truth in _truths(row)) for row in rows)
        return RowBatch(rows, text_column="text", label_column="label" if labelled else None)


class FakeHandle(CallableModel):
    """A fake model behind the handle that an audit holds; what it is asked counts as evaluations."""

    def __init__(self, fake: FakeModel) -> None:
        task = next((task for task in TASKS if task.name == fake.task), None)
        if task is None or task.medium != "text":
            named = ", ".join(task.name for task in TASKS if task.medium == "text")
            raise InputError(f"a FakeModel of the task {fake.task!r} can't be audited; give task= as one of {named}")
        self.fake = fake
        self.task = cast("Any", GivenRows(task))
        self.labels = fake.labels
        self.capabilities = fake.capabilities
        self.hidings = fake.hidings
        self.hidden_words = "left out"
        self.opened = OpenedCallable(
            function=_never, name=fake.name, labels=fake.labels, origin="modelaudit.testing.FakeModel"
        )
        function = TextFunction(_never, fake.name, fake.labels)
        self.engine = CallableEngine(function, model_id="", hidden_words=self.hidden_words)

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Ask the fake model."""
        return self._counted(self.fake.predict(rows), len(rows))

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Ask the fake model."""
        return self._counted(self.fake.predict_proba(texts), len(texts))

    def fingerprints(self, rows: Sequence[Row]) -> list[str]:
        """Ask the fake model."""
        return self.fake.fingerprints(rows)

    def loss(self, rows: Sequence[Row]) -> Losses:
        """Ask the fake model."""
        return self._counted(self.fake.loss(rows), len(rows))

    def players(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Ask the fake model."""
        return self.fake.players(rows)

    def predict_masked(
        self, rows: Sequence[Row], keep: Sequence[NDArray[np.bool_]], *, hide: Hiding = "mask"
    ) -> list[Predictions]:
        """Ask the fake model."""
        return self._counted(self.fake.predict_masked(rows, keep, hide=hide), sum(map(len, keep)))

    def embed(self, rows: Sequence[Row]) -> Floats:
        """Ask the fake model."""
        return self._counted(self.fake.embed(rows), len(rows))

    def generate(self, rows: Sequence[Row], *, max_new_tokens: int) -> list[str]:
        """Ask the fake model; each word that it may write is an evaluation, as of a language model."""
        return self._counted(self.fake.generate(rows, max_new_tokens=max_new_tokens), len(rows) * max_new_tokens)

    def answers(self, rows: Sequence[Row], *, max_new_tokens: int = 64) -> Answers:
        """Ask the fake model."""
        return self._counted(self.fake.answers(rows, max_new_tokens=max_new_tokens), len(rows))

    def token_statistics(self, rows: Sequence[Row]) -> TokenStatistics:
        """Ask the fake model."""
        return self._counted(self.fake.token_statistics(rows), len(rows))

    def token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Ask the fake model."""
        return self.fake.token_counts(texts)

    def _counted(self, answer: Said, rows: int) -> Said:
        self.engine.stats.requested += rows
        self.engine.stats.computed += rows
        return answer


def _info(model: FakeHandle) -> ModelInfo:
    # It stands for a whole model: what it lacks was left out, and is not hidden behind a function.
    return callable_info(model).model_copy(update={"kind": "transformers"})


def _table(rows: Any, name: str) -> Any:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not any(isinstance(row, Row) for row in rows):
        return rows
    if not all(isinstance(row, Row) for row in rows):
        raise InputError(f"the {name} rows are part Row and part something else; give either Rows or dicts")
    return Table(name=name, frame=pd.DataFrame({GIVEN: pd.Series(list(rows), dtype=object)}), kind=GIVEN)


def _truths(row: Row) -> tuple[object, ...]:
    return row.label, row.tags, row.label_set, row.values, row.answer, row.answers


def _never(texts: Sequence[str]) -> Any:
    raise AssertionError("a fake model is asked by its own verbs")
