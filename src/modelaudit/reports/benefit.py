"""The benefit beside the risk: how well the task is done against simple baselines, how fast, how big and at what cost.

Nothing here is judged. A score without a baseline is not shown to be a benefit, and a gain on a test set is no gain of
the people who use the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from modelaudit.audit_report import AuditReport, Price, Speed
from modelaudit.reports.badges import ABSENT, Badge
from modelaudit.reports.checks import CheckView
from modelaudit.reports.findings import FindingView
from modelaudit.reports.numbers import significant
from modelaudit.reports.subject_facts import Fact
from modelaudit.reports.words import say

TASK = "modelaudit/task-performance"
GROUPS = ("modelaudit/group-performance", "modelaudit/weak-slices")
GAIN = "gain_over_"
MOST_GROUPS = 12
"""So many differences between groups stand in the table; the sections of the checks hold all."""

UTILISATION = (1.0, 0.25)
"""The shares of an hour that the hardware is busy, between which the cost is given."""

BESIDE = {
    "modelaudit/membership-inference": "membership",
    "modelaudit/memorisation": "memorisation",
    "modelaudit/group-performance": "groups",
    "modelaudit/counterfactual-substitution": "counterfactual",
    "modelaudit/perturbation": "perturbation",
    "modelaudit/shortcuts": "shortcuts",
    "modelaudit/calibration": "calibration",
}
"""The checks whose risks a higher score can be bought with, or that it says nothing of, by the reason."""

Reading = Literal["ahead", "behind", "unclear"]


@dataclass(frozen=True)
class Score:
    """A number of the task's, with its interval and the link to its finding; `reading` is of a gain."""

    title: str
    value: str
    interval: str
    n: str
    anchor: str
    reading: Reading | None = None

    @property
    def reading_words(self) -> str:
        """What the interval of a gain says."""
        return say(f"benefit.reading.{self.reading}")


@dataclass(frozen=True)
class Beside:
    """A check of risk to read the scores beside: its state, why, and the link to it where the audit has it."""

    title: str
    badge: Badge
    why: str
    anchor: str | None


@dataclass(frozen=True)
class Benefit:
    """The section on benefit."""

    lead: str
    shown: bool
    scores: tuple[Score, ...]
    gains: tuple[Score, ...]
    groups: tuple[Score, ...]
    groups_left_out: int
    resources: tuple[Fact, ...]
    beside: tuple[Beside, ...]


def benefit(report: AuditReport, checks: Sequence[CheckView]) -> Benefit:
    """Return what the audit measured of the model's use."""
    task = next((check for check in checks if check.info.id == TASK), None)
    measured = [view for view in task.findings if view.metric.value is not None] if task else []
    order = {id(finding): place for place, finding in enumerate(task.result.findings)} if task else {}
    measured.sort(key=lambda view: order[id(view.finding)])
    gains = tuple(_gain(view) for view in measured if view.metric.id.startswith(GAIN))
    groups = [view for check in checks if check.info.id in GROUPS for view in check.judged if view.badge is not ABSENT]
    lead = _lead(task, gains, measured=bool(measured))
    return Benefit(
        lead=lead,
        shown=bool(gains) and all(gain.reading == "ahead" for gain in gains),
        scores=tuple(_score(view) for view in measured if not view.metric.id.startswith(GAIN)),
        gains=gains,
        groups=tuple(_score(view) for view in groups[:MOST_GROUPS]),
        groups_left_out=max(0, len(groups) - MOST_GROUPS),
        resources=_resources(report),
        beside=_beside(checks),
    )


def _lead(task: CheckView | None, gains: Sequence[Score], *, measured: bool) -> str:
    """Say whether a benefit is shown: only where the model is ahead of every baseline that was measured."""
    if task is None:
        return say("benefit.lead.no_check")
    if not measured:
        return say("benefit.lead.no_number")
    if not gains:
        return say("benefit.lead.no_baseline")
    behind = [gain.title for gain in gains if gain.reading == "behind"]
    if behind:
        return say("benefit.lead.behind", names=say("list.separator").join(behind))
    lacking = [gain for gain in gains if gain.reading != "ahead"]
    if not lacking:
        return say("benefit.lead.ahead", count=len(gains))
    return say("benefit.lead.not_ahead", names=say("list.separator").join(gain.title for gain in lacking))


def _gain(view: FindingView) -> Score:
    """Return a gain over a baseline: a difference, so signed, and in points where the score is a share."""
    low, high = view.interval or (0.0, 0.0)
    reading: Reading = "ahead" if low > 0 else "behind" if high < 0 else "unclear"
    scale = replace(view.scale, kind="points" if view.scale.kind == "share" else view.scale.kind, signed=True)
    value = view.value_words if view.metric.value is None else scale.value(view.metric.value)
    interval = scale.interval(low, high) if view.interval else view.interval_words
    return Score(view.title, value, interval, view.n_words, view.anchor, reading)


def _score(view: FindingView) -> Score:
    return Score(view.title, view.value_words, view.interval_words, view.n_words, view.anchor)


def _resources(report: AuditReport) -> tuple[Fact, ...]:
    model, speed, price = report.subject.model, report.run.speed, report.subject.declared.price
    size = None if model.parameters is None else say("benefit.size", count=model.parameters)
    facts = [Fact(say("benefit.fact.size"), size or say("benefit.missing.size"), missing=size is None)]
    if speed is None:
        facts.append(Fact(say("benefit.fact.speed"), say("benefit.missing.speed"), missing=True))
    else:
        facts.append(Fact(say("benefit.fact.speed"), _speed(speed)))
        facts.append(Fact(say("benefit.fact.conditions"), _conditions(speed)))
    facts.append(_cost(speed, price))
    facts.append(Fact(say("benefit.fact.energy"), say("benefit.missing.energy"), missing=True))
    facts.append(Fact(say("benefit.fact.people"), say("benefit.missing.people"), missing=True))
    return tuple(facts)


def _speed(speed: Speed) -> str:
    rows = significant(speed.rows / speed.seconds)
    return say("benefit.speed", rows=rows, tokens=significant(speed.tokens / speed.seconds))


def _conditions(speed: Speed) -> str:
    return say(
        "benefit.conditions",
        count=speed.rows,
        length=significant(speed.tokens / speed.rows),
        seconds=significant(speed.seconds),
        hardware=speed.hardware,
        numerics=speed.numerics,
    )


def _cost(speed: Speed | None, price: Price | None) -> Fact:
    """Return the cost of 1,000 predictions, seconds a row x 1,000 x price an hour / 3,600, at full and at low use."""
    label = say("benefit.fact.cost")
    if price is None:
        return Fact(label, say("benefit.missing.price"), missing=True)
    if speed is None:
        return Fact(label, say("benefit.missing.cost"), missing=True)
    full = speed.seconds / speed.rows * 1_000 * price.per_hour / 3_600
    least, most = (significant(full / share) for share in UTILISATION)
    words = say(
        "benefit.cost",
        least=least,
        most=most,
        currency=price.currency,
        price=f"{price.per_hour:g}",
        source=price.source or say("benefit.missing.source"),
    )
    return Fact(label, words)


def _beside(checks: Sequence[CheckView]) -> tuple[Beside, ...]:
    by_id = {check.info.id: check for check in checks}
    found = []
    for checker, reason in BESIDE.items():
        check = by_id.get(checker)
        if check is None or check.result.status == "not applicable":
            continue
        found.append(Beside(check.title.text, check.badge, say(f"benefit.beside.{reason}"), check.anchor))
    return tuple(found)
