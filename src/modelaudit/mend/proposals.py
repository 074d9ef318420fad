"""Proposals: the measures that a report's findings name, the gravest finding first."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelaudit.audit_report import AuditReport
from modelaudit.checkers.bias.augmentation import topics_of
from modelaudit.errors import InputError
from modelaudit.results import CheckerInfo
from modelaudit.training.catalogue import MEASURES, Measure
from modelaudit.training.mended import TEMPERATURE, Aim
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import TrainingRecord
from modelaudit.verdicts import State, Verdict

ORDER: tuple[State, ...] = ("exceeds limit", "accepted risk", "inconclusive")
"""The states that call for a measure, the gravest first."""
CALLING: tuple[State, ...] = ("exceeds limit", "accepted risk")
ATTRIBUTES = {"counterfactuals": "counterfactual-augmentation", "pairing_attributes": "counterfactual-logit-pairing"}
"""Settings that name attributes of a person, and whose measure they are."""
MORE_FIELDS = {
    "counterfactual-logit-pairing": ("pairing_attributes",),
    "differential-privacy": ("dp_delta", "dp_clip"),
    "low-rank-adaptation": ("rank",),
    "reweighing": ("reweigh",),
}
FIELDS = {name: (*measure.settings, *MORE_FIELDS.get(name, ())) for name, measure in MEASURES.items()}
"""The fields of a recipe that say how strong a measure is, by its id."""
TAKEN = "the audited model was trained with it already"
NO_TEMPERATURE = (
    "the training of the audited model asked for it already, and no temperature was written; the model's card says why"
)
PACKAGES = {"peft": "peft", "dp": "opacus"}
"""What an extra of the package installs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One measure of the catalogue for one report.

    Attributes:
        aims: the findings whose checks name it, the gravest first; empty where none does.
        settings: the fields of the recipe that turn it on here.
        changed: how many rows it adds, leaves out, changes or weights here, None for one that leaves rows as they are.
        left: what it can do nothing about here, in one sentence, or None.
        factor: training time with it, as a multiple of the time without; None where the rows can't tell.
        seconds: the expected time of the training, where it is known how long one without it took.
        refused: why it can't be taken here, or None.
        needed: what has to be installed or named first, or None.
    """

    measure: Measure
    aims: tuple[Aim, ...] = ()
    settings: Mapping[str, Any]
    changed: int | None = None
    left: str | None = None
    factor: float | None = None
    seconds: float | None = None
    refused: str | None = None
    needed: str | None = None

    @property
    def called_for(self) -> bool:
        """Whether an exceeded limit names it, accepted or not."""
        return any(aim.state in CALLING for aim in self.aims)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of a person that it writes rows for, none for a measure that is not of such."""
        field = attribute_field(self.measure.id)
        usual = Recipe.model_fields[field].default if field else ()
        return tuple(self.settings.get(field, usual)) if field else ()

    @property
    def strength(self) -> str:
        """What it is set to and what it does to the rows here, in words; empty where there is nothing to set."""
        rows = "" if self.changed is None else f"{self.changed:,} rows"
        if self.attributes:
            weight = self.settings.get("logit_pairing")
            done = "writes rows again" if weight is None else f"with the weight {weight:g} pairs rows with a copy"
            return f"{done} for {', '.join(self.attributes)}" + (f": {rows}" if rows else "")
        chosen = [f"{name} = {value}" for name, value in self.settings.items() if value is not True]
        return "; ".join([*chosen, *([f"changes, adds or leaves out {rows}"] if rows else [])])


def proposals(
    report: AuditReport,
    known: Iterable[CheckerInfo],
    recipe: Recipe,
    *,
    reweigh: str | None = None,
    strengths: Mapping[str, Any] | None = None,
    record: TrainingRecord | None = None,
) -> list[Proposal]:
    """Return every measure of the catalogue, those first that the gravest findings name, then those that none does.

    Args:
        known: what the installed checkers say of themselves, for reports that name no measures yet.
        recipe: that the audited model was trained by: what it already does is not proposed again.
        reweigh: the column of the group that reweighing is for.
        strengths: fields of a recipe that set a measure otherwise than the catalogue does.
        record: of the training of the audited model, where there is one.
    """
    named = _named(report, known)
    places = {name: place for place, name in enumerate(MEASURES)}
    ranked = sorted(
        MEASURES.values(),
        key=lambda each: (
            min((ORDER.index(aim.state) for aim in named.get(each.id, ())), default=len(ORDER)),
            -sum(aim.state == ORDER[0] for aim in named.get(each.id, ())),
            places[each.id],
        ),
    )
    given = {**(strengths or {}), **({} if reweigh is None else {"reweigh": reweigh})}
    found = [_proposal(each, named.get(each.id, ()), report, recipe, given) for each in ranked]
    if record is None or record.temperature is not None:
        return found
    return [
        replace(each, refused=NO_TEMPERATURE) if each.measure.id == TEMPERATURE and each.refused == TAKEN else each
        for each in found
    ]


