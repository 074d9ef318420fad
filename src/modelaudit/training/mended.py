"""The record of a mend: what each training with measures changed in the audit, `mended.json`.

Values only, and no torch: the reports tell it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelaudit.comparison import Change, Comparison
from modelaudit.evidence import Frozen, Text
from modelaudit.results import Risk
from modelaudit.training.catalogue import MEASURES
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import PrivacySpent, StepInfo
from modelaudit.verdicts import State

TASK_SCORES = "modelaudit/task-performance"
SCORES = ("accuracy", "entity_f1")
"""The numbers that say how well the task is done, of one task each; more of them is better."""
TEMPERATURE = "temperature-scaling"
WHOLE = 0.01
"""A training is not called shorter for so small a part of an epoch."""


class Aim(Frozen):
    """A judged number of the report whose check names a measure: what the measure is taken for.

    `of_rows` says that it is a number of the rows and not of the model: each audit looks at the rows as they were
    before any measure, so no training changes it.
    """

    checker: Text
    metric: Text
    group: Text | None = None
    title: Text
    state: State
    of_rows: bool = False

    def is_of(self, change: Change) -> bool:
        """Tell whether a change is that of this number."""
        return (self.checker, self.metric, self.group) == (change.checker, change.metric, change.group)


class Arm(Frozen):
    """One training and the audit of its model, compared with the control.

    Attributes:
        name: of its folder. measures: ids of the catalogue; none for the control.
        aims: the numbers beyond their limits whose checks name one of the measures.
        steps, examples, seconds, temperature, privacy, epochs, best_epoch: of the training (`TrainingRecord`);
            planned_epochs: of its recipe.
        weights_sha256, report_digest, gate: of the audit: what was audited, the record, and the gate's exit code;
            beyond: how many limits are exceeded, whatever else the gate is for.
        comparison: what changed since the control; the control's own is with the audited model.
    """

    name: Text
    measures: tuple[Text, ...] = ()
    aims: tuple[Aim, ...] = ()
    steps: tuple[StepInfo, ...] = ()
    examples: int = Field(ge=1)
    seconds: float = Field(ge=0)
    temperature: float | None = None
    privacy: PrivacySpent | None = None
    epochs: float | None = None
    best_epoch: float | None = None
    planned_epochs: float | None = None
    weights_sha256: Text | None = None
    report_digest: Text
    gate: int
    beyond: int = Field(default=0, ge=0)
    comparison: Comparison

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, that of the task's score judged by its own interval.

        How many other numbers were tested must not hide what a measure cost.
        """
        return tuple(_by_itself(each) if _is_score(each) else each for each in self.comparison.changes)

    @property
    def score(self) -> Change | None:
        """How well the task is done, before and after; None where no row has a label."""
        return next((each for each in self.changes if _is_score(each)), None)

    @property
    def clear_alone(self) -> tuple[Change, ...]:
        """Numbers without a clear change whose own interval leaves out 0, and whose adjusted one does not."""
        return tuple(
            each
            for each in self.changes
            if each.kind == "no clear change" and not each.for_context and _leaves_out_zero(each.interval)
        )

    @property
    def shortened(self) -> bool:
        """Whether it was trained for less, or its weights are those of less, than its recipe has epochs."""
        made = [each for each in (self.epochs, self.best_epoch) if each is not None]
        return self.planned_epochs is not None and any(each < self.planned_epochs - WHOLE for each in made)

    @property
    def untaken(self) -> tuple[str, ...]:
        """Its measures that were asked for and came to nothing: a temperature that was not written."""
        return tuple(name for name in self.measures if name == TEMPERATURE and self.temperature is None)

    @property
    def aimed(self) -> tuple[Change, ...]:
        """What became of the numbers that the measures were taken for, but for those of the rows."""
        aims = [aim for aim in self.aims if not aim.of_rows]
        return tuple(each for each in self.changes if any(aim.is_of(each) for aim in aims))

    @property
    def missing(self) -> int:
        """How many of these numbers neither audit has, since a check failed or was skipped here."""
        aims = [aim for aim in self.aims if not aim.of_rows]
        return sum(not any(aim.is_of(each) for each in self.comparison.changes) for aim in aims)

    @property
    def risks(self) -> frozenset[Risk]:
        """The risks that its measures are meant to lower."""
        return frozenset(MEASURES[name].risk for name in self.measures if name in MEASURES)


class Failed(Frozen):
    """A training that could not be done: the name of its folder, its measures, and why."""

    name: Text
    measures: tuple[Text, ...]
    reason: Text


class Mended(Frozen):
    """One report, the trainings that were done for it, and what they bought.

    Attributes:
        report_digest, model, started, weights_sha256: of the report that was read.
        checked: numbers of that report that were measured again here, with its seed; differing: names of those that
            came out otherwise. unlike: which of its checks could not be done here as they were, in words.
        base_model: that all arms start from. train_name, train_rows, train_sha256: the rows, before any measure.
        recipe: of the control.
        control: the model trained again without a new measure; None where the audited model is that one.
        arms: the trainings with measures, the one with all first where there is one.
        failed: trainings with measures that could not be done.
        not_together: why there is no training with all measures, where they do not go together.
        audited_seconds: how long the training of the audited model took, where that is known.
    """

    version: Literal["1.0"] = "1.0"
    package_version: Text
    report_digest: Text
    model: Text
    started: Text
    weights_sha256: Text | None
    checked: int = Field(ge=0)
    differing: tuple[Text, ...] = ()
    unlike: tuple[Text, ...] = ()
    base_model: Text
    train_name: Text
    train_rows: int = Field(ge=1)
    train_sha256: Text
    recipe: Recipe
    control: Arm | None = None
    audited_seconds: float | None = None
    not_together: Text | None = None
    failed: tuple[Failed, ...] = ()
    arms: tuple[Arm, ...] = Field(min_length=1)

    @property
    def trained_again(self) -> bool:
        """Whether the arms are held against a control and not against the audited model itself."""
        return self.control is not None

    @property
    def control_seconds(self) -> float | None:
        """How long training without the measures took, where that is known."""
        return self.audited_seconds if self.control is None else self.control.seconds


def _is_score(change: Change) -> bool:
    return change.checker == TASK_SCORES and change.metric in SCORES and change.group is None


def _leaves_out_zero(interval: tuple[float, float] | None) -> bool:
    return interval is not None and (interval[0] > 0 or interval[1] < 0)


def _by_itself(change: Change) -> Change:
    """Return the change of a score, of which more is better, as its own interval tells it."""
    if change.q is None or change.interval is None or change.kind not in ("worse", "better", "no clear change"):
        return change
    low, high = change.interval
    kind = "better" if low > 0 else "worse" if high < 0 else "no clear change"
    return change.model_copy(update={"kind": kind, "adjusted": None})
