"""Tasks beside one class a text: several labels, numbers, and answers of language models."""

import numpy as np
import pytest
import torch
from tiny_models import bert_config, make_tokenizer, save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import BertForSequenceClassification, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from modelaudit.errors import CapabilityError, DataInputError
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

EMOTIONS = ("joy", "anger", "fear")


def byte_tokenizer(**changes):
    """Return a tokenizer that has a token for each byte, and one more for the start and end of a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={"<end>": 0, **{c: i + 1 for i, c in enumerate(alphabet)}}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    named = {"bos_token": "<end>", "eos_token": "<end>", "unk_token": "<end>", "model_max_length": 48} | changes
    # As the tokenizers of language models: segments would be added to the embeddings of GPT-2.
    named |= {"model_input_names": ["input_ids", "attention_mask"]}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)


def classifier(labels, seed=0, **config):
    torch.manual_seed(seed)
    model = BertForSequenceClassification(bert_config(labels, **config))
    with torch.no_grad():
        model.classifier.weight.mul_(20.0)
    return OpenedModel(model=model.eval(), tokenizer=make_tokenizer(), name="tiny")


def writer(seed=0):
    torch.manual_seed(seed)
    config = GPT2Config(vocab_size=257, n_embd=32, n_layer=2, n_head=2, n_positions=48, bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    return model.eval()


def several(data, **columns):
    opened = classifier(EMOTIONS, problem_type="multi_label_classification")
    return build_subject(opened, data=data, device="cpu", **columns)


TEXTS = ("she was good", "a bad film", "not claim")
SETS = [(0, 2), (), (1,)]


@pytest.mark.parametrize(
    "cells",
    [
        [["joy", "fear"], [], ["anger"]],
        [[0, 2], [], [1]],
        [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        ["['joy', 'fear']", "[]", "['anger']"],
        [[True, False, True], [False, False, False], [False, True, False]],
    ],
    ids=["names", "indices", "one a label", "written out", "flags"],
)
def test_labels_of_a_row_are_read_in_the_forms_that_people_have(cells):
    subject = several([{"text": text, "labels": cell} for text, cell in zip(TEXTS, cells, strict=True)])
    assert subject.info.task == "multi-label-classification"
    assert [row.label_set for row in subject.data.evaluation] == SETS
    assert subject.info.evaluation.label_counts == {"joy": 1, "anger": 1, "fear": 1}


def test_names_with_marks_between_and_a_column_for_each_label():
    marked = several(
        [{"text": text, "labels": cell} for text, cell in zip(TEXTS, ("joy|fear", "Anger", ""), strict=True)]
    )
    assert [row.label_set for row in marked.data.evaluation] == [(0, 2), (1,)]
    assert marked.info.evaluation.set_aside["rows without a label (left out)"] == 1
    apart = several(
        [{"text": "she was good", "JOY": 1, "anger": 0, "fear": 1}, {"text": "a", "JOY": 0, "anger": 0, "fear": 0}]
    )
    assert [row.label_set for row in apart.data.evaluation] == [(0, 2), ()]
    assert apart.info.evaluation.label_column == "JOY, anger, fear"


@pytest.mark.parametrize("cell", [["joy", "envy"], "[joy", [7]])
def test_a_label_that_the_model_does_not_know_is_an_error_that_names_the_column(cell):
    with pytest.raises(DataInputError, match="column 'labels'"):
        several([{"text": "she was good", "labels": cell}])


def test_labels_are_decided_one_by_one_and_the_loss_is_binary():
    subject = several([{"text": text, "labels": cell} for text, cell in zip(TEXTS, ([0, 2], [], [1]), strict=True)])
    rows = subject.data.evaluation
    predicted = subject.model.predict(rows)
    encoded = make_tokenizer()(list(TEXTS), padding=True, return_tensors="pt")
    model = classifier(EMOTIONS, problem_type="multi_label_classification").model
    with torch.inference_mode():
        logits = model(**encoded).logits
        truth = torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]])
        losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(1)
    np.testing.assert_allclose(predicted.probabilities, logits.sigmoid(), atol=1e-5)
    np.testing.assert_allclose(subject.model.loss(rows).per_row, losses, atol=1e-5)
    with pytest.raises(DataInputError, match="row x has no labels"):
        subject.model.loss([Row("x", "she")])


def test_a_single_output_is_a_regression_and_its_loss_the_squared_error():
    opened = classifier(("score",))
    data = [{"text": text, "score": value} for text, value in zip(TEXTS, (1.5, "2", 0), strict=True)]
    subject = build_subject(opened, data=data, device="cpu")
    assert subject.info.task == "text-regression"
    rows = subject.data.evaluation
    assert [row.values for row in rows] == [(1.5,), (2.0,), (0.0,)]
    predicted = subject.model.predict(rows)
    assert np.isnan(predicted.probabilities).all()
    assert predicted.labels.tolist() == [-1, -1, -1]
    expected = (predicted.logits[:, 0] - [1.5, 2.0, 0.0]) ** 2
    np.testing.assert_allclose(subject.model.loss(rows).per_row, expected)
    with pytest.raises(DataInputError, match="finite numbers"):
        build_subject(opened, data=[{"text": "a", "score": "good"}], label_column="score", device="cpu")
    with pytest.raises(DataInputError, match="gives 1 number"):
        build_subject(opened, data=[{"text": "a", "score": [1.0, 2.0]}], device="cpu")


def test_several_outputs_of_a_regression():
    opened = classifier(("valence", "arousal"), problem_type="regression")
    subject = build_subject(opened, data=[{"text": "she was good", "label": [0.5, -1.0]}], device="cpu")
    assert subject.info.task == "text-regression"
    assert subject.data.evaluation[0].values == (0.5, -1.0)


QUESTIONS = [
    {"prompt": "who is good? ", "answer": "she is"},
    {"prompt": "a film\n", "answer": " bad"},
    {"prompt": "no", "answer": "yes"},
]


def generating(data=None, tokenizer=None, **options):
    opened = OpenedModel(model=writer(), tokenizer=tokenizer or byte_tokenizer(), name="writer")
    return build_subject(opened, data=data or QUESTIONS, device="cpu", **options)


def test_an_answer_is_judged_behind_its_prompt_as_one_text():
    subject = generating()
    assert subject.info.task == "text-generation"
    assert subject.info.model.labels == ()
    rows = subject.data.evaluation
    predicted = subject.model.predict(rows)
    joined = ["who is good? she is", "a film\n bad", "no yes"]
    counts = [6, 3, 3]
    assert np.diff(predicted.offsets).tolist() == counts
    for place, (text, count) in enumerate(zip(joined, counts, strict=True)):
        ids = torch.tensor([byte_tokenizer()(text)["input_ids"]])
        with torch.inference_mode():
            logs = writer()(ids).logits[0].log_softmax(-1)
        expected = [float(logs[at - 1, ids[0, at]]) for at in range(ids.shape[1] - count, ids.shape[1])]
        np.testing.assert_allclose(predicted.words_of(place)[:, 0], np.exp(expected), rtol=1e-4)
        assert subject.model.loss(rows).per_row[place] == pytest.approx(-np.mean(expected), rel=1e-4)


def test_players_are_the_words_of_the_prompt_alone():
    subject = generating()
    assert subject.model.players(subject.data.evaluation) == [("who", "is", "good", "?"), ("a", "film"), ("no",)]


def test_words_hidden_from_a_language_model_are_attended_to_by_nothing():
    subject = generating()
    row = subject.data.evaluation[0]
    assert subject.model.hidings == ("attention", "delete")
    keep = np.array([[True, True, True, True], [True, False, True, False], [False, False, False, False]])
    (found,) = subject.model.predict_masked([row], [keep])
    assert np.array_equal(found.words_of(0), subject.model.predict([row]).words_of(0))
    text = "who is good? she is"
    ids = torch.tensor([byte_tokenizer()(text)["input_ids"]])
    seen = torch.tensor([[int(not (3 <= at < 6 or at == 11)) for at in range(len(text))]])
    with torch.inference_mode():
        logs = writer()(ids, attention_mask=seen, position_ids=torch.arange(len(text))[None]).logits[0].log_softmax(-1)
    expected = [float(logs[at - 1, ids[0, at]].exp()) for at in range(len(text) - 6, len(text))]
    np.testing.assert_allclose(found.words_of(1)[:, 0], expected, rtol=1e-3)
    assert not np.allclose(found.words_of(2), found.words_of(1))
    with pytest.raises(CapabilityError, match="can't hide words by 'unknown': it has attention, delete"):
        subject.model.predict_masked([row], [keep], hide="unknown")


def test_a_prompt_that_is_too_long_loses_its_beginning_and_an_answer_its_end():
    subject = generating([{"prompt": "x" * 60 + " no", "answer": "yes"}, {"prompt": "no", "answer": "y" * 70}])
    encodings = subject.model.encodings(subject.data.evaluation)
    tokens = byte_tokenizer()
    assert tokens.decode(encodings[0].input.ids).endswith("x no yes")
    assert tokens.decode(encodings[1].input.ids) == "no " + "y" * 45
    both = generating([{"prompt": "x" * 40, "answer": "y" * 40}])
    assert tokens.decode(both.model.encodings(both.data.evaluation)[0].input.ids) == "x" * 23 + " " + "y" * 24
    assert [len(each.input) for each in encodings] == [48, 48]
    assert [each.tokens_lost for each in encodings] == [19, 25]
    assert subject.info.evaluation.truncated == 2


def test_answers_are_generated_as_the_model_itself_generates_them():
    subject = generating([{"text": "who is good?"}, {"text": "a film"}, {"text": "z" * 60}])
    rows = subject.data.evaluation
    assert [row.answer for row in rows] == [None] * 3
    said = subject.model.generate(rows, max_new_tokens=6)
    tokens = byte_tokenizer()
    for row, text in zip(rows[:2], said, strict=False):
        ids = tokens(row.text, return_tensors="pt")
        grown = writer().generate(**ids, max_new_tokens=6, do_sample=False, pad_token_id=0)[
            0, ids["input_ids"].shape[1] :
        ]
        assert text == tokens.decode(grown, skip_special_tokens=True)
    assert said[2] == subject.model.generate([Row("x", "z" * 42)], max_new_tokens=6)[0] != ""
    assert subject.model.generate(rows[::-1], max_new_tokens=6)[::-1] == said
    with pytest.raises(ValueError, match="1 or more"):
        subject.model.generate(rows, max_new_tokens=0)


def test_a_row_without_an_answer_has_no_loss():
    subject = generating()
    with pytest.raises(DataInputError, match="row x has no answer"):
        subject.model.loss([Row("x", "who")])


def test_an_answer_that_is_no_text_is_refused():
    with pytest.raises(DataInputError, match="an answer is text, not a int"):
        generating([{"prompt": "who is good?", "answer": "she"}, {"prompt": "a film", "answer": 4}])


def test_prompts_of_one_token_and_white_space_at_the_edges():
    subject = generating([{"prompt": "a", "answer": "  b\n"}, {"prompt": "\tq \n", "answer": "c"}])
    assert subject.model.players(subject.data.evaluation) == [("a",), ("q",)]
    assert np.isfinite(subject.model.loss(subject.data.evaluation).per_row).all()


def test_a_saved_language_model_is_opened_from_its_folder(tmp_path):
    folder = save(writer(), tmp_path / "writer", byte_tokenizer())
    opened = open_model(folder, OpenOptions())
    subject = build_subject(opened, data=QUESTIONS, device="cpu")
    expected = generating()
    np.testing.assert_array_equal(
        subject.model.predict(subject.data.evaluation).logits, expected.model.predict(expected.data.evaluation).logits
    )
    assert subject.info.model.weights_sha256 == expected.info.model.weights_sha256


def test_ways_to_hide_words_by_tokenizer_and_task():
    def ways(**changes):
        tokenizer = make_tokenizer()
        for name, value in changes.items():
            setattr(tokenizer, name, value)
        model = classifier(("a", "b")).model
        opened = OpenedModel(model=model, tokenizer=tokenizer, name="tiny")
        return build_subject(opened, data=[{"text": "she was good", "label": 0}], device="cpu").model

    assert ways().hidings == ("mask", "unknown", "delete")
    unmasked = ways(mask_token=None)
    assert unmasked.hidings == ("attention", "unknown", "delete")
    keep = [np.array([[True, False, True]])]
    by_default = unmasked.predict_masked([Row("1", "she was good")], keep)[0]
    by_name = unmasked.predict_masked([Row("1", "she was good")], keep, hide="attention")[0]
    np.testing.assert_array_equal(by_default.logits, by_name.logits)
    with pytest.raises(CapabilityError, match="can't hide words by 'attention'"):
        ways().predict_masked([Row("1", "she was good")], keep, hide="attention")


def test_the_rows_of_a_table_without_the_new_truths_keep_their_hash():
    opened = classifier(("a", "b"))
    info = build_subject(opened, data=[{"text": "she was good", "label": 0}], device="cpu").info.evaluation
    assert info.sha256 == "a59756c4af824ac59a390512797673707f7604900be936eb40803ab382efb037"
