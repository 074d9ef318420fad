"""The first screen: what was audited, whether the gate holds, what needs a decision, and what is not known."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.audit_report import AuditReport
from modelaudit.reports.badges import ABSENT, ACCEPTED, EXCEEDS, FAILED, INCONCLUSIVE, WITHIN, Badge
from modelaudit.reports.benefit import Benefit, benefit
from modelaudit.reports.changes import Changes, changes
from modelaudit.reports.checks import CheckView, FamilyView, family_views
from modelaudit.reports.decisions import Decision, Gap, decisions, gap_words, gaps
from modelaudit.reports.gate import GateState, gate_state, gate_words, summary_words
from modelaudit.reports.notices import notices
from modelaudit.reports.process import Step, process
from modelaudit.reports.subject_facts import (
    Fact,
    audited_facts,
    declared_facts,
    declared_in_short,
    policy_words,
    table_words,
)
from modelaudit.reports.words import say

__all__ = ["COLUMNS", "Front", "front", "gate_words", "policy_words", "standing", "table_words"]

MOST_DECISIONS = 5
"""So many findings that need a decision stand on the first page in full; the others are named after it."""

COLUMNS: tuple[Badge, ...] = (FAILED, EXCEEDS, ACCEPTED, INCONCLUSIVE, ABSENT, WITHIN)
"""The states that the overview counts, the gravest first."""


@dataclass(frozen=True)
class Front:
    """The first screen, and what the pages right after it tell in full."""

    model: str
    digest: str
    audited: tuple[Fact, ...]
    declared: tuple[Fact, ...]
    declared_in_short: tuple[Fact, ...]
    gate_state: GateState
    gate: str
    gate_code: int
    gate_reasons: tuple[str, ...]
    policy: str
    notices: tuple[str, ...]
    families: tuple[FamilyView, ...]
    failed: tuple[CheckView, ...]
    decisions: tuple[Decision, ...]
    more_decisions: tuple[Decision, ...]
    summary: str
    changes: Changes | None
    gaps: tuple[Gap, ...]
    gap_words: str
    failed_plugins: tuple[str, ...]
    idle_limits: tuple[str, ...]
    process: tuple[Step, ...]
    benefit: Benefit

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What was audited and what is declared of it."""
        return self.audited + self.declared


def front(report: AuditReport) -> Front:
    """Return the first screen of a report, in the language that is spoken now."""
    families = family_views(report)
    checks = tuple(check for family in families for check in family.checks)
    found = decisions(report, checks)
    digest, absent = report.digest, gaps(families)
    gate = report.judgement.gate
    return Front(
        model=report.subject.model.name,
        digest=digest,
        audited=audited_facts(report, digest),
        declared=declared_facts(report),
        declared_in_short=declared_in_short(report),
        gate_state=gate_state(report),
        gate=gate_words(report),
        gate_code=gate.exit_code,
        gate_reasons=gate.reasons,
        policy=policy_words(report),
        notices=notices(report),
        families=families,
        failed=tuple(check for check in checks if check.badge is FAILED),
        decisions=found[:MOST_DECISIONS],
        more_decisions=found[MOST_DECISIONS:],
        summary=summary_words(checks),
        changes=changes(report, checks),
        gaps=absent,
        gap_words=gap_words(absent),
        failed_plugins=tuple(plugin.name for plugin in report.provenance.plugins if plugin.status == "failed"),
        idle_limits=report.judgement.idle_limits,
        process=process(report, checks),
        benefit=benefit(report, checks),
    )


def standing() -> str:
    """Return what every report says on its first page."""
    return say("front.standing")
