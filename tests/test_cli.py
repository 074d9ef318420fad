"""The shell interface: what it prints, what it writes, and the exit code of each outcome."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import pytest

import modelaudit.plan
from modelaudit import Audit, cli
from modelaudit.errors import PluginError
from modelaudit.training.compact import compact_model

STRICT = (
    'schema = "modelaudit.policy/1"\nid = "strict"\nversion = "1"\n[[limit]]\n'
    'checker = "modelaudit/perturbation"\nmetric = "flip_rate"\nmin = 0.999\n'
    'rationale = "No row may keep its answer."\nsource = "these tests"\n'
)


LIMIT_ON_MEMBERSHIP = """
[[limit]]
checker = "modelaudit/membership-inference"
metric = "membership_auc"
max = 0.55
required = true
rationale = "A limit for the tests."
source = "these tests"
"""


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


@pytest.fixture(scope="module")
def compact(folder, rows):
    """A model that another process can open; the planted one lives in this process alone."""
    texts = [row["text"] for row in rows]
    model, tokenizer = compact_model(texts, labels=["0", "1"], task="text-classification", seed=0)
    model.save_pretrained(folder / "compact")
    tokenizer.save_pretrained(folder / "compact")
    return "compact"


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


def test_the_summary_says_what_was_judged_on_why_a_check_did_not_run_and_what_the_gate_says(command, folder):
    required = STRICT + LIMIT_ON_MEMBERSHIP
    (folder / "required.toml").write_text(required)
    words = ["run", "model", "data.csv", "--preset", "quick", "--only", "privacy", "--policy", "required.toml"]
    code, out, _ = command(*words)
    text = " ".join(out.split())
    assert code == 3
    assert "read from column 'text', true labels in column 'label'" in text
    assert "skipped: modelaudit/membership-inference: needs the rows that the model was trained on" in text
    assert (
        "answers that the policy requires are missing" in text or "answer that the policy requires is missing" in text
    )
    assert "modelaudit/membership-inference is required but not assessed" in text
    assert "nothing is written" in text


def test_a_saved_report_is_judged_again_under_another_policy_without_the_model(command, folder):
    command("run", "model", "data.csv", "--preset", "quick", "--only", "robustness", "--out", "again.json")
    (folder / "strict.toml").write_text(STRICT)
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
        (["run", "model", "data.csv", "--out", "report.docx"], ".docx"),
        (["run", "model", "data.csv", "--out", "data.csv/report.html"], "can't be written"),
        (["run", "model", "data.csv", "--out", "x" * 300 + ".html"], "too long"),
        (["run", "model", "data.csv", "--out", "new/" + "x" * 300 + ".html"], "too long"),
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


@pytest.mark.parametrize("names", ["", ",", " , "])
def test_a_selection_of_nothing_is_refused(command, names):
    code, _, err = command("run", "model", "data.csv", "--only", names)
    assert code == 2
    assert "--only) names nothing" in err


@pytest.mark.parametrize("position", [0, 1])
def test_a_name_that_is_too_long_is_one_sentence(command, position):
    sources = ["model", "data.csv"]
    sources[position] = "x" * 300
    code, out, err = command("run", *sources)
    assert code == 2
    assert "300 characters, too long for a file" in err
    assert "Traceback" not in err + out


def stopping(error):
    def stop(*_arguments, **_options):
        raise error

    return stop


def behind_the_estimate(err):
    """Return what is said on standard error after the line on what the run will take."""
    first, _, rest = err.partition("\n")
    assert first.startswith("standard preset: ")
    return rest


@pytest.mark.parametrize(
    "error", [KeyError("x"), SystemExit(0), GeneratorExit()], ids=lambda error: type(error).__name__
)
def test_a_fault_of_our_own_is_one_sentence_and_no_exceeded_limit(command, monkeypatch, error):
    monkeypatch.setattr(Audit, "run", stopping(error))
    code, out, err = command("run", "model", "data.csv")
    err = behind_the_estimate(err)
    assert code == 4
    assert err.startswith(f"modelaudit: a fault of modelaudit, not of what you gave it: {type(error).__name__}")
    assert "(test_cli.py:" in err
    assert "MODELAUDIT_DEBUG=1 shows the traceback" in err
    assert "Traceback" not in err + out
    assert err.count("\n") == 1


def test_the_traceback_is_shown_where_it_is_asked_for(command, monkeypatch):
    monkeypatch.setattr(Audit, "run", stopping(KeyError("x")))
    monkeypatch.setenv("MODELAUDIT_DEBUG", "1")
    code, _, err = command("run", "model", "data.csv")
    assert code == 4
    assert "Traceback (most recent call last)" in err
    assert "a fault of modelaudit" in err


def test_ctrl_c_is_one_line_and_exit_code_130(command, monkeypatch):
    monkeypatch.setattr(Audit, "run", stopping(KeyboardInterrupt()))
    code, out, err = command("run", "model", "data.csv")
    assert code == 130
    assert behind_the_estimate(err) == "modelaudit: stopped by the keyboard (Ctrl-C)\n"
    assert out == ""


def test_a_plugins_fault_is_told_from_the_users(command, monkeypatch):
    monkeypatch.setattr(Audit, "run", stopping(PluginError("plugin made could not write the .txt report")))
    code, _, err = command("run", "model", "data.csv")
    assert code == 4
    assert behind_the_estimate(err).startswith("modelaudit: plugin made could not write")


def test_an_aborted_run_leaves_no_folder(command, folder, monkeypatch):
    monkeypatch.setattr(Audit, "run", stopping(KeyboardInterrupt()))
    before = sorted(folder.rglob("*"))
    assert command("run", "model", "data.csv", "--out", "new/deep/report.html")[0] == 130
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("out", ["model/config.json", "policy.json", "rows.JSON"])
def test_no_report_is_written_over_what_is_audited(command, folder, out):
    (folder / "policy.json").write_text(STRICT)
    (folder / "rows.JSON").write_text('[{"text": "a good day", "label": 1}, {"text": "a bad day", "label": 0}]')
    before = (folder / out).read_bytes()
    code, _, err = command("run", "model", "rows.JSON", "--policy", "policy.json", "--out", out)
    assert code == 2
    assert "the audit reads" in err
    assert (folder / out).read_bytes() == before


def test_a_report_is_not_rendered_over_itself(command, folder):
    command("run", "model", "data.csv", "--only", "modelaudit/calibration", "--out", "kept.json")
    before = (folder / "kept.json").read_bytes()
    code, _, err = command("render", "kept.json", "--out", "kept.json")
    assert code == 2
    assert "the audit reads" in err
    assert (folder / "kept.json").read_bytes() == before


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema_version": ' + "9" * 5_000 + "}"])
def test_a_report_that_is_nonsense_is_one_sentence(command, folder, text):
    (folder / "nonsense.json").write_text(text)
    code, out, err = command("render", "nonsense.json", "--out", "x.html")
    assert code == 2
    assert err.startswith("modelaudit: report nonsense.json")
    assert "Traceback" not in err + out


def test_plan_gives_a_time_for_one_row_too(command, folder):
    (folder / "one.csv").write_text("text,label\na good day,1\n")
    out = " ".join(command("plan", "model", "one.csv", "--preset", "quick")[1].split())
    tokens = int(re.search(r"about [\d,]+ s at ([\d,]+) tokens a second", out)[1].replace(",", ""))
    assert tokens > 1_000


@pytest.mark.parametrize("preset", ["quick", "standard"])
def test_a_run_says_before_it_begins_what_it_will_take(command, preset):
    plan = " ".join(command("plan", "model", "data.csv", "--preset", preset, "--only", "opacity")[1].split())
    evaluations = re.search(r"([\d,]+) model evaluations, about", plan)[1]
    err = " ".join(command("run", "model", "data.csv", "--preset", preset, "--only", "opacity")[2].split())
    assert err.index(f"{preset} preset: {evaluations} model evaluations, about") < err.index("[1/1] Shapley")


def test_plan_says_where_no_time_can_be_measured(command, monkeypatch):
    monkeypatch.setattr(modelaudit.plan, "tokens_per_second", lambda subject: None)
    code, out, _ = command("plan", "model", "data.csv", "--preset", "quick")
    assert code == 0
    assert "in a time that is not measurable from this data" in " ".join(out.split())


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream_changes_nothing(folder, compact, closed):
    words = f"run {compact} data.csv --sample 60 --only modelaudit/calibration --out closed.json {closed}"
    line = ["sh", "-c", f"{sys.executable} -m modelaudit {words}"]
    done = subprocess.run(line, cwd=folder, timeout=300, capture_output=True, text=True)
    report = json.loads((folder / "closed.json").read_text())
    assert done.returncode == report["judgement"]["gate"]["exit_code"]
    assert "Error" not in done.stderr + done.stdout
    (folder / "closed.json").unlink()


def test_a_reader_that_goes_away_changes_no_exit_code(folder):
    with subprocess.Popen(
        [sys.executable, "-m", "modelaudit", "plugins"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.wait(timeout=300) == 0
        assert process.stderr.read() == b""


def test_nothing_is_drawn_in_a_pipe(folder, compact):
    done = subprocess.run(
        [sys.executable, "-m", "modelaudit", "run", compact, "data.csv", "--only", "modelaudit/calibration"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.stderr == ""
    assert "robustness" in done.stdout
