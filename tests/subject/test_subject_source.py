"""Opening models: every way in, and a sentence for every way that fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import peft
import pytest
import torch
from tiny_models import bert_config, make_tokenizer, save
from transformers import (
    AutoModelForSequenceClassification,
    BertForNextSentencePrediction,
    BertForSequenceClassification,
    BertModel,
    pipeline,
)
from transformers.utils import logging

from modelaudit.errors import ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import modelaudit_open_model, open_model
from modelaudit.subject.subject import build_subject

ROWS = [{"text": "she was very good", "label": "positive"}, {"text": "a bad film", "label": "negative"}]


def logits(opened, text="she was very good"):
    with torch.inference_mode():
        return opened.model(**opened.tokenizer(text, return_tensors="pt")).logits.numpy()


def test_every_way_in_gives_the_same_model(folders):
    folder = folders / "classifier"
    opened = open_model(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = make_tokenizer()
    ways = [
        opened,
        open_model(folder),
        open_model((model, tokenizer)),
        open_model(model, OpenOptions(tokenizer=tokenizer)),
        open_model(model, OpenOptions(tokenizer=folder)),
        open_model(pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")),
    ]
    for way in ways:
        np.testing.assert_array_equal(logits(way), logits(opened))
    assert opened.name == "classifier"
    assert ways[2].name == "BertForSequenceClassification"


def test_a_half_precision_folder_is_loaded_in_full_precision(tmp_path):
    folder = save(BertForSequenceClassification(bert_config(("no", "yes"))).half(), tmp_path / "half")
    assert next(open_model(folder).model.parameters()).dtype == torch.float32


def test_the_hook_leaves_other_sources_to_other_plugins():
    assert modelaudit_open_model(source=42, options=None) is None
    with pytest.raises(ModelInputError, match=r"can't be opened from a int; hand in a hub id"):
        open_model(42)


def test_loading_says_nothing_and_restores_the_settings(folders, capfd):
    logging.enable_progress_bar()
    before = logging.get_verbosity()
    open_model(folders / "classifier")
    assert capfd.readouterr() == ("", "")
    assert logging.get_verbosity() == before
    assert logging.is_progress_bar_enabled()


@pytest.fixture
def adapter(folders, tmp_path):
    torch.manual_seed(3)
    base = BertForSequenceClassification.from_pretrained(folders / "encoder", id2label={0: "a", 1: "b", 2: "c"})
    config = peft.LoraConfig(task_type="SEQ_CLS", r=2, init_lora_weights=False, target_modules=["query", "value"])
    with quiet():
        model = peft.get_peft_model(base, config)
        model.save_pretrained(tmp_path / "adapter")
    make_tokenizer().save_pretrained(tmp_path / "adapter")
    return model.eval(), tmp_path / "adapter"


@pytest.fixture(autouse=True)
def _quiet_transformers():
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    yield
    logging.set_verbosity(verbosity)


def test_a_peft_adapter_is_merged_into_its_base_model(adapter, folders):
    model, folder = adapter
    opened = open_model(folder)
    with torch.inference_mode():
        expected = model(**opened.tokenizer("she was very good", return_tensors="pt")).logits.numpy()
    np.testing.assert_allclose(logits(opened), expected, atol=1e-5)
    assert opened.base_model == str(folders / "encoder")
    assert opened.adapter == "adapter"
    assert len(opened.model.config.id2label) == 3
    assert not any("lora" in name for name, _ in opened.model.named_parameters())


def test_a_peft_model_in_memory_answers_with_its_adapter(adapter):
    model, folder = adapter
    opened = open_model((model, make_tokenizer()))
    np.testing.assert_allclose(logits(opened), logits(open_model(folder)), atol=1e-5)
    assert opened.adapter == "LORA"


def test_an_adapter_without_peft_names_the_extra(adapter, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ModelInputError, match=r'pip install "modelaudit-core\[peft\]"'):
        open_model(adapter[1])


def test_an_adapter_whose_base_model_is_gone(adapter):
    settings = json.loads((adapter[1] / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "/nowhere/base"
    (adapter[1] / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelInputError, match=r"base model /nowhere/base is not here; put it there"):
        open_model(adapter[1])


def test_an_adapter_without_its_head_is_refused(folders, tmp_path):
    base = BertForSequenceClassification.from_pretrained(folders / "encoder")
    config = peft.LoraConfig(r=2, target_modules=["query"])
    with quiet():
        peft.get_peft_model(base, config).save_pretrained(tmp_path / "adapter")
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    settings["task_type"] = "SEQ_CLS"
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelInputError, match=r"the weights lack classifier\.bias"):
        open_model(tmp_path / "adapter")


def test_a_folder_without_weights(copied):
    folder = copied("classifier")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelInputError, match=r"classifier: the folder has no weights .*; save the model with"):
        open_model(folder)


def test_pickled_weights_are_refused_unless_allowed(copied):
    folder = copied("classifier")
    expected = logits(open_model(folder))
    torch.save(open_model(folder).model.state_dict(), folder / "pytorch_model.bin")
    assert not open_model(folder, OpenOptions(allow_pickle=True)).pickled_weights
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelInputError, match=r"weights are pickled \(pytorch_model\.bin\).*--allow-pickle"):
        open_model(folder)
    opened = open_model(folder, OpenOptions(allow_pickle=True))
    assert opened.pickled_weights
    np.testing.assert_array_equal(logits(opened), expected)


def test_code_of_the_model_is_refused_unless_trusted(copied):
    folder = copied("classifier")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.EvilConfig"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelInputError, match=r"code of its own \(auto_map in config\.json\).*--trust-remote-code"):
        open_model(folder)


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda f: (f / "config.json").unlink(), r"has no config\.json, so it holds no saved transformers model"),
        (lambda f: (f / "config.json").write_text("{"), r"config\.json is broken JSON; save the model again"),
        (lambda f: (f / "config.json").write_text("[]"), r"config\.json holds no JSON object"),
        (lambda f: (f / "config.json").write_text('{"architectures": 5}'), r"config\.json names no architecture"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 40), r"can't be loaded \(.*\); save it again"),
        (
            lambda f: (f / "config.json").write_text((f / "config.json").read_text().replace('"bert"', '"unheard-of"')),
            r"unheard-of is not known to the installed transformers [\d.]+;.*modelaudit\.testing\.planted$",
        ),
        (lambda f: [p.unlink() for p in f.glob("tokenizer*")], r"the folder has no tokenizer; save it there"),
        (lambda f: (f / "tokenizer.json").write_text("{"), r"the tokenizer can't be loaded"),
        # JSON, but no tokenizer: only the tokenizers library sees it.
        (lambda f: (f / "tokenizer.json").write_text('{"model": 5}'), r"the tokenizer can't be loaded"),
    ],
)
def test_broken_folders(copied, break_it, sentence):
    folder = copied("classifier")
    break_it(folder)
    with pytest.raises(ModelInputError, match=sentence) as caught:
        open_model(folder)
    assert "\n" not in str(caught.value)


def test_shapes_that_do_not_fit_the_configuration(copied):
    folder = copied("classifier")
    config = json.loads((folder / "config.json").read_text())
    config["intermediate_size"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelInputError, match="can't be loaded"):
        open_model(folder)


def test_a_shard_that_is_missing(copied):
    folder = copied("classifier")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(shards))
    with pytest.raises(ModelInputError, match=r"model-00002-of-00002\.safetensors is missing; copy the whole folder"):
        open_model(folder)


@pytest.mark.parametrize("content", ["[]", '{"weight_map": ["model.safetensors"]}', '{"weight_map": {}}'])
@pytest.mark.parametrize("stem", ["model.safetensors", "pytorch_model.bin"])
def test_an_index_that_names_no_shards(copied, content, stem):
    folder = copied("classifier")
    (folder / "model.safetensors").unlink()
    (folder / f"{stem}.index.json").write_text(content)
    with pytest.raises(ModelInputError, match=rf"{stem}\.index\.json h(olds no JSON|as no weight_map)") as caught:
        open_model(folder, OpenOptions(allow_pickle=True))
    assert "\n" not in str(caught.value)


def test_pickles_that_are_not_all_there_are_not_offered(copied):
    folder = copied("classifier")
    (folder / "model.safetensors").unlink()
    shards = {"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(shards))
    with pytest.raises(ModelInputError, match=r"pytorch_model-00001-of-00001\.bin is missing"):
        open_model(folder)


def test_a_random_head_is_not_audited(copied):
    folder = copied("encoder")
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["BertForSequenceClassification"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelInputError, match=r"lack classifier\.bias, classifier\.weight, which would be random"):
        open_model(folder)


def test_heads_of_no_known_task_say_what_works(folders, tmp_path):
    with pytest.raises(ModelInputError, match=r"BertModel can't be audited; .*ForSequenceClassification"):
        open_model(folders / "encoder")
    folder = save(BertForNextSentencePrediction(bert_config(("a", "b"))), tmp_path / "lm")
    with pytest.raises(ModelInputError, match="BertForNextSentencePrediction can't be audited"):
        open_model(folder)
    opened = open_model((BertModel(bert_config(("a", "b"))), make_tokenizer()))
    with pytest.raises(ModelInputError, match="BertModel can't be audited"):
        build_subject(opened, data=ROWS)
    assert type(open_model(folder, OpenOptions(headless=True)).model).__name__ == "BertModel"


def test_places_that_are_not_there(tmp_path):
    with pytest.raises(ModelInputError, match=r"there is no folder .*nothing; check the path"):
        open_model(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelInputError, match="is a file; name the folder"):
        open_model(str(tmp_path / "file"))
    for name in ("model" * 100, "./" + "model" * 100, "~nobody-of-this-name/model", "a\0b"):
        with pytest.raises(ModelInputError, match=r"there is no folder .{3,110}; check the path"):
            open_model(name)


def test_a_hub_id_without_a_network_gives_one_sentence(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelInputError, match=r"'acme/no-such-model' is no folder .* not be reached") as caught:
        open_model("acme/no-such-model")
    assert "\n" not in str(caught.value)


@pytest.fixture
def hub_cache(folders, tmp_path, monkeypatch):
    """A local cache that holds `acme/tiny`, as the hub client lays it out, and no network."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "cache" / "models--acme--tiny"
    snapshot = repository / "snapshots" / ("0" * 40)
    shutil.copytree(folders / "classifier", snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    return snapshot


def test_a_hub_id_is_opened_from_the_local_cache(hub_cache, folders):
    opened = open_model("acme/tiny")
    assert opened.name == "acme/tiny"
    np.testing.assert_array_equal(logits(opened), logits(open_model(folders / "classifier")))


def listing(monkeypatch, files):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda _: files)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "pytorch_model.bin.index.json", "adapter_model.bin"])
def test_a_hub_model_without_safetensors_says_how_to_allow_pickles(hub_cache, monkeypatch, file):
    (hub_cache / "model.safetensors").unlink()
    listing(monkeypatch, ["config.json", file])
    with pytest.raises(ModelInputError, match=r"acme/tiny: the hub has no safetensors weights .*--allow-pickle"):
        open_model("acme/tiny")


