"""What a reader has to know before the findings: a policy that nobody approved, waivers that end, limits left idle."""

from __future__ import annotations

import datetime as dt

from modelaudit.audit_report import AuditReport
from modelaudit.reports.text import visible
from modelaudit.reports.words import say

SOON = dt.timedelta(days=30)
"""A waiver that ends within this time is pointed out on the first page."""
NAME = 60
"""So many characters of a name that a policy gives stand in a notice."""


def notices(report: AuditReport, *, rows: bool = True) -> tuple[str, ...]:
    """Return the notices of the first screen, one sentence or two each; `rows` where the format shows text of rows."""
    found = []
    if report.comparison is not None and not report.comparison.comparable:
        found.append(say("front.notice.refused"))
    if report.judgement.judged_again:
        found.append(say("front.notice.again"))
    if not report.policy.reviewed:
        found.append(say("front.notice.unreviewed"))
    found += _use_cases(report)
    found += _waivers(report)
    void = [
        verdict
        for verdict in report.judgement.verdicts
        if any(f"Waiver {waiver.id} does not hold: " in verdict.reason for waiver in report.policy.waiver)
    ]
    if void:
        found.append(say("front.notice.void", count=len(void)))
    if report.judgement.idle_waivers:
        found.append(say("front.notice.idle_waiver", count=len(report.judgement.idle_waivers)))
    if report.judgement.idle_limits:
        found.append(say("front.notice.idle", count=len(report.judgement.idle_limits)))
    if rows and report.settings.show_text:
        masked = "front.notice.text_masked" if report.settings.mask_personal_data else "front.notice.text"
        found.append(say(masked))
    return tuple(found)


def _use_cases(report: AuditReport) -> list[str]:
    """Say which use case's limits were applied, and whether any were, where the policy tells use cases apart."""
    limits = [limit for limit in report.policy.limit if limit.use_cases]
    if not limits:
        return []
    declared = report.subject.declared.use_case
    known = sorted({name for limit in limits for name in limit.use_cases})
    names = visible(say("list.separator").join(visible(name, most=NAME) for name in known), most=4 * NAME)
    own = sum(limit.serves(declared) for limit in limits)
    bare = "" if len(limits) < len(report.policy.limit) else "_bare"
    if declared is None:
        return [say(f"front.notice.no_use_case{bare}", names=names)]
    name = visible(declared, most=NAME)
    if not own:
        return [say(f"front.notice.other_use_case{bare}", name=name, names=names)]
    return [say(f"front.notice.use_case{bare}", name=name, count=own)]


def _waivers(report: AuditReport) -> list[str]:
    day = report.judgement.judged_on
    if day is None:
        return []
    ending = [waiver for waiver in report.policy.waiver if day <= waiver.expires <= day + SOON]
    over = [waiver for waiver in report.policy.waiver if waiver.expires < day]
    found = []
    if ending:
        first = min(waiver.expires for waiver in ending)
        found.append(say("front.notice.ending", count=len(ending), days=SOON.days, day=str(first)))
    if over:
        found.append(say("front.notice.over", count=len(over)))
    return found
