"""The PDF report: the HTML report on pages, made by WeasyPrint (the extra `pdf`) without asking the network.

WeasyPrint draws a letter that no font on this machine has as an empty box, and Chinese is then a page of boxes. A
report with such letters is refused before any page is laid out.
"""

from __future__ import annotations

import base64
import logging
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from modelaudit.audit_report import AuditReport
from modelaudit.errors import OutputError
from modelaudit.reports.html import render_html
from modelaudit.reports.seal import DIGEST, marks, sealed

INSTALL = "Install it with pip install 'modelaudit-core[pdf]', or print the .html report from a browser"
FONTS = "Install a font that has them (Debian: fonts-noto-cjk), or print the .html report from a browser"
PICTURE = "data:image/png;base64,"
VARIANT = "pdf/ua-1"
"""Tagged for screen readers."""
_SYLLABLES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH")
"""How the Unicode names of the letters begin that fonts for Latin script do not have and that carry the sense."""


def render_pdf(report: AuditReport) -> bytes:
    """Return the HTML report as a tagged PDF; with one WeasyPrint and one set of fonts, equal reports give equal bytes.

    Raises:
        OutputError: WeasyPrint or one of its system libraries is not there, or no font has the letters of the report.
    """
    weasyprint = _weasyprint()
    page = render_html(report)
    with _quiet():
        absent = _without_font(weasyprint, unescape(page))
        if absent:
            shown = "".join(absent[:5])
            raise OutputError(f"a PDF of this report can't be made here: no font has {shown} and others. {FONTS}")
        document = weasyprint.HTML(string=page, url_fetcher=_fetched).render(pdf_variant=VARIANT)
        document.metadata.custom = {DIGEST: report.digest}
        identifier = report.digest.removeprefix("sha256:")[:32].encode()
        pdf: bytes = document.write_pdf(pdf_variant=VARIANT, custom_metadata=True, pdf_identifier=identifier)
    return sealed(pdf.rstrip(b"\n") + b"\n" + "".join(marks("pdf", report.digest)).encode())


def check_pdf() -> None:
    """Raise OutputError where WeasyPrint or one of its system libraries is not there."""
    _weasyprint()


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ImportError as error:
        raise OutputError(f"a .pdf report needs WeasyPrint. {INSTALL}.") from error
    except OSError as error:
        raise OutputError(
            f"WeasyPrint is here, but not the system libraries that it draws with: {error!s:.120}. Install Pango "
            "(Debian: libpango-1.0-0 libpangoft2-1.0-0; macOS: brew install pango), or print the .html report from a "
            "browser."
        ) from error
    return weasyprint


def _without_font(weasyprint: Any, text: str) -> list[str]:
    """Return the letters of East Asian scripts in the text that no font here has; asked of WeasyPrint itself."""
    letters = sorted(set(filter(_east_asian, set(text))))
    if not letters:
        return []
    absent: set[int] = set()

    def look(document: Any, pdf: Any) -> None:
        for font in document.fonts.values():
            absent.update(font.missing)

    weasyprint.HTML(string=f"<p>{''.join(letters)}", url_fetcher=_fetched).write_pdf(finisher=look)
    return [letter for letter in letters if ord(letter) in absent]


def _east_asian(letter: str) -> bool:
    return letter > "\u1100" and unicodedata.name(letter, "").startswith(_SYLLABLES)


def _fetched(url: str, *_: Any, **__: Any) -> Any:
    """Give WeasyPrint the pictures that stand in the page, and nothing else."""
    if not url.startswith(PICTURE):
        raise ValueError("a report asks nothing of the network or the disk")
    from weasyprint import urls

    data, kind = base64.b64decode(url.removeprefix(PICTURE)), "image/png"
    # Newer versions of WeasyPrint take a response, older ones a dict.
    response = getattr(urls, "URLFetcherResponse", None)
    return response(url, data, {"Content-Type": kind}) if response else {"string": data, "mime_type": kind}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep WeasyPrint's remarks on style rules meant for browsers off the terminal."""
    loggers: Iterable[logging.Logger] = [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
