"""Evidence as figures: what to draw, the sentence that states it, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelaudit.evidence import (
    Attribution,
    Curve,
    Evidence,
    Examples,
    Histogram,
    Note,
    PictureEvidence,
    Shares,
    SoundEvidence,
    Table,
)
from modelaudit.reports.attribution import AttributionView, attribution_view
from modelaudit.reports.charts import (
    MOST_LINES,
    MOST_NAME,
    MOST_TITLE,
    curve_drawing,
    curve_reading,
    histogram_drawing,
    histogram_reading,
    line_styles,
)
from modelaudit.reports.drawing import STYLES, Drawing
from modelaudit.reports.examples import ExamplesView, examples_view
from modelaudit.reports.pictures import PictureView, picture_reading, picture_table, picture_view
from modelaudit.reports.shares import shares_drawing, shares_reading
from modelaudit.reports.sounds import sound_drawing, sound_reading, sound_source, sound_table
from modelaudit.reports.tables import NumbersTable, curve_table, histogram_table, shares_table, table_of
from modelaudit.reports.text import visible
from modelaudit.reports.words import Told, say, tag, told

MOST_SELECTION = 300

Kind = Literal["examples", "table", "chart", "attribution", "picture", "note"]


@dataclass(frozen=True)
class Figure:
    """One piece of evidence, ready to be laid out; which fields are set depends on its kind.

    Attributes:
        caption: the sentence under the title.
        legend: each name with the style of its line; none where there is one line.
        remark: what the reader must know besides, as that text is withheld.
        audio: a sound as a data URI, or nothing.
    """

    kind: Kind
    title: Told
    caption: Told
    drawing: Drawing | None = None
    legend: tuple[tuple[Told, str], ...] = ()
    table: NumbersTable | None = None
    examples: ExamplesView | None = None
    attribution: AttributionView | None = None
    unit: Told | None = None
    picture: PictureView | None = None
    remark: str = ""
    audio: str = ""


def figure(item: Evidence) -> Figure:
    """Return the figure of one piece of evidence."""
    title = _short(item.title)
    match item:
        case Examples():
            remark = say("drawing.withheld") if item.private else ""
            return Figure(
                "examples", title, _short(item.selection, MOST_SELECTION), examples=examples_view(item), remark=remark
            )
        case Table():
            return Figure("table", title, _own(""), table=table_of(item))
        case Curve():
            drawn = zip(item.series[:MOST_LINES], line_styles(item), strict=False)
            legend = [(series.name, f"line {style}") for series, style in drawn]
            return _chart(title, curve_reading(item), curve_drawing(item), legend, curve_table(item))
        case Histogram():
            legend = [(group.name, f"area s{place % STYLES}") for place, group in enumerate(item.groups[:MOST_LINES])]
            return _chart(title, histogram_reading(item), histogram_drawing(item), legend, histogram_table(item))
        case Shares():
            legend = [(part.name, f"area s{place % STYLES}") for place, part in enumerate(item.parts)]
            return _chart(title, shares_reading(item), shares_drawing(item), legend, shares_table(item))
        case Attribution():
            return _attribution(item, title)
        case PictureEvidence():
            return _picture(item, title)
        case SoundEvidence():
            return _sound(item, title)
        case Note():
            return Figure("note", title, told(item.text))


def _chart(title: Told, reading: str, drawing: Drawing, names: list[tuple[str, str]], table: NumbersTable) -> Figure:
    legend = tuple((_short(name, MOST_NAME), style) for name, style in names) if len(names) > 1 else ()
    return Figure("chart", title, _own(reading), drawing, legend, table)


def _attribution(item: Attribution, title: Told) -> Figure:
    view = attribution_view(item)
    answer = "" if item.answer is None else visible(item.answer.strip(), most=MOST_TITLE)
    row, target = visible(item.row, most=MOST_NAME), visible(item.target, most=MOST_NAME)
    whose = (
        say("drawing.attribution.answer", row=row, target=target, answer=answer)
        if answer
        else say("drawing.attribution.row", row=row, target=target)
    )
    told_apart = [whose, view.caption]
    if item.words is None:
        told_apart.append(say("drawing.attribution.numbered", count=len(item.values)))
    remark = say("drawing.attribution.withheld") if item.private else ""
    caption = say("drawing.space").join(told_apart)
    return Figure("attribution", title, _own(caption), attribution=view, unit=told(item.unit), remark=remark)


def _picture(item: PictureEvidence, title: Told) -> Figure:
    remark = say("drawing.picture.unmasked") if item.png else ""
    view, table = picture_view(item), picture_table(item)
    return Figure("picture", title, _own(picture_reading(item)), table=table, picture=view, remark=remark)


def _sound(item: SoundEvidence, title: Told) -> Figure:
    remark = say("drawing.sound.unmasked") if item.wav else ""
    drawing, table, audio = sound_drawing(item), sound_table(item), sound_source(item)
    return Figure("chart", title, _own(sound_reading(item)), drawing, table=table, remark=remark, audio=audio)


def _short(text: str, most: int = MOST_TITLE) -> Told:
    whole = told(text)
    return Told(visible(whole.text, most=most), whole.lang)


def _own(text: str) -> Told:
    return Told(text, tag())
