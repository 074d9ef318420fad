"""A report whose first page has as much to say as it ever can: all notices, failures, long names, a baseline."""

from __future__ import annotations

import datetime as dt

from sample_report import (
    TODAY,
    calibration,
    counterfactual,
    info,
    membership,
    metric,
    perturbation,
    sample_report,
    shapley,
    unfinished,
)

from modelaudit.audit_report import AuditReport, Declared, PluginRecord
from modelaudit.comparison import Change, Comparison
from modelaudit.policy import judge
from modelaudit.results import CheckResult, Finding, Risk

WORDS = "the answer hangs on how a letter is written and on who it speaks of, "


def full_report() -> AuditReport:
    """Return the report."""
    results = tuple(map(_long, (membership(""), counterfactual(""), shapley(""), calibration(), perturbation(""))))
    results += (*unfinished(""), _of(Risk.PERFORMANCE), *(_broken(place) for place in range(3)))
    report = sample_report(results=results)
    policy = report.policy
    waivers = tuple(
        policy.waiver[0].model_copy(update={"id": f"W-{days}", "expires": TODAY + dt.timedelta(days=days)})
        for days in (3, 9, -4)
    )
    limits = (policy.limit[0].model_copy(update={"use_cases": ("claims handling of households", "fraud")}),)
    policy = policy.model_copy(update={"waiver": waivers, "limit": (*policy.limit, *limits)})
    judgement = judge(results, policy, today=TODAY).model_copy(update={"judged_again": True})
    declared = Declared(use=WORDS * 8, owner=WORDS * 2, impact=WORDS * 2, affected=WORDS * 2, use_case="letters")
    broken = tuple(
        PluginRecord(name=f"broken-checks-{place}", version="0.3", status="failed", reason="ImportError")
        for place in range(4)
    )
    model = report.subject.model.model_copy(update={"name": "acme/" + "claims-classifier-" * 20})
    return report.model_copy(
        update={
            "subject": report.subject.model_copy(update={"declared": declared, "model": model}),
            "provenance": report.provenance.model_copy(update={"plugins": broken}),
            "policy": policy,
            "judgement": judgement,
            "comparison": compared(),
        }
    )


def compared() -> Comparison:
    """Return a comparison in which much is worse, with a note."""
    changes = tuple(
        Change(
            checker="modelaudit/perturbation",
            metric="flip_rate",
            group=f"{WORDS}{place}",
            title="Changed answers",
            unit="share of rows",
            risk=Risk.ROBUSTNESS,
            kind="worse",
            before=0.1,
            after=0.2,
            difference=0.1,
            interval=(0.08, 0.12),
            q=0.001,
        )
        for place in range(5)
    )
    return Comparison(
        baseline_digest="sha256:" + "ab" * 32,
        baseline_model="acme/claims-classifier-of-last-year",
        baseline_started="2026-09-01T08:00:00+00:00",
        comparable=True,
        changes=changes,
        notes=(WORDS * 4,),
        level=0.95,
        q=0.05,
        tested=5,
    )


def _long(result: CheckResult) -> CheckResult:
    findings = tuple(
        finding.model_copy(update={"statement": (WORDS.capitalize() * 3)[:180]}) for finding in result.findings
    )
    return result.model_copy(update={"findings": findings})


def _of(risk: Risk) -> CheckResult:
    finding = Finding(metric=metric("score", "Score", 0.9, 0.01), statement="It scores.")
    return CheckResult(
        checker=info("acme/score", risk, "Score", "How well?", "Scores."),
        status="completed",
        findings=(finding,),
        plugin="acme",
    )


def _broken(place: int) -> CheckResult:
    checker = info(f"acme/broken-{place}", Risk.BIAS, f"Broken check {place} of another package", "Why?", "It broke.")
    return CheckResult(checker=checker, status="errored", reason=WORDS * 3, plugin="acme")
