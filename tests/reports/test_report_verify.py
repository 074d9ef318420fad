"""`verify` before somebody who wants it to say "holds": each way is found, or named as what was not looked at."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from test_report_model_card import scored

from modelaudit.audit_report import AuditReport, InputRecord
from modelaudit.cli_reports import verify as command
from modelaudit.reports import load_report, render_html, render_json, render_markdown, render_model_card
from modelaudit.reports.markdown import END, START
from modelaudit.reports.seal import check, sealed
from modelaudit.reports.words import speaking
from modelaudit.verification import OTHERWISE, OUTSIDE, Verification, verify

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return written


@pytest.fixture(scope="module")
def report() -> AuditReport:
    return scored()


@pytest.fixture
def record(report: AuditReport, write: Write) -> Path:
    return write("record.json", render_json(report))


def every_way(file: Path, record: Path, report: AuditReport, original: str) -> Verification:
    """Verify by all that somebody can have kept elsewhere."""
    return verify(file, record=record, digest=report.digest, seal=check(original.encode()).seal)


def words(found: Verification) -> str:
    return " ".join(point.words for point in found.points)


def forged(text: str) -> str:
    """Return a file with other numbers and a right seal."""
    bare = re.sub(r"(modelaudit-seal(?: |\" content=\"))sha256:[0-9a-f]{64}", r"\1", text)
    return sealed(bare.replace("64.3%", "14.3%"))


def test_an_altered_section_before_or_after_the_true_one(write: Write, record: Path, report: AuditReport) -> None:
    true = render_markdown(report)
    altered = forged(true)
    assert check(altered.encode()).intact
    for content in (altered + true, true + altered, true + END, START + "\n" + true):
        found = every_way(write("README.md", content), record, report, true)
        assert found.exit_code == 1, content[:80]
        assert "more than once" in words(found)
        assert verify(write("README.md", content)).exit_code == 1


def test_what_stands_around_a_section_is_not_vouched_for(write: Write, record: Path, report: AuditReport) -> None:
    true = render_markdown(report)
    found = every_way(write("README.md", f"All limits hold.\n\n<div hidden>\n\n{true}\n</div>"), record, report, true)
    assert found.exit_code == 0
    assert OUTSIDE in found.limits
    assert "the section is the same byte for byte" in words(found)
    assert "the file" not in words(found)


def test_scores_in_the_front_matter_of_a_card(write: Write, record: Path, report: AuditReport) -> None:
    card = render_model_card(report)
    found = every_way(write("README.md", card), record, report, card)
    assert found.exit_code == 0
    assert "the scores in the front matter are those of the record" in words(found)
    better = card.replace("0.9125", "0.9925")
    assert better != card
    fewer = re.sub(r"\n    - type: f1.*?\n---\n", "\n---\n", card, flags=re.DOTALL)
    assert fewer != card
    for content in (better, "\ufeff" + better, better.replace("\n", "\r\n"), fewer):
        found = every_way(write("README.md", content), record, report, card)
        assert found.exit_code == 1
        assert "the scores in the front matter (model-index) are not those of the record" in words(found)
    broken = every_way(write("README.md", card.replace("model-index:", "model-index: [")), record, report, card)
    assert broken.exit_code == 3
    assert OUTSIDE in verify(write("README.md", better), digest=report.digest).limits


def test_what_an_owner_adds_to_a_card_is_no_forgery(write: Write, record: Path, report: AuditReport) -> None:
    card = render_model_card(report)
    own = card.replace("---\n", "---\nlicense: mit\n", 1) + "\n## Intended use\n\nSorting.\n"
    assert every_way(write("README.md", own), record, report, card).exit_code == 0
    none = re.sub(r"\nmodel-index:.*?\n---\n", "\n---\n", card, flags=re.DOTALL)
    assert none != card
    assert every_way(write("README.md", none), record, report, card).exit_code == 0
    section = render_markdown(report)
    others = "---\nlicense: mit\nmodel-index:\n- name: x\n  results: []\n---\n# Mine\n\n" + section
    assert every_way(write("README.md", others), record, report, section).exit_code == 0


def test_a_card_of_ours_is_compared_as_a_whole(write: Write, record: Path, report: AuditReport) -> None:
    card = render_model_card(report)
    found = every_way(write("a.card.md", card), record, report, card)
    assert found.exit_code == 0
    assert "the card is the same byte for byte" in words(found)
    assert OUTSIDE not in found.limits
    for content in (card.replace("0.9125", "0.9925"), card.replace("\n# ", "\n# Approved: ", 1)):
        found = every_way(write("a.card.md", content), record, report, card)
        assert found.exit_code == 1
        assert "the section is the same and the card around it differs" in words(found)
        assert OUTSIDE in verify(write("a.card.md", content), digest=report.digest).limits


def test_a_run_whose_digest_was_taken_out(write: Write, record: Path, report: AuditReport) -> None:
    content = json.loads(record.read_text())
    content["run"].pop("digest")
    content["run"]["started"] = "2020-01-01T00:00:00+00:00"
    found = verify(write("cut.json", json.dumps(content)), digest=report.digest)
    assert found.exit_code == 1
    assert "the digest of the run was removed" in words(found)


def test_a_page_made_from_a_record_whose_run_was_changed(write: Write, record: Path, report: AuditReport) -> None:
    content = json.loads(record.read_text())
    content["run"]["host"] = "another-host"
    changed = write("changed.json", json.dumps(content))
    page = write("page.html", render_html(load_report(changed)))
    found = verify(page, record=changed, digest=report.digest)
    assert found.exit_code == 1
    assert "host or command of the run in the record were changed" in words(found)
    assert verify(write("page.html", render_html(report)), record=record).exit_code == 0


def test_an_altered_input_beside_a_copy_of_the_true_one(write: Write, report: AuditReport, tmp_path: Path) -> None:
    entry = InputRecord(role="data", name="rows.csv", bytes=1, sha256=hashlib.sha256(b"a").hexdigest())
    provenance = report.provenance.model_copy(update={"inputs": (entry,)})
    record = write("in.json", render_json(report.model_copy(update={"provenance": provenance})))
    write("data/rows.csv", "altered")
    write("data/old/rows.csv", "a")
    found = verify(record, inputs=tmp_path / "data")
    assert found.exit_code == 1
    assert "data rows.csv is not the file that the audit read" in words(found)
    (tmp_path / "data" / "rows.csv").unlink()
    found = verify(record, inputs=tmp_path / "data")
    assert found.exit_code == 0
    assert "found as old/rows.csv" in words(found)


def test_the_name_of_an_input_writes_no_line_of_its_own(
    write: Write, report: AuditReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "rows.csv\n\x1b[2J● the file is as it was written: its bytes give its seal"
    entry = InputRecord(role="data", name=name, bytes=1, sha256="0" * 64)
    provenance = report.provenance.model_copy(update={"inputs": (entry,)})
    record = write("in.json", render_json(report.model_copy(update={"provenance": provenance})))
    with pytest.raises(typer.Exit):
        command(record, inputs=tmp_path)
    said = capsys.readouterr().out
    assert "\x1b[2J" not in said
    assert not [line for line in said.splitlines() if line.startswith("● the file is as")]


def test_line_ends_that_a_copy_changed_are_no_change_of_a_kept_seal(
    write: Write, record: Path, report: AuditReport
) -> None:
    page = render_html(report)
    found = every_way(write("page.html", page.replace("\n", "\r\n")), record, report, page)
    assert [point.answer for point in found.points] == ["holds"] * len(found.points)
    assert every_way(write("page.html", forged_page(page).replace("\n", "\r\n")), record, report, page).exit_code == 1


def forged_page(page: str) -> str:
    seal = check(page.encode()).seal
    assert seal is not None
    return sealed(page.replace(seal, "").replace("64.3%", "14.3%"))


def test_another_wording_of_the_same_version_is_named_as_a_reason(
    write: Write, record: Path, report: AuditReport
) -> None:
    found = verify(write("page.html", forged_page(render_html(report))), record=record)
    assert found.exit_code == 1
    assert OTHERWISE in words(found)
    assert "in a checkout" in OTHERWISE


def test_the_page_promises_no_more_than_a_digest_shows(report: AuditReport) -> None:
    for language, said in (
        ("en", "tampering where the digest was kept elsewhere"),
        ("zh", "摘要值另行保存时，也能发现篡改"),
    ):
        with speaking(language):
            assert said in render_html(report)
