"""Curves and histograms as drawings: pure functions from evidence to geometry."""

from __future__ import annotations

import itertools
import math
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.evidence import Bars, Curve, Histogram, Series
from modelaudit.reports.axis import Axis, linear_axis, log_axis, short
from modelaudit.reports.drawing import (
    STYLES,
    Anchor,
    Drawing,
    Labels,
    Mark,
    Path,
    Point,
    band,
    dots,
    polyline,
    steps,
    strokes,
    thinned,
)
from modelaudit.reports.numbers import brief, decimal, significant
from modelaudit.reports.text import listed, visible
from modelaudit.reports.words import say, told

WIDTH, HEIGHT = 340, 270
RIGHT, TOP, BOTTOM = 14, 44, 58
LETTER = 6.6
"""Width of a digit, in units."""
LINE = 15
NAME_WIDTH = 45
"""So many letters of an axis's name fit on a line, half as many wide ones; it may take two."""
MOST_LINES = 8
"""A chart draws so many lines or groups; further ones are counted."""
FEW_POINTS = 25
"""A line with so few points shows each with a marker."""
MOST_BINS = 60
"""A histogram draws so many bins; where there are more, neighbours are drawn as one."""
MOST_NAME = 80
MOST_TITLE = 200
BETWEEN = 24
"""A reference line on a logarithmic axis is drawn through so many places between two points."""


@dataclass(frozen=True)
class Plane:
    """The canvas of a chart with its two axes."""

    x_axis: Axis
    y_axis: Axis

    @property
    def left(self) -> float:
        """Room for the longest number of the upright axis."""
        longest = max((len(_tick(tick, self.y_axis)) for tick in self.y_axis.ticks), default=0)
        return min(90.0, max(32.0, 14 + LETTER * longest))

    def x(self, value: float) -> float:
        """Return the place of a value on the flat axis."""
        return self.left + (WIDTH - self.left - RIGHT) * self.x_axis.share(value)

    def y(self, value: float) -> float:
        """Return the place of a value on the upright axis."""
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - self.y_axis.share(value))

    def points(self, places: Sequence[float], heights: Sequence[float]) -> list[Point]:
        """Return the canvas points of a line; zero and below stand at the lower end of a logarithmic axis."""
        return [(self.x(x), self.y(y)) for x, y in zip(places, heights, strict=True)]


def curve_drawing(curve: Curve) -> Drawing:
    """Draw a curve: bands first, then reference lines, then the lines themselves."""
    drawn = curve.series[:MOST_LINES]
    lines = [series for series in drawn if series.x]
    plane = Plane(_x_axis(curve, lines), _y_axis(curve, lines))
    marks = _frame(plane, curve.x_label, curve.y_label)
    styled = [pair for pair in zip(drawn, line_styles(curve), strict=False) if pair[0].x]
    for series, style in styled:
        if series.low and series.high:
            edges = (thinned(plane.points(series.x, heights)) for heights in (series.high, series.low))
            marks.append(Path(f"band {style}", band(*edges)))
    for series, style in sorted(styled, key=lambda pair: not pair[0].reference):
        bent = series.reference and curve.x_log and len(series.x) <= FEW_POINTS
        points = plane.points(*(_dense(series) if bent else (series.x, series.y)))
        marks.append(Path(f"line {style}", polyline(thinned(points))))
        if len(points) <= FEW_POINTS and not series.reference:
            marks.append(Path(f"dots {style}", dots(points, int(style[1]))))
    names = listed([_name(series.name) for series in drawn])
    description = say("drawing.curve.description", y=_axis_name(curve.y_label), x=_axis_name(curve.x_label))
    if names:
        description = f"{description} {say('drawing.curve.lines', names=names)}"
    return _drawing(curve.title, description, curve.x_label, marks)


def _drawing(title: str, description: str, x_label: str, marks: list[Mark]) -> Drawing:
    """Return the drawing, without the room of a second line where the flat axis's name has one."""
    height = HEIGHT - LINE * (2 - len(_lines(x_label)))
    return Drawing(WIDTH, height, visible(told(title).text, most=MOST_TITLE), description, tuple(marks))


