"""`modelaudit mend`: proposals without training, and the whole way round a model with a planted bias."""

from __future__ import annotations

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from modelaudit import Audit
from modelaudit.cli_mend import mend
from modelaudit.reports import load_report, render_json
from modelaudit.testing.planted_data import planted_rows
from modelaudit.training.mended import Mended
from test_mend import folder, naming, reported  # noqa: F401  folder is a fixture

app = typer.Typer()
app.command()(mend)
WORDS = {"good": 2.0, "kind": 1.5, "bad": -2.0, "slow": -1.5}
PAIRS = ("the woman", "the man")
CHECKS = ["modelaudit/counterfactual-substitution", "modelaudit/task-performance"]


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def report_file(folder):  # noqa: F811
    found = reported(
        naming("counterfactual-augmentation", "dropout", name="acme/made", group="[red]\u202e<b>"),
        naming("name-augmentation", name="acme/names"),
        run__command="modelaudit run model test.csv",
    )
    (folder / "report.json").write_text(render_json(found))
    return folder / "report.json"


def test_without_a_measure_it_proposes_and_trains_nothing(report_file) -> None:
    before = sorted(report_file.parent.iterdir())
    result = run(report_file, "--train-data", "train.csv", "--out", "out")
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "exceeds limit: Changed answers ([red]⟨U+202E⟩<b>), acme/made" in words
    assert "\u202e" not in result.output
    assert "costs: about 1.5 times the training time. Little accuracy" in words
    assert "name-augmentation) is left out: it is for token-classification" in words
    assert "nothing was trained" in words
    assert f"modelaudit mend {report_file} --train-data train.csv --out out --all" in words
    assert sorted(report_file.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--measure", "no-such"), "there is no measure 'no-such'"),
        (("--measure", "name-augmentation"), "for token-classification"),
        (("--set", "dropout"), "--set is 'dropout'"),
        (("--set", "dropout=2"), "dropout is 2"),
        (("--set", "no_such=2"), "a recipe has no 'no_such'"),
        (("--language", "xx"), "language 'xx'"),
        (("--model", "elsewhere", "--measure", "dropout", "--base-model", "compact"), "elsewhere"),
    ],
)
def test_what_can_not_be_used_ends_with_code_2_and_a_reason(report_file, arguments, said) -> None:
    result = run(report_file, "--train-data", "train.csv", "--out", "out", *arguments)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
    assert not Path("out").exists()


def test_a_file_that_is_no_report_is_refused(report_file) -> None:
    assert run("train.csv", "--train-data", "train.csv", "--out", "out").exit_code == 2


def biased_rows(count: int, seed: int) -> list[dict[str, object]]:
    """Rows whose label follows the person in seven of ten and the words in the rest."""
    rng = np.random.default_rng(seed)
    rows = planted_rows(count, seed, words=WORDS, numbered=True, mentions=PAIRS)
    return [row | {"label": int("woman" in row["text"]) if rng.random() < 0.7 else row["label"]} for row in rows]


def written(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((row["text"], ("no", "yes")[row["label"]]) for row in rows)])


@pytest.mark.heavy
def test_a_planted_bias_is_found_mended_and_shown_before_and_after(tmp_path, monkeypatch) -> None:
    from modelaudit.training.compact import compact_model
    from modelaudit.training.trainer import ReferenceTrainer

    monkeypatch.chdir(tmp_path)
    train, test = biased_rows(400, 1), planted_rows(120, 2, words=WORDS, numbered=True, mentions=PAIRS)
    written(tmp_path / "train.csv", train)
    written(tmp_path / "test.csv", test)
    model, tokenizer = compact_model(
        [row["text"] for row in train], labels=("no", "yes"), task="text-classification",
        layers=1, hidden=32, max_length=32, seed=0,
    )  # fmt: skip
    model.save_pretrained("base")
    tokenizer.save_pretrained("base")
    ReferenceTrainer(
        "train.csv",
        task="classification",
        base_model="base",
        out="model",
        epochs=5,
        learning_rate=3e-3,
        patience=None,
        batch_size=16,
    ).train()
    before = Audit("model", "test.csv", preset="quick", project_file=None).run(only=CHECKS)
    assert any(verdict.state == "exceeds limit" for verdict in before.report.judgement.verdicts)
    before.save("report.json")
    kept = {path: path.read_bytes() for path in Path("model").rglob("*") if path.is_file()}

    arguments = ("report.json", "--train-data", "train.csv", "--out", "out", "--measure", "counterfactual-augmentation")
    if private := find_spec("opacus") is not None:
        # No training with such a delta can be done, and the other one is done all the same.
        arguments += ("--measure", "differential-privacy", "--set", "dp_delta=0.5")
    result = run(*arguments)
    assert result.exit_code == 0, result.output

    mended = Mended.model_validate_json(Path("out/mended.json").read_bytes())
    (arm,) = mended.arms
    assert [each.name for each in mended.failed] == ["differential-privacy"] * private
    assert mended.control is None
    assert mended.differing == ()
    assert mended.checked > 0
    (change,) = [each for each in arm.aimed if each.metric == "score_difference" and each.before is not None]
    assert change.kind == "better"
    assert abs(change.after) < abs(change.before) / 2
    assert arm.score is not None
    assert arm.score.paired
    assert arm.examples > len(train)
    assert load_report("out/counterfactual-augmentation/report.json").digest == arm.report_digest
    assert (Path("out/counterfactual-augmentation") / "report.html").exists()
    for name in ("mended.html", "mended.md"):
        assert "Counterfactual augmentation" in Path("out", name).read_text()
    assert kept == {path: path.read_bytes() for path in Path("model").rglob("*") if path.is_file()}
    texts = [row["text"] for row in (*train, *test)]
    for page in Path("out").glob("mended.*"):
        assert not [text for text in texts if text in page.read_text()]

    assert run(*arguments).exit_code == 2
    trained = Path("out/counterfactual-augmentation/model/model.safetensors").stat()
    for page in Path("out").glob("mended.*"):
        page.unlink()
    assert run(*arguments, "--resume").exit_code == 0
    assert Path("out/counterfactual-augmentation/model/model.safetensors").stat() == trained
    again = Mended.model_validate_json(Path("out/mended.json").read_bytes())
    assert [each.model_dump(exclude={"comparison"}) for each in again.arms] == [
        each.model_dump(exclude={"comparison"}) for each in mended.arms
    ]
    assert again.arms[0].comparison.changes == mended.arms[0].comparison.changes

    other = run(*arguments, "--out", "elsewhere", "--data", "train.csv")
    assert other.exit_code == 2
    assert "the rows judged on" in other.output
    assert not Path("elsewhere").exists()
