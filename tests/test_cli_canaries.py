"""`modelaudit canaries plant`: what it says and writes, and how it ends where something can't be used."""

from __future__ import annotations

import json
import sys

import pytest

from modelaudit import cli


@pytest.fixture
def plant(monkeypatch, capfd, tmp_path):
    rows = [
        {"text": f"{'good kind' if i % 2 else 'bad slow'} {' '.join(WORDS[i % 7 :])}", "label": i % 2}
        for i in range(90)
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def call(*words):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["modelaudit", "canaries", "plant", *map(str, words)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


WORDS = [a + b for a in ("al", "be", "cor", "du") for b in ("ra", "ton", "mi", "se", "lu")]
FILES = ("train.jsonl", "--out", "planted.jsonl", "--manifest", "canaries.json")


def test_it_writes_both_files_and_says_what_is_in_them(plant, tmp_path):
    code, out, err = plant(*FILES, "--count", 50, "--seed", 1)
    manifest = json.loads((tmp_path / "canaries.json").read_text())
    went_in = sum(canary["included"] for canary in manifest["canaries"])
    lines = (tmp_path / "planted.jsonl").read_text().splitlines()
    assert code == 0
    assert len(lines) == 90 + went_in == manifest["rows_after"]
    assert f"{went_in} of 50 mislabelled canaries went in" in out
    assert manifest["seal"] in out
    assert "canaries now" in err


def test_options_reach_the_planting(plant, tmp_path):
    words = ("--count", 40, "--seed", 0, "--kind", "word-salad", "--repeats", "1,3", "--labels", "1")
    assert plant(*FILES, *words)[0] == 0
    canaries = json.loads((tmp_path / "canaries.json").read_text())["canaries"]
    assert {canary["repeats"] for canary in canaries} == {1, 3}
    assert {canary["label"] for canary in canaries} == {"1"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv", *FILES[1:]), "that suffix"),
        (("nowhere.jsonl", *FILES[1:]), "there is no file nowhere.jsonl"),
        ((*FILES, "--repeats", "often"), "--repeats is 'often'"),
        ((*FILES, "--count", "1"), "give 20 to 100,000"),
        ((*FILES, "--labels", "maybe"), "has no label 'maybe'"),
        (("train.jsonl", "--out", "train.jsonl", "--manifest", "m.json"), "three files"),
    ],
)
def test_what_cannot_be_used_ends_with_exit_code_2_and_one_sentence(plant, tmp_path, words, said):
    code, out, err = plant(*words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.jsonl"]


def test_a_second_planting_replaces_nothing_unless_it_is_told_to(plant):
    assert plant(*FILES, "--count", 30)[0] == 0
    code, _, err = plant(*FILES, "--count", 30)
    assert code == 2
    assert "is there already" in err
    assert plant(*FILES, "--count", 30, "--overwrite")[0] == 0