def _dense(series: Series) -> tuple[list[float], list[float]]:
    """Return a line with places between its points, since straight between two of them is bent on a logarithm."""
    places = list(series.x)
    for low, high in itertools.pairwise(series.x):
        if low < high:
            start = max(low, high * 1e-6)
            places += [start * (high / start) ** (step / BETWEEN) for step in range(1, BETWEEN)] if start > 0 else []
    places.sort()
    order = np.argsort(series.x, kind="stable")
    heights = np.interp(places, np.asarray(series.x)[order], np.asarray(series.y)[order])
    return places, [float(height) for height in heights]


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
    if len(own.x) == 1:
        return say("drawing.curve.point", name=_name(own.name), y=significant(own.y[0]), x=brief(own.x[0]))
    if reference is None:
        return say(
            "drawing.curve.ends",
            name=_name(own.name),
            first=significant(own.y[0]),
            start=brief(own.x[0]),
            last=significant(own.y[-1]),
            end=brief(own.x[-1]),
        )
    order = np.argsort(reference.x, kind="stable")
    expected = np.interp(own.x, np.asarray(reference.x)[order], np.asarray(reference.y)[order])
    # Halves, since the distance of the largest numbers is not a number.
    worst = int(np.argmax(np.abs(np.asarray(own.y) / 2 - expected / 2)))
    return say(
        "drawing.curve.furthest",
        name=_name(own.name),
        reference=_name(reference.name),
        place=brief(own.x[worst]),
        value=significant(own.y[worst]),
        expected=significant(float(expected[worst])),
    )


def histogram_drawing(histogram: Histogram) -> Drawing:
    """Draw each group's share of its own rows in each bin, so that groups of unequal size compare."""
    edges = merged_edges(histogram, MOST_BINS)
    groups = histogram.groups[:MOST_LINES]
    shares = [bin_shares(merged(group, MOST_BINS)) for group in groups]
    heights = [100 * share for group in shares for share in group]
    plane = Plane(linear_axis(edges, tight=True), linear_axis([0.0, *heights], tight=True))
    marks = _frame(plane, histogram.x_label, say("drawing.histogram.share"))
    places = [plane.x(edge) for edge in edges]
    for position, group in enumerate(shares):
        outline = steps(places, [plane.y(100 * share) for share in group], plane.y(0.0))
        marks.append(Path(f"area s{position % STYLES}", outline))
    description = say("drawing.histogram.description", x=_axis_name(histogram.x_label))
    return _drawing(histogram.title, description, histogram.x_label, marks)


