"""The engine as an arm: from texts, from token ids, masked, as losses; its memory is emptied before each turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.classifier import Classifier
from engine.work import Floats, Task
from modelaudit.inference import Engine
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.tasks import task_of


class Ours:
    """An engine around a model; `options` go to the engine.

    Attributes:
        engine: the engine; model: what checkers ask, around it.
        counted: the engine's counters when they were last read.
    """

    def __init__(self, classifier: Classifier, **options: Any) -> None:
        self._opened = OpenedModel(model=classifier.model, tokenizer=classifier.tokenizer, name=classifier.name)
        self.engine = Engine(classifier.model, model_id=classifier.name, device=classifier.device, **options)
        self.forget()
        self.count_anew()

    def count_anew(self) -> None:
        """Let counters be read from here on."""
        self.counted = replace(self.engine.stats)

    def forget(self) -> None:
        """Forget answers and encodings: a start of the engine itself would put its probe on every turn."""
        self.engine._memo.clear()
        self.model = Model(self._opened, task_of(self._opened.model), self.engine)
        self._before = self.engine.stats.computed

    def close(self) -> None:
        """Give back what the engine holds, where it holds anything."""
        close = getattr(self.engine, "close", None)
        if close is not None:
            close()

    def texts(self, task: Task) -> Any:
        """Predict rows."""
        return self.model.predict(task.rows).probabilities

    def ids(self, task: Task) -> Any:
        """Ask for logits of token ids."""
        return self.engine.logits(task.inputs)

    def masked(self, task: Task) -> Any:
        """Predict masked variants, asked by what is kept of each row."""
        assert task.keep is not None
        return [one.probabilities for one in self.model.predict_masked(task.rows, task.keep)]

    def losses(self, task: Task) -> Any:
        """Return the loss of each row's label."""
        return self.model.loss(task.rows).per_row

    def read(self, answer: Any) -> Floats:
        """Return the probability of class 1 from probabilities, or from logits of each row."""
        self._computed()
        if isinstance(answer, list) and answer[0].ndim == 1:
            logits = np.stack(answer).astype(np.float64)
            return 1.0 / (1.0 + np.exp(logits[:, 0] - logits[:, 1]))
        return (np.concatenate(answer) if isinstance(answer, list) else answer)[:, 1]

    def read_losses(self, answer: Any) -> Floats:
        """Return the probability of each row's label."""
        self._computed()
        return np.exp(-answer)

    def _computed(self) -> None:
        """Refuse a turn that was answered from memory."""
        if self.engine.stats.computed == self._before:
            raise RuntimeError("the engine computed nothing: it still knew the answers")
