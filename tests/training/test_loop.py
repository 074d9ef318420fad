import dataclasses

import numpy as np
import pytest
import torch
from transformers import DataCollatorForTokenClassification, Trainer
from transformers.trainer_pt_utils import LabelSmoother

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.quiet import quiet
from modelaudit.testing.planted import planted_rows, planted_tag_rows
from modelaudit.training.arguments import arguments_of
from modelaudit.training.base import untrained
from modelaudit.training.compact import compact_model
from modelaudit.training.dev_score import dev_score
from modelaudit.training.examples import Example, TrainingData
from modelaudit.training.features import Collator, dev_features, features_of
from modelaudit.training.loop import Loop
from modelaudit.training.recipe import Recipe
from modelaudit.training.surroundings import left_as_they_were

WORDS = {"good": 1.0, "kind": 1.0, "bad": -1.0, "late": -1.0}
LEXICON = {"Anna": "B-PER", "Quentin": "B-PER", "Smith": "I-PER", "Paris": "B-LOC", "Acme": "B-ORG"}
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "B-ORG")
ROWS = planted_rows(40, 0, words=WORDS, per_row=1)
TAG_ROWS = planted_tag_rows(40, 0, lexicon=LEXICON)
LIMIT = 40
SMALL = {"hidden": 16, "layers": 1, "max_length": LIMIT, "vocabulary": 150}


def texts(**changed):
    rows = [Row(id=f"t:{n}", text=row["text"], label=row["label"]) for n, row in enumerate(ROWS)]
    return TrainingData("text-classification", ("negative", "positive"), tuple(map(Example, rows)), **changed)


def tagged(rows=TAG_ROWS, **changed):
    names = {tag: number for number, tag in enumerate(TAGS)}
    rows = [
        Row(f"t:{n}", " ".join(row["tokens"]), tuple(row["tokens"]), tags=tuple(names[t] for t in row["ner_tags"]))
        for n, row in enumerate(rows)
    ]
    return TrainingData("token-classification", TAGS, tuple(map(Example, rows)), **changed)


def model_for(data, dropout=0.1):
    inputs = [row["tokens"] for row in TAG_ROWS] if data.labels == TAGS else [row["text"] for row in ROWS]
    model, tokenizer = compact_model(inputs, labels=data.labels, task=data.task, seed=0, **SMALL)
    model.config.hidden_dropout_prob = model.config.attention_probs_dropout_prob = dropout
    return untrained(model, seed=0), tokenizer


def args_for(recipe, data, folder, dev_rows=0):
    return arguments_of(recipe, folder=folder, device="cpu", examples=len(data.examples), dev_rows=dev_rows, rate=3e-3)


def loop_for(data, folder, *, recipe=None, dropout=0.1, **settings):
    model, tokenizer = model_for(data, dropout)
    recipe = recipe or Recipe(epochs=2, batch_size=16)
    features = features_of(data, tokenizer, limit=LIMIT)
    return Loop(
        model=model, args=args_for(recipe, data, folder), train_dataset=features, data_collator=Collator(tokenizer),
        **settings,
    )  # fmt: skip


def trained(loop):
    with quiet(), left_as_they_were():
        loop.train()
    return {name: weight.detach().numpy() for name, weight in loop.model.named_parameters()}


def batch_of(data, tokenizer, places):
    features = features_of(data, tokenizer, limit=LIMIT)
    return Collator(tokenizer)([features[place] for place in places])