def merged_edges(histogram: Histogram, most: int) -> tuple[float, ...]:
    """Return the edges of at most so many bins, of which each is as many neighbours as the others."""
    bins = len(histogram.edges) - 1
    return (*histogram.edges[: bins : -(-bins // most)], histogram.edges[-1])


def merged(group: Bars, most: int) -> Bars:
    """Return a group's counts in the bins of `merged_edges`."""
    every = max(1, -(-len(group.counts) // most))
    counts = tuple(sum(group.counts[start : start + every]) for start in range(0, len(group.counts), every))
    return Bars(name=group.name, counts=counts)


def bin_shares(group: Bars) -> tuple[float, ...]:
    """Return the share of the group's rows in each bin."""
    total = sum(group.counts) or 1
    return tuple(count / total for count in group.counts)


def histogram_reading(histogram: Histogram) -> str:
    """Say for each group how many rows it has and in which bin its middle row lies."""
    parts = []
    for group in histogram.groups[:MOST_LINES]:
        total, seen = sum(group.counts), 0
        name = _name(group.name)
        if not total:
            parts.append(say("drawing.histogram.empty", name=name))
            continue
        for place, count in enumerate(group.counts):
            seen += count
            if 2 * seen >= total:
                low, high = brief(histogram.edges[place]), brief(histogram.edges[place + 1])
                parts.append(say("drawing.histogram.group", name=name, count=total, low=low, high=high))
                break
    if not parts:
        return ""
    return say("drawing.sentence", text=say("drawing.semicolon").join(parts))


def _x_axis(curve: Curve, lines: list[Series]) -> Axis:
    values = [x for series in lines for x in series.x]
    return log_axis(values) if curve.x_log else linear_axis(values, tight=True)


def _y_axis(curve: Curve, lines: list[Series]) -> Axis:
    if curve.y_log:
        # A band may reach down to nearly nothing, and would leave the lines the upper edge.
        return log_axis([y for series in lines for y in series.y])
    heights = [y for series in lines for y in (*series.y, *(series.low or ()), *(series.high or ()))]
    return linear_axis(heights, tight=_fills_unit(heights))


def _fills_unit(values: list[float]) -> bool:
    return bool(values) and min(values) >= 0 and max(values) <= 1 and max(values) - min(values) > 0.9


def _frame(plane: Plane, x_label: str, y_label: str) -> list[Mark]:
    floor, right, left = HEIGHT - BOTTOM, WIDTH - RIGHT, plane.left
    heights = [(plane.y(tick), _tick(tick, plane.y_axis)) for tick in plane.y_axis.ticks]
    places = [(plane.x(tick), _tick(tick, plane.x_axis)) for tick in plane.x_axis.ticks]
    marks: list[Mark] = [
        Path("grid", strokes([(left, height, right, height) for height, _ in heights])),
        Path("axis", strokes([(left, floor, right, floor), *((x, floor, x, floor + 4) for x, _ in places)])),
        _labels("tick", "end", [(left - 6, height + 4, text) for height, text in heights]),
        _labels("tick", "middle", [(place, floor + 17, text) for place, text in _spaced(places)]),
    ]
    below, above = enumerate(_two(_lines(x_label))), enumerate(_two([*reversed(_lines(y_label))]))
    marks.append(_labels("axis-name", "end", [(right, floor + 36 + LINE * row, text) for row, text in below]))
    marks.append(_labels("axis-name", "start", [(2, TOP - 12 - LINE * row, text) for row, text in above]))
    return marks


def _labels(kind: str, anchor: Anchor, places: Sequence[tuple[float, float, str]]) -> Labels:
    return Labels(kind, anchor, tuple((short(x), short(y), text) for x, y, text in places))


def _spaced(places: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the labels that do not run into one another: all of them, or every second, third, …"""
    for every in range(1, len(places) + 1):
        kept = places[::every]
        room = (
            after[0] - before[0] - LETTER * (len(before[1]) + len(after[1])) / 2
            for before, after in itertools.pairwise(kept)
        )
        if all(gap > LETTER for gap in room):
            return kept
    return places


def _name(name: str) -> str:
    return visible(told(name).text, most=MOST_NAME)


def _axis_name(label: str) -> str:
    return visible(told(label).text, most=200)


def _two(lines: list[str]) -> list[str]:
    """Return a text for each of two lines, so that a name can't change how many elements a page has."""
    return [*lines, "", ""][:2]


def _lines(label: str) -> list[str]:
    """Break an axis's name into at most two lines."""
    text = _axis_name(label)
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in text)
    return textwrap.wrap(text, NAME_WIDTH // 2 if wide else NAME_WIDTH, max_lines=2, placeholder=" …")


def _tick(value: float, axis: Axis) -> str:
    """Write a tick with as many decimals as tell its neighbours apart."""
    if axis.log:
        return f"{value:g}" if 1e-4 <= value < 1e6 else significant(value, digits=1)
    if len(axis.ticks) < 2:
        return significant(value)
    step = axis.ticks[1] - axis.ticks[0]
    if not 1e-5 < step < 1e6:
        return significant(value)
    return decimal(value, places=max(0, -math.floor(math.log10(step) + 1e-9)))
