"""The PDF: the same page on paper, with the record's digest, the same bytes each time, and nothing asked of anybody."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from typing import Any

import pytest
from sample_report import clean_report

from modelaudit.errors import OutputError
from modelaudit.reports import render_pdf
from modelaudit.reports.pdf import check_pdf
from modelaudit.reports.seal import check
from modelaudit.reports.words import speaking


def test_without_weasyprint_the_next_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(OutputError, match=r"needs WeasyPrint.*modelaudit-core\[pdf\].*from a browser"):
        check_pdf()
    with pytest.raises(OutputError, match="needs WeasyPrint"):
        render_pdf(clean_report())


def test_without_its_libraries_the_next_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(OutputError, match=r"libpango-1.0-0'.*Install Pango"):
        check_pdf()


@pytest.mark.heavy
def test_a_pdf_is_sealed_tagged_and_the_same_each_time() -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    pypdf = pytest.importorskip("pypdf")
    report = clean_report()
    first = render_pdf(report)
    assert render_pdf(report) == first
    assert check(first).intact
    assert check(first).digest == report.digest
    assert not check(first[:5_000] + bytes([first[5_000] ^ 1]) + first[5_001:]).intact
    read = pypdf.PdfReader(io.BytesIO(first))
    assert read.metadata["/modelauditdigest"] == report.digest
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert read.trailer["/Root"]["/Lang"] == "en"
    text = " ".join(page.extract_text() for page in read.pages)
    assert "acme/claims-classifier" in text
    assert "Calibration" in text


@pytest.mark.heavy
def test_letters_that_no_font_has_are_refused_and_not_printed_as_boxes() -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    report = clean_report()
    model = report.subject.model.model_copy(update={"name": "\U00030000 claims"})
    rare = report.model_copy(update={"subject": report.subject.model_copy(update={"model": model})})
    with pytest.raises(OutputError, match=r"no font has 𰀀.*fonts-noto-cjk"):
        render_pdf(rare)


@pytest.mark.heavy
def test_a_chinese_pdf_is_refused_exactly_where_no_font_has_chinese() -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    if shutil.which("fc-list") is None:
        pytest.skip("fontconfig's fc-list is not here to say which fonts are")
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True).stdout
    with speaking("zh"):
        if fonts:
            assert check(render_pdf(clean_report())).intact
        else:
            with pytest.raises(OutputError, match="fonts-noto-cjk"):
                render_pdf(clean_report())
