"""Sounds on the page: how loud they are along their length, and under it what each segment adds to the output."""

from __future__ import annotations

from modelaudit.evidence import Envelope, SoundEvidence
from modelaudit.reports.axis import linear_axis
from modelaudit.reports.charts import MOST_NAME
from modelaudit.reports.drawing import Drawing, Labels, Mark, Path, Point, band, polyline
from modelaudit.reports.numbers import brief
from modelaudit.reports.pictures import by_strength, explained_reading, shade, value_words, values_table
from modelaudit.reports.tables import MOST_CELL, NumbersTable
from modelaudit.reports.text import visible
from modelaudit.reports.words import say, told

WIDTH, LEFT, RIGHT = 340, 14, 14
TOP, WAVE, BARS, BOTTOM = 10, 80, 80, 36
STRONGEST = 6
MOST_COLUMNS = 90
"""An envelope is drawn in so many columns; neighbours are drawn as one."""


def sound_drawing(item: SoundEvidence) -> Drawing:
    """Draw the envelope where it is shown, and the segments' values as bars below it where there are any."""
    marks: list[Mark] = []
    end = TOP
    if item.envelope is not None:
        middle, heights = end + WAVE / 2, _columns(item.envelope)
        places = [LEFT + (at + 0.5) / len(heights) * _room() for at in range(len(heights))]
        high = [(x, middle - top * WAVE / 2) for x, (_, top) in zip(places, heights, strict=True)]
        low = [(x, middle - bottom * WAVE / 2) for x, (bottom, _) in zip(places, heights, strict=True)]
        marks += [
            Path("grid", polyline([(LEFT, middle), (WIDTH - RIGHT, middle)])),
            Path("area s0", band(high, low)),
        ]
        end += WAVE
    if item.explained is not None:
        marks += _bars(item, end + 8)
        end += 8 + BARS
    marks.append(Path("axis", polyline([(LEFT, end + 4), (WIDTH - RIGHT, end + 4)])))
    axis = linear_axis([0.0, item.seconds], tight=True)
    ticks = tuple((LEFT + axis.share(tick) * _room(), end + 18.0, brief(tick)) for tick in axis.ticks)
    marks.append(Labels("tick", "middle", ticks))
    marks.append(Labels("axis-name", "middle", ((WIDTH / 2, end + 34.0, say("drawing.sound.seconds")),)))
    title = visible(told(item.title).text, most=MOST_CELL)
    return Drawing(WIDTH, round(end + BOTTOM + 4), title, _described(item), tuple(marks))


def sound_reading(item: SoundEvidence) -> str:
    """Say which row it is and how long, and between which outputs the segments lead."""
    row = visible(item.row, most=MOST_NAME)
    said = [say("drawing.sound.row", row=row, seconds=brief(item.seconds))]
    said.append(visible(told(item.caption).text, most=MOST_CELL))
    if item.envelope is None:
        said.append(say("drawing.sound.unseen"))
    if item.explained is not None:
        said += [explained_reading(item.explained), say("drawing.sound.bars")]
    return say("drawing.space").join(part for part in said if part)


def sound_table(item: SoundEvidence) -> NumbersTable | None:
    """Return the numbers of the strongest segments, or None where segments have none."""
    if item.explained is None or item.edges is None:
        return None
    order = by_strength(item.explained)
    rows = tuple(
        (
            say("drawing.sound.segment", start=brief(item.edges[at]), end=brief(item.edges[at + 1])),
            value_words(item.explained, at),
        )
        for at in order[:STRONGEST]
    )
    return values_table(item.title, say("drawing.sound.part"), item.explained, rows, len(order) - len(rows))


def sound_source(item: SoundEvidence) -> str:
    """Return the sound as a data URI, or nothing where it can't be heard."""
    return f"data:audio/wav;base64,{item.wav}" if item.wav else ""


def _columns(envelope: Envelope) -> list[tuple[float, float]]:
    """Return the lowest and highest sample of each column."""
    each = -(-len(envelope.low) // MOST_COLUMNS)
    starts = range(0, len(envelope.low), each)
    return [(min(envelope.low[at : at + each]), max(envelope.high[at : at + each])) for at in starts]


def _room() -> float:
    return WIDTH - LEFT - RIGHT


def _bars(item: SoundEvidence, top: float) -> list[Mark]:
    assert item.explained is not None
    assert item.edges is not None
    axis = linear_axis([0.0, *item.explained.values])
    zero = top + BARS * (1 - axis.share(0.0))
    marks: list[Mark] = [Path("grid", polyline([(LEFT, zero), (WIDTH - RIGHT, zero)]))]
    for at, value in enumerate(item.explained.values):
        left, right = (LEFT + min(max(edge / item.seconds, 0.0), 1.0) * _room() for edge in item.edges[at : at + 2])
        height = top + BARS * (1 - axis.share(value))
        corners: list[Point] = [(left, zero), (left, height), (right, height), (right, zero)]
        # Filled where the segment raises for sure, dashed where it lowers, a thin line where its interval holds 0.
        kind = "axis" if not shade(item.explained, at) else "area s0" if value > 0 else "area s1"
        marks.append(Path(kind, polyline(corners, closed=True)))
    return marks


def _described(item: SoundEvidence) -> str:
    said = [say("drawing.sound.envelope")] if item.envelope is not None else []
    said += [say("drawing.sound.bars")] if item.explained is not None else []
    return say("drawing.space").join(said or [say("drawing.sound.unseen")])
