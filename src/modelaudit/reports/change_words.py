"""A change between two audits in words: what became of the number, by how much, and why it can't be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from modelaudit.comparison import Change, Comparison
from modelaudit.reports.badges import VERDICTS
from modelaudit.reports.numbers import Scale, percent, scale_of
from modelaudit.reports.text import sentence as as_sentence
from modelaudit.reports.words import say, told
from modelaudit.results import Metric

KINDS = ("worse", "lost", "gone", "not comparable", "better", "new", "no clear change", "for context")
"""What can become of a number, the gravest first."""


def kind_of(change: Change) -> str:
    """Return what became of a number, with what was lost and what was never tested set apart."""
    return "lost" if change.lost else "for context" if change.for_context else change.kind


def kind_words(change: Change) -> str:
    """Return what became of a number in the report's language."""
    return say(f"changes.kind.{kind_of(change).replace(' ', '_')}")


def names_of(changes: Sequence[Change]) -> list[str]:
    """Return what each number is, with its group where it has one and a mark where rows were paired.

    Where two have one name the check stands with it, and the metric as well where both are of one check.
    """
    names = [_name(change) for change in changes]
    alike = Counter(names)
    in_check = Counter(zip(names, (change.checker for change in changes), strict=True))
    found = []
    for change, name in zip(changes, names, strict=True):
        if alike[name] > 1:
            alone = in_check[name, change.checker] == 1
            check = change.checker if alone else say("list.titled", title=change.checker, group=change.metric)
            name = say("changes.of_check", name=name, check=check)
        found.append(name + (say("changes.paired_mark") if change.paired else ""))
    return found


def _name(change: Change) -> str:
    title = told(change.title).text
    return title if change.group is None else say("list.titled", title=title, group=told(change.group).text)


def value_words(scale: Scale, value: float | None) -> str:
    """Return a value, or that there is none."""
    return say("changes.none") if value is None else scale.value(value)


def difference_words(change: Change, scale: Scale) -> str:
    """Return the difference with its interval, the adjusted one where the change is clear, since that one says so."""
    if change.difference is None:
        return say("changes.none")
    clear = change.kind in ("worse", "better")
    interval = change.adjusted if clear and change.adjusted else change.interval
    value = scale.value(change.difference)
    return say("changes.within", value=value, interval=scale.bare_interval(*interval)) if interval else value


def verdict_words(change: Change) -> str:
    """Return the verdict before and now, or the one that both audits gave."""
    before, after = (
        say("changes.none") if state is None else f"{VERDICTS[state].shape}\u00a0{VERDICTS[state].words}"
        for state in (change.before_state, change.after_state)
    )
    return before if before == after else say("changes.from_to", before=before, after=after)


def why_words(sentence: str | None, detail: str | None) -> str:
    """Return why something can't be compared, with what that rests on here; nothing where there is no reason."""
    if sentence is None:
        return ""
    words = told(sentence).text
    if not detail:
        return words
    # A plugin's own words become a sentence; names, and what stands before and after an arrow, stay as they are.
    spoken = "→" not in detail and detail.partition(" ")[0].isalpha()
    return say("changes.why", sentence=words, detail=as_sentence(detail) if spoken else detail)


def reason_words(change: Change) -> str:
    """Return why a number can't be told on one side, and that this side is the baseline where it is."""
    why = why_words(change.reason, change.detail)
    return say("changes.in_baseline", why=why) if why and change.kind == "new" else why


def headline(comparison: Comparison) -> str:
    """Return in one sentence how much is worse, better, new and gone, or that nothing can be compared."""
    if not comparison.comparable:
        return say("changes.headline.refused")
    counts = Counter(kind_of(change) for change in comparison.changes)
    said = [say(f"changes.count.{kind.replace(' ', '_')}", count=counts[kind]) for kind in KINDS if counts[kind]]
    if asked := sum(kind_of(change) == "gone" and change.not_asked for change in comparison.changes):
        gone = say("changes.count.gone_not_asked", count=counts["gone"], not_asked=asked)
        said[said.index(say("changes.count.gone", count=counts["gone"]))] = gone
    if not said:
        return say("changes.nothing")
    if beyond := sum(change.newly_exceeds for change in comparison.changes):
        said.append(say("changes.count.newly_exceeds", count=beyond))
    which = "worse" if counts["worse"] else "lost" if counts["lost"] else "beyond" if beyond else "fine"
    return say(f"changes.headline.{which}", counts=say("list.separator").join(said))


def rules(comparison: Comparison) -> list[str]:
    """Return what a reader has to know of the numbers."""
    changes = comparison.changes
    said = [say("changes.standing")]
    if comparison.adjusted_level is not None:
        levels = {"level": percent(comparison.level), "adjusted": percent(round(comparison.adjusted_level, 4))}
        key = "changes.tested_alike" if levels["level"] == levels["adjusted"] else "changes.tested"
        said.append(say(key, count=comparison.tested, q=percent(comparison.q), **levels))
    if comparison.paired_rows is not None:
        said.append(say("changes.paired_rows", count=comparison.paired_rows))
    elif any(change.paired for change in changes):
        said.append(say("changes.paired_units"))
    if any(change.difference is not None and not change.paired for change in changes):
        said.append(say("changes.unpaired"))
    if any(change.size_only for change in changes):
        said.append(say("changes.sizes"))
    return said


def scale_of_change(change: Change) -> Scale:
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


def scale_of_difference(change: Change) -> Scale:
    """Return how a difference of such values is written."""
    scale = scale_of_change(change)
    return replace(scale, kind="points" if scale.kind == "share" else scale.kind, signed=True)
