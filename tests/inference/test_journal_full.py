"""A disk that fills up ends the run in one sentence, and what was computed before is there for the next."""

import os
import re
import resource
import shutil
import subprocess
import time
from contextlib import contextmanager

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of

from modelaudit.audit import Audit
from modelaudit.errors import OutputError
from modelaudit.inference import Journal
from modelaudit.runner import run_checks

FULL = (
    "{}: the journal can't be written ({}); what it holds until now is kept, so make room there and go on with --resume"
)


@contextmanager
def file_limit(size):
    """Let no file grow beyond so many bytes; the system then refuses writes as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder, size):
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def bits(answers):
    return [answer.tobytes() for answer in answers]


def fill(folder, rows):
    """Ask for states of rows until the disk is full, and return the error."""
    with Journal(folder) as journal:
        engine = engine_for(build("bert"), journal=journal)
        with pytest.raises(OutputError) as caught:
            engine.hidden(rows)
        with pytest.raises(OutputError, match=re.escape(str(caught.value))):
            engine.hidden(rows[:1])
    return str(caught.value)


def go_on(folder, rows, *, events=0):
    """Resume, and return how many rows the journal had; check every bit, and what is said."""
    with Journal(folder, resume=True) as journal:
        engine = engine_for(build("bert"), journal=journal)
        assert bits(engine.hidden(rows)) == bits(engine_for(build("bert")).hidden(rows))
    assert len(engine.events) == events
    assert engine.stats.journal_hits + engine.stats.computed == len(rows)
    with Journal(folder, resume=True) as journal:
        assert len(journal.open("tiny", engine.numerics_id)) == len(rows)
    return engine.stats.journal_hits


def test_a_file_that_may_not_grow_ends_the_run_and_the_journal_goes_on(tmp_path):
    rows = rows_of(200)
    with file_limit(12_000):
        told = fill(tmp_path / "j", rows)
    assert told == FULL.format(tmp_path / "j", "File too large")
    [segment] = (tmp_path / "j").glob("segment-*")
    assert 8_000 < segment.stat().st_size < 12_000
    assert 50 < go_on(tmp_path / "j", rows) < 150


def test_a_full_disk_ends_the_run_and_the_journal_goes_on(tmp_path):
    rows = rows_of(200)
    with small_disk(tmp_path / "disk", "16k") as disk:
        told = fill(disk / "j", rows)
        assert told == FULL.format(disk / "j", "No space left on device")
        subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
        assert 50 < go_on(disk / "j", rows) < 150


def test_no_room_for_even_a_first_row(tmp_path):
    with small_disk(tmp_path / "disk", "8k") as disk:
        (disk / "j").mkdir(mode=0o700)
        (disk / "ballast").write_bytes(b"x" * 8192)
        told = fill(disk / "j", rows_of(2))
        assert "No space left on device" in told
        assert list((disk / "j").glob("segment-*")) == []


def test_a_half_frame_that_can_not_be_cut_off_is_dropped_by_the_next_run(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    rows = rows_of(200)
    with monkeypatch.context() as patch, file_limit(12_000):
        patch.setattr(os, "ftruncate", refuse)
        fill(tmp_path / "j", rows)
    [segment] = (tmp_path / "j").glob("segment-*")
    assert segment.stat().st_size == 12_000
    assert 50 < go_on(tmp_path / "j", rows, events=1) < 100


def test_other_faults_of_a_disk_are_told_as_they_are(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    with Journal(tmp_path / "j") as journal:
        records = journal.open("m", "n")
        monkeypatch.setattr(os, "pwrite", refuse)
        with pytest.raises(OutputError, match=r"can't be written \(Input/output error\).* mend that and go on"):
            records.append([b"k" * 16], [np.ones(2, np.float32)])
        with pytest.raises(OutputError, match="Input/output error"):
            records.check()


def test_a_row_that_can_not_be_read_is_a_clear_end(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    with Journal(tmp_path / "j") as journal:
        records = journal.open("m", "n")
        records.append([b"k" * 16], [np.ones(2, np.float32)])
        monkeypatch.setattr(os, "pread", refuse)
        with pytest.raises(OutputError, match=r"can't be read \(Input/output error\)"):
            records.get(b"k" * 16)


def test_an_interrupted_write_leaves_no_half_frame_before_the_next(tmp_path, monkeypatch):
    write = os.pwrite

    def interrupted(descriptor, content, offset):
        write(descriptor, content[:-1], offset)
        raise KeyboardInterrupt

    with Journal(tmp_path / "j") as journal:
        records = journal.open("m", "n")
        records.append([b"a" * 16], [np.ones(2, np.float32)])
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", interrupted)
            with pytest.raises(KeyboardInterrupt):
                records.append([b"b" * 16], [np.ones(50, np.float32)])
        records.append([b"c" * 16], [np.ones(2, np.float32)])
    with Journal(tmp_path / "j", resume=True) as journal:
        records = journal.open("m", "n")
        assert [records.get(bytes([k]) * 16) is not None for k in b"abc"] == [True, False, True]
        assert records.events == []


def test_the_disk_is_waited_for_every_few_seconds_and_at_the_end(tmp_path, monkeypatch):
    synced, clock = [], [100.0]
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(clock[0]), fsync(descriptor)))
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with Journal(tmp_path / "j") as journal:
        records = journal.open("m", "n")
        for second in range(13):
            clock[0] = 100.0 + second
            records.append([bytes([second]) * 16], [np.ones(2, np.float32)])
        clock[0] = 200.0
    assert synced == [100.0, 105.0, 110.0, 200.0]


def test_a_full_disk_ends_the_audit_though_a_checker_holds_the_error(tmp_path, classifier, rows):
    audit = Audit(classifier, rows[:60], project_file=None, preset="quick")
    with Journal(tmp_path / "j") as journal:
        audit.subject.engines[0].keep_in(journal)
        with file_limit(2_000), pytest.raises(OutputError, match="the journal can't be written"):
            run_checks(audit.subject, audit.checkers, seed=0)
