"""The picture of a card: how often each size of the fault is found, and how often there is an alarm without it."""

from __future__ import annotations

import textwrap
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from modelaudit.cards import Card, FalseAlarms, Power, Rate
from modelaudit.reports.axis import Axis, linear_axis, short
from modelaudit.reports.drawing import INKS, Anchor, Drawing, Labels, Mark, Path, band, dots, polyline, strokes
from modelaudit.reports.numbers import brief, percent
from modelaudit.reports.text import visible

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 20, 132, 76
LINE, CAP = 16, 4
LONGEST, HEADING, MOST_LINES = 78, 62, 2
FOUND, ALARM = "s0", "s1"
LIGHT = {"paper": "#ffffff", "ink": "#1d2329", "quiet": "#56606b", "line": "#d5dae0", "s0": "#174f86", "s1": "#b4530a"}
DARK = {"paper": "#14181c", "ink": "#e6e9ec", "quiet": "#a6b0ba", "line": "#3a434c", "s0": "#8fc1f2", "s1": "#f2a566"}
"""The report's own colours."""


def card_svg(card: Card) -> str:
    """Return the picture as an SVG file of its own, readable on light and dark paper, and told in words within it."""
    return svg_text(card_drawing(card))


def card_drawing(card: Card) -> Drawing:
    """Return the curve of the power over the size of the fault, and at size 0 the worst rate of false alarms.

    Bars are 95% intervals. Power without a size has no place on the axis and is left out.
    """
    sized = sorted((figure for figure in card.power if figure.effect is not None), key=_effect)
    alarms = max(card.false_alarms, key=lambda figure: figure.rate, default=None)
    across, up = linear_axis([0.0, *map(_effect, sized)], tight=True), Axis(0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    unit = sized[0].unit if sized else "size of the fault"
    marks = _frame(across, up, _axis_name(unit))
    if sized:
        line = [(_x(across, _effect(figure)), _y(up, figure.rate)) for figure in sized]
        upper = [(x, _y(up, figure.high)) for (x, _), figure in zip(line, sized, strict=True)]
        lower = [(x, _y(up, figure.low)) for (x, _), figure in zip(line, sized, strict=True)]
        marks += [Path(f"band {FOUND}", band(upper, lower)), Path(f"line {FOUND}", polyline(line))]
        marks += [_bars(FOUND, across, up, [(_effect(figure), figure) for figure in sized])]
        marks += [Path(f"dots {FOUND}", dots(line, 0))]
    if alarms is not None:
        if alarms.nominal is not None:
            height = _y(up, alarms.nominal)
            marks.append(Path("line reference", strokes([(LEFT, height, WIDTH - RIGHT, height)])))
        marks.append(_bars(ALARM, across, up, [(0.0, alarms)]))
        marks.append(Path(f"dots {ALARM}", dots([(_x(across, 0.0), _y(up, alarms.rate))], 1)))
    title = f"Calibration of {card.checker}, version {card.version}"
    marks += [*_head(f"{card.checker} {card.version}", sized, alarms)]
    height = HEIGHT - LINE * (MOST_LINES - len(_lines(_axis_name(unit))))
    return Drawing(WIDTH, height, title, _description(sized, alarms), tuple(marks))


def svg_text(drawing: Drawing) -> str:
    """Return a drawing as an SVG file: colours by class, title and description for screen readers, nothing linked."""
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {drawing.width} {drawing.height}",
            "width": str(drawing.width),
            "height": str(drawing.height),
            "role": "img",
            "aria-labelledby": "t d",
            "font-family": "system-ui, sans-serif",
            "font-size": "12",
        },
    )
    for name, tag, text in (("t", "title", drawing.title), ("d", "desc", drawing.description)):
        ET.SubElement(root, tag, {"id": name}).text = text
    ET.SubElement(root, "style").text = _style()
    ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%", "fill": LIGHT["paper"]})
    for mark in drawing.marks:
        given = {"class": mark.kind, **_paint(mark)}
        if isinstance(mark, Path):
            ET.SubElement(root, "path", {**given, "d": mark.d})
            continue
        group = ET.SubElement(root, "g", given)
        for x, y, text in mark.places:
            ET.SubElement(group, "text", {"x": f"{x:g}", "y": f"{y:g}"}).text = text
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _paint(mark: Mark) -> dict[str, str]:
    name, _, style = mark.kind.partition(" ")
    return {"fill": "none", "stroke": INKS[style], "stroke-width": "1.6"} if name == "bar" else dict(mark.paint)


