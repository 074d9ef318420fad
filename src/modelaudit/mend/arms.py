"""Arms: which trainings a mend is made of, each with its recipe and its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.errors import InputError
from modelaudit.mend.audited import Audited, difference
from modelaudit.mend.proposals import Proposal
from modelaudit.training.mended import TEMPERATURE, Aim, Arm
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import StepInfo, TrainingRecord

CONTROL, ALL = "control", "all-measures"
FEW = 3
"""Up to so many measures are trained with each alone as well, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One training to be done; `name` is that of its folder."""

    name: str
    recipe: Recipe
    chosen: tuple[Proposal, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The ids of its measures."""
        return tuple(each.measure.id for each in self.chosen)

    @property
    def aims(self) -> tuple[Aim, ...]:
        """What its measures are taken for, each once."""
        return tuple(dict.fromkeys(aim for each in self.chosen for aim in each.aims))

    @property
    def factor(self) -> float:
        """Training time as a multiple of the control's: what each measure adds, together."""
        found = 1.0
        for each in self.chosen:
            found *= each.factor if each.factor is not None else each.measure.time
        return found


def plans(chosen: Sequence[Proposal], recipe: Recipe, *, apart: bool | None) -> list[Plan]:
    """Return the trainings with measures: all together first, then each alone.

    `apart` None trains each alone as well where no more than three are picked: only then is it known what each one
    bought, and every further training is one more audit too. Measures that do not go together are trained alone.

    Raises:
        InputError: a measure does not go with the recipe, or they do not go together and `apart` is False.
    """
    alone = [Plan(each.measure.id, _with(recipe, [each]), (each,)) for each in chosen]
    for plan in alone:
        if why := conflict(plan.recipe):
            raise InputError(f"{plan.name} can't be taken here: {why}")
    if len(chosen) == 1:
        return alone
    together = Plan(ALL, _with(recipe, chosen), tuple(chosen))
    if why := conflict(together.recipe):
        if apart is False:
            raise InputError(f"these measures can't be taken together: {why}. Leave --together out, or pick others")
        return alone
    each_too = len(chosen) <= FEW if apart is None else apart
    return [together, *(alone if each_too else ())]


def not_together(found: Sequence[Plan], recipe: Recipe) -> str | None:
    """Return why the measures of trainings are not trained together as well, or None where they are."""
    chosen = list({each.measure.id: each for plan in found for each in plan.chosen}.values())
    return conflict(_with(recipe, chosen)) if len(chosen) > 1 else None


def conflict(recipe: Recipe) -> str | None:
    """Return why a recipe can't be trained by, or None."""
    from modelaudit.training.measures.privacy_checks import private_recipe_checked

    try:
        private_recipe_checked(recipe)
    except InputError as error:
        return str(error)
    return None


def is_control(record: TrainingRecord | None, recipe: Recipe, *, dev_sha256: str | None, other_base: bool) -> bool:
    """Tell whether the audited model is what a training without new measures would give.

    Args:
        record: how the audited model was trained, None where nobody knows; its rows are those that are there now.
        dev_sha256: of the dev rows that are there now, None where they are split off.
        other_base: whether the user asks for another base model.
    """
    if record is None or other_base:
        return False
    return record.recipe == recipe and (record.dev.rows_sha256 if record.dev else None) == dev_sha256


def arm_of(plan: Plan, record: TrainingRecord, before: Audited, after: Audited) -> Arm:
    """Return what came of a training: its record, and how its audit differs from the one before."""
    return Arm(
        name=plan.name,
        measures=plan.measures,
        aims=_aims(plan, record),
        steps=tuple(StepInfo(name=step.name, counts=step.counts, notes=step.notes) for step in record.steps),
        examples=record.examples,
        seconds=record.seconds,
        temperature=record.temperature,
        privacy=record.privacy,
        epochs=record.epochs,
        best_epoch=record.best_epoch,
        planned_epochs=record.recipe.epochs,
        weights_sha256=after.report.subject.model.weights_sha256,
        report_digest=after.report.digest,
        gate=after.report.judgement.gate.exit_code,
        beyond=sum(verdict.state == "exceeds limit" for verdict in after.report.judgement.verdicts),
        comparison=difference(before, after),
    )


def _with(recipe: Recipe, chosen: Sequence[Proposal]) -> Recipe:
    settings = {name: value for each in chosen for name, value in each.settings.items()}
    return Recipe.of(**{**recipe.model_dump(), **settings})


def _aims(plan: Plan, record: TrainingRecord) -> tuple[Aim, ...]:
    """Return what the measures that were taken are for: a temperature that was not written is for nothing."""
    idle = {TEMPERATURE} if record.temperature is None else set()
    return tuple(dict.fromkeys(aim for each in plan.chosen if each.measure.id not in idle for aim in each.aims))