@pytest.mark.parametrize("data", [texts(), tagged()], ids=["texts", "words"])
def test_without_a_measure_the_weights_are_those_of_a_plain_trainer(data, tmp_path):
    model, tokenizer = model_for(data)
    with quiet(), left_as_they_were():
        encoded = []
        for example in data.examples:
            row = example.row
            one = tokenizer(list(row.words or [row.text]), is_split_into_words=row.words is not None, truncation=True)
            if row.words is None:
                encoded.append({**tokenizer(row.text), "labels": row.label})
                continue
            words = one.word_ids()
            labels = [
                -100 if word is None or word == before else row.tags[word]
                for word, before in zip(words, [None, *words], strict=False)
            ]
            encoded.append({**one, "labels": labels})
        recipe = Recipe(epochs=2, batch_size=16)
        plain = Trainer(
            model=model,
            args=args_for(recipe, data, tmp_path / "plain"),
            train_dataset=encoded,
            data_collator=DataCollatorForTokenClassification(tokenizer)
            if data.task == "token-classification"
            else None,
            processing_class=tokenizer,
        )
        plain.train()
    wanted = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    found = trained(loop_for(data, tmp_path / "ours", recipe=recipe))
    begun = dict(model_for(data)[0].named_parameters())
    assert np.abs(wanted["classifier.weight"] - begun["classifier.weight"].detach().numpy()).max() > 1e-3
    for name, weight in wanted.items():
        np.testing.assert_allclose(found[name], weight, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("data", [texts(), tagged()], ids=["texts", "words"])
def test_batches_of_one_update_count_as_one_large_batch(data, tmp_path):
    # Sentences differ in length, so that the mean of the batches' means would be another.
    large = trained(loop_for(data, tmp_path / "1", recipe=Recipe(epochs=1, batch_size=16), dropout=0.0))
    parts = trained(loop_for(data, tmp_path / "2", recipe=Recipe(epochs=1, batch_size=2, accumulate=8), dropout=0.0))
    for name, weight in large.items():
        # What Adam makes of a gradient that is zero but for rounding is noise.
        if "key.bias" not in name:
            np.testing.assert_allclose(parts[name], weight, atol=2e-5, err_msg=name)


def logits_of(model, batch):
    with torch.no_grad():
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch}
        return model(**inputs).logits


def loss_of(loop, batch):
    with torch.no_grad():
        _, total = loop.get_batch_samples(iter([batch]), 1, None)
        return float(loop.compute_loss(loop.model, batch, num_items_in_batch=total))


def test_rows_count_by_their_weights_of_the_whole_update(tmp_path):
    data = texts()
    weights = [0.5, 4.0, 1.0, 3.0]
    examples = [dataclasses.replace(e, weight=w) for e, w in zip(data.examples[:4], weights, strict=True)]
    loop = loop_for(dataclasses.replace(data, examples=tuple(examples)), tmp_path)
    loop.model.eval()
    batches = [loop.data_collator([loop.train_dataset[place] for place in places]) for places in ((0, 1), (2, 3))]
    _, total = loop.get_batch_samples(iter(batches), 2, None)
    with torch.no_grad():
        found = sum(float(loop.compute_loss(loop.model, batch, num_items_in_batch=total)) for batch in batches)
        losses = [
            float(torch.nn.functional.cross_entropy(logits_of(loop.model, batch)[[place]], batch["labels"][[place]]))
            for batch in batches
            for place in (0, 1)
        ]
    assert found == pytest.approx(np.average(losses, weights=weights), rel=1e-5)
    assert abs(found - np.mean(losses)) > 1e-4


def test_labels_are_smoothed_in_training_alone(tmp_path):
    data = tagged()
    loop = loop_for(data, tmp_path, recipe=Recipe(label_smoothing=0.2), dropout=0.0)
    batch = loop.data_collator([loop.train_dataset[place] for place in range(6)])
    logits = logits_of(loop.model, batch)
    smooth = float(LabelSmoother(epsilon=0.2)({"logits": logits}, batch["labels"]))
    plain = float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten()))
    assert smooth != pytest.approx(plain, rel=1e-3)
    assert loss_of(loop, batch) == pytest.approx(plain, rel=1e-5)
    loop.model.train()
    assert loss_of(loop, batch) == pytest.approx(smooth, rel=1e-5)


@pytest.mark.parametrize("data", [texts(), tagged()], ids=["texts", "words"])
def test_rows_are_held_to_their_partners_in_one_pass(data, tmp_path):
    first, second = data.examples[:2]
    partner = first.row.with_words(("Qwxzy", *first.row.words[1:]), first.row.tags) if first.row.words else None
    partner = partner or first.row.with_text("qwxzy " + first.row.text)
    data = dataclasses.replace(data, examples=(dataclasses.replace(first, partner=partner), second))
    loop = loop_for(data, tmp_path, pairing=3.0)
    batch = loop.data_collator(list(loop.train_dataset.items))
    asked = []
    handle = loop.model.register_forward_pre_hook(lambda model, args, given: asked.append(given), with_kwargs=True)
    found = loss_of(loop, batch)
    handle.remove()
    assert [len(given["input_ids"]) for given in asked] == [3]
    logits = logits_of(loop.model, batch_of(data, model_for(data)[1], [0, 1]))
    plain = loss_of(loop, {name: part for name, part in batch.items() if name not in ("left", "right")})
    words = len(first.row.words or [1])
    own = dataclasses.replace(data, examples=(Example(first.row), Example(partner)))
    pair = batch_of(own, model_for(data)[1], [0, 1])
    both = logits_of(loop.model, pair)
    if first.row.words:
        both = torch.stack([both[row][pair["labels"][row] != -100] for row in (0, 1)])
    apart = float((both[0] - both[1]).abs().sum())
    units = len(batch["units"])
    assert len(logits) == 3
    assert units == words + len(second.row.words or [1])
    assert found == pytest.approx(plain + 3.0 * apart / units, rel=1e-4)
    assert apart > 0


