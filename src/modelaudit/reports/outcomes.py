"""Outcomes: one for each judged metric and each check without any, as formats for machines list them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from modelaudit.audit_report import AuditReport
from modelaudit.evidence import distinct_names
from modelaudit.reports.change_words import KINDS, kind_of
from modelaudit.reports.checks import CheckView, check_views
from modelaudit.reports.findings import FindingView
from modelaudit.reports.numbers import percent
from modelaudit.reports.text import visible
from modelaudit.reports.words import say, told
from modelaudit.results import CheckerInfo
from modelaudit.verdicts import Severity, State, Waiver

NAME_LENGTH = 200
"""The longest group that is part of a name."""


@dataclass(frozen=True)
class Outcome:
    """What the policy says of one metric, or why a check gave it nothing to judge.

    Attributes:
        info: the check. metric: id of the metric, or None for a check without any; group: its group as it was given.
        name: the metric's id with its group, distinct within the check and the same from run to run.
        title: the same for a reader.
        state: the verdict, or `failed` and `not applicable` for a check without one.
        required: whether the gate asks for an answer. words: what was found, in a sentence or two.
        waiver: under which a risk is accepted. view: the finding behind it.
    """

    info: CheckerInfo
    metric: str | None
    group: str | None
    name: str
    title: str
    state: State | Literal["failed", "not applicable"]
    required: bool
    severity: Severity | None
    words: str
    waiver: Waiver | None = None
    view: FindingView | None = None

    @property
    def stops(self) -> bool:
        """Whether the gate does not hold because of it."""
        unanswered = self.state in ("inconclusive", "not assessed", "not applicable")
        return self.state in ("exceeds limit", "failed") or (unanswered and self.required)

    @property
    def rule(self) -> str:
        """What it is about, the same for all groups."""
        return self.info.id if self.metric is None else f"{self.info.id}/{self.metric}"


def outcomes(report: AuditReport) -> tuple[Outcome, ...]:
    """Return the outcomes in the order of the record, those of one check by gravity."""
    required = _required(report)
    found: list[Outcome] = []
    for check in check_views(report):
        found += _judged(check, percent(report.judgement.level))
        if not check.judged:
            found.append(_unjudged(check, required=check.info.id in required))
    return tuple(found)


def change_counts(report: AuditReport) -> dict[str, int]:
    """Return how many numbers became what since the baseline; nothing where there is none or it can't be compared."""
    comparison = report.comparison
    if comparison is None or not comparison.comparable:
        return {}
    counts = Counter(kind_of(change) for change in comparison.changes)
    beyond = sum(change.newly_exceeds for change in comparison.changes)
    return {kind: counts[kind] for kind in KINDS} | {"newly exceeding": beyond}


def _required(report: AuditReport) -> set[str]:
    """Return the checks that the policy wants an answer of, whether the judgement has a verdict on them or none."""
    limits = report.policy.limits_for(report.subject.declared.use_case)
    return (
        {verdict.checker for verdict in report.judgement.verdicts if verdict.metric is None and verdict.required}
        | {limit.checker for limit in limits if limit.required}
        | {requirement.checker for requirement in report.policy.require if not requirement.where_applicable}
    )


def _judged(check: CheckView, level: str) -> list[Outcome]:
    views = check.judged
    names = distinct_names([_named(view.metric.id, view.metric.group) for view in views])
    return [
        Outcome(
            info=check.info,
            metric=view.metric.id,
            group=view.metric.group,
            name=name,
            title=visible(view.title),
            state=view.verdict.state,
            required=view.verdict.required,
            severity=view.verdict.severity,
            words=_words(view, level),
            waiver=view.waiver,
            view=view,
        )
        for view, name in zip(views, names, strict=True)
        if view.verdict is not None
    ]


def _unjudged(check: CheckView, *, required: bool) -> Outcome:
    state: State | Literal["failed", "not applicable"] = "not assessed"
    if check.result.status in ("errored", "not applicable"):
        state = "failed" if check.result.status == "errored" else "not applicable"
    return Outcome(
        info=check.info,
        metric=None,
        group=None,
        name=check.info.id.partition("/")[2],
        title=visible(told(check.info.title).text),
        state=state,
        required=required,
        severity=None,
        words=visible(check.answer),
    )


def _named(metric: str, group: str | None) -> str:
    return metric if group is None else f"{metric}: {visible(group, most=NAME_LENGTH)}"


def _words(view: FindingView, level: str) -> str:
    """Say the number, its interval and its limit, and why the verdict is what it is."""
    if view.metric.value is None or view.interval is None:
        return visible(view.reason_words)
    measured = say(
        "formats.measured",
        value=view.value_words,
        level=level,
        interval=view.interval_words,
        limit=view.limit_words or say("formats.no_limit"),
        n=view.n_words,
    )
    return visible(say("formats.measured_and_why", measured=measured, why=view.reason_words))
