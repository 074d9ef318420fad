"""Where a report may be written: never over what was audited, through symlinks, whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modelaudit import AuditOutcome, load_report
from modelaudit.destinations import check_writable, places, write_report, write_whole
from modelaudit.errors import OutputError
from modelaudit.hookspecs import Renderer, hookimpl
from modelaudit.plugins import Plugins
from modelaudit.reports import render_markdown
from modelaudit.reports.seal import check

RECORD = Path(__file__).parent / "reports" / "fixtures" / "report-1.0.json"
PLUGINS = Plugins(installed=False)


@pytest.fixture
def report():
    return load_report(RECORD)


def test_what_was_read_is_not_written_over_however_it_is_named(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    for name in ("rows.json", "model/config.json", "model/README.md"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "link.json").symlink_to("rows.json")
    os.link(tmp_path / "rows.json", tmp_path / "twin.json")
    outcome = AuditOutcome(report, PLUGINS, read=places(["rows.json", Path("model"), "acme/on-the-hub", None, 5]))
    for name in ("rows.json", "./model/../rows.json", "link.json", "twin.json", "model/config.json", "model/README.md"):
        with pytest.raises(OutputError, match="the audit reads"):
            outcome.save("free.html", name)
    assert (tmp_path / "rows.json").read_text() == "{}"
    assert not (tmp_path / "free.html").exists()


def test_a_report_in_the_models_folder_is_written_again(report, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    outcome = AuditOutcome(report, PLUGINS, read=places([tmp_path]))
    for _ in range(2):
        outcome.save(tmp_path / "r.html", tmp_path / "r.json", tmp_path / "r.md")
    with pytest.raises(OutputError, match="a file of the folder that the audit reads"):
        outcome.save(tmp_path / "config.json")


def test_a_read_only_file_is_refused_and_stays(report, tmp_path):
    file = tmp_path / "r.md"
    file.write_text("signed off")
    file.chmod(0o444)
    with pytest.raises(OutputError, match="is there and read-only"):
        AuditOutcome(report, PLUGINS).save(file)
    assert file.read_text() == "signed off"


def test_a_symlink_is_written_through_and_a_files_rights_stay(report, tmp_path):
    (tmp_path / "published").mkdir()
    real = tmp_path / "published" / "r.md"
    real.write_text("before")
    real.chmod(0o600)
    (tmp_path / "r.md").symlink_to(real)
    (tmp_path / "new.md").symlink_to(tmp_path / "later" / "new.md")
    AuditOutcome(report, PLUGINS).save(tmp_path / "r.md", tmp_path / "new.md")
    assert (tmp_path / "r.md").is_symlink()
    assert (tmp_path / "new.md").is_symlink()
    assert "<!-- modelaudit:start -->" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert (tmp_path / "later" / "new.md").is_file()


def test_a_symlink_that_leads_to_itself_is_refused(tmp_path):
    (tmp_path / "r.md").symlink_to(tmp_path / "r.md")
    with pytest.raises(OutputError, match=r"leads to itself|symbolic links"):
        check_writable(tmp_path / "r.md", PLUGINS)


def test_checking_makes_nothing_and_saving_makes_the_folders(report, tmp_path):
    file = tmp_path / "new" / "deep" / "r.HTML"
    check_writable(file, PLUGINS)
    assert list(tmp_path.iterdir()) == []
    AuditOutcome(report, PLUGINS).save(file)
    assert file.read_text().startswith("<!DOCTYPE html>")
    assert [path.name for path in file.parent.iterdir()] == ["r.HTML"]


def test_a_write_that_fails_leaves_no_folder_and_no_half_file(tmp_path, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_whole(tmp_path / "new" / "deep" / "r.md", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 300 + ".md", "x" * 300 + "/r.md", "new/" + "x" * 300 + "/r.md", "a\0.md"])
def test_a_name_that_no_file_can_have_is_one_sentence(tmp_path, name):
    with pytest.raises(OutputError, match="can't be the name of a file"):
        check_writable(f"{tmp_path}/{name}", PLUGINS)


def test_a_name_as_long_as_a_file_may_have_is_written(report, tmp_path):
    file = tmp_path / ("x" * 252 + ".md")
    AuditOutcome(report, PLUGINS).save(file)
    assert file.is_file()


def test_something_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "r.md")
    with pytest.raises(OutputError, match="no ordinary file"):
        check_writable(tmp_path / "r.md", PLUGINS)
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path / "folder.md", PLUGINS)


CARD = "---\nlicense: mit\n---\n\n# Claims\n\nWritten by a person: 中文 é.\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_section_goes_into_the_model_card_that_is_there(report, tmp_path, end):
    file = tmp_path / "README.md"
    file.write_bytes(CARD.replace("\n", end).encode())
    write_report(file, report, PLUGINS)
    once = file.read_bytes().decode()
    assert once.startswith(CARD.rstrip().replace("\n", end))
    section = render_markdown(report)
    assert once.count("<!-- modelaudit:start -->") == 1
    assert section.strip() in once.replace(end, "\n")
    file.write_bytes((once + "More by a person." + end).encode())
    again = report.model_copy(update={"settings": report.settings.model_copy(update={"seed": 99})})
    check_writable(file, PLUGINS)
    write_report(file, again, PLUGINS)
    twice = file.read_bytes().decode().replace("\r\n", "\n")
    assert "seed 99" in twice
    assert "seed 7" not in twice
    assert twice.startswith(CARD.rstrip())
    assert twice.endswith("More by a person.\n")
    assert twice.count("<!-- modelaudit:start -->") == 1
    assert check(twice.encode()).intact


def test_an_empty_file_becomes_the_section_alone(report, tmp_path):
    (tmp_path / "r.md").write_text("\n")
    write_report(tmp_path / "r.md", report, PLUGINS)
    assert (tmp_path / "r.md").read_text() == render_markdown(report)


@pytest.mark.parametrize(
    "card",
    [
        "<!-- modelaudit:start -->\ncut",
        "x\n<!-- modelaudit:end -->",
        "<!-- modelaudit:end --><!-- modelaudit:start -->",
        2 * "<!-- modelaudit:start -->a<!-- modelaudit:end -->",
    ],
)
def test_a_card_whose_markers_are_broken_is_left_alone(report, tmp_path, card):
    file = tmp_path / "README.md"
    file.write_text(card)
    for write in (lambda: check_writable(file, PLUGINS), lambda: write_report(file, report, PLUGINS)):
        with pytest.raises(OutputError, match="has the section's markers, but not one"):
            write()
    assert file.read_text() == card


def test_a_card_that_is_no_text_is_left_alone(tmp_path):
    (tmp_path / "r.md").write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="not UTF-8 text"):
        check_writable(tmp_path / "r.md", PLUGINS)


def test_the_longest_suffix_picks_the_format(report, tmp_path):
    for name, kind in (
        ("r.card.md", "---\n"),
        ("R.CARD.MD", "---\n"),
        ("a.b.junit.xml", "<?xml"),
        ("r.sarif", "{"),
        ("card.md", "<!-- modelaudit:start -->"),
    ):
        write_report(tmp_path / name, report, PLUGINS)
        assert (tmp_path / name).read_text().startswith(kind)
    for name in ("r.xml", "junit.xml", ".sarif", "r.junit", "r"):
        with pytest.raises(OutputError, match=r"no report format for .*; use \.card\.md, \.html, \.json, \.junit\.xml"):
            check_writable(tmp_path / name, PLUGINS)


def test_a_folder_is_no_place_for_a_report_and_is_called_one(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match=r"out is a folder\. Give the name of a file in it, such as .*report\.html"):
        check_writable(tmp_path / "out", PLUGINS)
    with pytest.raises(OutputError, match="no report format"):
        check_writable(tmp_path / ("x" * 300), PLUGINS)


def test_reports_of_every_format_in_the_models_folder_are_written_again(report, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "other.sarif").write_text("{}")
    read = places([tmp_path])
    for name in ("r.card.md", "r.junit.xml", "r.sarif", "r.html", "r.md"):
        for _ in range(2):
            check_writable(tmp_path / name, PLUGINS, read=read)
            write_report(tmp_path / name, report, PLUGINS)
    for name in ("config.json", "other.sarif"):
        with pytest.raises(OutputError, match="a file of the folder that the audit reads"):
            check_writable(tmp_path / name, PLUGINS, read=read)


def test_a_renderer_may_give_bytes_and_say_beforehand_what_it_lacks(report, tmp_path):
    class Photo:
        @staticmethod
        @hookimpl
        def modelaudit_renderers():
            def lacking():
                raise OutputError("needs a camera. Buy one.")

            return [
                Renderer(".photo", "x", lambda report: b"\x00\xff\r\n"),
                Renderer(".film", "x", lambda report: "", ready=lacking),
                Renderer(".none", "x", lambda report: None),
            ]

    plugins = Plugins(extra={"photo": Photo}, installed=False)
    check_writable(tmp_path / "r.photo", plugins)
    write_report(tmp_path / "r.photo", report, plugins)
    assert (tmp_path / "r.photo").read_bytes() == b"\x00\xff\r\n"
    with pytest.raises(OutputError, match="needs a camera"):
        check_writable(tmp_path / "r.film", plugins)
    with pytest.raises(Exception, match="it returned NoneType, not a string or bytes"):
        write_report(tmp_path / "r.none", report, plugins)
