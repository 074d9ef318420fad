"""What a model is trained on: rows with what training needs beside them, and what was done to them on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from modelaudit.rows import Row

if TYPE_CHECKING:
    from modelaudit.training.compact import TaskName


@dataclass(frozen=True, slots=True)
class Example:
    """One row to train on.

    Attributes:
        row: its `label`, or its `tags`, are indices of `TrainingData.labels`.
        weight: of its loss; the mean over all examples is 1 where rows are weighted at all.
        partner: the same row for another group, whose logits are held to the row's (logit pairing), or None.
        origin: id of the row of the data that it is a copy of; None for the row itself.
    """

    row: Row
    weight: float = 1.0
    partner: Row | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to the rows before training, as the model card and the report tell it.

    Attributes:
        name: id of the measure in the catalogue, or `reading`, `repair`, `split`.
        counts: how often, by what, in plain words ("phone numbers replaced"). No text of any row.
        notes: whole sentences on what to mind.
    """

    name: str
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The rows of one training, before or after a measure; measures are functions from one to the next.

    Attributes:
        labels: names of the classes or tags, in the order of their ids.
        examples: what is trained on. dev: rows that are held back, for stopping, choosing weights and temperature;
            measures leave them as they are.
        steps: what was done so far, first things first.
    """

    task: TaskName
    labels: tuple[str, ...]
    examples: tuple[Example, ...]
    dev: tuple[Row, ...] = ()
    steps: tuple[Step, ...] = field(default=())

    def after(self, step: Step, examples: Sequence[Example]) -> TrainingData:
        """Return the data with other examples, and the step that made them written down."""
        return replace(self, examples=tuple(examples), steps=(*self.steps, step))
