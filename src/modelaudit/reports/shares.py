"""Shares of one whole as a single bar."""

from __future__ import annotations

from modelaudit.evidence import Shares
from modelaudit.reports.axis import short
from modelaudit.reports.drawing import STYLES, Drawing, Labels, Mark, Path, polyline
from modelaudit.reports.text import listed, visible
from modelaudit.reports.words import say, told

WIDTH, HEIGHT = 340, 62
LEFT, RIGHT, TOP, BOTTOM = 2, 338, 6, 38
LEAST_LABELLED = 0.1
"""A part below this share has no room for its number in the bar; the table has it."""
MOST_NAME = 80
MOST_TITLE = 200


def shares_drawing(item: Shares) -> Drawing:
    """Return the bar, its parts from left to right."""
    marks: list[Mark] = []
    labels: list[tuple[float, float, str]] = []
    start = float(LEFT)
    for place, part in enumerate(item.parts):
        end = start + (RIGHT - LEFT) * part.share
        if part.share > 0.0:
            corners = [(start, TOP), (end, TOP), (end, BOTTOM), (start, BOTTOM)]
            marks.append(Path(f"area s{place % STYLES}", polyline(corners, closed=True)))
        if part.share >= LEAST_LABELLED:
            labels.append((short((start + end) / 2), BOTTOM + 18, f"{part.share:.0%}"))
        start = end
    marks.append(Labels("tick", "middle", tuple(labels)))
    title = visible(told(item.title).text, most=MOST_TITLE)
    return Drawing(WIDTH, HEIGHT, title, say("drawing.shares.description"), tuple(marks))


def shares_reading(item: Shares) -> str:
    """Return the bar in words."""
    parts = listed([f"{visible(told(part.name).text, most=MOST_NAME)} {part.share:.0%}" for part in item.parts])
    return say("drawing.shares.reading", whole=visible(told(item.whole).text, most=MOST_NAME), parts=parts)
