"""Drawings on the page: what each says without sight, colour, script and style sheet, in both languages."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from importlib import resources

import pytest
from drawn import forests, shown
from page import Page
from sample_report import sample_report

from modelaudit.evidence import Bars, Curve, Evidence, Histogram, Part, Series, Shares
from modelaudit.reports.checks import check_views
from modelaudit.reports.drawing import INKS
from modelaudit.reports.words import speaking

FAINT = {"line", "beyond", "paper"}
"""Inks of the ground: a grid behind numbers, the shade beyond a limit whose edge is drawn, and paper."""

CURVE = Curve(
    title="Members found",
    x_label="false alarms",
    y_label="found",
    x_log=True,
    series=(
        *(
            Series(name=name, x=(0.01, 0.1, 1), y=(0.02, 0.3, 1), low=(0, 0.2, 1), high=(0.1, 0.4, 1))
            for name in ("one", "two", "three", "four")
        ),
        Series(name="chance", x=(0, 1), y=(0, 1), reference=True),
    ),
)
HISTOGRAM = Histogram(
    title="Scores",
    x_label="score",
    edges=(0, 1, 2),
    groups=tuple(Bars(name=name, counts=(3, 5)) for name in ("in", "out", "other")),
)
SHARES = Shares(title="Made of", whole="variation", parts=(Part(name="list", share=0.7), Part(name="pairs", share=0.3)))
CHARTS = (CURVE, HISTOGRAM, SHARES)


@pytest.mark.parametrize("item", CHARTS, ids=lambda item: item.kind)
def test_a_chart_has_title_description_and_its_numbers_beside_it(item: Evidence) -> None:
    page = Page(shown(item))
    [svg] = page.all("svg")
    ids = {attributes["id"]: tag for tag, attributes in page.tags if "id" in attributes}
    assert svg["role"] == "img"
    assert [ids[name] for name in (svg["aria-labelledby"] or "").split()] == ["title", "desc"]
    assert all(
        any(text.strip() for inside, text in page.texts if inside == tag) for tag in ("title", "desc", "caption")
    )
    assert page.all("details") == [{"class": "numbers-table"}]
    assert page.misplaced_headings == 0
    assert len(page.all("figcaption")) == len(page.all("figure")) == 1


def test_ids_are_unique_in_a_page_with_every_kind_of_evidence() -> None:
    from modelaudit.reports import render_html

    page = Page(render_html(sample_report()))
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    assert page.faults == []


class Shapes(HTMLParser):
    """Shapes of the drawings with the attributes that reach them: their own and those of what holds them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.holders: list[tuple[str, dict[str, str | None]]] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.holders.append((tag, dict(attrs)))
        self._keep(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.holders.append((tag, dict(attrs)))
        self._keep(tag)
        self.holders.pop()

    def handle_endtag(self, tag: str) -> None:
        self.holders.pop()

    def _keep(self, tag: str) -> None:
        inherited: dict[str, str | None] = {}
        for _, attributes in self.holders:
            inherited |= attributes
        if tag in ("path", "rect", "circle", "line", "text"):
            self.found.append((tag, inherited))


@pytest.mark.parametrize("item", CHARTS, ids=lambda item: item.kind)
def test_charts_keep_their_paint_where_the_style_sheet_does_not_reach(item: Evidence) -> None:
    shapes = Shapes(shown(item)).found
    assert len(shapes) >= 4
    for tag, paint in shapes:
        assert {paint.get("fill"), paint.get("stroke")} & set(INKS.values()), (tag, paint)
        kind = (paint["class"] or "").split()[0]
        # A line without `fill="none"` would be a black shape.
        assert kind not in ("line", "axis") or paint["fill"] == "none"
        assert kind not in ("band", "area") or paint["fill"] == "none" or paint["fill-opacity"]


def test_forest_plots_keep_their_paint_and_every_state_its_ink() -> None:
    sources = [forests(check) for check in check_views(sample_report())]
    for source in sources:
        for tag, paint in Shapes(source).found:
            assert {paint.get("fill"), paint.get("stroke")} & set(INKS.values()), (tag, paint)
    assert {"exceeds", "accepted", "inconclusive", "within"} <= set(re.findall(r'<tr class="(\w+)"', "".join(sources)))


def test_lines_are_told_apart_without_colour() -> None:
    lines = {}
    markers = {}
    for _, paint in Shapes(shown(CURVE)).found:
        kind, _, style = (paint["class"] or "").partition(" ")
        if kind == "line":
            lines[style] = (paint.get("stroke-dasharray"), paint.get("stroke-width"))
        if kind == "dots":
            markers[style] = re.sub(r"M[\d. -]+", "", paint["d"] or "", count=1).split("M")[0]
    assert len(lines) == 5
    assert len(set(lines.values())) == 5
    assert len(markers) == 4
    assert len(set(markers.values())) == 4
    outlines = {
        (paint.get("stroke-dasharray"), paint["fill"])
        for _, paint in Shapes(shown(HISTOGRAM)).found
        if (paint["class"] or "").startswith("area")
    }
    assert len(outlines) == 3


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    full = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(full[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def schemes() -> dict[str, dict[str, str]]:
    """Return the colours of the style sheet by scheme: on screen in light and dark, and in print."""
    folder = resources.files("modelaudit.reports").joinpath("templates", "style")
    base, printed = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("1_base.css", "6_print.css"))
    found = {}
    for name, text in zip(
        ("light", "dark", "print"), [*re.findall(r":root \{.*?\}", base, re.DOTALL)[:2], printed], strict=True
    ):
        found[name] = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))
    return found


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_marks_stand_out_from_the_paper_in_every_scheme(scheme: str) -> None:
    colours = schemes()[scheme]
    drawn = (
        "s0",
        "s1",
        "s2",
        "s3",
        "up",
        "down",
        "quiet",
        "ink",
        "exceeds",
        "accepted",
        "inconclusive",
        "within",
        "absent",
    )
    low = {name: contrast(colours[name], colours["paper"]) for name in drawn}
    assert {name: ratio for name, ratio in low.items() if ratio < 3} == {}
    # Markers and intervals also cross the shade beyond a limit.
    states = ("exceeds", "accepted", "inconclusive", "within", "absent")
    assert min(contrast(colours[name], colours["beyond"]) for name in states) >= 3
    # Names, numbers and states are text.
    assert min(contrast(colours[name], colours["paper"]) for name in ("quiet", "ink", *states)) >= 4.5


