"""Strings that mean harm, in the browser that a reader opens the report with: nothing runs and nothing is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from hostile import CORPUS, HUGE, KINDS
from sample_report import sample_report, small_report
from test_report_hostile import poisoned_by, turns

from modelaudit.reports import render_html
from modelaudit.reports.words import LANGUAGES, speaking

pytestmark = pytest.mark.heavy

ELEMENTS = "[...document.querySelectorAll('*')].map(one => one.tagName).join(' ')"
ELEMENT = re.compile(r"<([a-z][a-z0-9]*)")
WATCH = """() => {
    window.ran = 0;
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch'])
        window[name] = () => { window.ran += 1; };
}"""


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


@pytest.fixture(scope="module")
def benign() -> dict[str, str]:
    """The elements of the page where nobody means harm, by language; filled by the first test of each."""
    return {}


@pytest.mark.parametrize("kind", KINDS)
def test_no_string_in_any_field_runs_or_asks_or_adds_an_element(
    opened: Callable[..., Any], benign: dict[str, str], kind: str
) -> None:
    # Each language from another string on, so that each string meets other fields.
    for language, texts in zip(LANGUAGES, turns(kind), strict=False):
        with speaking(language):
            if language not in benign:
                benign[language] = elements(opened, render_html(poisoned_by(small_report(), cycle(["x"]))))
            assert elements(opened, render_html(poisoned_by(small_report(), texts))) == benign[language]


@pytest.mark.parametrize("kind", KINDS)
def test_no_string_in_any_evidence_runs_or_asks_or_brings_an_element_of_its_own(
    opened: Callable[..., Any], kind: str
) -> None:
    """Where words of two texts are told apart there are as many pieces as there are differences, and no other kinds."""
    own = set(ELEMENT.findall(render_html(poisoned_by(sample_report(), cycle(["x"])))))
    shown = elements(opened, render_html(poisoned_by(sample_report(), next(turns(kind)))))
    assert {name.lower() for name in shown.split()} - own - {"tbody"} == set()


def test_a_token_of_a_megabyte_is_cut_and_harms_nothing(opened: Callable[..., Any]) -> None:
    source = render_html(poisoned_by(sample_report(), cycle([HUGE, *CORPUS[:20]])))
    assert len(source) < 4_000_000
    elements(opened, source)
