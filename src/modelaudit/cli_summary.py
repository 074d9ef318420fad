"""What a command says of a report, and where it wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from modelaudit.audit_report import AuditReport
from modelaudit.reports.gate import gate_words
from modelaudit.reports.subject_facts import table_words
from modelaudit.terminal import out

if TYPE_CHECKING:
    from modelaudit.outcome import AuditOutcome

MARKS = {
    "exceeds limit": "[red]▲ exceeds limit[/red]",
    "inconclusive": "[yellow]◆ inconclusive[/yellow]",
    "incomplete": "[yellow]◆ incomplete[/yellow]",
    "within limit": "[green]● within limit[/green]",
    "accepted risk": "[magenta]■ accepted risk[/magenta]",
    "not assessed": "[dim]○ not assessed[/dim]",
}


def save(outcome: AuditOutcome, paths: list[Path]) -> None:
    """Write the report to each path, and say so."""
    outcome.save(*paths)
    for path in paths:
        out.print(f"written: {escape(str(path))}")


def summary(report: AuditReport) -> None:
    """Print what was judged, the families, what exceeds its limit, what gave no answer, and the gate."""
    out.print(f"judged on {escape(table_words(report.subject.evaluation))}")
    table = Table("family", "state", "counts")
    for family in report.judgement.families:
        counts = ", ".join(f"{count} {state}" for state, count in family.counts.items())
        table.add_row(family.risk.value, MARKS[family.state], counts)
    out.print(table)
    for verdict in sorted(report.judgement.verdicts, key=lambda verdict: -verdict.grade):
        if verdict.state == "exceeds limit" and verdict.interval is not None:
            name = " · ".join(part for part in (verdict.checker, verdict.metric, verdict.group) if part)
            low, high = verdict.interval
            interval = f"{report.judgement.level:.0%} interval {low:.3g} to {high:.3g}"
            void = verdict.reason.partition(" Waiver ")[2]
            note = f". Waiver {void}" if void else ""
            out.print(f"▲ {escape(name)}: {interval}, limit {verdict.limit} ({verdict.severity}){escape(note)}")
    for result in report.results:
        if result.status == "errored":
            out.print(f"[red]failed:[/red] {escape(result.checker.id)}: {escape(result.reason or '')}")
        elif result.status != "completed":
            out.print(f"○ {result.status}: {escape(result.checker.id)}: {escape(result.reason or '')}")
    for plugin in report.provenance.plugins:
        if plugin.status == "failed":
            out.print(f"[red]plugin {escape(plugin.name)} is not used:[/red] {escape(plugin.reason or '')}")
    for waiver in report.judgement.idle_waivers:
        out.print(f"[yellow]waiver that covers nothing:[/yellow] {escape(waiver)}")
    for limit in report.judgement.idle_limits:
        out.print(f"[yellow]limit without a metric:[/yellow] {escape(limit)}")
    out.print(escape(gate_words(report)))
    for reason in report.judgement.gate.reasons:
        out.print(f"  {escape(reason)}")
