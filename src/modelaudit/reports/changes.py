"""What changed since the baseline, as the report tells it; `monitoring` finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelaudit.audit_report import AuditReport
from modelaudit.comparison import Change, Comparison
from modelaudit.reports.change_words import (
    difference_words,
    headline,
    kind_of,
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
from modelaudit.reports.checks import CheckView
from modelaudit.reports.text import shortened, visible
from modelaudit.reports.words import say

NAMED = 3
"""So many metrics that became worse or were lost are named on the first page."""
MOST_ROWS = 300
"""So many metrics stand in the table of changes; the JSON record holds the others."""
WORST = ("worse", "lost")
NAME = 60
"""So many characters of the baseline's name stand in the page."""
SHORT = 120
"""So many characters of a reason stand on the first page."""


@dataclass(frozen=True)
class ChangeView:
    """One metric before and after, in words; `anchor` leads to its finding where this audit has it."""

    kind: str
    kind_words: str
    title: str
    before: str
    after: str
    difference: str
    detectable: str
    verdict: str
    why: str
    anchor: str | None


@dataclass(frozen=True)
class Changes:
    """Changes since the baseline, the gravest first: `reasons` say why there are none, `notes` what else differs.

    `left_out` are not in `rows`; `worst_left` became worse or were lost and are not among the `worst`.
    """

    headline: str
    baseline: str
    comparable: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    rules: tuple[str, ...]
    rows: tuple[ChangeView, ...]
    left_out: int
    worst_left: int

    @property
    def worst(self) -> tuple[ChangeView, ...]:
        """What became worse or was lost, as far as the first page names it."""
        return tuple(row for row in self.rows if row.kind in WORST)[:NAMED]

    @property
    def short_reasons(self) -> tuple[str, ...]:
        """The first reason or note, as far as the first page has room; the section holds all."""
        return tuple(shortened(reason, SHORT) for reason in (*self.reasons, *self.notes)[:1])


def changes(report: AuditReport, checks: Sequence[CheckView]) -> Changes | None:
    """Return what changed since the baseline, or None where no baseline was given."""
    comparison = report.comparison
    if comparison is None:
        return None
    anchors = {
        (check.info.id, view.metric.id, view.metric.group): view.anchor for check in checks for view in check.findings
    }
    named = list(zip(comparison.changes, names_of(comparison.changes), strict=True))
    return Changes(
        headline=headline(comparison),
        baseline=say(
            "front.changes.baseline",
            model=visible(comparison.baseline_model, most=NAME),
            day=comparison.baseline_started[:10],
            digest=comparison.baseline_digest[: len("sha256:") + 12],
        ),
        comparable=comparison.comparable,
        reasons=_whys(comparison.reasons, comparison),
        notes=_whys(comparison.notes, comparison),
        rules=tuple(rules(comparison)),
        rows=tuple(
            change_view(change, name, anchors.get((change.checker, change.metric, change.group)))
            for change, name in named[:MOST_ROWS]
        ),
        left_out=max(0, len(named) - MOST_ROWS),
        worst_left=max(0, sum(kind_of(change) in WORST for change in comparison.changes) - NAMED),
    )


def _whys(sentences: tuple[str, ...], comparison: Comparison) -> tuple[str, ...]:
    return tuple(why_words(sentence, comparison.details.get(sentence)) for sentence in sentences)


def change_view(change: Change, name: str, anchor: str | None = None) -> ChangeView:
    """Return a change in words; `name` is what its number is called."""
    scale, apart = scale_of_change(change), scale_of_difference(change)
    return ChangeView(
        kind=kind_of(change),
        kind_words=kind_words(change),
        title=name,
        before=value_words(scale, change.before),
        after=value_words(scale, change.after),
        difference=difference_words(change, apart),
        detectable=value_words(replace(apart, signed=False), change.smallest_detectable),
        verdict=verdict_words(change),
        why=reason_words(change),
        anchor=anchor,
    )
