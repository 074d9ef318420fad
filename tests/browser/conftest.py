"""Pages in a real browser: Debian's Chromium, steered by Playwright; where there is none, these tests are skipped."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """A page that is open, with whatever it did beside being shown."""

    page: Any
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def deeds(self) -> list[str]:
        """What a report must never do: ask for something, say something, stop the reader."""
        return [*self.requests, *self.console, *self.dialogs]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine; Debian's package `chromium` has it")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Callable[..., Any]:
    """A function that opens a page's source as a file, as a reader would: `with opened(source) as it: …`."""

    @contextmanager
    def opening(source: str, *, width: int = 1280, scheme: str = "light", **options: Any) -> Iterator[Opened]:
        file = tmp_path / "report.html"
        file.write_text(source, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        it = Opened(context.new_page())
        own = file.as_uri()
        it.page.on("request", lambda request: None if request.url == own else it.requests.append(request.url))
        it.page.on("console", lambda message: it.console.append(f"{message.type}: {message.text}"))
        it.page.on("pageerror", lambda error: it.console.append(f"error: {error}"))

        def dialog(shown: Any) -> None:
            it.dialogs.append(shown.message)
            shown.dismiss()

        it.page.on("dialog", dialog)
        it.page.goto(own)
        try:
            yield it
        finally:
            context.close()

    return opening
