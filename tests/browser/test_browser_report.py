"""The report in Chromium: it is shown and does nothing, everybody can read it, and it prints."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from many_findings import many
from sample_report import sample_report, small_report

from modelaudit.reports import render_html
from modelaudit.reports.words import speaking

pytestmark = pytest.mark.heavy

A4 = (794, 1123)
"""Pixels of a page at 96 to the inch."""
MARGIN = 2 * 57
COLUMN = 900
"""Pixels that a column of the contents may be high."""
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return {
        name: one.tagName + (one.id ? '#' + one.id : '') + ' ' + (one.textContent || '').trim().slice(0, 40),
        body: one === document.body,
        outline: parseFloat(style.outlineWidth) || 0,
        seen: one.getBoundingClientRect().height > 0,
        place: scrollY + one.getBoundingClientRect().top,
    };
}"""
STOPS = """() => [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(one => one.checkVisibility()).length"""


MANY = 10_000
MOST_BYTES = 2_000_000
"""So large may the page of `MANY` findings be."""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The page of a report that holds every state and kind of evidence, in each language."""
    found = {}
    for language in ("en", "zh"):
        with speaking(language):
            found[language] = render_html(sample_report())
    return found


@pytest.fixture
def page(pages: dict[str, str]) -> str:
    """The page in English, for what no language changes."""
    return pages["en"]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_page_asks_for_nothing_and_says_nothing(page: str, opened: Callable[..., Any], *, javascript: bool) -> None:
    with opened(page, java_script_enabled=javascript) as it:
        it.page.wait_for_load_state("networkidle")
        assert it.deeds == []
        assert it.page.locator("h1").count() == 1
        assert it.page.locator("script").count() == 0


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en", 1280, "light"), ("en", 360, "dark"), ("zh", 1280, "dark")]
)
def test_axe_finds_nothing_against_wcag_2_2_aa(
    pages: dict[str, str], opened: Callable[..., Any], language: str, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    # The audit of the page runs beside it; the page's own policy is tested elsewhere.
    with opened(pages[language], width=width, scheme=scheme, bypass_csp=True) as it:
        it.page.evaluate(OPEN_ALL)
        it.page.evaluate(source)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = it.page.evaluate(
            "values => axe.run(document, {runOnly: {type: 'tag', values}, rules: {'target-size': {enabled: true}}})",
            tags,
        )
    violations = [
        f"{fault['id']} ({fault['impact']}) at {node['target']}: {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"][:3]
    ]
    assert violations == []


def test_a_reader_without_a_mouse_reaches_everything_in_order(opened: Callable[..., Any]) -> None:
    with opened(render_html(small_report())) as it:
        stops = it.page.evaluate(STOPS)
        it.page.keyboard.press("Tab")
        assert it.page.evaluate("document.activeElement.className") == "skip"
        it.page.keyboard.press("Tab")
        seen, places = 1, []
        while not (focus := it.page.evaluate(FOCUS))["body"] and seen <= stops:
            assert focus["outline"] >= 2, f"{focus['name']} shows no focus"
            assert focus["seen"], f"{focus['name']} has the focus and can't be seen"
            places.append(focus["place"])
            seen += 1
            it.page.keyboard.press("Tab")
        assert seen == stops
        # What follows by key stands no higher in the page, but for the second column of the contents.
        rises = [(one, two) for one, two in itertools.pairwise(places) if two < one - COLUMN]
        assert rises == []


def test_a_folded_part_opens_by_key_and_a_deep_link_leads_to_its_finding(page: str, opened: Callable[..., Any]) -> None:
    with opened(page) as it:
        folded = it.page.query_selector("details:not([open]) > summary")
        folded.focus()
        it.page.keyboard.press("Enter")
        assert folded.evaluate("one => one.parentElement.open")
        targets = it.page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
        assert targets
        missing = [name for name in targets if not it.page.evaluate("id => !!document.getElementById(id)", name[1:])]
        assert missing == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_is_wider_than_the_screen(pages: dict[str, str], opened: Callable[..., Any], language: str) -> None:
    with opened(pages[language]) as it:
        it.page.evaluate(OPEN_ALL)
        for width in (320, 360, 768, 1280):
            it.page.set_viewport_size({"width": width, "height": 900})
            assert it.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_of_ten_thousand_findings_opens_scrolls_and_leads_to_its_last(opened: Callable[..., Any]) -> None:
    source = render_html(many(MANY))
    assert len(source.encode()) < MOST_BYTES
    with opened(source) as it:
        assert it.deeds == []
        anchors = it.page.evaluate("""() => [...document.querySelectorAll('[id*="--gap-"]')].map(one => one.id)""")
        assert len(anchors) == MANY
        last = anchors[-1]
        it.page.evaluate("name => { location.hash = name }", last)
        it.page.wait_for_function(
            """name => {
                const box = document.getElementById(name).getBoundingClientRect();
                return box.height > 0 && box.top >= 0 && box.top < innerHeight;
            }""",
            arg=last,
            timeout=20_000,
        )
        it.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        it.page.wait_for_function(
            "document.querySelector('footer').getBoundingClientRect().top < innerHeight", timeout=20_000
        )


def test_print_shows_what_is_folded_in_black_on_white_and_the_summary_on_one_page(
    page: str, opened: Callable[..., Any]
) -> None:
    with opened(page, width=A4[0] - MARGIN, scheme="dark") as it:
        it.page.emulate_media(media="print")
        ground = it.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
        hidden = it.page.evaluate(
            """() => [...document.querySelectorAll('details:not([open])')].filter(one => {
                const inside = one.querySelector(':scope > :not(summary)');
                return inside && inside.getBoundingClientRect().height === 0 && inside.textContent.trim();
            }).length"""
        )
        assert hidden == 0
        wide = it.page.evaluate(
            """width => [...document.querySelectorAll('table, figure, svg')]
                .filter(one => one.getBoundingClientRect().right > width + 1).length""",
            A4[0] - MARGIN,
        )
        assert wide == 0
        first = it.page.evaluate("document.querySelector('main').getBoundingClientRect().top")
        assert first <= A4[1] * 2, "the first screen takes more than two pages"
        printed = it.page.pdf(format="A4", print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
