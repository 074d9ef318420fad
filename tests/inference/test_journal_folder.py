"""A journal's folder belongs to one user and one audit at a time, and goes when the audit is finished."""

import fcntl
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from modelaudit.errors import OutputError
from modelaudit.inference import Journal, journal_folder

ROW = np.ones(2, np.float32)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def filled(folder, **options):
    journal = Journal(folder, **options)
    journal.open("m", "n").append([b"k" * 16], [ROW])
    return journal


def known(journal):
    return journal.open("m", "n").get(b"k" * 16) is not None


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_nobody_else_can_read_a_journal(tmp_path):
    filled(tmp_path / "above" / "j").close()
    assert mode(tmp_path / "above") == 0o700
    assert mode(tmp_path / "above" / "j") == 0o700
    files = sorted((tmp_path / "above" / "j").iterdir())
    assert [file.name for file in files] == ["lock", "segment-000001.journal"]
    assert [mode(file) for file in files] == [0o600, 0o600]


@pytest.mark.parametrize("rights", [0o770, 0o707, 0o722])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path, rights):
    (tmp_path / "j").mkdir()
    (tmp_path / "j").chmod(rights)
    with pytest.raises(OutputError, match="can be written by others"):
        Journal(tmp_path / "j")
    assert list((tmp_path / "j").iterdir()) == []


def test_a_folder_that_others_can_only_read_will_do(tmp_path):
    (tmp_path / "j").mkdir()
    (tmp_path / "j").chmod(0o755)
    filled(tmp_path / "j").close()
    assert mode(tmp_path / "j") == 0o755
    assert mode(tmp_path / "j" / "segment-000001.journal") == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path):
    (tmp_path / "j").mkdir(mode=0o700)
    os.chown(tmp_path / "j", 12345, 12345)
    with pytest.raises(OutputError, match="belongs to another user"):
        Journal(tmp_path / "j")


def test_a_symbolic_link_is_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "j").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError, match="symbolic link"):
        Journal(tmp_path / "j")
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("name", ["lock", "segment-000001.journal"])
def test_a_link_in_the_folder_is_not_followed(tmp_path, name):
    (tmp_path / "j").mkdir(mode=0o700)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "j" / name).symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match="symbolic links"), Journal(tmp_path / "j", resume=True) as journal:
        journal.open("m", "n")
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_place_where_no_folder_can_be_made_is_a_clear_end(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/j: no journal can be kept here \(Not a directory\); name another"):
        Journal(tmp_path / "file" / "j")
    with pytest.raises(OutputError, match=r"file: no journal can be kept here \(Not a directory\)"):
        Journal(tmp_path / "file")


def test_a_second_audit_is_told_and_the_first_loses_nothing(tmp_path):
    first = filled(tmp_path / "j")
    for resume in (False, True):
        with pytest.raises(OutputError, match=r"another audit .* has its journal here; wait until it ends, or name"):
            Journal(tmp_path / "j", resume=resume)
    first.close()
    with Journal(tmp_path / "j", resume=True) as again:
        assert known(again)


def test_a_lock_that_is_deleted_under_our_hands_is_not_taken_for_held(tmp_path, monkeypatch):
    first, flock = filled(tmp_path / "j"), fcntl.flock

    def late(descriptor, how):
        monkeypatch.setattr(fcntl, "flock", flock)
        first.finish()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with Journal(tmp_path / "j"), pytest.raises(OutputError, match="another audit"):
        Journal(tmp_path / "j")


def test_an_older_journal_is_read_only_where_a_run_resumes(tmp_path):
    filled(tmp_path / "j").close()
    with Journal(tmp_path / "j", resume=True) as journal:
        assert known(journal)
    with Journal(tmp_path / "j") as journal:
        assert not known(journal)
    with Journal(tmp_path / "j", resume=True) as journal:
        assert not known(journal)


def test_a_finished_journal_is_deleted_and_nothing_else(tmp_path):
    assert filled(tmp_path / "j").finish() is None
    assert not (tmp_path / "j").exists()
    journal = filled(tmp_path / "j")
    (tmp_path / "j" / "letter.txt").write_text("mine")
    assert journal.finish() is None
    assert [path.name for path in (tmp_path / "j").iterdir()] == ["letter.txt"]
    journal.close()


def test_a_finished_journal_stays_where_it_is_to_be_kept(tmp_path):
    assert filled(tmp_path / "j", keep=True).finish() is None
    with Journal(tmp_path / "j", resume=True) as journal:
        assert known(journal)


def test_a_journal_that_is_gone_at_the_end_is_no_fault(tmp_path):
    journal = filled(tmp_path / "j")
    for path in (tmp_path / "j").iterdir():
        path.unlink()
    (tmp_path / "j").rmdir()
    assert journal.finish() is None


def test_a_journal_that_can_not_be_deleted_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    journal = filled(tmp_path / "j")
    monkeypatch.setattr(os, "unlink", refuse)
    assert journal.finish() == (
        f"The journal in {tmp_path / 'j'} could not be deleted (Operation not permitted); delete it by hand."
    )
    monkeypatch.undo()
    Journal(tmp_path / "j").finish()


def test_no_file_stays_open(tmp_path):
    before = sorted(Path("/dev/fd").iterdir())
    filled(tmp_path / "j").close()
    with Journal(tmp_path / "j", resume=True) as journal:
        journal.open("m", "n")
        journal.open("other", "n")
        with pytest.raises(OutputError):
            Journal(tmp_path / "j")
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_the_default_place_follows_the_standard(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert journal_folder(None, "ab12") == tmp_path / "modelaudit" / "journal" / "ab12"
    assert journal_folder(Path("/c"), "ab12") == Path("/c/modelaudit/journal/ab12")
    monkeypatch.setenv("HOME", "/home/someone")
    for ignored in ("", "relative/cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert journal_folder(None, "ab12") == Path("/home/someone/.cache/modelaudit/journal/ab12")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert journal_folder(None, "ab12") == Path("/home/someone/.cache/modelaudit/journal/ab12")


def test_without_a_home_the_default_place_is_a_clear_end(monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    with pytest.raises(OutputError, match=r"no home folder is known .* --journal"):
        journal_folder(None, "ab12")


@pytest.mark.parametrize("identity", ["", "..", "a/b", ".hidden", "a b"])
def test_an_identity_is_a_plain_name(identity):
    with pytest.raises(ValueError, match="no name for a folder"):
        journal_folder(None, identity)
