"""Curves and histograms as drawings: pure functions from evidence to geometry."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from modelaudit.evidence import Bars, Curve, Histogram, Series
from modelaudit.reports.axis import Axis, linear_axis, log_axis
from modelaudit.reports.drawing import Dot, Drawing, Label, Line, Mark, Path, Point, band, polyline, steps
from modelaudit.reports.numbers import brief, decimal, significant
from modelaudit.reports.text import listed, visible

WIDTH, HEIGHT = 340, 290
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 44, 58
LINE = 15
NAME_WIDTH = 45
"""So many letters of an axis's name fit on a line; it may take two."""
STYLES = 4
"""So many line styles are told apart by colour and dash together; further lines repeat them."""
FEW_POINTS = 25
"""A line with so few points shows each as a dot."""


def curve_drawing(curve: Curve) -> Drawing:
    """Draw a curve: bands first, then reference lines, then the lines themselves."""
    lines = [series for series in curve.series if series.x]
    x_axis = _x_axis(curve, lines)
    y_axis = _y_axis(curve, lines)
    marks: list[Mark] = _frame(x_axis, y_axis, curve.x_label, curve.y_label)
    styles = line_styles(curve)
    for series, style in zip(curve.series, styles, strict=True):
        if series.low and series.high:
            upper, lower = _points(series, series.high, x_axis, y_axis), _points(series, series.low, x_axis, y_axis)
            marks.append(Path(f"band {style}", band(upper, lower)))
    for series, style in sorted(zip(curve.series, styles, strict=True), key=lambda pair: not pair[0].reference):
        points = _points(series, series.y, x_axis, y_axis)
        if points:
            marks.append(Path(f"line {style}", polyline(points)))
        if len(points) <= FEW_POINTS and not series.reference:
            marks += [Dot(style, round(x, 1), round(y, 1)) for x, y in points]
    names = listed([visible(series.name, most=80) for series in curve.series])
    description = f"{curve.y_label} against {curve.x_label}. Lines: {names}. {curve_reading(curve)}"
    return Drawing(WIDTH, HEIGHT, curve.title, description.strip(), tuple(marks))


def _y_axis(curve: Curve, lines: list[Series]) -> Axis:
    if curve.y_log:
        # A band may reach down to nearly nothing, and would leave the lines the upper edge.
        return log_axis([y for series in lines for y in series.y])
    heights = [y for series in lines for y in (*series.y, *(series.low or ()), *(series.high or ()))]
    return linear_axis(heights, tight=_fills_unit(heights))


def line_styles(curve: Curve) -> tuple[str, ...]:
    """Return the style of each line: `reference`, or `s0` to `s3` in turn."""
    styles, used = [], 0
    for series in curve.series:
        styles.append("reference" if series.reference else f"s{used % STYLES}")
        used += not series.reference
    return tuple(styles)


def curve_reading(curve: Curve) -> str:
    """Say in a sentence where the first line lies furthest from the reference, or where it begins and ends."""
    own = next((series for series in curve.series if series.x and not series.reference), None)
    reference = next((series for series in curve.series if series.x and series.reference), None)
    if own is None:
        return ""
    name = visible(own.name, most=80)
    if reference is None:
        start, end = (own.x[0], own.y[0]), (own.x[-1], own.y[-1])
        return f"{name} goes from {significant(start[1])} at {brief(start[0])} to {_at(end)}."
    order = np.argsort(reference.x, kind="stable")
    expected = np.interp(own.x, np.asarray(reference.x)[order], np.asarray(reference.y)[order])
    worst = int(np.argmax(np.abs(np.asarray(own.y) - expected)))
    return (
        f"{name} lies furthest from {visible(reference.name, most=80)} at {brief(own.x[worst])}: "
        f"{significant(own.y[worst])} against {significant(float(expected[worst]))}."
    )


