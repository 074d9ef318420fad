"""Checkpoints as people have them: unnamed classes, one logit, no pad token, added tokens, left padding, long rows."""

import json

import numpy as np
import pytest
import torch
from test_subject_pairs import PLAIN, bytes_with
from tiny_models import bert_config, make_tokenizer, save
from tokenizers import processors
from transformers import (
    BertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from modelaudit.errors import ModelInputError
from modelaudit.subject.label_names import unnamed_classes
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

TEXTS = ["she was good", "a bad film . the claim is not paid", "peter", "anna in london , very very good"]
THREE = ("negative", "mixed", "positive")


def built(source, rows=None, **options):
    opened = source if isinstance(source, OpenedModel) else open_model(source)
    data = rows or [{"text": text} for text in TEXTS]
    return build_subject(opened, data=data, device="cpu", **options)


def named(folder, names):
    config = json.loads((folder / "config.json").read_text())
    config |= {"id2label": names, "label2id": {name: int(index) for index, name in names.items()}}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def classifier(labels=THREE, **changes):
    torch.manual_seed(5)
    return BertForSequenceClassification(bert_config(labels, **changes)).eval()


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ({"0": "negative", "2": "positive"}, ("negative", "LABEL_1", "positive")),
        ({"0": "negative", "1": "mixed"}, ("negative", "mixed", "LABEL_2")),
        ({"1": "mixed"}, ("LABEL_0", "mixed", "LABEL_2")),
        ({"0": "negative", "1": " ", "2": "positive"}, ("negative", "LABEL_1", "positive")),
    ],
)
def test_a_model_of_which_some_classes_have_names_is_audited(tmp_path, names, labels):
    model = classifier()
    folder = named(save(model, tmp_path / "model"), names)
    subject = built(folder, [{"text": "good", "label": "mixed" if "mixed" in labels else "negative"}])
    assert subject.info.task == "text-classification"
    assert subject.model.labels == labels
    assert unnamed_classes(labels) == tuple(label for label in labels if label.startswith("LABEL"))
    (said,) = [event for event in subject.model.engine.events if "id2label" in event]
    assert said.startswith(f"The model's id2label names {3 - len(unnamed_classes(labels))} of 3 classes; called here:")
    rows = subject.data.evaluation
    assert rows[0].label == labels.index("mixed" if "mixed" in labels else "negative")
    ids = torch.tensor([make_tokenizer()("good")["input_ids"]])
    with torch.inference_mode():
        np.testing.assert_allclose(subject.model.predict(rows).logits, model(ids).logits, rtol=1e-5, atol=1e-6)


def test_a_model_in_memory_of_which_some_classes_have_names():
    model = classifier()
    model.config.id2label, model.config.label2id = {0: "negative", 2: "positive"}, {}
    assert built((model, make_tokenizer())).model.labels == ("negative", "LABEL_1", "positive")
    model.config.id2label = {0: "negative", 3: "positive"}
    with pytest.raises(ModelInputError, match=r"has 3 classes, but id2label names 3, counted from 0; correct id2label"):
        built((model, make_tokenizer()))
    assert unnamed_classes(("LABEL_0", "LABEL_1")) == ()


def test_names_of_more_classes_than_the_head_has(tmp_path):
    names = {str(index): f"class {index}" for index in range(5)}
    folder = named(save(classifier(), tmp_path / "model"), names)
    with pytest.raises(ModelInputError, match=r"model: the model can't be loaded"):
        open_model(folder)


def test_one_logit_is_a_number_or_one_label():
    number = built((classifier(("score",)), make_tokenizer()))
    assert number.info.task == "text-regression"
    assert number.model.predict(number.data.evaluation).logits.shape == (4, 1)
    label = classifier(("toxic",), problem_type="multi_label_classification")
    rows = [{"text": "good", "labels": []}, {"text": "bad film", "labels": ["toxic"]}]
    subject = built((label, make_tokenizer()), rows)
    assert subject.info.task == "multi-label-classification"
    assert [row.label_set for row in subject.data.evaluation] == [(), (0,)]
    assert np.isfinite(subject.model.loss(subject.data.evaluation).per_row).all()


