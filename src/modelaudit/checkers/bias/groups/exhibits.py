"""What the report shows beside a grouping: the table of groups, calibration by group, and classes by group."""

from __future__ import annotations

import numpy as np

from modelaudit.checkers.bias.groups.answers import Answers, Chances, Score
from modelaudit.checkers.bias.groups.comparison import (
    Units,
    calibration_error_of,
    rate_of,
    score_of,
    tally_of,
    trials_of,
)
from modelaudit.checkers.bias.groups.grouping import NAMED_FROM, Grouping
from modelaudit.evidence import Cell, Curve, Evidence, Series, Table
from modelaudit.statistics import Estimate, clopper_pearson_interval

MOST_SHOWN = 40
"""Groups in a table; the others are counted in its last line but one."""
MOST_CURVES = 4
BINS = 5
ROWS_A_CURVE = 100

Line = tuple[Cell, ...]


def exhibits(within: Grouping, answers: Answers, units: Units) -> tuple[Evidence, ...]:
    """Return the tables and the curve of one grouping."""
    found: list[Evidence] = [_groups(within, answers, units)]
    if answers.chances is not None:
        found.append(_calibration(within, answers.chances, answers.scores["calibration"], units))
        if not within.crossed and (curve := _curve(within, answers.chances)) is not None:
            found.append(curve)
    if answers.classes:
        found.append(_classes(within, answers, units))
    return tuple(found)


def _groups(within: Grouping, answers: Answers, units: Units) -> Table:
    """Return the groups with their rates; as NYC's rules have it, the selection rate stands before the impact ratio."""
    selection = answers.rates.get("selection rate")
    others = [rate for name, rate in answers.rates.items() if name != "selection rate"]
    scores = list(answers.scores.values())
    highest = 0.0
    columns = ["group", "rows", "share of rows"]
    if selection is not None:
        columns += ["selection rate", "95% interval", "impact ratio"]
        highest = max(trials_of(selection, within, group, units, clustered=False).rate for group in within.judged)
    tallies = list(answers.tallies.values())
    titles = [one.title for one in others] + [one.title for one in tallies] + [one.title for one in scores]
    columns += [f"{title[0].lower()}{title[1:]} (95% interval)" for title in titles]

    def line(group: int) -> Line:
        size = int(within.sizes[group])
        cells: list[Cell] = [within.names[group], size, f"{size / within.known:.1%}"]
        if selection is not None:
            rate = rate_of(selection, within, group, units, clustered=answers.clustered)
            ratio = "none" if not highest or rate.value is None else f"{rate.value / highest:.2f}"
            cells += [_percent(rate), _bounds(rate), ratio]
        for one in others:
            rate = rate_of(one, within, group, units, clustered=answers.clustered)
            held = trials_of(one, within, group, units, clustered=answers.clustered).n
            cells.append(f"{_percent(rate)} of {held:,.0f} ({_bounds(rate)})" if held else "nothing to count")
        for tally in tallies:
            rate = tally_of(tally, within, group, units)
            said = tally.totals[within.code == group].sum()
            cells.append(f"{_percent(rate)} of {said:,.0f} ({_bounds(rate)})" if said else "nothing to count")
        cells += [_mean(score_of(score, within, group, units), signed=score.signed) for score in scores]
        return (*cells, _standing(within, group))

    return Table(
        title=f"Groups by {within.title}",
        columns=(*columns, "standing"),
        rows=(*(line(group) for group in _shown(within)), *_rest(within, len(columns))),
    )


def _shown(within: Grouping) -> list[int]:
    return [group for group, size in enumerate(within.sizes[:MOST_SHOWN]) if size >= NAMED_FROM]


