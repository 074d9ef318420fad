"""A drawing as data: paths and labels with their paint, which a template turns into SVG.

Geometry is computed here and text is escaped there, so no chart ever builds markup. `kind` is a class of the style
sheet and never comes from audited data. What the style sheet colours by class is backed by a presentation attribute,
since a renderer of PDF does not carry a page's rules into its drawings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]
Paint = tuple[tuple[str, str], ...]

INKS: dict[str, str] = {
    "s0": "#147",
    "s1": "#b50",
    "s2": "#539",
    "s3": "#065",
    "up": "#147",
    "down": "#b50",
    "ink": "#222",
    "quiet": "#555",
    "line": "#ccc",
    "exceeds": "#a11",
    "accepted": "#539",
    "inconclusive": "#750",
    "within": "#056",
    "absent": "#555",
    "failed": "#a11",
    "context": "#555",
    "beyond": "#fdd",
    "paper": "#fff",
}
"""Colours on white paper by the name of the style sheet's variable, where the style sheet does not reach."""
STYLES = 4
"""So many styles are told apart by colour, dash and marker together; further ones repeat them."""
DASHES = ("", "8 4", "2 4", "9 4 2 4")
MARKERS = ("h.01", "m-3-3h6v6h-6z", "m0-4l4 7h-8z", "m0-4l4 4-4 4-4-4z")
"""The marker of each style, drawn around its point: a dot, a square, a triangle, a diamond."""
COLUMN, WIDE_COLUMN = 2, 10
"""A line shows its first, lowest, highest and last point in each column of so many units; a restless one in wide."""
MOST_CORNERS = 120
"""A line with more corners is restless."""
SLACK = 0.4
"""A point is left out where the line without it runs within so many units of it: less than a pixel."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path in SVG's own notation, made by `polyline`, `band`, `steps`, `dots` or `strokes`."""

    kind: str
    d: str
    shape: Literal["path"] = "path"

    @property
    def paint(self) -> Paint:
        """Its presentation attributes."""
        return paint(self.kind)


@dataclass(frozen=True, slots=True)
class Labels:
    """Texts of one kind at their places (x, y, text)."""

    kind: str
    anchor: Anchor
    places: tuple[tuple[float, float, str], ...]
    shape: Literal["labels"] = "labels"

    @property
    def paint(self) -> Paint:
        """Its presentation attributes."""
        return (*paint(self.kind), *((("text-anchor", self.anchor),) if self.anchor != "start" else ()))


Mark = Path | Labels


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a canvas of `width` by `height` units, with the title and description that stand in for it."""

    width: int
    height: int
    title: str
    description: str
    marks: tuple[Mark, ...]


def paint(kind: str) -> Paint:
    """Return the presentation attributes of a kind of mark, `line s1` or `tick`."""
    name, _, style = kind.partition(" ")
    ink = INKS.get(style, INKS["quiet"])
    dash = DASHES[int(style[1])] if style in ("s0", "s1", "s2", "s3") else "2 3"
    dashed = (("stroke-dasharray", dash),) if dash else ()
    match name:
        case "grid":
            return (("stroke", INKS["line"]),)
        case "axis":
            return (("fill", "none"), ("stroke", INKS["quiet"]))
        case "line":
            width = "1.4" if style == "reference" else "2"
            cap = (("stroke-linecap", "round"),) if style == "s2" else ()
            return (("fill", "none"), ("stroke", ink), ("stroke-width", width), *dashed, *cap)
        case "dots" if style == "s0":
            return (("stroke", ink), ("stroke-width", "6"), ("stroke-linecap", "round"))
        case "dots":
            return (("fill", ink),)
        case "band":
            return (("fill", ink), ("fill-opacity", ".16"))
        case "area":
            filled = (("fill", ink), ("fill-opacity", ".22")) if style == "s0" else (("fill", "none"),)
            return (*filled, ("stroke", ink), ("stroke-width", "1.8"), *dashed)
        case _:
            return (("fill", INKS["ink" if name == "axis-name" else "quiet"]),)


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return the points that a line needs to look the same at this size; of a restless one, how far it swings."""
    kept = _corners(_extremes(points, COLUMN))
    return kept if len(kept) <= MOST_CORNERS else _corners(_extremes(points, WIDE_COLUMN))


