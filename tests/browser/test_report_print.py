"""The report on paper: one page that decides, and nothing folded away; on the screen a way past that page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from full_front import full_report
from sample_report import sample_report

from modelaudit.audit_report import AuditReport
from modelaudit.reports import render_html
from modelaudit.reports.words import LANGUAGES, speaking

pytestmark = pytest.mark.heavy


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def printed(it: Any) -> bytes:
    content: bytes = it.page.pdf(prefer_css_page_size=True)
    return content


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("report", [sample_report, full_report])
def test_the_summary_prints_on_one_page(
    opened: Callable[..., Any], language: str, report: Callable[[], AuditReport]
) -> None:
    with speaking(language):
        source = render_html(report())
    with opened(source) as it:
        assert pages(printed(it)) > 2
        it.page.evaluate("document.querySelectorAll('main > :not(.summary), footer').forEach(part => part.remove())")
        assert pages(printed(it)) == 1
        assert it.deeds == []


def test_what_is_folded_on_the_screen_is_open_on_paper(opened: Callable[..., Any]) -> None:
    with opened(render_html(sample_report())) as it:
        closed = pages(printed(it))
        it.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert pages(printed(it)) == closed
        it.page.evaluate("document.querySelectorAll('details').forEach(part => part.remove())")
        assert pages(printed(it)) < closed


def test_the_first_key_offers_a_way_past_the_front(opened: Callable[..., Any]) -> None:
    with opened(render_html(sample_report())) as it:
        it.page.keyboard.press("Tab")
        assert it.page.evaluate("document.activeElement.textContent") == "Skip to the findings"
        assert it.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        it.page.keyboard.press("Enter")
        assert it.page.evaluate("document.activeElement.id") == "findings"
