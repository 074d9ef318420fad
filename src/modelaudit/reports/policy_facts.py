"""The policy as tables: who owns and approved it, the limits that stand with no check, its accepted
risks, and the plugins beside it."""

from __future__ import annotations

from collections.abc import Iterable

from modelaudit.audit_report import AuditReport
from modelaudit.reports.checks import FamilyView
from modelaudit.reports.policy_terms import approval, background, bearing, bearing_of, conditions
from modelaudit.reports.provenance import Facts
from modelaudit.reports.tables import DataTable
from modelaudit.reports.technical import limit_key
from modelaudit.reports.words import say
from modelaudit.verdicts import LEVELS, Limit, Waiver, inheriting

ABSENT = "–"
MOST_ROWS = 300
"""So many limits, waivers or plugins stand in a table of the page; the JSON record holds the others."""


def policy_facts(report: AuditReport) -> Facts:
    """Return the policy's identity and its error rates."""
    policy, judgement = report.policy, report.judgement
    pairs = [
        (say("policy.name"), say("policy.named", id=policy.id, version=policy.version)),
        (say("policy.owner"), policy.owner or say("front.declared.missing")),
        (say("policy.approved_by"), approval(policy)),
        (say("provenance.sha256"), policy.sha256 or say("policy.no_hash")),
        *background(policy),
        (say("policy.read_from"), say("policy.interval", level=f"{100 * policy.level:g}%")),
        (say("policy.rate"), f"{policy.q:g}"),
        (say("policy.tests"), say("policy.tested", count=judgement.family_size)),
    ]
    if judgement.judged_on:
        pairs.append((say("policy.judged_on"), str(judgement.judged_on)))
    return Facts(say("policy.title"), (*pairs, *bearing(report)))


def limits_table(report: AuditReport, families: Iterable[FamilyView]) -> DataTable | None:
    """Return the limits of the policy that no check of these families tells with its reason and source."""
    told = {line.key for family in families for check in family.checks for line in check.technical.limits}
    limits = [limit for limit in inheriting(report.policy.limit) if limit_key(limit) not in told]
    if not limits:
        return None
    rows = tuple((limit.name, _limit(limit), _severities(limit)) for limit in limits[:MOST_ROWS])
    columns = tuple(say(f"policy.limits.{name}") for name in ("metric", "limit", "severity"))
    return _words(say("policy.limits.others"), columns, rows, len(limits))


def _limit(limit: Limit) -> str:
    """Return a limit as the policy writes it, in the unit of its metric."""
    if limit.low is not None and limit.high is not None:
        words = say("number.between", low=f"{limit.low:g}", high=f"{limit.high:g}")
    elif limit.high is not None:
        words = say("number.at_most", high=f"{limit.high:g}")
    else:
        words = say("number.at_least", low=f"{limit.low:g}")
    if limit.required:
        words = say("policy.limits.required", limit=words)
    if limit.use_cases:
        words = say("policy.limits.use_cases", limit=words, names=say("list.separator").join(limit.use_cases))
    return words


def _severities(limit: Limit) -> str:
    steps = [f"{say(f'severity.{name}')} {limit.severity[name]:g}" for name in LEVELS if name in limit.severity]
    return say("list.separator").join(steps) or ABSENT


def waivers_table(report: AuditReport) -> DataTable | None:
    """Return the accepted risks, whether they came to bear or not."""
    waivers = report.policy.waiver
    if not waivers:
        return None
    rows = tuple(_waiver(waiver, bearing_of(waiver, report)) for waiver in waivers[:MOST_ROWS])
    names = ("id", "metric", "owner", "approver", "reason", "valid", "ceiling", "used")
    columns = tuple(say(f"policy.waivers.{name}") for name in names)
    return _words(say("policy.waivers.title"), columns, rows, len(waivers))


def _waiver(waiver: Waiver, used: str) -> tuple[str, ...]:
    metric = f"{waiver.checker} {waiver.metric}" + (f" ({waiver.group})" if waiver.group else "")
    return (
        waiver.id,
        metric,
        waiver.owner,
        waiver.approver or say("front.declared.missing"),
        conditions(waiver),
        say("policy.waivers.dates", created=str(waiver.created), expires=str(waiver.expires)),
        ABSENT if waiver.ceiling is None else f"{waiver.ceiling:g}",
        used,
    )


def plugins_table(report: AuditReport) -> DataTable:
    """Return the plugins, the failed ones first."""
    ordered = sorted(report.provenance.plugins, key=lambda plugin: plugin.status != "failed")
    rows = tuple(
        (
            say("plugins.failed") if plugin.status == "failed" else say("plugins.loaded"),
            f"{plugin.name} {plugin.version}",
            say("list.separator").join(plugin.checkers) or say("provenance.none"),
            plugin.reason or ABSENT,
        )
        for plugin in ordered[:MOST_ROWS]
    )
    columns = tuple(say(f"plugins.{name}") for name in ("state", "plugin", "checks", "reason"))
    return _words(say("plugins.title"), columns, rows, len(ordered))


def _words(title: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], total: int) -> DataTable:
    return DataTable(title, columns, (False,) * len(columns), rows, total - len(rows))