def _style() -> str:
    rules = [
        ".paper{fill:var(--paper)}.grid{stroke:var(--line)}.axis,.reference{stroke:var(--quiet)}.tick{fill:var(--quiet)}",
        ".axis-name,.heading{fill:var(--ink)}.heading{font-size:15px;font-weight:650}",
        *(f".line.{style},.bar.{style},.dots.{style}{{stroke:var(--{style})}}" for style in (FOUND, ALARM)),
        *(f".band.{style},.dots.{style}{{fill:var(--{style})}}" for style in (FOUND, ALARM)),
        ".band{stroke:none}",
    ]
    light, dark = (";".join(f"--{name}:{ink}" for name, ink in colours.items()) for colours in (LIGHT, DARK))
    schemes = f":root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return schemes + "".join(rules)


def _frame(across: Axis, up: Axis, unit: str) -> list[Mark]:
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    heights = [(_y(up, tick), percent(tick)) for tick in up.ticks]
    places = [(_x(across, tick), brief(tick)) for tick in across.ticks]
    below = [(right, floor + 38 + LINE * row, text) for row, text in enumerate(_lines(unit))]
    return [
        Path("grid", strokes([(LEFT, height, right, height) for height, _ in heights])),
        Path("axis", strokes([(LEFT, floor, right, floor), *((x, floor, x, floor + 4) for x, _ in places)])),
        _labels("tick", "end", [(LEFT - 10, height + 4, text) for height, text in heights]),
        _labels("tick", "middle", [(place, floor + 18, text) for place, text in places]),
        _labels("axis-name", "end", below),
    ]


def _axis_name(unit: str) -> str:
    return f"{unit} (0: the clean twin)"


def _head(title: str, sized: Sequence[Power], alarms: FalseAlarms | None) -> list[Mark]:
    """Return the title, and a line of the legend for each thing that is drawn, with a marker before it."""
    marks: list[Mark] = [_labels("heading", "start", [(14, 26, textwrap.shorten(title, HEADING, placeholder=" …"))])]
    row = 50
    entries: list[tuple[str, str]] = []
    if sized:
        entries.append((FOUND, "share of audits that find the fault, with its 95% interval"))
    if alarms is not None:
        entries.append((ALARM, f"share that raise an alarm without it: {_counts(alarms)}"))
        if alarms.nominal is not None:
            entries.append(("reference", f"rate of false alarms that is promised: at most {percent(alarms.nominal)}"))
    for style, text in entries:
        if style == "reference":
            marks.append(Path("line reference", strokes([(14, row - 4, 34, row - 4)])))
        else:
            marks += [Path(f"bar {style}", strokes([(24, row - 10, 24, row + 2)]))]
            marks += [Path(f"dots {style}", dots([(24, row - 4)], int(style[1])))]
        marks.append(_labels("axis-name", "start", [(42, row, text)]))
        row += LINE + 3
    marks.append(_labels("tick", "start", [(14, TOP - 14, "share of audits")]))
    return marks


def _description(sized: Sequence[Power], alarms: FalseAlarms | None) -> str:
    parts = []
    if alarms is not None:
        promised = "" if alarms.nominal is None else f" At most {percent(alarms.nominal)} is promised."
        parts.append(f"Without the fault {_counts(alarms)} raised an alarm.{promised}")
    if sized:
        told = "; ".join(f"{brief(_effect(figure))}: {_counts(figure)}" for figure in sized)
        parts.append(f"Found by size of the fault ({visible(sized[0].unit, most=LONGEST)}): {told}.")
    return " ".join(parts)


def _bars(style: str, across: Axis, up: Axis, figures: Sequence[tuple[float, Rate]]) -> Path:
    lines = []
    for place, figure in figures:
        x, low, high = _x(across, place), _y(up, figure.low), _y(up, figure.high)
        lines += [(x, low, x, high), (x - CAP, low, x + CAP, low), (x - CAP, high, x + CAP, high)]
    return Path(f"bar {style}", strokes(lines))


def _counts(figure: Rate) -> str:
    low, high = (f"{100 * bound:.1f}%" for bound in (figure.low, figure.high))
    return f"{figure.k:,} of {figure.n:,} ({low} to {high})"


def _labels(kind: str, anchor: Anchor, places: Sequence[tuple[float, float, str]]) -> Labels:
    return Labels(kind, anchor, tuple((short(x), short(y), text) for x, y, text in places))


def _lines(text: str) -> list[str]:
    shown = visible(text, most=2 * LONGEST)
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in shown)
    return textwrap.wrap(shown, LONGEST // 2 if wide else LONGEST, max_lines=MOST_LINES, placeholder=" …")


def _x(axis: Axis, value: float) -> float:
    return LEFT + 6 + (WIDTH - LEFT - RIGHT - 12) * axis.share(value)


def _y(axis: Axis, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - axis.share(value))


def _effect(figure: Power) -> float:
    return 0.0 if figure.effect is None else figure.effect