def test_a_cached_hub_model_with_pickles_says_how_to_allow_them_without_a_network(hub_cache):
    (hub_cache / "model.safetensors").unlink()
    (hub_cache / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelInputError, match=r"acme/tiny: the hub has no safetensors weights .*--allow-pickle"):
        open_model("acme/tiny")


def test_pickles_are_offered_only_where_there_are_some(hub_cache, monkeypatch):
    (hub_cache / "model.safetensors").unlink()
    with pytest.raises(ModelInputError, match="cache holds no weights of it, and the hub could not be asked") as caught:
        open_model("acme/tiny")
    assert "allow-pickle" not in str(caught.value)
    listing(monkeypatch, ["config.json", "tf_model.h5"])
    with pytest.raises(ModelInputError, match="the hub has no weights of it for PyTorch") as caught:
        open_model("acme/tiny")
    assert "allow-pickle" not in str(caught.value)


def test_permissions_hold_for_a_base_model_too_and_a_tokenizer_does_not(hub_cache, copied, monkeypatch):
    base = OpenOptions(headless=True)
    folder = copied("encoder")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    (hub_cache / "model.safetensors").unlink()
    listing(monkeypatch, ["pytorch_model.bin"])
    for source in (folder, "acme/tiny"):
        with pytest.raises(ModelInputError, match=r"pickled.*allow[- ]pickle"):
            open_model(source, base)
    bare = copied("classifier")
    for file in bare.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelInputError, match=r"has no tokenizer; save it there \(tokenizer\.save_pretrained\)$"):
        open_model(bare, base)


