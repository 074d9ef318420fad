"""Evidence of pictures and sounds: absent unless asked for, whole in the page, and nothing else gets in that way."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
from drawn import shown
from page import Page
from pydantic import ValidationError
from sample_report import info, metric, sample_report

from modelaudit.audit_report import AuditReport
from modelaudit.evidence import Envelope, Explained, PictureEvidence, SoundEvidence, redacted
from modelaudit.media.shown import envelope, png, sheet, wav
from modelaudit.reports.html import data_uri, render_html
from modelaudit.reports.json import parse_report, render_json
from modelaudit.reports.words import speaking
from modelaudit.results import CheckResult, Finding, Risk

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, size=(12, 24, 3), dtype=np.uint8)
VALUES = (0.9, -0.6, 0.01, 0.2, 0.05, -0.05)
EXPLAINED = Explained(
    target="cat", unit="log-odds", values=VALUES, errors=(0.1, 0.1, 0.1, 0.15, 0.01, 0.1), base=-0.5, output=0.01
)
SAMPLES = (0.4 * np.sin(np.arange(8_000) / 9)).astype(np.float32)
PRIVATE = "/home/ana/<b>face</b>.png"


def picture(**more) -> PictureEvidence:
    fields = {"title": "A picture", "row": "data:3", "caption": "As it is.", "png": png(PIXELS)} | more
    return PictureEvidence(**fields)


def sound(**more) -> SoundEvidence:
    low, high = envelope(SAMPLES)
    fields = {"title": "A sound", "row": "data:4", "caption": "As it is.", "seconds": 1.0}
    return SoundEvidence(**(fields | {"envelope": Envelope(low=low, high=high), "wav": wav(SAMPLES, 8_000)} | more))


def report_with(*items) -> AuditReport:
    finding = Finding(metric=metric("flip_rate", "Labels changed", 0.2, 0.02), statement="Some.", evidence=items)
    checker = info("acme/look", Risk.ROBUSTNESS, "Look", "Is it seen?", "It is looked at.")
    result = CheckResult(checker=checker, status="completed", findings=(finding,))
    return sample_report(results=(result,))


def test_a_picture_is_the_same_pixels_in_the_page() -> None:
    from io import BytesIO

    from PIL import Image

    source = shown(picture())
    image = Page(source).all("image")[0]
    encoded = (image["href"] or "").removeprefix("data:image/png;base64,")
    assert (np.asarray(Image.open(BytesIO(base64.b64decode(encoded)))) == PIXELS).all()
    assert picture().size == (12, 24)
    assert "personal data in a picture is not masked" in Page(source).words
    # Twice as wide as it is high.
    assert float(image["width"] or 0) == 2 * float(image["height"] or 0)


def test_patches_lie_over_the_picture_and_the_strongest_have_their_numbers() -> None:
    source = shown(picture(grid=(2, 3), explained=EXPLAINED))
    page = Page(source)
    marks = [mark for mark in page.all("rect") if mark.get("fill-opacity")]
    # The third adds next to nothing, and the interval of the sixth holds 0; the two that lower are dashed, so one is.
    assert len(marks) == 3
    assert [mark.get("stroke-dasharray") for mark in marks] == [None, "4 3", None]
    assert marks[0]["fill-opacity"] > marks[2]["fill-opacity"]
    assert (
        "Strongest patches: row 1, column 1 (+0.900), row 1, column 2 (−0.600), row 2, column 1 (+0.200)." in page.words
    )
    assert "row 1, column 1 +0.90 ± 0.20" in page.words
    assert len(page.all("image")) == 1
    assert len(page.all("use")) == 1
    assert not page.faults


def test_without_the_picture_its_patches_are_still_told() -> None:
    bare = redacted(picture(grid=(2, 3), explained=EXPLAINED), show_text=False)
    assert isinstance(bare, PictureEvidence)
    assert bare.png is None
    page = Page(shown(bare))
    assert page.all("image") == []
    assert len([mark for mark in page.all("rect") if mark.get("fill-opacity")]) == 3
    assert "The picture is not shown." in page.words
    assert "not masked" not in page.words


@pytest.mark.parametrize("item", [picture(), sound()])
def test_what_is_a_picture_or_a_sound_and_no_more_is_a_note_unless_asked_for(item) -> None:
    assert redacted(item, show_text=True) == item
    hidden = redacted(item, show_text=False)
    assert hidden.kind == "note"
    assert "base64" not in hidden.model_dump_json()
    assert redacted(item.model_copy(update={"private": True}), show_text=True).kind == "note"


def test_a_sound_shows_how_loud_it_is_and_can_be_heard() -> None:
    edges = tuple(at / 6 for at in range(7))
    source = shown(sound(edges=edges, explained=EXPLAINED))
    page = Page(source)
    assert base64.b64decode((page.all("audio")[0]["src"] or "").partition(",")[2])[:4] == b"RIFF"
    paths = [path["d"] or "" for path in page.all("path")]
    assert len(paths) >= 1 + 6
    assert all(re.fullmatch(r"[Mlhvz0-9. -]+", path) for path in paths)
    assert "0 to 0.1667 s +0.90 ± 0.20" in page.words
    bare = redacted(sound(edges=edges, explained=EXPLAINED), show_text=False)
    assert isinstance(bare, SoundEvidence)
    assert bare.wav is None
    assert bare.envelope is None
    assert Page(shown(bare)).all("audio") == []
    assert "The sound is not shown." in Page(shown(bare)).words


def test_a_page_allows_sounds_only_where_there_is_one_and_fetches_nothing() -> None:
    silent, heard = (render_html(report_with(*items)) for items in ((picture(),), (picture(), sound())))
    assert "media-src" not in silent
    assert "media-src data:;" in heard.replace("&#39;", "'")
    for source in (silent, heard):
        page = Page(source)
        assert page.faults == []
        links = [value for _, names in page.tags for name, value in names.items() if name in ("src", "href")]
        assert all((link or "").startswith(("#", "data:image/png;base64,", "data:audio/wav;base64,")) for link in links)
        ids = [names["id"] for _, names in page.tags if "id" in names]
        assert len(ids) == len(set(ids))


def test_a_record_holds_the_picture_and_gives_it_back() -> None:
    report = report_with(picture(grid=(2, 3), explained=EXPLAINED), sound())
    assert parse_report(render_json(report), where="here").results == report.results


def test_strings_of_strangers_are_shown_and_do_nothing() -> None:
    for source in (
        shown(picture(row=PRIVATE, title=PRIVATE, caption=PRIVATE, grid=(2, 3), explained=EXPLAINED)),
        shown(sound(row=PRIVATE, title=PRIVATE, caption=PRIVATE)),
    ):
        assert Page(source).all("b") == [{}] or all(names == {} for names in Page(source).all("b"))
        assert "<b>face" not in source
        assert "&lt;b&gt;face" in source


@pytest.mark.parametrize(
    ("encoded", "says"),
    [
        ("PHN2Zz4=", "PNG file"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(), "PNG file"),
        (png(np.zeros((1, 1_025, 3), dtype=np.uint8)), "1 to 1024 pixels a side, not 1025 x 1"),
        ("A" * 400_004, "at most 400000"),
        (png(PIXELS) + '"><script>', "not base64"),
    ],
    ids=("SVG", "not base64", "cut", "wide", "long", "markup"),
)
def test_only_a_small_png_is_a_picture(encoded: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        picture(png=encoded)


def test_only_a_wav_is_a_sound_and_only_these_are_markup() -> None:
    with pytest.raises(ValidationError, match="WAV file"):
        sound(wav=png(PIXELS))
    for source in ("javascript:alert(1)", "data:text/html;base64,PHN2Zz4=", 'data:image/png;base64,A" onload="x'):
        with pytest.raises(ValueError, match="PNG and WAV"):
            data_uri(source)


@pytest.mark.parametrize(
    "fields",
    [
        {"grid": (2, 3)},
        {"explained": EXPLAINED},
        {"grid": (2, 2), "explained": EXPLAINED},
    ],
)
def test_patches_and_their_values_belong_together(fields: dict) -> None:
    with pytest.raises(ValidationError):
        picture(**fields)
    with pytest.raises(ValidationError, match="rising edges"):
        sound(edges=(0.0, 0.5, 0.4, 0.6, 0.7, 0.8, 1.0), explained=EXPLAINED)


def test_a_sheet_fits_what_a_report_takes_and_so_does_noise() -> None:
    noise = [RNG.integers(0, 256, size=(300, 700, 3), dtype=np.uint8) for _ in range(9)]
    tiles = sheet(noise)
    assert tiles.shape[0] == 96
    assert 900 < tiles.shape[1] <= 1_024
    assert picture(png=png(tiles)).size == tiles.shape[:2]
    square = sheet([RNG.integers(0, 256, size=(64, 64, 3), dtype=np.uint8) for _ in range(7)])
    assert square.shape == (96, 7 * 96 + 6 * 4, 3)
    assert wav(np.zeros(200_000, dtype=np.float32), 16_000) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_is_there_in_both_languages(language: str) -> None:
    with speaking(language):
        for item in (picture(grid=(2, 3), explained=EXPLAINED), sound(edges=tuple(range(7)), explained=EXPLAINED)):
            words = Page(shown(item)).words
            assert bool(re.search(r"[一-鿿]", words)) == (language == "zh")


@pytest.mark.heavy
def test_a_picture_is_in_the_pdf() -> None:
    pypdf = pytest.importorskip("pypdf")
    from io import BytesIO

    from modelaudit.reports.pdf import render_pdf

    pages = pypdf.PdfReader(BytesIO(render_pdf(report_with(picture(grid=(2, 3), explained=EXPLAINED))))).pages
    forms = [form.get_object() for page in pages for form in page["/Resources"].get("/XObject", {}).values()]
    assert any(form.get("/Subtype") == "/Image" and (form["/Width"], form["/Height"]) == (24, 12) for form in forms)
