"""The seal: every change of a file's bytes is found, in every format, and no text of a stranger can pass for one."""

from __future__ import annotations

import re

import pytest
from hostile import CORPUS
from sample_report import small_report
from test_report_hostile import poisoned

from modelaudit.reports import render_html, render_junit, render_markdown, render_model_card, render_sarif
from modelaudit.reports.markdown import END, START
from modelaudit.reports.seal import check, mark, sealed

RENDERERS = {
    "html": render_html,
    "markdown": render_markdown,
    "card": render_model_card,
    "junit": render_junit,
    "sarif": render_sarif,
}
FORGED = "".join(mark(kind, "modelaudit-seal") + mark(kind, "modelaudit-seal", "sha256:" + "0" * 64) for kind in
                 ("html", "markdown", "junit", "sarif", "pdf"))  # fmt: skip


@pytest.fixture(scope="module", params=RENDERERS)
def rendered(request: pytest.FixtureRequest) -> bytes:
    return RENDERERS[request.param](small_report()).encode()


def test_a_file_as_it_was_written_is_intact_and_names_its_record(rendered: bytes) -> None:
    found = check(rendered)
    assert found.intact
    assert found.digest == small_report().digest
    assert found.version


def test_a_change_of_one_character_is_found_wherever_it_is(rendered: bytes) -> None:
    start, end = rendered.find(b"modelaudit:start"), rendered.find(b"modelaudit:end -->")
    # A model card is its owner's but for our section; the other formats are covered to their last byte.
    stop = len(rendered) if end < 0 else end + len(b"modelaudit:end -->")
    for place in range(max(start, 40), stop, len(rendered) // 30):
        changed = rendered[:place] + bytes([rendered[place] ^ 1]) + rendered[place + 1 :]
        assert not check(changed).intact, rendered[place - 20 : place + 20]


def test_a_file_that_was_cut_short_is_found(rendered: bytes) -> None:
    for share in (0.1, 0.5, 0.9, 0.999):
        assert not check(rendered[: int(share * len(rendered))]).intact


def test_a_digest_that_is_exchanged_is_found(rendered: bytes) -> None:
    other = rendered.replace(small_report().digest.encode(), b"sha256:" + b"0" * 64)
    assert other != rendered
    assert not check(other).intact


def test_line_ends_of_another_system_are_told_from_another_change(rendered: bytes) -> None:
    copied = rendered.replace(b"\n", b"\r\n")
    assert check(copied).line_ends
    assert not check(copied.replace(b"0.643", b"0.043")).line_ends


@pytest.mark.parametrize("text", [FORGED, START + END, END + START, *CORPUS[3::50]], ids=lambda _: "")
def test_text_of_a_stranger_is_no_seal(text: str) -> None:
    report = poisoned(small_report(), text)
    for render in RENDERERS.values():
        found = check(render(report).encode())
        assert found.intact
        assert found.digest == report.digest


def test_a_section_is_sealed_without_what_stands_around_it() -> None:
    section = render_markdown(small_report())
    card = "---\nlicense: mit\n---\n# Mine\n\n" + section + "\nmore of mine\n"
    assert check(card.encode()).intact
    assert check(card.replace("more of mine", "less").encode()).intact
    assert not check(card.replace("64.3%", "14.3%").encode()).intact


def test_what_is_no_report_has_no_seal() -> None:
    for content in (b"", b"\x00\xff" * 40, b"<!DOCTYPE html><p>x", b"{}", b"<?xml version='1.0'?><a/>", b"%PDF-1.7"):
        assert check(content).kind is None or not check(content).intact
        assert check(content).seal is None


def test_a_rendering_without_a_place_for_the_seal_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="no single empty place"):
        sealed("<!DOCTYPE html><p>x")
    with pytest.raises(ValueError, match="no single empty place"):
        sealed(re.sub("^", "<!DOCTYPE html>", 2 * mark("html", "modelaudit-seal"), count=1))
