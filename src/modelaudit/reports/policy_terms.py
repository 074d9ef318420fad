"""What a policy says beside its limits: what it was built on, which checks it requires, and what a waiver asks for."""

from __future__ import annotations

from modelaudit.audit_report import AuditReport
from modelaudit.frameworks import frameworks
from modelaudit.reports.text import told_sentence
from modelaudit.reports.words import say, spoken
from modelaudit.verdicts import Policy, Requirement, Waiver

MOST = 40
"""So many required checks and limits looser than those of another policy are named; the JSON record holds all."""

Pairs = list[tuple[str, str]]


def approval(policy: Policy) -> str:
    """Return who approved the policy, and when."""
    if not policy.reviewed:
        return say("policy.nobody")
    if policy.approved_on is None:
        return policy.approved_by
    return say("policy.approved_on", name=policy.approved_by, day=str(policy.approved_on))


def background(policy: Policy) -> Pairs:
    """Return the policy's note, and the policy that it extends with the limits that are looser than there."""
    pairs = [(say("policy.note"), policy.note)] if policy.note else []
    if policy.extends:
        built = say("policy.extended", name=policy.extends, sha256=policy.extends_sha256 or say("policy.no_hash"))
        pairs.append((say("policy.extends"), built))
    looser = [limit for limit in policy.limit if limit.override_reason]
    return pairs + [(say("policy.looser", name=limit.name), limit.override_reason or "") for limit in looser[:MOST]]


def bearing(report: AuditReport) -> Pairs:
    """Return the checks that the policy requires, and what of the policy did not bear on this audit."""
    policy, judgement = report.policy, report.judgement
    pairs = [(say("policy.require"), _required(requirement)) for requirement in policy.require[:MOST]]
    if judgement.other_use_cases:
        pairs.append((say("policy.other_uses"), say("policy.other_uses_count", count=len(judgement.other_use_cases))))
    if judgement.judged_again:
        pairs.append((say("policy.again"), say("front.notice.again")))
    if outdated := _outdated(report.run.started[:10]):
        pairs.append((say("policy.outdated"), outdated))
    return pairs


def _outdated(day: str) -> str:
    """Return the frameworks whose mapping to clauses was past its day when the audit ran."""
    past = [framework for framework in frameworks() if str(framework.review_by) < day]
    chinese = spoken() == "zh"
    named = [(framework.title_zh if chinese else framework.title, str(framework.review_by)) for framework in past]
    return say("list.clauses").join(say("policy.outdated_since", name=name, day=since) for name, since in named)


def _required(requirement: Requirement) -> str:
    key = "policy.required_where" if requirement.where_applicable else "policy.required"
    return say(key, check=requirement.checker, why=requirement.rationale, source=requirement.source)


def conditions(waiver: Waiver) -> str:
    """Return why a risk is accepted, what is done instead, where that is kept, and for which weights alone it holds."""
    parts = [waiver.reason]
    parts += [say("policy.waivers.instead", words=waiver.compensating)] if waiver.compensating else []
    parts += [say("policy.waivers.ticket", ticket=waiver.ticket)] if waiver.ticket else []
    if waiver.model_digest:
        parts.append(say("policy.waivers.model", digest=waiver.model_digest.removeprefix("sha256:")[:12]))
    return " ".join(parts)


def bearing_of(waiver: Waiver, report: AuditReport) -> str:
    """Return whether a waiver came to bear, and why not where the judgement says so."""
    if any(verdict.waiver == waiver.id for verdict in report.judgement.verdicts):
        return say("provenance.yes")
    head = f"{waiver.id} ({waiver.name}): "
    idle = [sentence.removeprefix(head) for sentence in report.judgement.idle_waivers if sentence.startswith(head)]
    return say("policy.waivers.idle", why=told_sentence(idle[0]).text) if idle else say("provenance.no")
