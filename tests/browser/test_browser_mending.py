"""The page of a mend in Chromium: it asks for nothing, everybody can read it, and nothing runs out of a narrow one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sample_mended import sample_mended

from modelaudit.reports.mending_html import render_mending_html
from modelaudit.reports.words import speaking

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(("language", "width", "scheme"), [("en", 1280, "light"), ("zh", 360, "dark")])
def test_the_page_of_a_mend_can_be_read_by_everybody(
    opened: Callable[..., Any], language: str, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with speaking(language):
        page = render_mending_html(sample_mended())
    with opened(page, width=width, scheme=scheme) as it:
        assert it.deeds == []
        assert it.page.evaluate("document.documentElement.scrollWidth") == width
    with opened(page, width=width, scheme=scheme, bypass_csp=True) as it:
        it.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = axe.Axe().run(it.page)
        assert found.response["violations"] == []
