"""Every judged number of two audits, before and after, with the difference that its two intervals allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from modelaudit.audit_report import AuditReport
from modelaudit.comparison import NOT_ASKED, Change
from modelaudit.monitoring.comparability import (
    FAILED,
    NO_INTERVAL,
    Why,
    absence,
    check_hindrance,
    metric_hindrance,
)
from modelaudit.monitoring.influences import ANOTHER_CHOICE, other_choice, paired, same_units
from modelaudit.results import CheckResult, Finding, Metric, Risk
from modelaudit.statistics import Estimate, Influence, difference_of, interval_at, no_difference_p, size_of
from modelaudit.verdicts import State

UNPAIRED = (
    "square-and-add of the two intervals (Zou and Donner 2008); both audits saw the same rows, so the interval is as a "
    "rule wider than it need be"
)
"""Method of a difference that was taken neither row by row nor unit by unit."""
OF_SIZES = "of distances from zero: "
Key = tuple[str, str, str | None]
"""Checker, metric, group."""
NO_NUMBER = "status"
"""Stands for the metric where a check failed and no audit has a number of it."""
ANSWERED: tuple[State, ...] = ("within limit", "exceeds limit", "accepted risk")
"""Verdicts that are an answer, which can be lost."""
Better = Literal["lower", "higher", "zero", "neither"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A change that is not judged yet; without an estimate there is nothing to judge.

    `better` says which way is better for the difference itself: of a distance from zero, lower.
    """

    change: Change
    better: Better = "neither"
    estimate: Estimate | None = None
    p: float | None = None

    @property
    def tested(self) -> bool:
        """Whether it belongs to the family that multiplicity is counted over."""
        return self.p is not None and self.better != "neither"


@dataclass(frozen=True)
class Side:
    """One audit: its results by checker, and its judged findings and states by key."""

    report: AuditReport
    results: dict[str, CheckResult]
    findings: dict[Key, Finding]
    states: dict[Key, State]
    required: frozenset[Key]

    @classmethod
    def of(cls, report: AuditReport) -> Side:
        """Read a report; what a check gave before it failed is in no comparison."""
        verdicts = {
            (verdict.checker, verdict.metric, verdict.group): verdict
            for verdict in report.judgement.verdicts
            if verdict.metric is not None
        }
        findings = {
            key: finding
            for result in report.results
            if result.status == "completed"
            for finding in result.findings
            if (key := (result.checker.id, finding.metric.id, finding.metric.group)) in verdicts
            or _counts(result, finding.metric)
        }
        return cls(
            report,
            {result.checker.id: result for result in report.results},
            findings,
            {key: verdict.state for key, verdict in verdicts.items()},
            frozenset(key for key, verdict in verdicts.items() if verdict.required),
        )


def differences(before: AuditReport, after: AuditReport) -> Iterator[Difference]:
    """Yield the difference of each number that is judged in either audit, and of the scores of the task.

    A check that failed in the second audit, and has no number in the first that would be missed, is one difference.
    """
    first, second = Side.of(before), Side.of(after)
    keys = dict.fromkeys([*first.findings, *second.findings])
    for key in keys:
        yield _difference(key, first, second)
    told = {checker for checker, _, _ in keys}
    for result in second.results.values():
        if result.status == "errored" and result.checker.id not in told:
            yield _failed(result)


def measured_change(estimate: Estimate, *, level: float) -> dict[str, Any]:
    """Return the fields of a change that an estimate of the difference fills."""
    return {
        "difference": estimate.value,
        "interval": interval_at(estimate.bounds, level) if estimate.bounds else None,
        "smallest_detectable": estimate.smallest_detectable,
        "n": estimate.n,
    }


def _counts(result: CheckResult, metric: Metric) -> bool:
    """Tell whether a number is compared that no limit is on: what could be judged, and how well the task is done."""
    task = result.checker.risk is Risk.PERFORMANCE and metric.group is None and metric.better != "neither"
    return metric.primary or task


def _difference(key: Key, first: Side, second: Side) -> Difference:
    known = _known(key, first, second)
    checker = key[0]
    before, after = first.results.get(checker), second.results.get(checker)
    one, other = first.findings.get(key), second.findings.get(key)
    if other is None:
        why = absence(after)
        missed = key in first.required and first.states.get(key) in ANSWERED and why.sentence != NOT_ASKED
        lost = why.sentence == FAILED or missed
        return Difference(_told(known, "gone", why).model_copy(update={"lost": lost}))
    if one is None:
        return Difference(_told(known, "new", absence(before)))
    assert before is not None
    assert after is not None
    hindrance = check_hindrance(first.report, second.report, before, after) or metric_hindrance(one, other)
    if hindrance is not None:
        return Difference(_told(known, "not comparable", hindrance))
    alike = same_units(first.report, second.report, after)
    return _measured(known, one.metric, other.metric, first.report.policy.level, alike=alike)


def _measured(known: dict[str, Any], before: Metric, after: Metric, level: float, *, alike: bool) -> Difference:
    """Return the difference of two numbers, by unit where both are known by unit and the units are `alike`."""
    sizes = before.better == "zero"
    try:
        one, other = _estimate(before), _estimate(after)
        found = difference_of(size_of(one), size_of(other)) if sizes else difference_of(one, other)
        by_unit = paired(one, other, sizes=sizes) if alike else None
    except ValueError as error:
        # A plugin's interval that ends before it begins, say.
        return Difference(_told(known, "not comparable", Why(NO_INTERVAL, str(error))))
    method = UNPAIRED if by_unit is None else by_unit.method
    if by_unit is None and other_choice(one, other):
        method += ANOTHER_CHOICE
    found = by_unit or found
    fields = known | measured_change(found, level=level)
    fields |= {"size_only": sizes, "method": (OF_SIZES if sizes else "") + method, "paired": by_unit is not None}
    if not found.bounds:
        return Difference(_told(fields, "not comparable", Why(NO_INTERVAL, found.reason)))
    change = Change(kind="no clear change", **fields)
    return Difference(change, "lower" if sizes else before.better, found, no_difference_p(found.bounds))


def _failed(result: CheckResult) -> Difference:
    known = {
        "checker": result.checker.id,
        "metric": NO_NUMBER,
        "title": result.checker.title,
        "unit": "answer",
        "risk": result.checker.risk,
        "lost": True,
    }
    return Difference(_told(known, "gone", absence(result)))


def _estimate(metric: Metric) -> Estimate:
    estimate = Estimate(
        value=metric.value, n=metric.n, method=metric.method, reason=metric.reason or "There is no interval."
    )
    if metric.value is None:
        return estimate
    influence = metric.influence if isinstance(metric.influence, Influence) else None
    return replace(estimate, bounds=metric.grid, influence=influence)


def _known(key: Key, first: Side, second: Side) -> dict[str, Any]:
    """Return what is known of a metric whatever comes of the comparison."""
    one, other = first.findings.get(key), second.findings.get(key)
    finding, results = (other, second.results) if other is not None else (one, first.results)
    assert finding is not None
    return {
        "checker": key[0],
        "metric": key[1],
        "group": key[2],
        "title": finding.metric.title,
        "unit": finding.metric.unit,
        "risk": results[key[0]].checker.risk,
        "before": None if one is None else one.metric.value,
        "after": None if other is None else other.metric.value,
        "before_state": first.states.get(key),
        "after_state": second.states.get(key),
    }


def _told(known: dict[str, Any], kind: str, why: Why) -> Change:
    return Change.model_validate(known | {"kind": kind, "reason": why.sentence, "detail": why.detail})
