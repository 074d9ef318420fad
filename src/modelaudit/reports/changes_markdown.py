"""What changed between two audits, in Markdown: a comment on a pull request."""

from __future__ import annotations

from dataclasses import replace

from modelaudit.comparison import Change, Comparison
from modelaudit.reports.change_words import (
    difference_words,
    headline,
    kind_words,
    names_of,
    reason_words,
    rules,
    scale_of_change,
    scale_of_difference,
    value_words,
    verdict_words,
    why_words,
)
from modelaudit.reports.markdown import plain, table
from modelaudit.reports.words import say

START, END = "<!-- modelaudit:changes:start -->", "<!-- modelaudit:changes:end -->"
"""What a tool that updates its comment replaces."""
MOST_ROWS = 30
COLUMNS = ("change", "number", "before", "after", "difference", "detectable", "verdict")


def render_changes(comparison: Comparison) -> str:
    """Return the changes, the gravest first, or why there is no comparison, in the language that is spoken now."""
    parts = [START, f"## {say('changes.title', model=plain(comparison.after_model or comparison.baseline_model))}"]
    parts += [f"**{plain(headline(comparison))}**", _records(comparison)]
    if not comparison.comparable:
        parts += [_heading("reasons"), _listed(comparison.reasons, comparison)]
    else:
        parts += [_heading("numbers"), *_numbers(comparison)]
    if comparison.notes:
        parts += [_heading("notes"), _listed(comparison.notes, comparison)]
    if comparison.comparable:
        parts += ["\n".join(f"> - {plain(rule)}" for rule in rules(comparison))]
    return "\n\n".join([*parts, END]) + "\n"


def _records(comparison: Comparison) -> str:
    sides = {
        "baseline": (comparison.baseline_model, comparison.baseline_started, comparison.baseline_digest),
        "now": (comparison.after_model, comparison.after_started, comparison.after_digest),
    }
    return "\n".join(
        "- "
        + say(f"changes.{name}", model=plain(model), started=plain(started or ""), digest=f"`{plain(digest or '')}`")
        for name, (model, started, digest) in sides.items()
        if model is not None
    )


def _heading(part: str) -> str:
    return f"### {say(f'changes.part.{part}')}"


def _listed(reasons: tuple[str, ...], comparison: Comparison) -> str:
    return "\n".join(f"- {plain(why_words(reason, comparison.details.get(reason)))}" for reason in reasons)


def _numbers(comparison: Comparison) -> list[str]:
    if not comparison.changes:
        return [say("changes.nothing")]
    named = list(zip(comparison.changes, names_of(comparison.changes), strict=True))
    rows = [_row(change, name) for change, name in named[:MOST_ROWS]]
    headings = [say(f"changes.column.{name}") for name in COLUMNS]
    parts = [table(headings, rows)]
    if (rest := len(comparison.changes) - MOST_ROWS) > 0:
        parts.append(say("changes.more", count=rest))
    return parts


def _row(change: Change, name: str) -> tuple[str, ...]:
    scale, apart = scale_of_change(change), scale_of_difference(change)
    kind, why = kind_words(change), reason_words(change)
    return (
        say("changes.because", kind=kind, why=why) if why else kind,
        name,
        value_words(scale, change.before),
        value_words(scale, change.after),
        difference_words(change, apart),
        value_words(replace(apart, signed=False), change.smallest_detectable),
        verdict_words(change),
    )