def test_inks_stand_out_from_white_paper_and_from_the_shade() -> None:
    for name, ink in INKS.items():
        if name not in FAINT:
            assert contrast(ink, INKS["paper"]) >= 4.5, name
            assert contrast(ink, INKS["beyond"]) >= 3, name


def test_a_forest_row_says_in_words_what_its_strip_shows() -> None:
    check = next(view for view in check_views(sample_report()) if view.info.id == "modelaudit/perturbation")
    page = Page(forests(check))
    assert "lower case 21.4% [18.9% to 23.9%] 1,000 Exceeds limit" in page.words
    assert "Limit: at most 5.0%; shaded: beyond it." in page.words
    assert all(svg.get("aria-hidden") == "true" for svg in page.all("svg") if "x" not in svg)
    # A dashed edge alone shows the limit: the box's other edges fall outside the strip.
    assert {(box["y"], box["height"]) for box in page.all("rect")} == {("-9", "999")}


def test_drawings_speak_chinese() -> None:
    with speaking("zh"):
        curve, histogram = Page(shown(CURVE)), Page(shown(HISTOGRAM))
        check = next(view for view in check_views(sample_report()) if view.info.id == "modelaudit/perturbation")
        plots = Page(forests(check))
    assert "处相差最大" in curve.words
    assert "数值" in curve.words
    assert "占该组的比例（%）" in histogram.words
    assert "in：8 条样本，中位样本位于 1 至 2 之间；out" in histogram.words
    assert "超出限值" in plots.words
    assert "底色处为限值以外" in plots.words
    assert not re.search(r"Limit|Verdict|further|shaded", plots.words)


def test_a_checkers_own_words_are_marked_with_their_language_where_it_differs() -> None:
    with speaking("zh"):
        source = shown(CURVE)
    assert '<b lang="en">Members found</b>' in source
    assert '<li class="line s0" lang="en">one</li>' in source
    assert "lang=" not in shown(CURVE)
