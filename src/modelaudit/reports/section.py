"""The Markdown summary: a section for a model card or a comment of a code review."""

from __future__ import annotations

from collections.abc import Mapping

from modelaudit.audit_report import AuditReport
from modelaudit.reports.badges import Badge, severity_words
from modelaudit.reports.changes import Changes
from modelaudit.reports.checks import CheckView
from modelaudit.reports.decisions import Decision
from modelaudit.reports.findings import FindingView
from modelaudit.reports.front import COLUMNS, Front, front, standing
from modelaudit.reports.markdown import END, START, plain, table
from modelaudit.reports.measures import measure_title, measures_named
from modelaudit.reports.notices import notices
from modelaudit.reports.numbers import percent
from modelaudit.reports.outcomes import change_counts
from modelaudit.reports.seal import marks, sealed
from modelaudit.reports.text import listed, sentence
from modelaudit.reports.words import say

MOST_WORDS = 500
"""So many characters stand with a decision, in whole sentences."""


def render_markdown(report: AuditReport) -> str:
    """Return the summary: what was audited, the gate, the overview, each verdict, and what was not assessed."""
    return sealed(section(report))


def section(report: AuditReport) -> str:
    """Return the summary with an empty place for its seal."""
    first = front(report)
    parts = [
        START,
        "## " + say("markdown.title", model=plain(first.model)),
        f"**{plain(first.gate)}** {plain(first.summary)}",
        *_listed(notices(report, rows=False)),
        table((say("markdown.what"), say("markdown.audited")), [(fact.label, fact.words) for fact in first.facts]),
        "### " + say("markdown.overview"),
        _overview(first),
        "### " + say("markdown.decisions"),
        _decisions(first),
        *_measures(first),
        *_changes(first.changes, change_counts(report)),
        "### " + say("markdown.verdicts"),
        _verdicts(first, percent(report.judgement.level)),
        "### " + say("markdown.gaps"),
        _gaps(first),
        f"> {plain(standing())}",
        say("markdown.digest", digest=f"`{report.digest}`", policy=plain(first.policy)),
        "\n".join([*marks("markdown", report.digest), END]),
    ]
    return "\n\n".join(parts) + "\n"


def _listed(notices: tuple[str, ...]) -> list[str]:
    return ["\n".join(f"- {plain(notice)}" for notice in notices)] if notices else []


def _overview(first: Front) -> str:
    headings = (say("markdown.risk"), say("markdown.state"), *(badge.words for badge in COLUMNS))
    rows = []
    for family in first.families:
        state = _badge(family.badge)
        state = say("markdown.incomplete", state=state) if family.incomplete else state
        rows.append((family.title, state, *(f"{family.counts[badge.key]:,}" for badge in COLUMNS)))
    return table(headings, rows)


def _decisions(first: Front) -> str:
    lines = [_line(say("markdown.check_failed", check=check.title.text), check.answer) for check in first.failed]
    lines += [
        _line(say("markdown.plugin_failed", plugin=name), say("markdown.plugin_lost")) for name in first.failed_plugins
    ]
    lines += [_decision(decision) for decision in first.decisions]
    if first.more_decisions:
        lines.append("- " + say("markdown.more", count=len(first.more_decisions)))
    return "\n".join(lines) if lines else plain(first.summary)


def _decision(decision: Decision) -> str:
    state = _badge(decision.badge)
    if decision.severity:
        state = say("markdown.with_severity", state=state, severity=severity_words(decision.severity))
    head = say("markdown.titled", state=state, title=decision.title)
    # What is too long is cut in the words, never in the numbers.
    return f"{_line(head, decision.within(MOST_WORDS))} ({plain(decision.numbers)})"


def _measures(first: Front) -> list[str]:
    """Return what the reference trainer can do about exceeded limits; nothing where it can do nothing."""
    found = measures_named(check for family in first.families for check in family.checks)
    lines = [
        "- "
        + say(
            "mending.remedies_line",
            title=plain(measure_title(measure.id)),
            flag=f"`{measure.flag}`",
            checks=plain(listed(titles)),
        )
        for measure, titles in found
    ]
    return ["### " + say("mending.remedies"), "\n".join(lines)] if lines else []


def _line(head: str, words: str) -> str:
    return f"- **{plain(sentence(head))}** {plain(words)}"


def _changes(found: Changes | None, counts: Mapping[str, int]) -> list[str]:
    """Return what changed since the baseline: how much, and what became worst; nothing where no baseline was given."""
    if found is None:
        return []
    lines = [
        _line(
            say("markdown.titled", state=change.kind_words, title=change.title),
            say(
                "markdown.change",
                values=say("changes.from_to", before=change.before, after=change.after),
                difference=change.difference,
                verdict=change.verdict,
            )
            + (f" {sentence(change.why)}" if change.why else ""),
        )
        for change in found.worst
    ]
    if (left := counts.get("worse", 0) + counts.get("lost", 0) - len(found.worst)) > 0:
        lines.append("- " + say("markdown.more_changes", count=left))
    lines += [f"- {plain(reason)}" for reason in (*found.reasons, *found.notes)]
    head = f"**{plain(found.headline)}** {plain(found.baseline)}"
    return ["### " + say("front.changes.title"), head, *(["\n".join(lines)] if lines else [])]


def _verdicts(first: Front, level: str) -> str:
    checks = [check for family in first.families for check in family.checks]
    rows = [(check.title.text, *_verdict(view)) for check in checks for view in check.judged]
    rows += [_unanswered(check) for check in checks if not check.judged]
    headings = ("check", "metric", "estimate", "interval", "n", "limit", "verdict")
    named = tuple(say(f"markdown.column.{heading}", level=level) for heading in headings)
    return table(named, rows) if rows else say("markdown.nothing_judged")


def _verdict(view: FindingView) -> tuple[str, ...]:
    state = _badge(view.badge)
    if view.severity:
        state = say("markdown.with_severity", state=state, severity=view.severity)
    if view.waiver:
        waiver = view.waiver
        by = "markdown.accepted" if waiver.approver else "markdown.accepted_by_nobody"
        until = str(waiver.expires)
        state = say(by, state=state, waiver=waiver.id, owner=waiver.owner, approver=waiver.approver, until=until)
    limit = view.limit_words or say("formats.no_limit")
    return view.title, view.value_words, view.interval_words, view.n_words, limit, state


def _unanswered(check: CheckView) -> tuple[str, ...]:
    return check.title.text, "–", "–", "–", "–", "–", _badge(check.badge)


def _gaps(first: Front) -> str:
    lines = [
        say(
            "markdown.gap",
            title=f"**{plain(gap.title)}**",
            state=plain(gap.badge.words.lower()),
            reason=plain(sentence(gap.reason)),
        )
        for gap in first.gaps
    ]
    return "\n".join(f"- {line}" for line in lines) if lines else plain(say("front.gap.none"))


def _badge(badge: Badge) -> str:
    return f"{badge.shape} {badge.words}"
