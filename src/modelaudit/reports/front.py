"""The first screen: what was audited, whether the gate holds, what needs a decision, and what is not known."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelaudit.audit_report import AuditReport, ModelInfo, TableInfo
from modelaudit.reports.badges import ABSENT, ACCEPTED, EXCEEDS, FAILED, INCONCLUSIVE, WITHIN, Badge
from modelaudit.reports.checks import CheckView, FamilyView, family_views
from modelaudit.reports.findings import FindingView
from modelaudit.reports.numbers import percent
from modelaudit.reports.text import plural, sentence

STANDING = (
    "This report records test results. It is not legal advice, a certificate, or a finding that any law is met. "
    "A check that finds nothing does not show that nothing is there. "
    "Results hold for this model file, this data and these settings only."
)
"""What every report says on its first page."""

STARTER = "starter limits, not reviewed by your organisation"
SOON = dt.timedelta(days=30)
"""A waiver that ends within this time is pointed out on the first page."""
MOST_DECISIONS = 5
"""So many findings that need a decision stand on the first page in full; the others are named below them."""

COLUMNS: tuple[Badge, ...] = (FAILED, EXCEEDS, ACCEPTED, INCONCLUSIVE, ABSENT, WITHIN)
"""The states that the overview counts, the gravest first."""


@dataclass(frozen=True)
class Fact:
    """A line of what was audited; `missing` where nobody declared it."""

    label: str
    words: str
    missing: bool = False


@dataclass(frozen=True)
class Decision:
    """Something that a person has to decide, with the link to its evidence."""

    badge: Badge
    severity: str | None
    title: str
    words: str
    numbers: str
    anchor: str


@dataclass(frozen=True)
class Gap:
    """Something that was not assessed, and why."""

    badge: Badge
    title: str
    reason: str
    anchor: str


@dataclass(frozen=True)
class Front:
    """The first screen."""

    model: str
    facts: tuple[Fact, ...]
    gate_state: Literal["holds", "open", "fails"]
    gate: str
    gate_code: int
    gate_reasons: tuple[str, ...]
    policy: str
    families: tuple[FamilyView, ...]
    failed: tuple[CheckView, ...]
    decisions: tuple[Decision, ...]
    more_decisions: tuple[Decision, ...]
    summary: str
    gaps: tuple[Gap, ...]
    failed_plugins: tuple[str, ...]
    idle_limits: tuple[str, ...]


def front(report: AuditReport) -> Front:
    """Return the first screen of a report."""
    families = family_views(report)
    checks = tuple(check for family in families for check in family.checks)
    decisions = _decisions(report, checks)
    gate = report.judgement.gate
    return Front(
        model=report.subject.model.name,
        facts=_facts(report),
        gate_state=gate_state(report),
        gate=gate_words(report),
        gate_code=gate.exit_code,
        gate_reasons=gate.reasons,
        policy=policy_words(report),
        families=families,
        failed=tuple(check for check in checks if check.badge is FAILED),
        decisions=decisions[:MOST_DECISIONS],
        more_decisions=decisions[MOST_DECISIONS:],
        summary=summary_words(checks),
        gaps=_gaps(families),
        failed_plugins=tuple(plugin.name for plugin in report.provenance.plugins if plugin.status == "failed"),
        idle_limits=report.judgement.idle_limits,
    )


def gate_state(report: AuditReport) -> Literal["holds", "open", "fails"]:
    """Return whether the gate fails, or holds with every metric answered, or holds and leaves some open."""
    if report.judgement.gate.exit_code:
        return "fails"
    judged, unanswered = _answers(report)
    return "open" if unanswered or not judged else "holds"


def gate_words(report: AuditReport) -> str:
    """Return the gate's result in words."""
    failed = sum(result.status == "errored" for result in report.results)
    exceeded = sum(verdict.state == "exceeds limit" for verdict in report.judgement.verdicts)
    match report.judgement.gate.exit_code:
        case 4:
            parts = [f"{plural(failed, 'check')} failed and gave no answer"]
            if exceeded:
                parts.append(f"{plural(exceeded, 'limit is', 'limits are')} exceeded")
            return f"The gate does not hold: {' and '.join(parts)}."
        case 1:
            return f"The gate does not hold: {plural(exceeded, 'limit is', 'limits are')} exceeded."
        case 3:
            return "The gate does not hold: a check that the policy requires is inconclusive or did not run."
        case 0:
            judged, unanswered = _answers(report)
            if unanswered == judged:
                return "Nothing was shown: no limit is exceeded and no check failed, but no metric gave an answer."
            rest = f" {unanswered} of {plural(judged, 'metric')} gave no answer." if unanswered else ""
            holds = "The gate holds: no limit is exceeded, no check failed, and what the policy requires was answered."
            return holds + rest


