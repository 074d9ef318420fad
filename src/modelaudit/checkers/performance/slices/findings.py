"""The finding on weak slices: the first one proposed, which is judged, and all of them as the other half shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.performance.slices.conditions import Flags, read_of
from modelaudit.checkers.performance.slices.confirming import Q, Tested, smallest_gap
from modelaudit.evidence import Evidence, Example, Examples, Table
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row

SHOWN = 5


def finding(tests: Sequence[Tested], candidates: int, rows: Sequence[Row], wrong: Flags, search: Flags) -> Finding:
    """Return the gap of the slice that stood out most in the search, as the other half shows it."""
    first = tests[0]
    confirmed = sum(each.confirmed for each in tests)
    return Finding(
        metric=Metric.of(
            first.gap,
            id="weak_slice_gap",
            title="Error rate of the weakest slice less that of other rows",
            unit="share of rows",
            better="lower",
            primary=True,
            smallest_detectable=smallest_gap(first, candidates),
        ),
        statement=_statement(first, len(tests), confirmed),
        evidence=(_slices(tests), *_named(tests), *_examples(first, rows, wrong & ~search)),
        caveats=(
            f"{candidates:,} conditions and pairs of them were searched on {int(search.sum()):,} rows. All numbers are "
            f"of the other {int((~search).sum()):,}, which had no part in it, so the search does not flatter them.",
            "The search finds what its conditions describe. That nothing was confirmed is no proof of nothing.",
        ),
    )


def _statement(first: Tested, proposed: int, confirmed: int) -> str:
    named = f"{first.slice.public}; named where the report shows text" if first.slice.private else first.slice.name
    told = f"Of {proposed} slices proposed, {confirmed} are confirmed at a false discovery rate of {Q:.0%}."
    if not first.gap.bounds:
        return f"The slice that stood out most ({named}) could not be tested. {first.gap.reason} {told}"
    low, high = first.gap.interval()
    return (
        f"On the slice that stood out most in the search ({named}) the model is wrong in {first.rate:.1%} of "
        f"{first.rows:,} rows of the other half, and in {first.others:.1%} of the other rows: a gap of "
        f"{100 * (first.gap.value or 0.0):+.1f} points (95% interval {100 * low:+.1f} to {100 * high:+.1f}). {told}"
    )


def _slices(tests: Sequence[Tested]) -> Table:
    rows = []
    for number, each in enumerate(tests, start=1):
        low, high = each.gap.interval() if each.gap.bounds else (None, None)
        rows.append(
            (
                f"{number}: {each.slice.public}",
                each.rows,
                None if np.isnan(each.rate) else f"{each.rate:.1%}",
                None if np.isnan(each.others) else f"{each.others:.1%}",
                None if low is None or high is None else f"{100 * low:+.1f} to {100 * high:+.1f}",
                round(each.adjusted, 4),
                "confirmed" if each.confirmed else "not confirmed",
            )
        )
    return Table(
        title="All slices that were proposed, on the half that they were not found on",
        columns=("slice", "rows", "wrong", "wrong elsewhere", "gap, 95% interval, points", "adjusted p", "state"),
        rows=tuple(rows),
    )


def _named(tests: Sequence[Tested]) -> tuple[Evidence, ...]:
    """Return the names of slices that are text of the rows, which a report shows only where it shows text."""
    rows = tuple((str(number), each.slice.name) for number, each in enumerate(tests, start=1) if each.slice.private)
    if not rows:
        return ()
    return (
        Table(title="Words, topics and values of these slices", columns=("slice", "name"), rows=rows, holds_text=True),
    )


def _examples(first: Tested, rows: Sequence[Row], wrong: Flags) -> tuple[Evidence, ...]:
    places = np.flatnonzero(first.slice.flags & wrong)[:SHOWN]
    if not len(places):
        return ()
    return (
        Examples(
            title="Rows of the slice that the model answers wrongly",
            selection=f"The first {SHOWN} of them in the order of the draw, which is random.",
            items=tuple(Example(row=rows[place].id, before=read_of(rows[place]) or None) for place in places),
        ),
    )
