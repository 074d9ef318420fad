"""The Markdown summary: a section for a model card or a comment of a code review."""

from __future__ import annotations

import re

from modelaudit.audit_report import AuditReport
from modelaudit.reports.checks import CheckView
from modelaudit.reports.findings import FindingView
from modelaudit.reports.front import COLUMNS, STANDING, Front, front
from modelaudit.reports.numbers import percent
from modelaudit.reports.text import plural, sentence, visible

START, END = "<!-- modelaudit:start -->", "<!-- modelaudit:end -->"
"""What a tool that updates a model card replaces."""

_SPECIAL = re.compile(r"[\\`*\[\]<>&|~$^#!{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|@")


def plain(text: str) -> str:
    """Return text that Markdown, its tables and the HTML in it leave as it is: special characters become entities."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", visible(text, most=600)).strip()


def render_markdown(report: AuditReport) -> str:
    """Return the summary: what was audited, the gate, the overview, each verdict, and what was not assessed."""
    first = front(report)
    parts = [
        START,
        f"## Model risk audit: {plain(first.model)}",
        f"**{plain(first.gate)}** {plain(first.summary)}",
        _facts(first),
        "### Overview",
        _overview(first),
        "### Findings that need a decision",
        _decisions(first),
        "### Verdicts",
        _verdicts(first, percent(report.judgement.level)),
        "### Not assessed",
        _gaps(first),
        f"> {STANDING}",
        f"Report digest: `{report.digest}`. Policy: {plain(first.policy)}.",
        END,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(first: Front) -> str:
    return _table(("What", "Audited"), [(fact.label, fact.words) for fact in first.facts])


def _overview(first: Front) -> str:
    headings = ("Risk", "State", *(badge.words for badge in COLUMNS))
    rows = []
    for family in first.families:
        state = f"{family.badge.shape} {family.badge.words}" + (", incomplete" if family.incomplete else "")
        rows.append((family.title, state, *(str(family.counts[badge.key]) for badge in COLUMNS)))
    return _table(headings, rows)


def _decisions(first: Front) -> str:
    lines = [f"- **✕ Check failed: {plain(check.info.title)}.** {plain(check.answer)}" for check in first.failed]
    lines += [
        f"- **✕ Plugin failed: {plain(name)}.** Its checks are not in this report." for name in first.failed_plugins
    ]
    for decision in first.decisions:
        severity = f", severity {decision.severity}" if decision.severity else ""
        head = f"{decision.badge.shape} {decision.badge.words}{severity}: {plain(decision.title)}"
        lines.append(f"- **{head}.** {plain(decision.words)} ({plain(decision.numbers)})")
    if first.more_decisions:
        lines.append(f"- and {plural(len(first.more_decisions), 'more finding')} in the table of verdicts")
    return "\n".join(lines) if lines else plain(first.summary)


def _verdicts(first: Front, level: str) -> str:
    headings = ("Check", "Metric", "Estimate", f"{level} interval", "n", "Limit", "Verdict")
    rows = [
        (check.info.title, *_verdict(view))
        for family in first.families
        for check in family.checks
        for view in check.judged
    ]
    rows += [_unanswered(check) for family in first.families for check in family.checks if not check.judged]
    return _table(headings, rows) if rows else "No metric was judged."


def _verdict(view: FindingView) -> tuple[str, ...]:
    severity = f" ({view.verdict.severity})" if view.verdict and view.verdict.severity else ""
    badge = f"{view.badge.shape} {view.badge.words}{severity}"
    return view.title, view.value_words, view.interval_words, view.n_words, view.limit_words or "none", badge


def _unanswered(check: CheckView) -> tuple[str, ...]:
    return check.info.title, "–", "–", "–", "–", "–", f"{check.badge.shape} {check.badge.words}"


def _gaps(first: Front) -> str:
    lines = [
        f"- **{plain(gap.title)}** ({gap.badge.words.lower()}): {plain(sentence(gap.reason))}" for gap in first.gaps
    ]
    return "\n".join(lines) if lines else "Every check that was planned gave an answer."


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
