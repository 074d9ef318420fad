"""What does not belong together is refused: weights and configuration, tokenizer and model, names and indices."""

from __future__ import annotations

import json

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import TAGS, bert_config, make_tokenizer, save
from transformers import (
    BertForPreTraining,
    BertForSequenceClassification,
    BertForTokenClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
)

from modelaudit.errors import ModelInputError
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.subject.unused import unused_weights

ROWS = [{"text": "she was very good", "label": "positive"}, {"text": "a bad film", "label": "negative"}]
PARTS = ("bert.encoder.layer.1.output.dense.bias", "crf.transitions", "adapter_fusion.weight")


def with_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    save_file(change(weights), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def with_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


def test_more_layers_than_the_configuration_has_are_refused(copied):
    folder = with_config(copied("classifier"), num_hidden_layers=1)
    with pytest.raises(ModelInputError, match=r"classifier: the weights hold \S*layer\.1\.\S+.* and more, for which"):
        open_model(folder)


def test_a_head_of_another_kind_is_refused(copied):
    folder = with_weights(copied("tagger"), lambda weights: weights | {"crf.transitions": torch.zeros(5, 5)})
    with pytest.raises(ModelInputError, match=r"the weights hold crf\.transitions, for which config\.json has no"):
        open_model(folder)


def test_what_a_saved_model_may_hold_unused(copied):
    extra = {
        "bert.embeddings.position_ids": torch.arange(64)[None],
        "bert.pooler.dense.weight": torch.zeros(16, 16),
        "bert.pooler.dense.bias": torch.zeros(16),
        "cls.predictions.bias": torch.zeros(80),
        "cls.seq_relationship.weight": torch.zeros(2, 16),
        "lm_head.dense.bias": torch.zeros(16),
    }
    folder = with_weights(copied("tagger"), lambda weights: weights | extra)
    assert open_model(folder).model.config.id2label[1] == "B-PER"


def test_the_old_names_of_a_checkpoint_are_known(copied):
    def aged(weights):
        names = {".LayerNorm.weight": ".LayerNorm.gamma", ".LayerNorm.bias": ".LayerNorm.beta"}
        return {next((k.replace(n, o) for n, o in names.items() if n in k), k): w for k, w in weights.items()}

    fresh = open_model(copied("classifier")).model
    folder = with_weights(copied("tagger").parent / "classifier", aged)
    assert any("gamma" in key for key in load_file(folder / "model.safetensors"))
    old = open_model(folder).model
    assert all(torch.equal(a, b) for a, b in zip(old.parameters(), fresh.parameters(), strict=True))


def test_the_fixed_buffers_of_gpt2_are_no_part_of_a_model(tmp_path):
    config = GPT2Config(vocab_size=80, n_positions=32, n_embd=16, n_layer=1, n_head=2, pad_token_id=0, num_labels=2)
    folder = save(GPT2ForSequenceClassification(config), tmp_path / "gpt2")
    masks = {
        "transformer.h.0.attn.bias": torch.ones(1, 1, 32, 32),
        "transformer.h.0.attn.masked_bias": torch.tensor(-1e4),
    }
    with_weights(folder, lambda weights: weights | masks)
    assert open_model(folder).model.config.num_labels == 2


@pytest.fixture
def adapter(tmp_path):
    """An adapter whose base model is a pre-trained one, with the heads of its pre-training."""
    base = save(BertForPreTraining(bert_config(("a", "b"))), tmp_path / "base")
    with quiet():
        model = BertForSequenceClassification.from_pretrained(base)
        settings = peft.LoraConfig(task_type="SEQ_CLS", r=2, target_modules=["query", "value"])
        peft.get_peft_model(model, settings).save_pretrained(tmp_path / "adapter")
    make_tokenizer().save_pretrained(tmp_path / "adapter")
    return base, tmp_path / "adapter"


def test_an_adapter_may_have_a_base_with_other_heads_but_not_with_other_layers(adapter):
    base, folder = adapter
    with_weights(
        base, lambda weights: weights | {"qa_outputs.weight": torch.zeros(2, 16), "decoder.bias": torch.ones(2)}
    )
    assert open_model(folder).adapter == "adapter"
    with_config(base, num_hidden_layers=1)
    with pytest.raises(ModelInputError, match=r"base: the weights hold \S*layer\.1\.\S+"):
        open_model(folder)


def test_a_base_model_is_loaded_whatever_its_head(adapter):
    assert type(open_model(adapter[0], OpenOptions(headless=True)).model).__name__ == "BertModel"


def test_unused_weights_of_a_model_and_of_an_adapters_base():
    assert unused_weights(reversed(PARTS)) == sorted(PARTS)
    assert unused_weights(PARTS, adapted=True) == [PARTS[0]]
    harmless = ("lm_predictions.lm_head.bias", "roberta.pooler.dense.weight", "vocab_projector.bias", "config")
    assert unused_weights((*harmless, "pooler_head.weight", "cls_head.bias")) == ["cls_head.bias", "pooler_head.weight"]


def test_a_tokenizer_with_ids_beyond_the_embedding(subject_of, classifier):
    larger = make_tokenizer([f"word{i}" for i in range(100)])
    with pytest.raises(ModelInputError, match=r"does not fit the model: it has token ids up to \d+, but .* at \d+"):
        subject_of((classifier.model, larger), ROWS)


@pytest.mark.parametrize(("words", "rows", "fits"), [(0, 186, True), (0, 187, False), (5_000, 5_200, True)])
def test_a_tokenizer_with_a_vocabulary_of_another_size(subject_of, words, rows, fits):
    tokenizer = make_tokenizer(["good", *(f"word{i}" for i in range(words))])
    config = bert_config(("negative", "positive"))
    config.vocab_size = rows
    source = (BertForSequenceClassification(config), tokenizer)
    if fits:
        assert len(subject_of(source, ROWS).data.evaluation) == 2
        return
    with pytest.raises(ModelInputError, match=rf"token ids up to \d+, but .* ends at {rows - 1}; pass the tokenizer"):
        subject_of(source, ROWS)


def test_rows_that_the_tokenizer_can_not_spell_are_counted(subject_of, classifier):
    rows = [{"text": "a good film"}, {"text": "a good \u597d film"}, {"text": "a \u597d \u597d film"}]
    info = subject_of(classifier, [*rows, {"text": "a good film ! \u597d"}]).info.evaluation
    (reason,) = info.set_aside
    assert info.set_aside[reason] == 2
    assert "more than a fifth of their tokens are unknown" in reason
    assert info.rows == 4
    assert subject_of(classifier, rows[:1]).info.evaluation.set_aside == {}


def test_a_token_that_also_pads_does_not_stand_for_the_unknown(subject_of, classifier):
    tokenizer = make_tokenizer()
    tokenizer.pad_token = "[UNK]"
    info = subject_of((classifier.model, tokenizer), [{"text": "\u597d \u597d"}, {"text": ""}]).info.evaluation
    assert not any("unknown" in reason for reason in info.set_aside)


@pytest.mark.parametrize(("length", "fits"), [(2, False), (1, False), (3, True)])
def test_a_length_that_leaves_no_room_for_text(subject_of, classifier, length, fits):
    tokenizer = make_tokenizer()
    tokenizer.model_max_length = length
    if fits:
        assert subject_of((classifier.model, tokenizer), ROWS).model.max_length == length
        return
    with pytest.raises(ModelInputError, match=rf"may have {length} tokens and 2 of them are special.*model_max_length"):
        subject_of((classifier.model, tokenizer), ROWS)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_no_model(subject_of, classifier, value):
    model = BertForSequenceClassification(bert_config(("negative", "positive")))
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[-1, 0] = value
    with pytest.raises(ModelInputError, match=r"the weights hold NaN or infinity \(bert\.embeddings\.word_embeddings"):
        subject_of((model, make_tokenizer()), ROWS)
    with pytest.raises(ModelInputError, match="the weights hold NaN or infinity"):
        subject_of(classifier, ROWS, base=open_model((model, make_tokenizer())))


def test_label_names_that_contradict_each_other(subject_of, copied):
    folder = with_config(copied("classifier"), label2id={"negative": 1, "positive": 0})
    with pytest.raises(ModelInputError, match=r"label2id gives 'negative' the index 1, id2label another; correct"):
        subject_of(folder, ROWS)
    for harmless in ({"LABEL_0": 0, "LABEL_1": 1}, {"negative": "0", "positive": "1"}, {"NEG": 0, "POS": 1}):
        assert subject_of(with_config(folder, label2id=harmless), ROWS).data.evaluation[0].label == 1
    tagger = BertForTokenClassification(bert_config(TAGS))
    tagger.config.label2id = {"O": 0, "B-PER": 2, "I-PER": 1}
    with pytest.raises(ModelInputError, match=r"gives 'B-PER' the index 2"):
        subject_of((tagger, make_tokenizer()), [{"tokens": ["good"]}])
