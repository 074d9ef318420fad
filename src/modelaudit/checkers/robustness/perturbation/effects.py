"""Effects: what every kind of answer offers, so that one change after another is asked and compared alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.robustness.perturbation.answer_effects import AnswerEffects
from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.checkers.robustness.perturbation.masked_effects import MaskedEffects
from modelaudit.checkers.robustness.perturbation.text_effects import TextEffects
from modelaudit.checkers.robustness.perturbation.token_effects import TokenEffects
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import Wording
from modelaudit.rows import Row
from modelaudit.text import TEXT_AND_TOKENS

Flags = NDArray[np.bool_]

MASKED = "fill-mask"
TASKS = (*TEXT_AND_TOKENS, "question-answering", "text2text-generation", "text-generation", MASKED)
"""Tasks that answer for a changed text as they do for the text as it was."""


class Effects(Protocol):
    """The answers to the rows as they are, against which those to changed rows are held."""

    @property
    def wording(self) -> Wording:
        """What the answers are called."""

    @property
    def left_out(self) -> str:
        """What is said of trials that can't be compared."""

    def ask(self, model: ModelHandle, rows: Sequence[Row]) -> Any:
        """Return the model's answers to changed rows, which the other methods take as `after`."""

    def unread(self, model: ModelHandle, trials: Sequence[Trial], after: Any, same: Flags) -> Flags:
        """Return which trials can't be compared, shape (trials,); the model's input is the `same` for both in some."""

    def effect(self, trials: Sequence[Trial], after: Any, *, unread: Flags, same_input: Flags) -> Effect:
        """Compare."""

    def score(self) -> float | None:
        """Return how right the answers to the rows as they are were, or None where nobody knows."""


def effects_of(model: ModelHandle, rows: Sequence[Row], task: str) -> Effects:
    """Ask about the rows as they are."""
    if task == MASKED:
        return MaskedEffects.of(rows, model.token_statistics(rows))
    if task not in TEXT_AND_TOKENS:
        return AnswerEffects.of(rows, model, task)
    answers = model.predict(rows)
    kind = TextEffects if answers.offsets is None else TokenEffects
    return kind.of(rows, answers, model.labels)


def needs(task: str) -> str:
    """Return the verb that a model of this task answers by."""
    if task == MASKED:
        return "token_statistics"
    return "predict" if task in TEXT_AND_TOKENS else "answers"