def test_the_first_piece_of_a_word_carries_its_tag_and_what_is_cut_off_is_counted():
    rows = [
        {"tokens": ["Quentinsson", "\u200b", "in", "Paris"], "ner_tags": ["B-PER", "O", "O", "B-LOC"]},
        {"tokens": ["so"] * 50, "ner_tags": ["O"] * 50},
        {"tokens": ["\ud800", "Acme"], "ner_tags": ["O", "B-ORG"]},
    ]
    data = tagged(rows)
    tokenizer = model_for(data)[1]
    features = features_of(data, tokenizer, limit=LIMIT)
    pieces = len(tokenizer.tokenize("Quentinsson"))
    assert pieces > 1
    names = [TAGS[tag] if tag >= 0 else "-" for tag in features[0]["labels"]]
    assert names[: pieces + 1] == ["-", "B-PER", *["-"] * (pieces - 1)]
    # The word without a token has no tag, and its neighbours keep theirs.
    assert [name for name in names if name != "-"] == ["B-PER", "O", "B-LOC"]
    pieces_of_so = len(tokenizer.tokenize("so"))
    assert (features.truncated, features.tokens_lost) == (1, 50 * pieces_of_so + 2 - LIMIT)
    assert len(features[1]["input_ids"]) == LIMIT
    assert [TAGS[tag] for tag in features[2]["labels"] if tag >= 0][-1] == "B-ORG"


def test_padding_is_ignored_and_no_tag_of_its_own():
    data = tagged()
    batch = batch_of(data, model_for(data)[1], range(8))
    assert (batch["attention_mask"] == 0).any()
    assert (batch["labels"][batch["attention_mask"] == 0] == -100).all()
    assert len(batch["units"]) == sum(len(example.row.words) for example in data.examples[:8])


def test_an_update_without_a_labelled_word_teaches_nothing(tmp_path):
    data = tagged([{"tokens": ["\u200b"], "ner_tags": ["O"]}])
    loop = loop_for(dataclasses.replace(tagged(), examples=data.examples), tmp_path)
    assert loss_of(loop, loop.data_collator([loop.train_dataset[0]])) == 0.0


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Row("t:7", "a b", ("a", "b")), "2 words and no tags"),
        (Row("t:7", "a b", ("a", "b"), tags=(0,)), "2 words and 1 tags"),
        (Row("t:7", "a b"), "no label"),
    ],
)
def test_a_row_without_its_labels_is_refused_by_its_id(row, sentence):
    data = tagged() if row.words else texts()
    with pytest.raises(DataInputError, match=f"'t:7'.*{sentence}"):
        features_of(dataclasses.replace(data, examples=(Example(row),)), model_for(data)[1], limit=LIMIT)


def test_the_dev_score_is_that_of_whole_well_formed_entities():
    score = dev_score(TAGS, per_word=True)
    answers = dataclasses.make_dataclass("Answers", ["predictions", "label_ids"])
    truth = np.array([[-100, 1, 2, 0, 3, -100], [-100, 4, 0, -100, -100, -100]])
    said = np.array([[0, 1, 2, 0, 2, 3], [1, 4, 1, 1, 1, 1]])
    # PER and ORG are right; I-PER alone is none; B-PER of the second row is wrong; LOC was missed.
    assert score(answers(said, truth)) == {"score": pytest.approx(2 * 2 / (3 + 3))}
    assert score(answers(truth, truth)) == {"score": 1.0}
    assert dev_score(("a", "b"), per_word=False)(answers(np.array([0, 1, 1]), np.array([0, 1, 0]))) == {
        "score": pytest.approx(2 / 3)
    }


def test_dev_rows_are_asked_without_weights_and_partners():
    data = texts(dev=tuple(example.row for example in texts().examples[:5]))
    held = dev_features(data, model_for(data)[1], limit=LIMIT)
    lengths = [len(item["input_ids"]) for item in held.items]
    assert len(held) == 5
    assert lengths == sorted(lengths, reverse=True)
    assert all(set(item) == {"input_ids", "token_type_ids", "labels"} for item in held.items)
