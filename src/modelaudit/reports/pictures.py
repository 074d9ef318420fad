"""Pictures on the page: the picture itself, and over it what each patch adds to the output.

A patch says by its frame whether it raises (solid) or lowers (dashed), so colour says nothing alone; its number stands
in the table of the strongest.
"""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.evidence import Explained, PictureEvidence
from modelaudit.reports.attribution import decimals, direction, half_widths
from modelaudit.reports.axis import short
from modelaudit.reports.drawing import INKS, Paint
from modelaudit.reports.numbers import decimal, significant
from modelaudit.reports.tables import MOST_CELL, NumbersTable
from modelaudit.reports.text import visible
from modelaudit.reports.words import Told, say, tag, told

HEIGHT, GAP = 200, 12
"""Height of a picture and the room between two, in units."""
WIDEST = 4 * HEIGHT
STRONGEST = 6
"""So many patches have their numbers in the table; the JSON record holds all."""
NAMED = 3
FAINT = 0.05
"""Patches below this share of the strongest are left without a mark."""
SHADES = ("0.2", "0.4", "0.6")


@dataclass(frozen=True, slots=True)
class Patch:
    """One marked patch, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    paint: Paint


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture as the page shows it.

    Attributes:
        source: the picture as a data URI, or nothing where it is not shown.
        width, height: of one picture; total: of the drawing, which has a second one where patches have values.
        left: where the patches begin.
    """

    title: str
    description: str
    source: str
    width: float
    height: float
    total: float
    left: float
    patches: tuple[Patch, ...]


def picture_view(item: PictureEvidence) -> PictureView:
    """Lay out a picture, and a second one under its patches where these have values."""
    rows, columns = item.grid or item.size or (1, 1)
    high, wide = item.size or (rows, columns)
    width = short(min(max(HEIGHT * wide / high, HEIGHT / 4), WIDEST))
    both = item.png is not None and item.explained is not None
    left = width + GAP if both else 0.0
    return PictureView(
        title=visible(told(item.title).text, most=MOST_CELL),
        description=_described(item),
        source=f"data:image/png;base64,{item.png}" if item.png else "",
        width=width,
        height=HEIGHT,
        total=short(left + width),
        left=short(left),
        patches=_patches(item, width, left),
    )


def picture_reading(item: PictureEvidence) -> str:
    """Say which row it is, and which patches add most."""
    row = visible(item.row, most=MOST_CELL)
    said = [say("drawing.picture.row", row=row), _told(item.caption)]
    if item.png is None:
        said.append(say("drawing.picture.unseen"))
    if item.explained is not None:
        said.append(explained_reading(item.explained))
        strongest = ", ".join(
            f"{_place(item, at)} ({significant(item.explained.values[at], signed=True)})"
            for at in by_strength(item.explained)[:NAMED]
        )
        said.append(say("drawing.picture.strongest", patches=strongest))
        said.append(say("drawing.picture.marks"))
    return say("drawing.space").join(part for part in said if part)


def picture_table(item: PictureEvidence) -> NumbersTable | None:
    """Return the numbers of the strongest patches, or None where patches have none."""
    if item.explained is None:
        return None
    order = by_strength(item.explained)
    rows = tuple((_place(item, at), value_words(item.explained, at)) for at in order[:STRONGEST])
    return values_table(item.title, say("drawing.picture.patch"), item.explained, rows, len(order) - len(rows))


def explained_reading(explained: Explained) -> str:
    """Say between which two outputs the values of the parts lead."""
    return say(
        "drawing.picture.explained",
        target=visible(explained.target, most=MOST_CELL),
        unit=visible(told(explained.unit).text, most=MOST_CELL),
        base=significant(explained.base),
        output=significant(explained.output),
    )


def by_strength(explained: Explained) -> list[int]:
    """Return the places of the parts, the strongest first."""
    return sorted(range(len(explained.values)), key=lambda at: (-abs(explained.values[at]), at))


def value_words(explained: Explained, at: int) -> str:
    """Return what one part adds, with half the width of its 95% interval where there is one."""
    places = decimals(max(map(abs, explained.values)))
    half = half_widths(explained)[at]
    words = decimal(explained.values[at], places=places, signed=True)
    return f"{words} ± {decimal(half, places=places)}" if half else words


def values_table(
    title: str, heading: str, explained: Explained, rows: tuple[tuple[str, ...], ...], left_out: int
) -> NumbersTable:
    """Return a table of parts and what they add; `left_out` parts stand in the record alone."""
    unit = visible(told(explained.unit).text, most=MOST_CELL)
    columns = (Told(heading, tag()), Told(say("drawing.picture.adds", unit=unit), tag()))
    remarks = (say("drawing.rows.further", count=left_out),) if left_out > 0 else ()
    return NumbersTable(Told(_told(title), told(title).lang), columns, (False, True), rows, remarks)


def shade(explained: Explained, at: int) -> str:
    """Return how dark one part is marked; nothing where it adds little, or its 95% interval holds 0."""
    most, value = max(map(abs, explained.values)), explained.values[at]
    if not most or abs(value) < FAINT * most or abs(value) <= half_widths(explained)[at]:
        return ""
    return SHADES[min(len(SHADES) - 1, int(abs(value) / most * len(SHADES)))]


def _patches(item: PictureEvidence, width: float, left: float) -> tuple[Patch, ...]:
    if item.grid is None or item.explained is None:
        return ()
    rows, columns = item.grid
    high, wide = HEIGHT / rows, width / columns
    found = []
    for at, value in enumerate(item.explained.values):
        row, column = divmod(at, columns)
        opacity = shade(item.explained, at)
        if not opacity:
            continue
        up = direction(value) == "u"
        ink = INKS["up" if up else "down"]
        frame = (("stroke", ink), ("stroke-width", "1.5"), *(() if up else (("stroke-dasharray", "4 3"),)))
        paint = (("fill", ink), ("fill-opacity", opacity), *frame)
        found.append(Patch(short(left + wide * column), short(high * row), short(wide), short(high), paint))
    return tuple(found)


def _described(item: PictureEvidence) -> str:
    said = [_told(item.caption)]
    if item.size is not None:
        said.append(say("drawing.picture.size", height=item.size[0], width=item.size[1]))
    if item.grid is not None:
        said.append(say("drawing.picture.overlay", rows=item.grid[0], columns=item.grid[1]))
    return say("drawing.space").join(part for part in said if part)


def _place(item: PictureEvidence, at: int) -> str:
    columns = item.grid[1] if item.grid else 1
    return say("drawing.picture.place", row=at // columns + 1, column=at % columns + 1)


def _told(text: str) -> str:
    return visible(told(text).text, most=MOST_CELL)