def _answers(report: AuditReport) -> tuple[int, int]:
    """Return how many metrics the policy judges in this audit, and how many of them got no answer."""
    states = [verdict.state for verdict in report.judgement.verdicts if verdict.metric is not None]
    return len(states), sum(state in ("inconclusive", "not assessed") for state in states)


def summary_words(checks: tuple[CheckView, ...]) -> str:
    """Return the sentence on limits that never reads as praise."""
    every = [view for check in checks for view in check.judged]
    judged = [view for view in every if view.badge is not ABSENT]
    exceeding = sum(view.badge is EXCEEDS for view in judged)
    inconclusive = sum(view.badge is INCONCLUSIVE for view in judged)
    without = len(every) - len(judged)
    unassessed = sum(check.result.status in ("skipped", "errored") for check in checks)
    judged_words = f"the {plural(len(judged), 'metric')} that {'was' if len(judged) == 1 else 'were'} judged"
    lead = f"No limit was exceeded by {judged_words}"
    if exceeding:
        lead = f"{exceeding} of {judged_words} {'exceeds its limit' if exceeding == 1 else 'exceed their limits'}"
    return (
        f"{lead}; {inconclusive} {'was' if inconclusive == 1 else 'were'} inconclusive. Not assessed: "
        f"{plural(without, 'more metric')} and {plural(unassessed, 'whole check')}."
    )


def policy_words(report: AuditReport) -> str:
    """Return the policy's name with who approved it."""
    policy = report.policy
    approved = f"approved by {policy.approved_by}" if policy.approved_by else STARTER
    return f"{policy.id}, version {policy.version}: {approved}"


def model_words(model: ModelInfo) -> str:
    """Return what the model is, in a line."""
    if model.kind == "function":
        return f"the function {model.architecture}, from texts to probabilities; nobody looked into it"
    parts = [model.architecture]
    if model.parameters is not None:
        parts.append(f"{model.parameters / 1e6:,.1f} million parameters")
    if model.adapter:
        parts.append(f"adapter {model.adapter}")
    if model.base_model:
        parts.append(f"fine-tuned from {model.base_model}")
    return ", ".join(parts)


def table_words(table: TableInfo) -> str:
    """Return what a table of rows is, in a line."""
    sampled = f" sampled from {table.sampled_from:,}" if table.sampled_from else ""
    labels = f"true labels in column '{table.label_column}'" if table.labelled else "without true labels"
    return f"{table.name}, n = {table.rows:,} rows{sampled}, text in column '{table.text_column}', {labels}"


def _facts(report: AuditReport) -> tuple[Fact, ...]:
    subject, declared = report.subject, report.subject.declared
    facts = [
        Fact("Model", model_words(subject.model)),
        Fact("Task", f"{subject.task}, {plural(len(subject.model.labels), 'class', 'classes')}"),
        Fact("Judged on", table_words(subject.evaluation)),
    ]
    if subject.model.kind == "function":
        rows = report.provenance.numerics.get("rows", "not asked")
        answers = f"{rows}; whether it reads long texts to their end is not known"
        facts.append(Fact("Its answers", answers, missing=not subject.model.repeatable))
    if subject.members:
        facts.append(Fact("Training rows", table_words(subject.members)))
    else:
        facts.append(Fact("Training rows", "not given", missing=True))
    for label, words in (
        ("Declared use", declared.use),
        ("Declared owner", declared.owner),
        ("Declared impact", declared.impact),
    ):
        facts.append(Fact(label, words or "not declared", missing=not words))
    facts.append(Fact("Policy", policy_words(report), missing=not report.policy.approved_by))
    facts.append(
        Fact("Run", f"{report.run.started[:10]}, preset {report.settings.preset}, seed {report.settings.seed}")
    )
    if report.settings.show_text:
        facts.append(Fact("Text of rows", "shown in this report: handle the file as you handle the data"))
    return tuple(facts)


