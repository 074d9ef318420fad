import hashlib
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from modelaudit.errors import DataInputError
from modelaudit.testing.planted import planted_rows, planted_tag_rows
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit

WORDS = {"good": 1.0, "kind": 1.0, "bad": -1.0, "late": -1.0}
LEXICON = {"Anna": "B-PER", "Quentin": "B-PER", "Smith": "I-PER", "Paris": "B-LOC", "Acme": "B-ORG"}
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "B-ORG")
ROWS = planted_rows(96, 0, words=WORDS, per_row=1)
TAG_ROWS = planted_tag_rows(96, 0, lexicon=LEXICON)
SMALL = {"hidden": 32, "layers": 1, "max_length": 40}


def classifier(seed=0, **changed):
    texts = [row["text"] for row in ROWS]
    shape = {**SMALL, **changed}
    return compact_model(texts, labels=("negative", "positive"), task="text-classification", seed=seed, **shape)


def tagger(seed=0, **changed):
    words = [row["tokens"] for row in TAG_ROWS]
    return compact_model(words, labels=TAGS, task="token-classification", seed=seed, **{**SMALL, **changed})


def digest(model):
    found = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        found.update(name.encode() + weight.numpy().tobytes())
    return found.hexdigest()


def test_the_same_seed_gives_the_same_model_in_another_process():
    code = """
from modelaudit.testing.planted import planted_rows
from modelaudit.training.compact import compact_model
import hashlib
rows = planted_rows(96, 0, words={"good": 1.0, "kind": 1.0, "bad": -1.0, "late": -1.0}, per_row=1)
model, tokenizer = compact_model([row["text"] for row in rows], labels=("negative", "positive"),
    task="text-classification", seed=0, hidden=32, layers=1, max_length=40)
found = hashlib.sha256()
for name, weight in sorted(model.state_dict().items()):
    found.update(name.encode() + weight.numpy().tobytes())
print(found.hexdigest(), sorted(tokenizer.get_vocab().items()))
"""
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    model, tokenizer = classifier()
    assert other == f"{digest(model)} {sorted(tokenizer.get_vocab().items())}"
    assert digest(classifier(seed=1)[0]) != digest(model)


def test_the_model_is_cased_and_reads_no_more_than_it_may():
    model, tokenizer = classifier()
    assert tokenizer("Good", add_special_tokens=False)["input_ids"] != tokenizer("good")["input_ids"][1:-1]
    assert tokenizer.unk_token_id not in tokenizer("Qwxzy 0123456789 good")["input_ids"]
    encoded = tokenizer("good " * 200, truncation=True, return_tensors="pt")
    assert encoded["input_ids"].shape == (1, 40)
    assert model(**encoded).logits.shape == (1, 2)
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert len(tokenizer) == model.get_input_embeddings().num_embeddings


def test_the_vocabulary_is_bounded():
    assert len(classifier(vocabulary=150)[1]) == 150


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"task": "translation"}, "translation"), ({"labels": ("one",)}, "two or more"), ({"labels": ("a", "a")}, "once")],
)
def test_what_can_not_be_built_is_refused(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        compact_model(["a"], **{"labels": ("a", "b"), "task": "text-classification", "seed": 0, **changed})


def test_fitting_learns_the_rows_saves_the_model_and_says_nothing(tmp_path, capfd):
    model, tokenizer = classifier()
    report = fit(
        model, tokenizer, ROWS, task="text-classification", epochs=10, batch_size=16, learning_rate=3e-3, seed=0,
        folder=tmp_path,
    )  # fmt: skip
    assert capfd.readouterr() == ("", "")
    assert (report.rows, report.steps) == (96, 60)
    assert report.accuracy > 0.95
    assert not model.training
    reopened = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    saved = AutoTokenizer.from_pretrained(tmp_path)
    batch = saved([row["text"] for row in ROWS], padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = reopened(**batch).logits
    labels = torch.tensor([row["label"] for row in ROWS])
    assert float((logits.argmax(-1) == labels).double().mean()) == report.accuracy
    assert float(torch.nn.functional.cross_entropy(logits, labels)) == pytest.approx(report.loss, rel=1e-4)


def test_fitting_twice_gives_the_same_weights_and_leaves_the_generators_alone():
    digests = set()
    for seed in (0, 0, 1):
        model, tokenizer = classifier()
        random.seed(5)
        state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        fit(model, tokenizer, ROWS, task="text-classification", epochs=1, seed=seed)
        assert torch.equal(torch.get_rng_state(), state[0])
        assert (random.getstate(), np.random.get_state()[1].tolist()) == state[1:]  # noqa: NPY002
        digests.add(digest(model))
    assert len(digests) == 2


def test_of_a_split_word_the_first_piece_carries_the_tag(tmp_path):
    model, tokenizer = tagger(vocabulary=140)
    report = fit(
        model, tokenizer, TAG_ROWS, task="token-classification", epochs=40, learning_rate=3e-3, seed=0, folder=tmp_path
    )
    reopened = AutoModelForTokenClassification.from_pretrained(tmp_path)
    losses, hits, pieces = [], [], 0
    for row in TAG_ROWS:
        encoded = tokenizer(row["tokens"], is_split_into_words=True, return_tensors="pt", truncation=True)
        words = encoded.word_ids(0)
        pieces += len(words)
        with torch.inference_mode():
            log_p = reopened(**encoded).logits[0].log_softmax(-1)
        for word in sorted({word for word in words if word is not None}):
            tag = TAGS.index(row["ner_tags"][word])
            losses.append(-float(log_p[words.index(word), tag]))
            hits.append(int(log_p[words.index(word)].argmax()) == tag)
    assert pieces > 1.5 * len(losses), "the vocabulary is too large for this test: no word is split"
    assert report.loss == pytest.approx(np.mean(losses), rel=1e-4)
    assert report.accuracy == pytest.approx(np.mean(hits))
    assert report.accuracy > 0.9


@pytest.mark.parametrize(
    ("rows", "task", "sentence"),
    [
        ([], "text-classification", "no rows"),
        ([{"text": "a", "label": 0}, {"text": "b"}], "text-classification", "row 2 lacks"),
        ([{"text": "a", "label": "angry"}], "text-classification", "row 1 has the label 'angry'"),
        ([{"text": "a", "label": 2}], "text-classification", "label 2"),
        ([{"tokens": ["a", "b"], "ner_tags": ["O"]}], "token-classification", "2 words but 1 tags"),
    ],
)
def test_rows_that_can_not_be_learned_are_named(rows, task, sentence):
    model, tokenizer = classifier() if task == "text-classification" else tagger()
    with pytest.raises(DataInputError, match=sentence):
        fit(model, tokenizer, rows, task=task, epochs=1, seed=0)