def histogram_drawing(histogram: Histogram) -> Drawing:
    """Draw each group's share of its own rows in each bin, so that groups of unequal size compare."""
    shares = [bin_shares(group) for group in histogram.groups]
    x_axis = linear_axis(histogram.edges, tight=True)
    y_axis = linear_axis([0.0, *(100 * share for group in shares for share in group)], tight=True)
    marks: list[Mark] = _frame(x_axis, y_axis, histogram.x_label, "share of the group, %")
    floor = _y(y_axis, 0.0)
    edges = [_x(x_axis, edge) for edge in histogram.edges]
    for position, group in enumerate(shares):
        outline = steps(edges, [_y(y_axis, 100 * share) for share in group], floor)
        marks.append(Path(f"area s{position % STYLES}", outline))
    description = f"Share of each group by {histogram.x_label}. {histogram_reading(histogram)}"
    return Drawing(WIDTH, HEIGHT, histogram.title, description, tuple(marks))


def bin_shares(group: Bars) -> tuple[float, ...]:
    """Return the share of the group's rows in each bin."""
    total = sum(group.counts) or 1
    return tuple(count / total for count in group.counts)


def histogram_reading(histogram: Histogram) -> str:
    """Say for each group how many rows it has and in which bin its middle row lies."""
    parts = []
    for group in histogram.groups:
        total, seen = sum(group.counts), 0
        name = visible(group.name, most=80)
        if not total:
            parts.append(f"{name}: no rows")
            continue
        for place, count in enumerate(group.counts):
            seen += count
            if 2 * seen >= total:
                low, high = brief(histogram.edges[place]), brief(histogram.edges[place + 1])
                parts.append(f"{name}: {total:,} rows, the middle one between {low} and {high}")
                break
    return "; ".join(parts) + "." if parts else ""


def _at(point: Point) -> str:
    return f"{significant(point[1])} at {brief(point[0])}"


def _x_axis(curve: Curve, lines: list[Series]) -> Axis:
    values = [x for series in lines for x in series.x]
    return log_axis(values) if curve.x_log else linear_axis(values, tight=True)


def _fills_unit(values: list[float]) -> bool:
    return bool(values) and min(values) >= 0 and max(values) <= 1 and max(values) - min(values) > 0.9


def _points(series: Series, heights: tuple[float, ...], x_axis: Axis, y_axis: Axis) -> list[Point]:
    """Return the canvas points of a line; a logarithmic axis has no place for zero and below."""
    return [
        (_x(x_axis, x), _y(y_axis, y))
        for x, y in zip(series.x, heights, strict=True)
        if not x_axis.log or x >= x_axis.low
    ]


def _x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value)


def _y(axis: Axis, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - axis.share(value))


def _frame(x_axis: Axis, y_axis: Axis, x_label: str, y_label: str) -> list[Mark]:
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    marks: list[Mark] = []
    for tick in y_axis.ticks:
        height = round(_y(y_axis, tick), 1)
        marks.append(Line("grid", LEFT, height, right, height))
        marks.append(Label("tick", LEFT - 6, round(height + 4, 1), _tick(tick, y_axis), "end"))
    for tick in x_axis.ticks:
        place = round(_x(x_axis, tick), 1)
        marks.append(Line("axis", place, floor, place, floor + 4))
        marks.append(Label("tick", place, floor + 17, _tick(tick, x_axis), "middle"))
    marks.append(Line("axis", LEFT, floor, right, floor))
    below = _name(x_label)
    above = [*(line for line in reversed(_name(y_label)) if line), "", ""]
    for row in range(2):
        marks.append(Label("axis-name", right, floor + 36 + LINE * row, below[row], "end"))
        marks.append(Label("axis-name", 2, TOP - 12 - LINE * row, above[row]))
    return marks


def _name(label: str) -> tuple[str, str]:
    """Break an axis's name into two lines, the second empty where one is enough."""
    lines = textwrap.wrap(visible(label, most=200), NAME_WIDTH, max_lines=2, placeholder=" …")
    first, second, *_ = [*lines, "", ""]
    return first, second


def _tick(value: float, axis: Axis) -> str:
    """Write a tick with as many decimals as tell its neighbours apart."""
    if axis.log or len(axis.ticks) < 2:
        return f"{value:g}" if axis.log else significant(value)
    step = axis.ticks[1] - axis.ticks[0]
    if not 1e-5 < step < 1e6:
        return significant(value)
    return decimal(value, places=max(0, -math.floor(math.log10(step) + 1e-9)))
