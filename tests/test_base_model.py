"""The base model: found where it lies at hand, opened with the target's permissions, and never the audit's end."""

from __future__ import annotations

import json
import types

import peft
import pytest
import torch

from modelaudit import Audit
from modelaudit.errors import ModelInputError, OutputError
from modelaudit.hookspecs import hookimpl
from modelaudit.plugins import Plugins
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.quiet import quiet
from modelaudit.training.compact import compact_model

PLUGINS = Plugins(installed=False)


def saved(folder, rows, seed=0):
    made = compact_model([row["text"] for row in rows], labels=["0", "1"], task="text-classification", seed=seed)
    for part in made:
        part.save_pretrained(folder)
    return made


def audit(model, rows, **given):
    return Audit(str(model), rows[:20], **{"device": "cpu", "preset": "quick", "plugins": PLUGINS} | given)


@pytest.fixture
def folder(tmp_path, rows, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "base", rows, seed=1)
    saved(tmp_path / "model", rows)
    (tmp_path / "model" / "README.md").write_text("---\nbase_model: base\n---\n")
    return tmp_path


def test_a_base_model_that_the_card_names_and_that_lies_here_is_used(folder, rows):
    assert audit("model", rows).subject.info.base_model.name == "base"


@pytest.mark.parametrize("broken", ["no weights", "wrong tokenizer"])
def test_one_that_was_found_and_can_not_be_used_is_noted_and_left_out(folder, rows, broken):
    if broken == "no weights":
        (folder / "base" / "model.safetensors").unlink()
    else:
        config = json.loads((folder / "base" / "tokenizer.json").read_text())
        config["model"]["vocab"]["far"] = 10**6
        (folder / "base" / "tokenizer.json").write_text(json.dumps(config))
    made = audit("model", rows)
    report = made.run(only="modelaudit/calibration").report
    assert report.subject.base_model is None
    assert any("The base model that lies at hand (base) was not used: base" in event for event in report.run.events)
    with pytest.raises(ModelInputError, match="base"):
        assert audit("model", rows, base_model="base").subject


def test_a_fault_of_the_target_is_not_laid_on_the_base_model(folder, rows):
    with pytest.raises(ModelInputError, match="'abacus' is not known"):
        assert audit("model", rows, device="abacus").subject


def pickled(folder):
    weights = folder / "model.safetensors"
    from safetensors.torch import load_file

    torch.save(load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()


def test_the_permissions_hold_for_the_base_model_and_its_tokenizer_is_its_own(folder, rows):
    pickled(folder / "base")
    with pytest.raises(ModelInputError, match="pickled"):
        assert audit("model", rows, base_model="base").subject
    made = audit("model", rows, base_model="base", allow_pickle=True, tokenizer=str(folder / "model"))
    assert made.subject.info.base_model.pickled_weights
    (folder / "base" / "tokenizer.json").unlink()
    (folder / "base" / "tokenizer_config.json").unlink()
    with pytest.raises(ModelInputError, match="base: the folder has no tokenizer"):
        assert audit("model", rows, base_model="base", allow_pickle=True, tokenizer=str(folder / "model")).subject


def test_a_plugin_opens_base_models_too(folder, rows):
    asked = []

    def modelaudit_open_model(source, options):
        asked.append((source, options.headless, options.tokenizer))
        model, tokenizer = saved(folder / "other", rows)
        return OpenedModel(model=model, tokenizer=tokenizer, name="mine") if source == "mine://base" else None

    module = types.ModuleType("made")
    module.modelaudit_open_model = hookimpl(modelaudit_open_model)
    made = audit("model", rows, base_model="mine://base", plugins=Plugins(extra={"made": module}, installed=False))
    assert made.subject.info.base_model.name == "mine"
    assert asked == [("model", False, None), ("mine://base", True, None)]


def test_an_adapter_offers_the_base_model_that_lies_in_its_own_folder(tmp_path, rows, monkeypatch):
    model, tokenizer = saved(tmp_path / "adapter" / "base", rows)
    settings = peft.LoraConfig(r=2, task_type="SEQ_CLS", target_modules=["query"], modules_to_save=["classifier"])
    with quiet():
        peft.get_peft_model(model, settings).save_pretrained(tmp_path / "adapter")
    tokenizer.save_pretrained(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": "base"}))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    info = audit(tmp_path / "adapter", rows).subject.info
    assert (info.model.adapter, info.model.base_model, info.base_model.name) == ("adapter", "base", "base")


def test_no_report_of_the_audit_is_written_over_a_base_model_that_was_found(folder, rows):
    outcome = audit("model", rows).run(only="modelaudit/calibration")
    for part in ("base", "model"):
        with pytest.raises(OutputError, match="the audit reads"):
            outcome.save(folder / part / "config.json")
