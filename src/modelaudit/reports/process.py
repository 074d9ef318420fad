"""The way of the model from data to use: at each step what this run measured, what the owner declares, what is missing.

Measured and declared never share a cell: the one was computed here, the other nobody checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.audit_report import AuditReport
from modelaudit.reports.checks import CheckView
from modelaudit.reports.words import say
from modelaudit.results import Risk


@dataclass(frozen=True)
class Step:
    """One step with the names of what is measured, declared and missing."""

    title: str
    measured: tuple[str, ...]
    declared: tuple[str, ...]
    missing: tuple[str, ...]


def process(report: AuditReport, checks: Sequence[CheckView]) -> tuple[Step, ...]:
    """Return the five steps in their order."""
    return (
        _data(report, checks),
        _training(report),
        _evaluation(report, checks),
        _management(report),
        _deployment(report),
    )


def _data(report: AuditReport, checks: Sequence[CheckView]) -> Step:
    subject = report.subject
    answered, open_ = _answered(checks, {Risk.DATA})
    measured = [say("process.rows"), *_counted("process.checks", answered)]
    missing = _counted("process.checks_open", open_)
    (measured if subject.members else missing).append(say("process.training_rows"))
    (measured if subject.evaluation.labelled else missing).append(say("process.labels"))
    missing += [say("process.origin"), say("process.population")]
    return Step(say("process.step.data"), tuple(measured), (), tuple(missing))


def _training(report: AuditReport) -> Step:
    model = report.subject.model
    measured = [say("process.weights")] if model.weights_sha256 else []
    # The base model is named in the model's own files, which whoever made it wrote.
    declared = [say("process.base_model")] if model.base_model else []
    missing = [] if model.base_model else [say("process.base_model")]
    missing += [] if model.weights_sha256 else [say("process.weights")]
    return Step(
        say("process.step.training"), tuple(measured), tuple(declared), (*missing, say("process.training_settings"))
    )


def _evaluation(report: AuditReport, checks: Sequence[CheckView]) -> Step:
    answered, open_ = _answered(checks, set(Risk) - {Risk.DATA})
    measured, missing = _counted("process.checks", answered), _counted("process.checks_open", open_)
    (measured if report.run.speed else missing).append(say("process.speed"))
    return Step(say("process.step.evaluation"), tuple(measured), (), tuple(missing))


def _management(report: AuditReport) -> Step:
    declared, policy = report.subject.declared, report.policy
    pairs = (
        ("process.approved_policy", policy.reviewed),
        ("process.impact", declared.impact is not None),
        ("process.affected", declared.affected is not None),
        ("process.risk_class", declared.risk_class not in (None, "unknown")),
    )
    said = [say(key) for key, there in pairs if there]
    missing = [say(key) for key, there in pairs if not there]
    said += _counted("process.waivers", len(policy.waiver))
    return Step(
        say("process.step.management"),
        (say("process.limits", count=report.judgement.family_size),),
        tuple(said),
        tuple(missing),
    )


def _deployment(report: AuditReport) -> Step:
    declared = report.subject.declared
    pairs = (
        ("process.use", declared.use is not None),
        ("process.owner", declared.owner is not None),
        ("process.role", declared.role is not None),
        ("process.jurisdictions", bool(declared.jurisdictions)),
        ("process.price", declared.price is not None),
    )
    baseline = [say("process.baseline")]
    missing = [say(key) for key, there in pairs if not there]
    return Step(
        say("process.step.deployment"),
        tuple(baseline if report.comparison else ()),
        tuple(say(key) for key, there in pairs if there),
        tuple([] if report.comparison else baseline) + tuple(missing),
    )


def _answered(checks: Sequence[CheckView], risks: set[Risk]) -> tuple[int, int]:
    """Return how many checks of these families gave an answer, and how many failed or were left out."""
    own = [check.result.status for check in checks if check.info.risk in risks]
    return own.count("completed"), own.count("errored") + own.count("skipped")


def _counted(key: str, count: int) -> list[str]:
    return [say(key, count=count)] if count else []
