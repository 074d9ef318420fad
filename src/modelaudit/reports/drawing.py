"""A drawing as data: lines, paths, boxes and labels, which a template turns into SVG.

Geometry is computed here and text is escaped there, so no chart ever builds markup. `kind` is a class of the style
sheet and never comes from audited data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float
    shape: Literal["line"] = "line"


@dataclass(frozen=True, slots=True)
class Path:
    """A path in SVG's own notation, made by `polyline`, `band` or `steps`."""

    kind: str
    d: str
    shape: Literal["path"] = "path"


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a curve."""

    kind: str
    x: float
    y: float
    shape: Literal["dot"] = "dot"


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a place."""

    kind: str
    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    shape: Literal["label"] = "label"


Mark = Line | Path | Dot | Label
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a canvas of `width` by `height` units, with the title and description that stand in for it."""

    width: int
    height: int
    title: str
    description: str
    marks: tuple[Mark, ...]


def polyline(points: Sequence[Point]) -> str:
    """Return a path through the points; those that fall on the same tenth of a unit as the one before are left out."""
    kept: list[Point] = []
    for x, y in points:
        point = (round(x, 1), round(y, 1))
        if not kept or kept[-1] != point:
            kept.append(point)
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept) if kept else ""


def band(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """Return the closed path between an upper and a lower line."""
    return polyline([*upper, *reversed(lower)]) + "Z"


def steps(edges: Sequence[float], heights: Sequence[float], floor: float) -> str:
    """Return the closed outline of a histogram; `edges` has one element more than `heights`."""
    points: list[Point] = [(edges[0], floor)]
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        points += [(left, height), (right, height)]
    return polyline([*points, (edges[-1], floor)]) + "Z"
