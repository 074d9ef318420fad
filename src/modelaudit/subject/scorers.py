"""Scorers: text classifiers that an audit uses to score texts with, and does not judge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import TextScorer
from modelaudit.errors import ModelInputError
from modelaudit.inference.engine import Engine
from modelaudit.inference.weights import weights_sha256
from modelaudit.subject.limits import check_fit, check_numbers
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedCallable, OpenedModel
from modelaudit.subject.source import open_model
from modelaudit.subject.tasks import task_of

__all__ = ["Scorers"]

Floats = NDArray[np.float64]
Opens = Callable[[Any], OpenedModel | OpenedCallable]
TASK = "text-classification"


class Scorers:
    """The classifiers that the checkers of one audit score texts with, each opened once; see `Context.classifier`.

    Args:
        opens: opens a folder or hub id, by default as an audit without permissions does.
        device: where they run.
    """

    def __init__(self, opens: Opens = open_model, *, device: str = "auto") -> None:
        self._opens = opens
        self._device = device
        self._known: dict[str, _Classifier] = {}
        self._lock = threading.Lock()

    def classifier(self, source: str | Path | Callable[[Sequence[str]], Floats]) -> TextScorer:
        """Return the classifier of a folder or hub id, or a function as one."""
        if callable(source):
            return _Function.of(source)
        with self._lock:
            name = str(source)
            if name not in self._known:
                self._known[name] = self._opened(source)
            return self._known[name]

    def close(self) -> None:
        """Give all of them up."""
        for scorer in self._known.values():
            scorer.model.engine.close()
        self._known.clear()

    def _opened(self, source: str | Path) -> _Classifier:
        opened = self._opens(source)
        if isinstance(opened, OpenedCallable):
            raise ModelInputError(f"{opened.name} is a function; hand it in as it is, to score texts with it")
        task = task_of(opened.model)
        if task.name != TASK:
            raise ModelInputError(
                f"{opened.name} is a {task.name} model and can't score texts; name a text classifier with one label a "
                "text"
            )
        check_fit(opened.model, opened.tokenizer, name=opened.name)
        check_numbers(opened.model, name=opened.name)
        engine = Engine(opened.model, model_id=weights_sha256(opened.model), device=self._device, numerics="strict")
        return _Classifier(Model(opened, task, engine))


@dataclass(frozen=True, slots=True)
class _Classifier:
    model: Model

    @property
    def labels(self) -> tuple[str, ...]:
        return self.model.labels

    @property
    def name(self) -> str:
        return self.model.opened.name

    def __call__(self, texts: Sequence[str]) -> Floats:
        return self.model.predict_proba(texts)


@dataclass(frozen=True, slots=True)
class _Function:
    function: Callable[[Sequence[str]], Any]
    labels: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, function: Callable[[Sequence[str]], Any]) -> _Function:
        name = str(getattr(function, "__name__", type(function).__name__))
        named = getattr(function, "labels", None)
        if named is not None:
            return cls(function, tuple(map(str, named)), name)
        count = _table(function(["."]), rows=1, name=name).shape[1]
        return cls(function, tuple(map(str, range(count))), name)

    def __call__(self, texts: Sequence[str]) -> Floats:
        table = _table(self.function(list(texts)), rows=len(texts), name=self.name)
        if table.shape[1] != len(self.labels):
            raise ModelInputError(
                f"the function {self.name} answered with {table.shape[1]} columns for {len(self.labels)} labels"
            )
        return table


def _table(answer: Any, *, rows: int, name: str) -> Floats:
    """What a function answered, checked: probabilities of each text that add up to one."""
    table = np.asarray(answer, dtype=np.float64)
    if table.ndim != 2 or len(table) != rows or table.shape[1] < 2:
        raise ModelInputError(
            f"the function {name} answered with an array of shape {table.shape} for {rows} texts; let it return one "
            "row a text and one column a label"
        )
    if rows and not (np.isfinite(table).all() and (np.abs(table.sum(axis=1) - 1.0) < 1e-3).all() and table.min() >= 0):
        raise ModelInputError(f"the function {name} answered with numbers that are no probabilities; return those")
    return table
