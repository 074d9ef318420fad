"""Strings that mean harm, in the browser that a reader opens the report with: nothing runs and nothing is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from hostile import CORPUS, HUGE, KINDS
from sample_report import sample_report
from test_report_hostile import poisoned_by

from modelaudit.reports import render_html
from modelaudit.reports.words import speaking

pytestmark = pytest.mark.heavy

ELEMENTS = "[...document.querySelectorAll('*')].map(one => one.tagName).join(' ')"
WATCH = """window.ran = 0;
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch'])
    window[name] = () => { window.ran += 1; };"""


def rotated(texts: tuple[str, ...], turn: int) -> Iterator[str]:
    """The strings over and over, from another one each turn, so that each meets other fields."""
    return cycle(texts[turn:] + texts[:turn])


def elements(opened: Callable[..., Any], source: str) -> str:
    """Open a page, let whatever would run run, and return its elements."""
    with opened(source) as it:
        it.page.evaluate(WATCH)
        it.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        it.page.mouse.move(400, 400)
        it.page.wait_for_load_state("networkidle")
        assert it.deeds == []
        assert it.page.evaluate("window.ran") == 0
        assert it.page.evaluate("document.contentType") == "text/html"
        return str(it.page.evaluate(ELEMENTS))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_string_in_any_field_runs_or_asks_or_adds_an_element(
    opened: Callable[..., Any], kind: str, language: str
) -> None:
    report = sample_report()
    with speaking(language):
        benign = elements(opened, render_html(poisoned_by(report, cycle(["x"]))))
        for turn in (0, len(KINDS[kind]) // 2):
            shown = elements(opened, render_html(poisoned_by(report, rotated(KINDS[kind], turn))))
            assert shown == benign


def test_a_token_of_a_megabyte_is_cut_and_harms_nothing(opened: Callable[..., Any]) -> None:
    source = render_html(poisoned_by(sample_report(), cycle([HUGE, *CORPUS[:20]])))
    assert len(source) < 4_000_000
    elements(opened, source)
