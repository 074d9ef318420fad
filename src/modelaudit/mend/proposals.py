"""Proposals: the measures that a report's findings name, the gravest finding first, with what each is expected to cost.

The extra training time is read from the rows themselves: a measure that adds examples lengthens training by as many.
"""

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
from modelaudit.training.examples import TrainingData
from modelaudit.training.mended import Aim
from modelaudit.training.preparation import prepared
from modelaudit.training.recipe import Recipe
from modelaudit.verdicts import State, Verdict

ORDER: tuple[State, ...] = ("exceeds limit", "accepted risk", "inconclusive")
"""The states that call for a measure, the gravest first."""
MOST_READ = 20_000
"""So many examples the cost of a measure is read from, of more evenly spaced ones."""
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
PACKAGES = {"peft": "peft", "dp": "opacus"}
"""What an extra of the package installs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One measure of the catalogue for one report.

    Attributes:
        aims: the findings whose checks name it, the gravest first; empty where none does.
        settings: the fields of the recipe that turn it on here.
        factor: training time with it, as a multiple of the time without; None where the rows can't tell.
        seconds: the expected time of the training, where it is known how long one without it took.
        refused: why it can't be taken here, or None.
        needed: what has to be installed or named first, or None.
    """

    measure: Measure
    aims: tuple[Aim, ...] = ()
    settings: Mapping[str, Any]
    factor: float | None = None
    seconds: float | None = None
    refused: str | None = None
    needed: str | None = None

    @property
    def called_for(self) -> bool:
        """Whether an exceeded limit names it, accepted or not."""
        return any(aim.state in ("exceeds limit", "accepted risk") for aim in self.aims)


def proposals(
    report: AuditReport,
    known: Iterable[CheckerInfo],
    recipe: Recipe,
    *,
    reweigh: str | None = None,
    strengths: Mapping[str, Any] | None = None,
) -> list[Proposal]:
    """Return every measure of the catalogue, those first that the gravest findings name, then those that none does.

    Args:
        known: what the installed checkers say of themselves, for reports that name no measures yet.
        recipe: that the audited model was trained by: what it already does is not proposed again.
        reweigh: the column of the group that reweighing is for.
        strengths: fields of a recipe that set a measure otherwise than the catalogue does.
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
    return [_proposal(each, named.get(each.id, ()), report, recipe, given) for each in ranked]


def costed(found: Sequence[Proposal], data: TrainingData, recipe: Recipe, seconds: float | None) -> list[Proposal]:
    """Return the proposals with their expected time; `seconds` is how long a training by the recipe takes, if known.

    A measure that these rows can't take is refused with the reason.
    """
    step = max(1, -(-len(data.examples) // MOST_READ))
    sample = replace(data, examples=data.examples[::step])
    plain = len(prepared(sample, recipe).examples)
    return [_costed(each, sample, plain, recipe, seconds) for each in found]


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
    installed = {info.id: info for info in known}
    infos = {result.checker.id: result.checker for result in report.results}
    titles = {
        (result.checker.id, finding.metric.id, finding.metric.group): finding.metric.title
        for result in report.results
        for finding in result.findings
    }
    found: dict[str, list[Aim]] = {}
    verdicts = [verdict for verdict in report.judgement.verdicts if verdict.state in ORDER and verdict.metric]
    for verdict in sorted(verdicts, key=lambda verdict: (ORDER.index(verdict.state), -verdict.grade)):
        info = infos.get(verdict.checker)
        names = info.measures if info else ()
        if not names and verdict.checker in installed:
            names = installed[verdict.checker].measures
        for name in names:
            found.setdefault(name, []).append(_aim(verdict, titles, of_rows=info is not None and not info.needs))
    return {name: tuple(aims) for name, aims in found.items()}


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
        refused = "the audited model was trained with it already"
    elif measure.extra is not None and importlib.util.find_spec(PACKAGES[measure.extra]) is None:
        needed = f"it needs modelaudit-core[{measure.extra}]; install that first"
    elif measure.id == "reweighing" and "reweigh" not in given:
        needed = "it needs the column of the group; name it with --reweigh COLUMN"
    own = {name: given[name] for name in FIELDS[measure.id] if name in given}
    settings = _settings(measure, aims) | own
    return Proposal(measure=measure, aims=aims, settings=settings, refused=refused, needed=needed)


def _settings(measure: Measure, aims: Sequence[Aim]) -> dict[str, Any]:
    """Return the measure's settings; where its findings speak of attributes of a person, it is for those."""
    settings = dict(measure.settings)
    field = next((name for name, owner in ATTRIBUTES.items() if owner == measure.id), None)
    if field is not None:
        beyond = [aim for aim in aims if aim.state == ORDER[0]] or list(aims)
        if topics := topics_of([aim.group for aim in beyond if aim.group is not None]):
            settings[field] = tuple(sorted(topics))
    return settings


def _costed(each: Proposal, data: TrainingData, plain: int, recipe: Recipe, seconds: float | None) -> Proposal:
    if each.refused is not None or each.needed is not None:
        return each
    try:
        more = len(prepared(data, recipe.model_copy(update=dict(each.settings))).examples)
    except InputError as error:
        return replace(each, refused=str(error))
    factor = each.measure.time * more / max(1, plain)
    return replace(each, factor=factor, seconds=None if seconds is None else factor * seconds)
