"""The folder of a training: nothing is written over, a stop at any point loses nothing, and what is left is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_records import record_of, source_of

from modelaudit.errors import ModelInputError, OutputError
from modelaudit.subject.source import open_model
from modelaudit.training.compact import compact_model
from modelaudit.training.folder import TrainingFolder
from modelaudit.training.recipe import Recipe

RECIPE = Recipe(seed=4)
TRAIN = source_of()


@pytest.fixture(scope="module")
def made():
    return compact_model(
        ["one two", "three"], labels=["a", "b"], task="text-classification", layers=1, hidden=16, seed=4
    )


def begun(out, *, resume=False, recipe=RECIPE, train=TRAIN, base="compact"):
    folder = TrainingFolder(out)
    folder.begin(recipe, train, base, resume=resume)
    return folder


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def checkpoint(folder, number, *, whole=True):
    place = folder.checkpoints / f"checkpoint-{number}"
    place.mkdir()
    (place / "trainer_state.json").write_text("{}" if whole else '{"step": ')
    return place


def test_what_is_left_is_the_model_its_card_its_record_and_its_base(tmp_path, made):
    model, tokenizer = made
    begin = {name: weight.clone() for name, weight in model.state_dict().items()}
    folder = begun(tmp_path / "new" / "out")
    checkpoint(folder, 10)
    (folder.checkpoints / "logs").mkdir()
    (folder.checkpoints / "logs" / "events").write_text("x")
    with torch.no_grad():
        model.classifier.bias.add_(1.0)
    try:
        folder.finish(model, tokenizer, record_of(recipe=RECIPE, base_model="base", base_made=True))
    finally:
        model.load_state_dict(begin)
    left = names(folder.out)
    assert {"README.md", "training.json", "config.json", "model.safetensors", "tokenizer.json"} <= set(left)
    assert "logs/events" in left
    assert not [name for name in left if name.endswith((".bin", ".pt", ".pth", ".pkl")) or "checkpoint" in name]
    base = load_file(folder.out / "base" / "model.safetensors")
    assert all(torch.equal(weight, begin[name]) for name, weight in base.items())
    assert not torch.equal(load_file(folder.out / "model.safetensors")["classifier.bias"], begin["classifier.bias"])


def test_checkpoints_are_kept_where_that_is_asked_for(tmp_path, made):
    folder = begun(tmp_path / "out")
    checkpoint(folder, 10)
    folder.finish(*made, record_of(), keep_checkpoints=True)
    assert [name for name in names(folder.out) if "checkpoint" in name] == [
        "checkpoints/checkpoint-10/trainer_state.json"
    ]
    for resume in (True, False):
        with pytest.raises(OutputError, match="holds a model"):
            begun(tmp_path / "out", resume=resume)


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("held", ["config.json", "notes.txt", ".hidden", "checkpoints/mine.txt"])
def test_a_folder_with_anything_else_in_it_is_refused_and_left_alone(tmp_path, held, resume):
    file = tmp_path / "out" / held
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(OutputError, match="--out"):
        begun(tmp_path / "out", resume=resume)
    assert names(tmp_path / "out") == [held]
    assert file.read_text() == "mine"


def test_a_name_that_weights_can_not_be_written_under_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(OutputError, match="is not UTF-8"):
        begun(tmp_path / os.fsdecode(b"\xff"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        begun(tmp_path / "out")


def test_an_unfinished_training_is_gone_on_with_only_if_asked_and_only_if_it_is_the_same(tmp_path):
    begun(tmp_path / "out")
    with pytest.raises(OutputError, match="--resume"):
        begun(tmp_path / "out")
    begun(tmp_path / "out", resume=True)
    others = {
        r"another recipe \(dropout was None, and 0\.5 is asked for\)": {"recipe": Recipe(seed=4, dropout=0.5)},
        "another set of training rows": {"train": source_of(rows_sha256="other")},
        "another base model": {"base": "bert-base-cased"},
    }
    for said, other in others.items():
        with pytest.raises(OutputError, match=said):
            begun(tmp_path / "out", resume=True, **other)


def test_an_audit_of_an_unfinished_training_says_that_it_is_one(tmp_path):
    begun(tmp_path / "out")
    with pytest.raises(ModelInputError, match=r"training that was not finished.*modelaudit train.*--resume"):
        open_model(tmp_path / "out")


def test_resume_where_nothing_was_begun_begins(tmp_path):
    assert begun(tmp_path / "out", resume=True).last_checkpoint() is None


def test_the_latest_whole_checkpoint_is_found(tmp_path):
    folder = begun(tmp_path / "out")
    assert folder.last_checkpoint() is None
    checkpoint(folder, 9)
    right = checkpoint(folder, 100)
    checkpoint(folder, 110, whole=False)
    (folder.checkpoints / "checkpoint-120").mkdir()
    assert folder.last_checkpoint() == right


@pytest.mark.parametrize("at", ["README.md", "config.json", "training.json"])
def test_an_end_that_is_cut_short_leaves_no_half_model_and_is_made_again(tmp_path, made, monkeypatch, at):
    folder = begun(tmp_path / "out")
    checkpoint(folder, 10)
    rename = Path.rename

    def cut(self, target):
        if self.name == at:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut)
        with pytest.raises(KeyboardInterrupt):
            folder.finish(*made, record_of(recipe=RECIPE))
    assert not (tmp_path / "out" / "config.json").exists()
    again = begun(tmp_path / "out", resume=True)
    assert [path.name for path in again.out.iterdir()] == ["checkpoints"]
    assert again.last_checkpoint() is not None
    again.finish(*made, record_of(recipe=RECIPE))
    assert (tmp_path / "out" / "config.json").exists()
    assert not again.checkpoints.exists()


def test_what_came_in_on_the_way_is_not_written_over(tmp_path, made):
    folder = begun(tmp_path / "out")
    (folder.out / "README.md").write_text("mine")
    with pytest.raises(OutputError, match=r"README\.md"):
        folder.finish(*made, record_of())
    assert (folder.out / "README.md").read_text() == "mine"
    assert not (folder.out / "config.json").exists()


def test_a_list_of_moved_files_that_was_tampered_with_takes_nothing_else_away(tmp_path):
    (tmp_path / "mine").mkdir()
    folder = begun(tmp_path / "out")
    (folder.checkpoints / "moving.json").write_text(json.dumps(["../mine", "checkpoints", str(tmp_path / "mine")]))
    begun(tmp_path / "out", resume=True)
    assert (tmp_path / "mine").is_dir()
    assert folder.checkpoints.is_dir()


def test_a_place_that_can_not_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        begun(tmp_path / "file" / "out")
