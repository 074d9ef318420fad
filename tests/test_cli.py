"""The shell interface: what it prints, what it writes, and the exit code of each outcome."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from modelaudit import cli
from modelaudit.training.compact import compact_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory, classifier, rows, train_rows):
    path = tmp_path_factory.mktemp("cli")
    model, tokenizer = classifier
    model.save_pretrained(path / "model")
    tokenizer.save_pretrained(path / "model")
    for name, table in (("data.csv", rows), ("train.csv", train_rows)):
        with (path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, ["text", "label"])
            writer.writeheader()
            writer.writerows(table)
    return path


@pytest.fixture
def command(monkeypatch, capfd, folder):
    def call(*words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["modelaudit", *map(str, words)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


def test_run_writes_each_format_and_exits_by_the_gate(command, folder):
    outs = ["--out", "out/a.html", "--out", "out/a.json", "--out", "out/a.md"]
    code, out, _ = command("run", "model", "data.csv", "--preset", "quick", "--only", "robustness", *outs)
    report = json.loads((folder / "out/a.json").read_text())
    assert code == report["judgement"]["gate"]["exit_code"]
    assert "robustness" in out
    assert "out/a.html" in out
    assert {"a.html", "a.json", "a.md"} == {path.name for path in (folder / "out").iterdir()}
    assert "--only robustness" in report["run"]["command"]


def test_a_saved_report_is_judged_again_under_another_policy_without_the_model(command, folder):
    command("run", "model", "data.csv", "--preset", "quick", "--only", "robustness", "--out", "again.json")
    (folder / "strict.toml").write_text(
        'schema = "modelaudit.policy/1"\nid = "strict"\nversion = "1"\n[[limit]]\n'
        'checker = "modelaudit/perturbation"\nmetric = "flip_rate"\nmin = 0.999\n'
        'rationale = "No row may keep its answer."\nsource = "these tests"\n'
    )
    code, out, _ = command("render", "again.json", "--policy", "strict.toml", "--out", "again.html")
    assert code == 1
    assert "exceeds limit" in out
    assert "strict" in (folder / "again.html").read_text()


def test_plan_says_what_would_run_and_why_not(command):
    code, out, _ = command("plan", "model", "data.csv", "--preset", "quick")
    text = " ".join(out.split())
    assert code == 0
    assert "model evaluations, about" in text
    assert "modelaudit/perturbation" in text
    assert "--train-data" in text


def test_plugins_lists_the_bundled_ones(command):
    code, out, _ = command("plugins")
    assert code == 0
    assert "modelaudit/shapley-explanation" in out


def test_version_and_help(command):
    assert command("--version")[1].strip() == cli.__version__
    assert "--train-data" in command("run", "--help")[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "nowhere", "data.csv"], "nowhere"),
        (["run", "model", "nowhere.csv"], "nowhere.csv"),
        (["run", "model", "data.csv", "--text-column", "words"], "words"),
        (["run", "model", "data.csv", "--only", "fairness"], "neither a family"),
        (["run", "model", "data.csv", "--policy", "nowhere.toml"], "nowhere.toml"),
        (["run", "model", "data.csv", "--out", "report.pdf"], ".pdf"),
        (["run", "model", "data.csv", "--out", "data.csv/report.html"], "can't be written"),
        (["render", "data.csv", "--out", "x.html"], "data.csv"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(command, folder, words, says):
    before = sorted(folder.rglob("*"))
    code, out, err = command(*words)
    assert code == 2
    assert says in err
    assert err.startswith("modelaudit: ")
    assert "Traceback" not in err + out
    assert sorted(folder.rglob("*")) == before


def test_nothing_is_drawn_in_a_pipe(folder, rows):
    texts = [row["text"] for row in rows]
    model, tokenizer = compact_model(texts, labels=["0", "1"], task="text-classification", seed=0)
    model.save_pretrained(folder / "compact")
    tokenizer.save_pretrained(folder / "compact")
    done = subprocess.run(
        [sys.executable, "-m", "modelaudit", "run", "compact", "data.csv", "--preset", "quick", "--only", "robustness"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.stderr == ""
    assert "robustness" in done.stdout
