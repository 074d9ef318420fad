"""`modelaudit compare`: its exit codes, what it writes, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent / "monitoring"))

from pairs_of_reports import checked, number, report

from modelaudit.cli_compare import compare
from modelaudit.monitoring import RowKey, RowOutcome, RowOutcomes, write_row_file
from modelaudit.reports import render_json

app = typer.Typer()
app.command()(compare)
SECRET = "a key of sixteen bytes or more"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    key = RowKey(SECRET.encode())
    (tmp_path / "key").write_text(SECRET)
    for name, value, right in (("a", 0.1, 90), ("b", 0.3, 60)):
        made = report(checked(number(value)))
        (tmp_path / f"{name}.json").write_text(render_json(made))
        rows = [
            RowOutcome(row=key.of("row", place), answer=int(place < right), right=int(place < right), of=1)
            for place in range(100)
        ]
        ordered = tuple(sorted(rows, key=lambda row: row.row))
        write_row_file(tmp_path / f"{name}.rows.jsonl", RowOutcomes("text-classification", key.id, ordered), made)
    (tmp_path / "other.json").write_text(render_json(report(checked(number(0.1)), subject__task="other")))
    return tmp_path


def run(*arguments, **kwargs):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **kwargs)


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        ("a", "a", 0, "Nothing is clearly worse"),
        ("a", "b", 1, "Clearly worse: 1 worse"),
        ("b", "a", 0, "1 better"),
        ("a", "other", 2, "can't be compared"),
        ("a", "none", 2, "can't be read"),
    ],
)
def test_the_exit_code_says_whether_something_is_worse(folder, before, after, code, said):
    result = run(f"{before}.json", f"{after}.json")
    assert result.exit_code == code
    assert said in result.output


def test_it_writes_markdown_and_json_and_says_so(folder):
    result = run("a.json", "b.json", "--out", "changes.md", "--out", "changes.json", "--language", "zh")
    assert result.exit_code == 1
    assert "明确变差" in (folder / "changes.md").read_text()
    assert "written: changes.md" in result.output
    content = json.loads((folder / "changes.json").read_text())
    assert content["exit_code"] == 1
    assert content["changes"][0]["kind"] == "worse"


def test_rows_are_paired_with_the_key_from_a_file_or_the_environment(folder):
    rows = ("--rows-a", "a.rows.jsonl", "--rows-b", "b.rows.jsonl")
    by_file = run("a.json", "b.json", *rows, "--key-file", "key")
    assert by_file.exit_code == 1
    assert "from 100 rows" in by_file.output
    assert "▲ worse | Accuracy†" in by_file.output
    assert run("a.json", "b.json", *rows, env={"MODELAUDIT_ROW_KEY": SECRET}).output == by_file.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rows-a", "a.rows.jsonl"), "--rows-b"),
        (("--rows-a", "a.rows.jsonl", "--rows-b", "b.rows.jsonl"), "--key-file"),
        (("--rows-a", "b.rows.jsonl", "--rows-b", "a.rows.jsonl", "--key-file", "key"), "another report"),
        (("--key-file", "key"), "no row file"),
        (("--out", "changes.html"), "none of the suffixes .md and .json"),
        (("--out", "a.json"), "would be overwritten"),
        (("--language", "fr"), "choose one of en, zh"),
    ],
)
def test_wrong_usage_is_one_sentence_and_writes_nothing(folder, arguments, said):
    before = sorted(folder.iterdir())
    result = run("a.json", "b.json", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert sorted(folder.iterdir()) == before


def test_another_key_is_refused(folder):
    (folder / "wrong").write_text("quite another key of the user")
    rows = ("--rows-a", "a.rows.jsonl", "--rows-b", "b.rows.jsonl")
    result = run("a.json", "b.json", *rows, "--key-file", "wrong")
    assert result.exit_code == 2
    assert "made with another key" in result.output
    assert "quite another" not in result.output
