"""Shares of one whole as a single bar."""

from __future__ import annotations

from modelaudit.evidence import Shares
from modelaudit.reports.drawing import Drawing, Label, Mark, Path, polyline

WIDTH, HEIGHT = 640, 76
LEFT, RIGHT, TOP, BOTTOM = 8, 632, 12, 48
LEAST_LABELLED = 0.06
"""A part below this share has no room for its number in the bar; the table has it."""


def shares_drawing(item: Shares) -> Drawing:
    """Return the bar, its parts from left to right."""
    marks: list[Mark] = []
    start = float(LEFT)
    for place, part in enumerate(item.parts):
        end = start + (RIGHT - LEFT) * part.share
        corners = [(start, TOP), (end, TOP), (end, BOTTOM), (start, BOTTOM)]
        if part.share > 0.0:
            marks.append(Path(f"area s{place % 4}", polyline(corners) + "Z"))
        if part.share >= LEAST_LABELLED:
            marks.append(Label("tick", (start + end) / 2.0, BOTTOM + 18, f"{part.share:.0%}", "middle"))
        start = end
    return Drawing(WIDTH, HEIGHT, item.title, shares_reading(item), tuple(marks))


def shares_reading(item: Shares) -> str:
    """Return the bar in words."""
    return f"Of the {item.whole}: " + ", ".join(f"{part.name} {part.share:.0%}" for part in item.parts) + "."
