"""The site is built without a warning, and asks nobody else for anything when it is read."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from pages import ROOT

pytestmark = pytest.mark.heavy
FETCHED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"?(https?:)?//", re.IGNORECASE)
ADDRESS = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import\s+['\"](?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason="the site needs the extra `docs`")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_of_the_docs_is_in_the_site(site):
    pages = [page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if not (site / page).exists()] == []


def test_no_page_fetches_anything_from_elsewhere(site):
    found = {page.name: FETCHED.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name for name, fetched in found.items() if fetched} == set()
    assert [file.name for file in site.rglob("*.css") if ADDRESS.search(file.read_text(encoding="utf-8"))] == []


def test_no_page_keeps_a_link_that_leaves_the_site_for_the_repository(site):
    left = {
        page.name: re.findall(r'href="((?:\.\./)+(?:src|tests|examples|integrations)/[^"]*)"', page.read_text("utf-8"))
        for page in site.rglob("*.html")
    }
    assert {name: links for name, links in left.items() if links} == {}
