"""What changed between two audits, in Markdown: a comment on a pull request."""

from __future__ import annotations

from dataclasses import replace

from modelaudit.comparison import Change, Comparison
from modelaudit.reports.badges import VERDICTS
from modelaudit.reports.markdown import plain
from modelaudit.reports.numbers import Scale, percent, scale_of
from modelaudit.reports.text import sentence
from modelaudit.reports.words import say, told
from modelaudit.results import Metric

START, END = "<!-- modelaudit:changes:start -->", "<!-- modelaudit:changes:end -->"
"""What a tool that updates its comment replaces."""
MOST_ROWS = 30
KINDS = ("worse", "lost", "gone", "not comparable", "better", "new", "no clear change", "for context")


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
        parts += ["\n".join(f"> - {plain(rule)}" for rule in _rules(comparison))]
    return "\n\n".join([*parts, END]) + "\n"


def headline(comparison: Comparison) -> str:
    """Return in one sentence how much is worse, better, new and gone, or that nothing can be compared."""
    if not comparison.comparable:
        return say("changes.headline.refused")
    counts = {kind: sum(_kind(change) == kind for change in comparison.changes) for kind in KINDS}
    said = [say(f"changes.count.{_id(kind)}", count=count) for kind, count in counts.items() if count]
    if not said:
        return say("changes.nothing")
    if beyond := sum(change.newly_exceeds for change in comparison.changes):
        said.append(say("changes.count.newly_exceeds", count=beyond))
    which = "worse" if counts["worse"] else "lost" if counts["lost"] else "fine"
    return say(f"changes.headline.{which}", counts=say("list.separator").join(said))


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
    return "\n".join(f"- {plain(_why(reason, comparison.details.get(reason)))}" for reason in reasons)


def _why(reason: str, detail: str | None) -> str:
    words = told(reason).text
    if not detail:
        return words
    # A plugin's own words become a sentence; what stands before and after an arrow stays as it is.
    return say("changes.why", sentence=words, detail=detail if "→" in detail else sentence(detail))


def _numbers(comparison: Comparison) -> list[str]:
    if not comparison.changes:
        return [say("changes.nothing")]
    columns = ("change", "number", "before", "after", "difference", "detectable", "verdict")
    headings = [plain(say(f"changes.column.{name}")) for name in columns]
    rows = [_row(change) for change in comparison.changes[:MOST_ROWS]]
    lines = [headings, ["---"] * len(headings), *([plain(cell) for cell in row] for row in rows)]
    parts = ["\n".join(f"| {' | '.join(cells)} |" for cells in lines)]
    if rest := len(comparison.changes) - MOST_ROWS:
        parts += [say("changes.more", count=rest)] if rest > 0 else []
    return parts


def _row(change: Change) -> tuple[str, ...]:
    scale = _scale(change)
    apart = _apart(scale)
    kind = say(f"changes.kind.{_id(_kind(change))}")
    if change.reason:
        place = "in_baseline" if change.kind == "new" else "because"
        kind = say(f"changes.{place}", kind=kind, why=_why(change.reason, change.detail))
    return (
        kind,
        _name(change),
        _value(scale, change.before),
        _value(scale, change.after),
        _difference(apart, change),
        _value(replace(apart, signed=False), change.smallest_detectable),
        _verdicts(change),
    )


def _name(change: Change) -> str:
    title = told(change.title).text
    name = title if change.group is None else say("list.titled", title=title, group=change.group)
    return name + (say("changes.paired_mark") if change.paired else "")


def _value(scale: Scale, value: float | None) -> str:
    return say("changes.none") if value is None else scale.value(value)


def _difference(scale: Scale, change: Change) -> str:
    if change.difference is None:
        return say("changes.none")
    # Adjusted where the change is clear, since that is the interval that says so.
    clear = change.kind in ("worse", "better")
    interval = change.adjusted if clear and change.adjusted else change.interval
    value = scale.value(change.difference)
    return say("changes.within", value=value, interval=scale.bare_interval(*interval)) if interval else value


def _verdicts(change: Change) -> str:
    before, after = (
        say("changes.none") if state is None else f"{VERDICTS[state].shape} {VERDICTS[state].words}"
        for state in (change.before_state, change.after_state)
    )
    return before if before == after else say("changes.from_to", before=before, after=after)


def _rules(comparison: Comparison) -> list[str]:
    """Return what a reader has to know of the numbers above."""
    changes = comparison.changes
    said = [say("changes.standing")]
    if comparison.adjusted_level is not None:
        levels = {"level": percent(comparison.level), "adjusted": percent(round(comparison.adjusted_level, 4))}
        said.append(say("changes.tested", count=comparison.tested, q=percent(comparison.q), **levels))
    if comparison.paired_rows is not None:
        said.append(say("changes.paired_rows", count=comparison.paired_rows))
    if any(change.difference is not None and not change.paired for change in changes):
        said.append(say("changes.unpaired"))
    if any(change.size_only for change in changes):
        said.append(say("changes.sizes"))
    return said


def _scale(change: Change) -> Scale:
    """Return how the values are written, by the unit that they had in their report."""
    return scale_of(
        Metric(
            id=change.metric,
            title=change.title,
            value=None,
            unit=change.unit,
            better="zero" if change.size_only else "neither",
            n=0,
            method="",
            reason="a unit alone",
        )
    )


def _apart(scale: Scale) -> Scale:
    """Return how a difference of such values is written."""
    return replace(scale, kind="points" if scale.kind == "share" else scale.kind, signed=True)


def _kind(change: Change) -> str:
    return "lost" if change.lost else "for context" if change.for_context else change.kind


def _id(kind: str) -> str:
    return kind.replace(" ", "_")