def _corners(kept: list[Point]) -> list[Point]:
    """Return the points that lie off the straight between those around them (Douglas and Peucker 1973)."""
    if len(kept) < 3:
        return kept
    places = np.asarray(kept)
    needed = {0, len(kept) - 1}
    stretches = [(0, len(kept) - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        along = places[last] - places[first]
        from_first = places[first + 1 : last] - places[first]
        length = float(np.hypot(*along))
        if length:
            away = np.abs(along[0] * from_first[:, 1] - along[1] * from_first[:, 0]) / length
        else:
            away = np.hypot(from_first[:, 0], from_first[:, 1])
        furthest = int(np.argmax(away))
        if away[furthest] > SLACK:
            middle = first + 1 + furthest
            needed.add(middle)
            stretches += [(first, middle), (middle, last)]
    return [kept[place] for place in sorted(needed)]


def _extremes(points: Sequence[Point], column: int) -> list[Point]:
    """Return the first, lowest, highest and last point of each run of points in one column, in their order."""
    kept: list[Point] = []
    start = 0
    for end in range(1, len(points) + 1):
        if end < len(points) and points[end][0] // column == points[start][0] // column:
            continue
        run = range(start, end)
        heights = [points[place][1] for place in run]
        chosen = {start, start + heights.index(min(heights)), start + heights.index(max(heights)), end - 1}
        kept += [points[place] for place in sorted(chosen)]
        start = end
    return kept


def polyline(points: Sequence[Point], *, closed: bool = False) -> str:
    """Return a path through the points, to a tenth of a unit; points on one another are left out."""
    if not points:
        return ""
    at = _tenths(points[0])
    parts = [f"M{_written(at[0])}{_written(at[1], after=True)}"]
    command = ""
    for point in points[1:]:
        to = _tenths(point)
        across, down = to[0] - at[0], to[1] - at[1]
        if not (across or down):
            continue
        step, numbers = ("h", (across,)) if not down else ("v", (down,)) if not across else ("l", (across, down))
        same = step == command
        parts.append("" if same else step)
        parts += [_written(number, after=same or place > 0) for place, number in enumerate(numbers)]
        command, at = step, to
    # A path of one point draws nothing: a stroke of no length shows with round ends alone.
    return "".join(parts) + ("z" if closed else "" if command else "h.01")


def band(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """Return the closed path between an upper and a lower line."""
    return polyline([*upper, *reversed(lower)], closed=True)


def steps(edges: Sequence[float], heights: Sequence[float], floor: float) -> str:
    """Return the closed outline of a histogram; `edges` has one element more than `heights`."""
    points: list[Point] = [(edges[0], floor)]
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        points += [(left, height), (right, height)]
    return polyline([*points, (edges[-1], floor)], closed=True)


def dots(points: Sequence[Point], style: int) -> str:
    """Return the markers of a line's points as one path."""
    starts = (f"M{_written(x)}{_written(y, after=True)}" for x, y in map(_tenths, points))
    return "".join(start + MARKERS[style] for start in starts)


def strokes(lines: Sequence[tuple[float, float, float, float]]) -> str:
    """Return straight strokes (x1, y1, x2, y2) as one path."""
    return "".join(polyline([(x1, y1), (x2, y2)]) for x1, y1, x2, y2 in lines)


def _tenths(point: Point) -> tuple[int, int]:
    return round(10 * point[0]), round(10 * point[1])


def _written(tenths: int, *, after: bool = False) -> str:
    """Return a length as short as it goes; `after` another number it needs a space unless it brings a minus."""
    text = f"{tenths / 10:g}".replace("0.", ".", 1) if abs(tenths) < 10 else f"{tenths / 10:g}"
    return f" {text}" if after and tenths >= 0 else text
