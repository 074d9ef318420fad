"""A report with as many findings as one likes: a plugin that compares groups, each with a limit."""

from __future__ import annotations

from sample_report import TODAY, info, metric, sample_report

from modelaudit.audit_report import AuditReport
from modelaudit.policy import judge
from modelaudit.results import CheckResult, Finding, Risk
from modelaudit.verdicts import Limit

CHECKER = "acme/regions"


def report_of(findings: tuple[Finding, ...]) -> AuditReport:
    """Return a report of one check with these findings of the metric `gap`, which may be at most 5%."""
    result = CheckResult(
        checker=info(CHECKER, Risk.BIAS, "Regions", "Does the answer hang on the region?", "Each region in turn."),
        status="completed",
        plugin="acme",
        findings=findings,
    )
    report = sample_report(results=(result,))
    limit = Limit(checker=CHECKER, metric="gap", max=0.05, rationale="A gap that people notice.", source="internal")
    policy = report.policy.model_copy(update={"limit": (limit,), "waiver": ()})
    return report.model_copy(update={"policy": policy, "judgement": judge((result,), policy, today=TODAY)})


def gap(place: int, value: float, *, group: str | None = None) -> Finding:
    """Return the gap of one region."""
    return Finding(
        metric=metric("gap", "Gap to all others", value, 0.004, group=group or f"region {place}"),
        statement=f"In region {place} the answers differ in {value:.1%} of the rows.",
        caveats=("Small regions are left out.",),
    )


def many(count: int) -> AuditReport:
    """Return a report of so many regions, of each state some."""
    return report_of(tuple(gap(place, 0.0009 * (place % 100)) for place in range(count)))
