"""How the answers of each task are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.bias.scoring.classes import ClassScoring
from modelaudit.checkers.bias.scoring.continuation import ContinuationScoring
from modelaudit.checkers.bias.scoring.outputs import OutputScoring
from modelaudit.checkers.bias.scoring.questions import QuestionScoring
from modelaudit.checkers.bias.scoring.score import Scoring
from modelaudit.checkers.bias.scoring.tags import TagScoring
from modelaudit.checkers.bias.scoring.written import WrittenScoring
from modelaudit.checkers.bias.source import LANGUAGE_TASKS, QUESTIONS, WRITING

TASKS = frozenset(
    {"text-classification", "multi-label-classification", "text-regression", "token-classification", QUESTIONS, WRITING}
    | LANGUAGE_TASKS
)
"""The tasks whose answers can be compared."""


def scoring_of(
    model: ModelHandle,
    task: str,
    *,
    note: Callable[[str], None],
    favourable: str | None,
    originals: Sequence[Row],
    of_names: Collection[str],
) -> Scoring:
    """Return how the answers of a task are read; `originals` are rows of the data as they are.

    `note` is given what a reader must know of answers in words: how many are empty or were cut.
    """
    if task == "token-classification":
        return TagScoring(model, of_names=of_names)
    if task == "text-regression":
        return OutputScoring(model, originals=originals)
    if task in LANGUAGE_TASKS:
        return ContinuationScoring(model)
    if task == QUESTIONS:
        return QuestionScoring(model, note=note)
    if task == WRITING:
        return WrittenScoring(model, note=note)
    multi_label = task == "multi-label-classification"
    return ClassScoring(model, favourable=favourable, multi_label=multi_label, originals=originals)
