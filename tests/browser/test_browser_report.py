"""The report in Chromium: it is shown and does nothing, everybody can read it, and it prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_report import sample_report

from modelaudit.reports import render_html
from modelaudit.reports.words import speaking

pytestmark = pytest.mark.heavy

A4 = (794, 1123)
"""Pixels of a page at 96 to the inch."""
MARGIN = 2 * 57
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return {
        name: one.tagName + (one.id ? '#' + one.id : '') + ' ' + (one.textContent || '').trim().slice(0, 40),
        body: one === document.body,
        outline: parseFloat(style.outlineWidth) || 0,
        seen: one.getBoundingClientRect().height > 0,
    };
}"""
STOPS = """() => [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(one => one.checkVisibility()).length"""


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request: pytest.FixtureRequest) -> str:
    """The page of a report that holds every state and kind of evidence."""
    with speaking(request.param):
        return render_html(sample_report())


@pytest.mark.parametrize("javascript", [True, False])
def test_a_page_asks_for_nothing_and_says_nothing(page: str, opened: Callable[..., Any], javascript: bool) -> None:
    with opened(page, java_script_enabled=javascript) as it:
        it.page.wait_for_load_state("networkidle")
        assert it.deeds == []
        assert it.page.locator("h1").count() == 1
        assert it.page.locator("script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_against_wcag_2_2_aa(page: str, opened: Callable[..., Any], width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    # The audit of the page runs beside it; the page's own policy is tested elsewhere.
    with opened(page, width=width, scheme=scheme, bypass_csp=True) as it:
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


def test_a_reader_without_a_mouse_reaches_everything_in_order(page: str, opened: Callable[..., Any]) -> None:
    with opened(page) as it:
        stops = it.page.evaluate(STOPS)
        it.page.keyboard.press("Tab")
        assert it.page.evaluate("document.activeElement.className") == "skip"
        seen, places = 1, []
        while True:
            it.page.keyboard.press("Tab")
            focus = it.page.evaluate(FOCUS)
            if focus["body"] or seen > stops:
                break
            assert focus["outline"] >= 2, f"{focus['name']} shows no focus"
            assert focus["seen"], f"{focus['name']} has the focus and can't be seen"
            places.append(it.page.evaluate("scrollY + document.activeElement.getBoundingClientRect().top"))
            seen += 1
        assert seen == stops


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


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_page_is_wider_than_the_screen(page: str, opened: Callable[..., Any], width: int) -> None:
    with opened(page, width=width) as it:
        it.page.evaluate(OPEN_ALL)
        assert it.page.evaluate("document.documentElement.scrollWidth") <= width


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