def gpt2(**changes):
    torch.manual_seed(5)
    return GPT2ForSequenceClassification(
        GPT2Config(vocab_size=261, n_embd=16, n_layer=1, n_head=2, n_positions=48, num_labels=3, **changes)
    ).eval()


def llama(**changes):
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=261, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, num_labels=3, **changes,
    )  # fmt: skip
    return LlamaForSequenceClassification(config).eval()


def plain_tokenizer(**changes):
    return bytes_with(processors.ByteLevel(), **{"eos_token": "</s>", "model_max_length": 48} | changes)


@pytest.mark.parametrize("make", [gpt2, llama])
@pytest.mark.parametrize("pad", [None, 1])
def test_a_decoder_without_a_pad_token_or_with_left_padding_classifies_each_row_by_its_end(make, pad):
    model = make(pad_token_id=pad)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    sides = {} if pad is None else {"pad_token": "<pad>", "padding_side": "left"}
    tokenizer = plain_tokenizer(**sides)
    subject = built((model, tokenizer))
    predicted = subject.model.predict(subject.data.evaluation)
    for text, logits in zip(TEXTS, predicted.logits, strict=True):
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        with torch.inference_mode():
            np.testing.assert_allclose(logits, model(ids).logits[0], rtol=2e-5, atol=2e-5)
    assert subject.model.players(subject.data.evaluation)[0] == ("she", "was", "good")


@pytest.mark.parametrize("pad", [None, 1])
def test_a_text_that_spells_the_pad_token_is_read_as_transformers_reads_it(pad):
    """A decoder's head looks for the last token that is no padding, in the text as well."""
    model, tokenizer = gpt2(pad_token_id=pad), plain_tokenizer(pad_token="<pad>")
    texts = ["good<pad>", "good", "a <pad> film"]
    subject = built((model, tokenizer), [{"text": text} for text in texts])
    for text, logits in zip(texts, subject.model.predict(subject.data.evaluation).logits, strict=True):
        with torch.inference_mode():
            expected = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0]
        np.testing.assert_allclose(logits, expected, rtol=2e-5, atol=2e-5)


def test_added_tokens_are_read_and_a_vocabulary_beyond_the_embedding_is_refused():
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["[CLAIM]", "xyzzy"])
    model = classifier()
    size = model.config.vocab_size
    with pytest.raises(ModelInputError, match=r"it has token ids up to \d+, but the model's embedding ends at"):
        built((model, tokenizer))
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    subject = built((model, tokenizer), [{"text": "the [CLAIM] is xyzzy"}])
    (encoding,) = subject.model.encodings(subject.data.evaluation)
    assert {size, size + 1} <= set(encoding.input.ids.tolist())
    assert subject.model.players(subject.data.evaluation) == [("the", "[CLAIM]", "is", "xyzzy")]


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_row_longer_than_512_is_read_as_far_as_the_model_takes(side):
    config = bert_config(THREE)
    config.max_position_embeddings = 640
    torch.manual_seed(5)
    model = BertForSequenceClassification(config).eval()
    base = make_tokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=base.backend_tokenizer, truncation_side=side, **base.special_tokens_map, **PLAIN
    )
    text = " ".join(["she"] * 300 + ["he"] * 300 + ["bad"] * 300)
    subject = built((model, tokenizer), [{"text": " ".join(text.split()[:600])}, {"text": text}])
    assert subject.model.max_length == 640
    assert subject.info.evaluation.truncated == 1
    assert subject.info.evaluation.tokens_lost == 902 - 640
    words = subject.model.players(subject.data.evaluation)[1]
    assert (len(words), words[-1]) == (638, "bad")
    assert words.count("bad") == (38 if side == "right" else 300)
    assert np.isfinite(subject.model.predict(subject.data.evaluation).logits).all()
