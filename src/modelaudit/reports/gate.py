"""The gate in words: whether it holds, what it leaves open, and how many limits are exceeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from modelaudit.audit_report import AuditReport
from modelaudit.reports.badges import ABSENT, ACCEPTED, EXCEEDS, INCONCLUSIVE
from modelaudit.reports.checks import CheckView
from modelaudit.reports.text import listed
from modelaudit.reports.words import say

GateState = Literal["holds", "open", "fails"]


def gate_state(report: AuditReport) -> GateState:
    """Return whether the gate fails, or holds with every metric answered, or holds and leaves some open."""
    if report.judgement.gate.exit_code:
        return "fails"
    judged, unanswered = _answers(report)
    return "open" if unanswered or not judged else "holds"


def gate_words(report: AuditReport) -> str:
    """Return the gate's result in words."""
    gate = report.judgement.gate
    if gate.exit_code:
        failed = sum(result.status == "errored" for result in report.results)
        exceeded = sum(verdict.state == "exceeds limit" for verdict in report.judgement.verdicts)
        counts = {
            "checks_failed": failed,
            "limits_exceeded": exceeded,
            # Each reason of the gate is one of the three.
            "answers_missing": len(gate.reasons) - failed - exceeded,
        }
        return say(
            "front.gate.fails",
            why=listed([say(f"front.gate.{what}", count=count) for what, count in counts.items() if count > 0]),
        )
    judged, unanswered = _answers(report)
    if unanswered == judged:
        return say("front.gate.nothing")
    if not unanswered:
        return say("front.gate.holds", exceeded=_but_for_accepted(report))
    return say("front.gate.holds_open", exceeded=_but_for_accepted(report), count=judged, unanswered=unanswered)


def summary_words(checks: Sequence[CheckView]) -> str:
    """Return the sentence on limits that never reads as praise."""
    every = [view for check in checks for view in check.judged]
    judged = [view for view in every if view.badge is not ABSENT]
    exceeding, accepted = (sum(view.badge is badge for view in judged) for badge in (EXCEEDS, ACCEPTED))
    unassessed = sum(check.result.status in ("skipped", "errored") for check in checks)
    inconclusive = sum(view.badge is INCONCLUSIVE for view in judged)
    answered = _exceeding(len(judged), exceeding, accepted)
    answered += [say("front.summary.inconclusive", count=inconclusive)] if inconclusive else []
    counts = {"more_metrics": len(every) - len(judged), "whole_checks": unassessed}
    absent = [say(f"front.summary.{what}", count=count) for what, count in counts.items() if count]
    said = say("front.summary.answered", parts=say("list.clauses").join(answered))
    return say("front.summary.whole", answered=said, absent=listed(absent)) if absent else said


def _exceeding(judged: int, exceeding: int, accepted: int) -> list[str]:
    """Say how many limits are exceeded; an accepted risk exceeds its limit too."""
    if not judged:
        return [say("front.summary.nothing")]
    those = say("front.summary.judged", count=judged)
    if exceeding:
        said = [say("front.summary.exceeding", count=exceeding, judged=those)]
        return said + ([say("front.summary.accepted", count=accepted)] if accepted else [])
    if accepted:
        return [say("front.summary.none_but", count=accepted, judged=those)]
    return [say("front.summary.none", judged=those)]


def _but_for_accepted(report: AuditReport) -> str:
    accepted = sum(verdict.state == "accepted risk" for verdict in report.judgement.verdicts)
    return say("front.gate.none_but", count=accepted) if accepted else say("front.gate.none_exceeded")


def _answers(report: AuditReport) -> tuple[int, int]:
    """Return how many metrics the policy judges in this audit, and how many of them got no answer."""
    states = [verdict.state for verdict in report.judgement.verdicts if verdict.metric is not None]
    return len(states), sum(state in ("inconclusive", "not assessed") for state in states)
