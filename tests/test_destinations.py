"""Where a report may be written: never over what was audited, through symlinks, whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modelaudit import AuditOutcome, load_report
from modelaudit.destinations import check_writable, places, write_whole
from modelaudit.errors import OutputError
from modelaudit.plugins import Plugins

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
    assert real.read_text().startswith("<!-- modelaudit:start -->")
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
