"""A unit of a calibration: one audit by one checker, of a subject with a fault of one strength and of one seed."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from modelaudit.audit_report import AuditReport, Preset
from modelaudit.checker import Checker
from modelaudit.errors import InputError
from modelaudit.evidence import Frozen, Text
from modelaudit.faults import fault
from modelaudit.recording import host
from modelaudit.results import Metric
from modelaudit.statistics import interval_at
from modelaudit.testing.defect import Defect
from modelaudit.testing.running import audited

LEVEL = 0.95
"""Of the intervals whose coverage is counted."""
JUDGED = frozenset({"within limit", "exceeds limit", "inconclusive"})


class Unit(Frozen):
    """What one audit found.

    Attributes:
        strength: of the fault; 0 is the clean twin. seed: of the subject and of the audit.
        status, reason: of the check.
        judged: whether a policy's limit was held against a metric that speaks for the fault; alarm: whether one was
            exceeded.
        value, low, high: the defect's own metric with its 95% interval. None where the defect names no metric, where it
            has no value, or where it has one for several groups and for none as a whole.
        evaluations: rows that were asked for. tokens: in the rows that went through the model, each once.
        seconds: of wall-clock time of the audit, on `hardware`.
        made_on: the day.
    """

    strength: float = Field(ge=0)
    seed: int = Field(ge=0)
    status: Literal["completed", "not applicable", "skipped", "errored"]
    reason: Text | None = None
    judged: bool = False
    alarm: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    evaluations: int = Field(ge=0)
    tokens: int = Field(ge=0)
    seconds: float = Field(ge=0)
    hardware: Text
    made_on: dt.date

    @property
    def place(self) -> tuple[float, int]:
        """Which of the calibration's audits it is."""
        return self.strength, self.seed

    @property
    def completed(self) -> bool:
        """Whether the check gave an answer at all."""
        return self.status == "completed"

    def holds(self, truth: float) -> bool | None:
        """Tell whether the interval holds a value; None where there is no interval."""
        return None if self.low is None or self.high is None else self.low <= truth <= self.high


def ask(checker: Checker, defect: Defect, strength: float, seed: int, preset: Preset) -> Unit:
    """Plant the fault, audit the subject with the checker, and return what it found.

    Raises:
        InputError: the fault can't be planted, or the subject can't be audited.
        PluginError: the checker lacks a part of the contract.
    """
    subject = _planted(defect, strength, seed)
    report = audited(checker, subject, seed=seed, preset=preset, policy=defect.policy(checker.info.id))
    return unit_of(report, checker.info.id, defect, strength, seed)


def unit_of(report: AuditReport, checker: str, defect: Defect, strength: float, seed: int) -> Unit:
    """Return what a report says of a checker and a fault."""
    result = next(result for result in report.results if result.checker.id == checker)
    states = {
        verdict.state
        for verdict in report.judgement.verdicts
        if verdict.checker == checker and verdict.metric is not None and defect.metric in (None, verdict.metric)
    }
    valued = [finding.metric for finding in result.findings if finding.metric.value is not None]
    metric = _own([each for each in valued if each.id == defect.metric])
    low, high = interval_at(metric.grid, LEVEL) if metric is not None and metric.bounds else (None, None)
    return Unit(
        strength=strength,
        seed=seed,
        status=result.status,
        reason=result.reason,
        judged=bool(states & JUDGED),
        alarm="exceeds limit" in states,
        value=None if metric is None else metric.value,
        low=low,
        high=high,
        evaluations=report.run.evaluations,
        tokens=report.run.tokens,
        seconds=report.run.seconds,
        hardware=host(),
        made_on=dt.datetime.now(tz=dt.UTC).date(),
    )


def _planted(defect: Defect, strength: float, seed: int) -> dict[str, object]:
    try:
        return dict(defect.plant(strength, seed))
    except InputError:
        raise
    except Exception as error:
        where = f"at strength {strength:g} with seed {seed}"
        raise InputError(f"{defect.name!r} can't be planted {where}: {fault(error)}. Mend its `plant`.") from error


def _own(metrics: list[Metric]) -> Metric | None:
    """Return the one that is about all rows, or the only one."""
    whole = [metric for metric in metrics if not metric.group]
    return next(iter(whole), None) if whole else metrics[0] if len(metrics) == 1 else None