def unnamed(report: AuditReport, known: Iterable[CheckerInfo]) -> tuple[Aim, ...]:
    """Return the exceeded findings, accepted or not, whose checks name no measure."""
    named = {aim for aims in _named(report, known).values() for aim in aims}
    return tuple(aim for aim, _ in _aims(report, known) if aim.state in CALLING and aim not in named)


def attribute_field(measure: str) -> str | None:
    """Return the field of a recipe that says for which attributes of a person a measure is, by the measure's id."""
    return next((name for name, owner in ATTRIBUTES.items() if owner == measure), None)


def picked(found: Sequence[Proposal], names: Sequence[str], *, every: bool) -> list[Proposal]:
    """Return the proposals that the user picks, in the catalogue's order.

    With `every` those too that an exceeded limit names and that can be taken here; what only an inconclusive finding
    names is taken by its name alone.

    Raises:
        InputError: a measure that is none, or that can't be taken here, with the reason.
    """
    known = {each.measure.id: each for each in found}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise InputError(f"there is no measure {unknown!r:.60}; there are {', '.join(MEASURES)}")
    chosen = set(names)
    if every:
        chosen |= {
            each.measure.id for each in found if each.called_for and each.refused is None and each.needed is None
        }
    return [takeable(known[name]) for name in MEASURES if name in chosen]


def takeable(each: Proposal) -> Proposal:
    """Return a proposal that can be taken here; InputError with the reason for one that can't."""
    why = each.refused or each.needed
    if why is not None:
        raise InputError(f"{each.measure.id} can't be taken here: {why}")
    return each


def _named(report: AuditReport, known: Iterable[CheckerInfo]) -> dict[str, tuple[Aim, ...]]:
    """Return the findings that name each measure, by its id, the gravest first."""
    found: dict[str, list[Aim]] = {}
    for aim, names in _aims(report, known):
        for name in names:
            found.setdefault(name, []).append(aim)
    return {name: tuple(aims) for name, aims in found.items()}


def _aims(report: AuditReport, known: Iterable[CheckerInfo]) -> list[tuple[Aim, tuple[str, ...]]]:
    """Return the findings that call for something, the gravest first, each with the measures that its check names."""
    installed = {info.id: info for info in known}
    infos = {result.checker.id: result.checker for result in report.results}
    titles = {
        (result.checker.id, finding.metric.id, finding.metric.group): finding.metric.title
        for result in report.results
        for finding in result.findings
    }
    found = []
    verdicts = [verdict for verdict in report.judgement.verdicts if verdict.state in ORDER and verdict.metric]
    for verdict in sorted(verdicts, key=lambda verdict: (ORDER.index(verdict.state), -verdict.grade)):
        info = infos.get(verdict.checker)
        names = info.measures if info else ()
        if not names and verdict.checker in installed:
            names = installed[verdict.checker].measures
        found.append((_aim(verdict, titles, of_rows=info is not None and not info.needs), tuple(names)))
    return found


def _aim(verdict: Verdict, titles: Mapping[tuple[str, str, str | None], str], *, of_rows: bool) -> Aim:
    assert verdict.metric is not None
    return Aim(
        checker=verdict.checker,
        metric=verdict.metric,
        group=verdict.group,
        title=titles.get((verdict.checker, verdict.metric, verdict.group), verdict.metric),
        state=verdict.state,
        of_rows=of_rows,
    )


def _proposal(
    measure: Measure, aims: tuple[Aim, ...], report: AuditReport, recipe: Recipe, given: Mapping[str, Any]
) -> Proposal:
    refused = needed = None
    task = report.subject.task
    if task not in measure.tasks:
        refused = f"it is for {' and '.join(measure.tasks)}, and this model does {task}"
    elif measure.id in recipe.measures:
        refused = TAKEN
    elif measure.extra is not None and importlib.util.find_spec(PACKAGES[measure.extra]) is None:
        needed = f"it needs modelaudit-core[{measure.extra}]; install that first"
    elif measure.id == "reweighing" and "reweigh" not in given:
        needed = "it needs the column of the group; name it with --reweigh COLUMN"
    own = {name: given[name] for name in FIELDS[measure.id] if name in given}
    settings = _settings(measure, aims) | own
    return Proposal(measure=measure, aims=aims, settings=settings, refused=refused, needed=needed)


def _settings(measure: Measure, aims: Sequence[Aim]) -> dict[str, Any]:
    """Return the measure's settings; where its findings speak of attributes of a person, it is for those.

    Those of exceeded limits, accepted or not; where none is exceeded, of all.
    """
    settings = dict(measure.settings)
    field = attribute_field(measure.id)
    if field is not None and (topics := _topics(aims, CALLING) or _topics(aims, ORDER)):
        settings[field] = topics
    return settings


def _topics(aims: Sequence[Aim], states: Sequence[State]) -> tuple[str, ...]:
    return tuple(sorted(topics_of([aim.group for aim in aims if aim.group is not None and aim.state in states])))