def _rest(within: Grouping, columns: int) -> list[Line]:
    """Return the lines of what has no line of its own: rare values, and rows whose value is not known."""
    blank: Line = (None,) * (columns - 2)
    others = sorted(set(range(len(within.names))) - set(_shown(within)))
    lines: list[Line] = []
    if others:
        rows = int(within.sizes[others].sum())
        lines.append((f"other values ({len(others):,})", rows, *blank, "not judged"))
    if within.unknown:
        lines.append(("not known", within.unknown, *blank, "left out"))
    return lines


def _standing(within: Grouping, group: int) -> str:
    if group in within.small:
        return "too small, not judged"
    if group not in within.judged:
        return "beyond the largest groups, not judged"
    return "reference" if group == within.reference else "judged"


def _calibration(within: Grouping, chances: Chances, gap: Score, units: Units) -> Table:
    rows: list[Line] = []
    for group in _shown(within):
        inside = (within.code == group) & ~np.isnan(chances.true)
        if not inside.any():
            rows.append((within.names[group], 0, None, None, None, None))
            continue
        error = calibration_error_of(chances, within, group, units)
        rows.append(
            (
                within.names[group],
                int(inside.sum()),
                f"{chances.stated[inside].mean():.1%}",
                f"{chances.true[inside].mean():.1%}",
                _mean(score_of(gap, within, group, units)),
                f"{_percent(error)} ({_bounds(error)})" if error.bounds else "too few rows",
            )
        )
    return Table(
        title=f"Calibration by {within.title}: {chances.said}",
        columns=("group", "rows", "mean probability", "share that holds", "gap (95% interval)", "calibration error"),
        rows=tuple(rows),
    )


def _curve(within: Grouping, chances: Chances) -> Curve | None:
    """Return a reliability curve of each of the largest groups, in bins of equal size by probability."""
    lines = []
    for group in within.judged[:MOST_CURVES]:
        inside = (within.code == group) & ~np.isnan(chances.true)
        if inside.sum() < ROWS_A_CURVE:
            continue
        order = np.lexsort((chances.true[inside], chances.stated[inside]))
        stated, true = chances.stated[inside][order], chances.true[inside][order]
        bins = [part for part in np.array_split(np.arange(len(order)), BINS) if len(part)]
        intervals = [clopper_pearson_interval(int(true[part].sum()), len(part)) for part in bins]
        lines.append(
            Series(
                name=within.names[group],
                x=tuple(float(stated[part].mean()) for part in bins),
                y=tuple(float(true[part].mean()) for part in bins),
                low=tuple(low for low, _ in intervals),
                high=tuple(high for _, high in intervals),
            )
        )
    if not lines:
        return None
    diagonal = Series(name="perfect calibration", x=(0.0, 1.0), y=(0.0, 1.0), reference=True)
    return Curve(
        title=f"Reliability by {within.title}",
        x_label=chances.said,
        y_label="share that holds",
        series=(*lines, diagonal),
    )


def _classes(within: Grouping, answers: Answers, units: Units) -> Table:
    rows = [
        (
            within.names[group],
            *(
                f"{_percent(rate)} ({_bounds(rate)})"
                for one in answers.classes
                for rate in [rate_of(one, within, group, units, clustered=False)]
            ),
        )
        for group in _shown(within)
    ]
    return Table(
        title=f"How often each class is predicted, by {within.title} (95% intervals)",
        columns=("group", *(rate.title for rate in answers.classes)),
        rows=tuple(rows),
    )


def _percent(estimate: Estimate) -> str:
    return "none" if estimate.value is None else f"{estimate.value:.1%}"


def _bounds(estimate: Estimate) -> str:
    if not estimate.bounds:
        return "no interval"
    low, high = estimate.interval()
    return f"{low:.1%} to {high:.1%}"


def _mean(estimate: Estimate, *, signed: bool = True) -> str:
    if estimate.value is None:
        return "none"
    form = "+.3f" if signed else ".3f"
    if not estimate.bounds:
        return f"{estimate.value:{form}} (no interval)"
    low, high = estimate.interval()
    return f"{estimate.value:{form}} ({low:{form}} to {high:{form}})"