def _decisions(report: AuditReport, checks: tuple[CheckView, ...]) -> tuple[Decision, ...]:
    judged = sorted((view for check in checks for view in check.judged), key=lambda view: view.gravity)
    decisions = [_finding_decision(view, report) for view in _worst_of_each_check_first(judged)]
    day = report.judgement.judged_on
    for view in judged:
        ending = view.waiver is not None and day is not None and view.waiver.expires - day <= SOON
        unanswered = view.verdict is not None and view.verdict.required and view.badge in (INCONCLUSIVE, ABSENT)
        if ending or unanswered:
            decisions.append(_finding_decision(view, report))
    return tuple(decisions)


def _worst_of_each_check_first(judged: Sequence[FindingView]) -> list[FindingView]:
    """Return the findings that exceed a limit: what is critical, then the worst of each check, then the others.

    Ten perturbations that exceed their limit would otherwise push a leak off the first page.
    """
    exceeding = [view for view in judged if view.badge is EXCEEDS and view.verdict is not None]
    places: Counter[str] = Counter()
    ranked = []
    for view in exceeding:
        checker, severity = (view.verdict.checker, view.verdict.severity) if view.verdict else ("", None)
        ranked.append((0 if severity == "critical" else places[checker], view))
        places[checker] += 1
    return [view for _, view in sorted(ranked, key=lambda pair: min(pair[0], 1))]


def _finding_decision(view: FindingView, report: AuditReport) -> Decision:
    words = sentence(view.finding.statement)
    if view.waiver:
        words = f"The accepted risk ends on {view.waiver.expires} (owner: {view.waiver.owner}). {words}"
    elif view.badge is not EXCEEDS:
        words = f"The policy requires an answer and there is none. {view.reason_words}"
    return Decision(
        badge=view.badge,
        severity=view.verdict.severity if view.verdict and view.badge is EXCEEDS else None,
        title=view.title,
        words=words,
        numbers=_decision_numbers(view, words, percent(report.judgement.level)),
        anchor=view.anchor,
    )


def _decision_numbers(view: FindingView, words: str, level: str) -> str:
    """Return the number, its interval and the limit; the limit alone where the sentence holds the others already."""
    limit = f"limit {view.limit_words}" if view.limit_words else "no limit"
    figures = (view.metric.value, *(view.interval or ()))
    if all(value is not None and view.scale.bare(value).strip("+\u2212%") in words for value in figures):
        return sentence(limit)
    return sentence(f"{view.value_words}, {level} interval {view.interval_words}; {limit}")


def _gaps(families: tuple[FamilyView, ...]) -> tuple[Gap, ...]:
    gaps = []
    for family in families:
        if not family.checks:
            gaps.append(Gap(ABSENT, family.title, "No check of this family was in the audit.", family.anchor))
        for check in family.checks:
            if check.result.status != "completed":
                gaps.append(Gap(check.badge, check.info.title, sentence(check.result.reason or ""), check.anchor))
            gaps += _metric_gaps(check)
    return tuple(gaps)


def _metric_gaps(check: CheckView) -> list[Gap]:
    """Return the unjudged metrics of a check, those with one reason together."""
    by_reason: dict[str, list[FindingView]] = {}
    for view in check.judged:
        if view.badge is ABSENT:
            by_reason.setdefault(view.reason_words, []).append(view)
    gaps = []
    for reason, views in by_reason.items():
        title = views[0].title if len(views) == 1 else f"{check.info.title}, {plural(len(views), 'metric')}"
        gaps.append(Gap(ABSENT, title, sentence(reason), views[0].anchor))
    if check.result.status == "completed" and not check.judged:
        gaps.append(Gap(ABSENT, check.info.title, "The policy sets no limit on what it measures.", check.anchor))
    return gaps
