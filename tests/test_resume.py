"""An audit that was killed goes on where it stopped, and its report is the one of an audit that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from modelaudit import Audit, InputError, cli
from modelaudit.training.compact import compact_model

SOME = "modelaudit/calibration"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, rows):
    place = tmp_path_factory.mktemp("resume")
    model, tokenizer = compact_model(
        [row["text"] for row in rows], labels=("negative", "positive"), task="text-classification", seed=0
    )
    model.save_pretrained(place / "model")
    tokenizer.save_pretrained(place / "model")
    (place / "data.jsonl").write_text("\n".join(map(json.dumps, rows[:120])))
    return place


def command(*more, out):
    only = "modelaudit/perturbation,modelaudit/counterfactual-substitution"
    return ["run", "model", "data.jsonl", "--only", only, "--preset", "quick", "--out", out, *more]


def process(folder, words):
    return subprocess.Popen(
        [sys.executable, "-m", "modelaudit", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def record(folder, name):
    report = json.loads((folder / name).read_text())
    return report.pop("run"), report


def test_a_killed_audit_goes_on_in_another_process_and_gives_the_same_report(folder, monkeypatch):
    journal = folder / "journal"
    killed = process(folder, command("--journal", "journal", out="never.json"))
    # Enough is on disk to matter, and most of the audit is still to come.
    deadline = time.monotonic() + 200
    while sum(file.stat().st_size for file in journal.glob("segment-*")) < 10_000:
        assert time.monotonic() < deadline
        assert killed.poll() is None, killed.communicate()[0]
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder / "never.json").exists()
    assert all(os.stat(file).st_mode & 0o777 == 0o600 for file in journal.glob("segment-*"))  # noqa: PTH116

    resumed = process(folder, command("--journal", "journal", "--resume", out="resumed.json"))
    said, _ = resumed.communicate(timeout=240)
    assert resumed.returncode in (0, 1, 3), said
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["modelaudit", *command("--journal", "other", out="whole.json")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == resumed.returncode
    resumed_run, resumed = record(folder, "resumed.json")
    whole_run, whole = record(folder, "whole.json")
    assert resumed == whole
    assert resumed_run["journal_hits"] > 100
    assert whole_run["journal_hits"] == 0
    assert resumed_run["computed"] + resumed_run["journal_hits"] == whole_run["computed"]
    assert not journal.exists()
    assert not (folder / "other").exists()


def test_a_journal_is_kept_where_that_is_asked_for(classifier, rows, tmp_path):
    model, tokenizer = classifier

    def audit(**more):
        made = Audit(model, rows, tokenizer=tokenizer, preset="quick", journal=tmp_path / "journal", **more)
        return lambda **run: made.run(only="modelaudit/perturbation", **run).report.run

    first = audit(keep_journal=True)()
    assert list((tmp_path / "journal").glob("segment-*"))
    again = audit(keep_journal=True)(resume=True)
    assert (again.computed, again.journal_hits) == (0, first.computed)
    assert audit()().computed == first.computed
    assert not (tmp_path / "journal").exists()


def test_a_journal_that_can_not_be_kept_ends_an_audit_only_where_one_was_asked_for(
    classifier, rows, tmp_path, monkeypatch
):
    model, tokenizer = classifier
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="journal"):
        Audit(model, rows, tokenizer=tokenizer, preset="quick", journal=tmp_path / "file").run(only=SOME)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    report = Audit(model, rows, tokenizer=tokenizer, preset="quick").run(only=SOME).report
    assert any(event.startswith("No journal is kept") for event in report.run.events)


def test_a_resumed_run_that_finds_nothing_says_so(classifier, rows, tmp_path):
    model, tokenizer = classifier
    options = {"tokenizer": tokenizer, "preset": "quick", "journal": tmp_path / "j", "keep_journal": True}
    Audit(model, rows, **options).run(only=SOME)
    again = Audit(model, rows, **options).run(only=SOME, resume=True).report
    assert again.run.journal_hits > 0
    assert not any("nothing to go on with" in event for event in again.run.events)
    other = Audit(model, rows, **options, batch_tokens=64).run(only=SOME, resume=True).report
    assert other.run.journal_hits == 0
    assert any("nothing to go on with" in event for event in other.run.events)
