"""The rows that a model was trained on: found by the record in its folder, and never the audit's end."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from training_records import record_of, source_of

from modelaudit import Audit
from modelaudit.errors import DataInputError, OutputError
from modelaudit.plugins import Plugins
from modelaudit.subject.quiet import quiet
from modelaudit.training.compact import compact_model
from modelaudit.training.recipe import Recipe
from modelaudit.training.trained_rows import rows_trained_on

PLUGINS = Plugins(installed=False)
HELD = (2, 5, 40)
RECIPE = Recipe()


def write(path, rows):
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, fieldnames=rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return path


def record(folder, file, *, recipe=RECIPE, **more):
    content = file.read_bytes()
    source = {
        "name": file.name, "path": str(file), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "rows": 40, "text_column": "said", "label_column": "truth", "held_back": HELD,
    }  # fmt: skip
    made = record_of(train=source_of(**source | more), labels=("negative", "positive"), recipe=recipe)
    (folder / "training.json").write_text(made.model_dump_json())


def saved(folder, rows, seed):
    texts, labels = [row["text"] for row in rows], ["negative", "positive"]
    with quiet():
        for part in compact_model(texts, labels=labels, task="text-classification", layers=1, hidden=16, seed=seed):
            part.save_pretrained(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("models") / "model"
    saved(folder, rows, seed=0)
    return folder


@pytest.fixture
def place(tmp_path, model, train_rows, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model, tmp_path / "model")
    path = write(
        tmp_path / "train.csv",
        [{"said": row["text"], "truth": row["label"], "other": "x", "text": "no"} for row in train_rows[:40]],
    )
    record(tmp_path / "model", path)
    return tmp_path


def audit(rows, **given):
    settings = {"device": "cpu", "preset": "quick", "plugins": PLUGINS} | given
    return Audit("model", settings.pop("data", rows[:30]), **settings)


def run(made):
    return made.run(only="modelaudit/calibration").report


def test_the_rows_are_found_without_those_that_were_held_back_and_keep_their_ids(place, rows, train_rows):
    made = audit(rows)
    report = run(made)
    members = made.subject.data.members
    numbers = [number for number in range(1, 41) if number not in HELD]
    assert [row.id for row in members] == [f"train.csv:{number}" for number in numbers]
    assert [row.text for row in members] == [train_rows[number - 1]["text"] for number in numbers]
    assert (report.subject.members.name, report.subject.members.text_column) == ("train.csv", "said")
    assert members[0].columns == {"other": "x", "text": "no"}
    assert [event for event in report.run.events if "3 rows that were held back" in event]
    assert [item.name for item in report.provenance.inputs if item.role == "training rows"] == ["train.csv"]
    assert "--train-data" not in report.run.command, "the same command finds the same rows"


def test_rows_that_are_named_win(place, rows, train_rows):
    made = audit(rows, train_data=train_rows[:9])
    assert len(made.subject.data.members) == 9
    assert not [event for event in run(made).run.events if "training rows" in event]


def test_a_file_that_is_gone_is_not_used_and_the_report_says_why(place, rows):
    (place / "train.csv").unlink()
    report = run(audit(rows))
    assert report.subject.members is None
    assert [event for event in report.run.events if "were not used" in event and "is not there" in event]


@pytest.mark.parametrize(("old", "new"), [(b"\n", b"\n\n"), (b",x,", b",y,")])
def test_a_file_that_is_another_now_is_not_used(place, old, new):
    path = place / "train.csv"
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    events = []
    assert rows_trained_on("model", events) is None
    assert [event for event in events if "its bytes differ" in event] == events != []


def test_rows_that_can_not_be_used_end_no_audit(place, rows):
    path = write(place / "other.csv", [{"said": "a", "truth": "neither"}, {"said": "b", "truth": "nor"}])
    record(place / "model", path, held_back=())
    report = run(audit(rows))
    assert report.subject.members is None
    assert [event for event in report.run.events if "were not used" in event and "neither" in event]


def test_a_fault_of_the_data_is_not_laid_on_the_training_rows(place, rows):
    with pytest.raises(DataInputError, match="evaluation"):
        assert audit(rows, data=[{"text": "x", "label": "neither"}]).subject


def test_a_fault_of_both_base_model_and_rows_is_told_of_both(place, rows):
    (place / "model" / "README.md").write_text("---\nbase_model: base\n---\n")
    (place / "model" / "base").mkdir()
    path = write(place / "other.csv", [{"said": "a", "truth": "neither"}])
    record(place / "model", path, held_back=())
    report = run(audit(rows))
    assert report.subject.members is None
    assert report.subject.base_model is None
    assert len([event for event in report.run.events if "not used" in event]) == 2


def test_a_base_model_in_the_models_own_folder_comes_before_one_of_that_name_here(place, rows):
    saved(place / "model" / "base", rows, seed=1)
    saved(place / "base", rows, seed=2)
    (place / "model" / "README.md").write_text('---\nbase_model: "base"\n---\n')
    made = audit(rows)
    assert made.subject.info.base_model.name == "base"
    assert (place / "model" / "base").resolve() in [path.resolve() for path in made.read]


@pytest.mark.parametrize("path", ["train.csv", "//server/share/train.csv", "\\\\server\\share\\train.csv", "/dev/zero"])
def test_a_strangers_record_leads_to_no_other_machine_and_to_no_device(place, path):
    record(place / "model", place / "train.csv", path=path)
    events = []
    assert rows_trained_on("model", events) is None
    assert [event for event in events if "were not used" in event] == events != []


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="the system makes up no files")
def test_what_the_system_makes_up_is_no_table(place):
    made_up = Path("/proc/version")
    record(place / "model", made_up, bytes=0)
    events = []
    assert rows_trained_on("model", events) is None
    assert "its bytes differ" in events[0]


def test_what_training_saw_otherwise_is_said(place, rows):
    record(place / "model", place / "train.csv", recipe=Recipe(deduplicate=True, deidentify=True))
    said = rows_trained_on("model", []).said
    assert "Those that training left out, since others say the same or nearly the same, are among them." in said
    assert "made-up names and numbers" in said


@pytest.mark.parametrize("content", ["", "{}", '{"version": "9"}', "[" * 5000, '{"version": "1.0", "train": {}}'])
def test_a_file_of_that_name_that_is_not_ours_is_passed_over(place, content):
    (place / "model" / "training.json").write_text(content)
    events = []
    assert rows_trained_on("model", events) is None
    assert events == []


@pytest.mark.parametrize(
    "source", ["owner/name", "/nowhere", "~nobody/x", "x" * 5000, "a\0b", None, ("model", "tokenizer")]
)
def test_other_sources_of_models_have_no_record(source):
    assert rows_trained_on(source, []) is None


def test_a_record_without_a_file_names_no_rows(place):
    record(place / "model", place / "train.csv", path=None)
    events = []
    assert rows_trained_on(place / "model", events) is None
    assert events == []


def test_a_table_of_the_same_name_is_told_apart(place, rows):
    (place / "held").mkdir()
    path = write(place / "held" / "train.csv", [{"text": row["text"], "label": row["label"]} for row in rows[:30]])
    made = audit(rows, data=str(path), text_column="text", label_column="label")
    assert made.subject.info.evaluation.name == "evaluation/train.csv"
    assert made.subject.data.members[0].id == "training/train.csv:1"


def test_no_report_is_written_over_the_rows_that_were_found(place, rows):
    outcome = audit(rows).run(only="modelaudit/calibration")
    (place / "train.csv").rename(place / "rows.json")
    (place / "train.csv").symlink_to("rows.json")
    with pytest.raises(OutputError, match="the audit reads"):
        outcome.save(place / "rows.json")
    assert json.loads((place / "model" / "training.json").read_text())["train"]["name"] == "train.csv"


def test_texts_of_a_model_that_was_trained_here_stand_alone_whatever_the_table_has_beside_them(place, rows):
    table = [{"text": row["text"], "text_pair": "is it good", "label": row["label"]} for row in rows[:30]]
    alone, named = audit(rows, data=table), audit(rows, data=table, pair_column="text_pair")
    assert alone.subject.info.evaluation.pair_column is None
    assert {row.companion for row in alone.subject.data.evaluation} == {None}
    assert named.subject.info.evaluation.pair_column == "text_pair"
    (place / "model" / "training.json").unlink()
    assert audit(rows, data=table).subject.info.evaluation.pair_column == "text_pair"