def test_naming_the_plugin_does_not_import_torch():
    code = "import sys, modelaudit.subject.source; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_in_memory_needs_its_tokenizer(classifier):
    with pytest.raises(ModelInputError, match=r"a model in memory needs its tokenizer; hand in \(model, tokenizer\)"):
        open_model(classifier.model)


@pytest.mark.parametrize(
    ("readme", "base"),
    [
        ("---\nbase_model: acme/base\n---\n# Card", "acme/base"),
        ("---\nlicense: mit\nbase_model:\n- acme/base\n- other\n---\n", "acme/base"),
        ("---\nbase_model: 'acme/base'\n---\n", "acme/base"),
        ("# Card\nbase_model: acme/base\n", None),
        ("---\nbase_model:\nlicense: mit\n---\n", None),
    ],
)
def test_the_base_model_is_found_in_the_card(copied, readme, base):
    folder = copied("classifier")
    (folder / "README.md").write_text(readme)
    assert open_model(folder).base_model == base


def test_a_base_model_without_a_head_embeds_only(folders, classifier):
    base = open_model(folders / "encoder", OpenOptions(headless=True))
    subject = build_subject(classifier, data=ROWS, base=base, device="cpu")
    assert subject.base_model is not None
    assert subject.base_model.capabilities == {"embed", "token_counts"}
    assert subject.base_model.embed([Row("1", "good film")]).shape == (1, 16)
    assert subject.info.base_model is not None
    assert subject.info.base_model.labels == ()
    assert len(subject.engines) == 2


def test_devices(classifier):
    with pytest.raises(ModelInputError, match="device 'tpu' is not known; use one of auto, cpu, cuda"):
        build_subject(classifier, data=ROWS, device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelInputError, match="'cuda' was asked for, but torch finds no CUDA device"):
            build_subject(classifier, data=ROWS, device="cuda")


def test_a_head_whose_outputs_contradict_its_problem_type_is_refused():
    single = BertForSequenceClassification(bert_config(("only",)))
    single.config.problem_type = "single_label_classification"
    with pytest.raises(ModelInputError, match=r"with 1 output\(s\) and problem_type 'single_label_classification'"):
        build_subject(open_model((single, make_tokenizer())), data=ROWS)


def test_the_folder_of_a_path_object_is_named_by_its_last_part(folders):
    assert open_model(Path(folders) / "classifier" / ".." / "tagger").name == "tagger"
