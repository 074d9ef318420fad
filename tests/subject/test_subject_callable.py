"""The handle of a function: what probabilities answer, and a sentence for what they don't."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
import torch
from tiny_models import make_tokenizer

from modelaudit.errors import CapabilityError, DataInputError, ModelInputError, WorkerError
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.source import modelaudit_open_model, open_model
from modelaudit.subject.subject import build_subject

ROWS = [
    {"text": "she was very good", "label": "yes"},
    {"text": "a bad film", "label": "no"},
    {"text": "torn \ud800 text", "label": "no"},
]
LABELS = OpenOptions(labels=("no", "yes"))
SEEN: list[str] = []


def says_good(texts):
    SEEN.extend(texts)
    yes = np.array([0.9 if "good" in text else 0.25 for text in texts])
    return np.stack([1 - yes, yes], axis=1)


class Service:
    """A class with a method and a call, as users have them."""

    def __call__(self, texts):
        return says_good(texts)

    def predict_proba(self, texts):
        return says_good(texts)


async def asynchronous(texts):
    return says_good(texts)


class AsynchronousService:
    async def __call__(self, texts):
        return says_good(texts)


def handle(function=says_good, **options):
    SEEN.clear()
    opened = open_model(function, OpenOptions(**{"labels": ("no", "yes")} | options))
    model = build_subject(opened, data=ROWS, device="auto").model
    SEEN.clear()
    return model


@pytest.mark.parametrize(
    ("function", "origin"),
    [
        (says_good, "says_good"),
        (Service().predict_proba, "Service.predict_proba"),
        (Service(), "Service"),
        (functools.partial(says_good), "says_good"),
        (lambda texts: says_good(texts), "<lambda>"),
    ],
)
def test_whatever_takes_texts_is_a_function(function, origin):
    opened = open_model(function, LABELS)
    assert opened.origin == f"{__name__}.{origin}"
    assert opened.name == opened.origin
    assert opened.identity is None
    assert build_subject(opened, data=ROWS).model.predict_proba(["good"])[0, 1] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        (says_good, {}, 'give labels=, one name for each column of the probabilities in their order, as labels=["'),
        (Service, {"labels": ("a", "b")}, "Service is a class; hand in an instance"),
        (asynchronous, {"labels": ("a", "b")}, "is asynchronous; hand in a function that waits"),
        (AsynchronousService(), {"labels": ("a", "b")}, "is asynchronous"),
        (says_good, {"labels": ("a", "b"), "tokenizer": "bert"}, "reads texts by itself; leave tokenizer= out"),
        (says_good, {"labels": ("a", "b"), "headless": True}, "a base model has to show its hidden states"),
        (torch.nn.Linear(2, 2), {"labels": ("a", "b")}, "can't be opened from a Linear"),
        (make_tokenizer(), {"labels": ("a", "b")}, "can't be opened from a "),
    ],
)
def test_what_can_not_be_asked_for_probabilities_is_one_sentence(source, options, says):
    with pytest.raises(ModelInputError) as error:
        open_model(source, OpenOptions(**options))
    assert says in str(error.value)


@pytest.mark.parametrize("given", [{"labels": ("a", "b")}, {"model_name": "m 1"}, {"mask_word": "[MASK]"}])
def test_names_for_functions_are_refused_for_a_model_that_brings_its_own(folders, classifier, given):
    for source in (folders / "classifier", classifier):
        with pytest.raises(ModelInputError, match=rf"classifier: {next(iter(given))}= is for functions"):
            open_model(source, OpenOptions(**given))


def test_a_plugin_may_open_a_function_of_its_own():
    opened = open_model(says_good, LABELS)
    assert modelaudit_open_model(source=opened, options=None) is opened


@pytest.mark.parametrize(
    ("choices", "error", "says"),
    [
        (
            {"workers": 2},
            WorkerError,
            "workers=2 was asked for, but .* can't be sent to other processes; leave workers=",
        ),
        ({"workers": "ray"}, WorkerError, "workers=ray was asked for"),
        ({"base": open_model(says_good, LABELS)}, ModelInputError, "leave base_model= out"),
    ],
)
def test_what_takes_the_model_itself_is_refused(choices, error, says):
    with pytest.raises(error, match=says):
        build_subject(open_model(says_good, LABELS), data=ROWS, **choices)
    build_subject(open_model(says_good, LABELS), data=ROWS, workers="auto")


def test_a_function_is_no_base_model(classifier):
    with pytest.raises(ModelInputError, match="base model has to show its hidden states"):
        open_model(says_good, OpenOptions(headless=True))
    with pytest.raises(ModelInputError, match="nothing in it can be compared with a base model"):
        build_subject(open_model(says_good, LABELS), data=ROWS, base=classifier)


def test_probabilities_logits_and_losses_are_those_of_the_function():
    model = handle()
    rows = [Row("1", "all good", label=1), Row("2", "all bad", label=1)]
    found = model.predict(rows)
    np.testing.assert_allclose(found.probabilities, [[0.1, 0.9], [0.75, 0.25]], atol=1e-7)
    np.testing.assert_allclose(found.logits, np.log(found.probabilities), atol=1e-6)
    assert not found.truncated.any()
    np.testing.assert_allclose(model.loss(rows).per_row, [-math.log(0.9), -math.log(0.25)], rtol=1e-6)
    assert SEEN == ["all good", "all bad"]
    with pytest.raises(DataInputError, match="row 3 has no label"):
        model.loss([Row("3", "x")])
    assert model.predict([]).probabilities.shape == (0, 2)


def test_a_label_with_probability_zero_has_a_finite_loss():
    model = handle(lambda texts: np.tile([1.0, 0.0], (len(texts), 1)))
    assert model.loss([Row("1", "x", label=1)]).per_row[0] == pytest.approx(-math.log(1e-12), rel=1e-6)
    assert model.loss([Row("1", "x", label=0)]).per_row[0] == pytest.approx(0, abs=1e-9)


TEXT = "  she\twas  very good\n"


@pytest.mark.parametrize(
    ("keep", "shown"),
    [
        ([1, 1, 1, 1], TEXT),
        ([0, 1, 1, 1], "  was  very good\n"),
        ([1, 0, 1, 1], "  she  very good\n"),
        ([1, 1, 1, 0], "  she\twas  very\n"),
        ([0, 0, 1, 0], "  very\n"),
        ([0, 0, 0, 0], ""),
    ],
)
def test_hidden_words_are_left_out_without_a_gap(keep, shown):
    model = handle()
    row = Row("1", TEXT)
    assert model.players([row]) == [("she", "was", "very", "good")]
    [found] = model.predict_masked([row], [np.array([keep], dtype=bool)])
    assert [shown] == SEEN
    assert found.probabilities[0, 1] == pytest.approx(0.9 if keep[3] else 0.25)


def test_a_mask_word_stands_in_the_place_of_each_hidden_word():
    model = handle(mask_word="[MASK]")
    keep = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    model.predict_masked([Row("1", TEXT)], [keep])
    assert sorted(SEEN) == sorted(["  she\t[MASK]  very [MASK]\n", TEXT, "  [MASK]\t[MASK]  [MASK] [MASK]\n"])
    assert model.engine.numerics["hidden_words"] == "replaced by '[MASK]'; words are what white space sets apart"


def test_variants_of_many_rows_come_back_to_their_rows_however_they_are_portioned(monkeypatch):
    rows = [Row(str(i), f"{'good' if i % 2 else 'bad'} word {i}") for i in range(7)]
    keep = [np.ones((i % 3, 3), dtype=bool) for i in range(7)]
    expected = [found.probabilities.tolist() for found in handle().predict_masked(rows, keep)]
    monkeypatch.setattr("modelaudit.subject.callable_model.CHARACTERS_AT_ONCE", 25)
    found = [found.probabilities.tolist() for found in handle().predict_masked(rows, keep)]
    assert found == expected
    assert [len(each) for each in found] == [0, 1, 2, 0, 1, 2, 0]
    with pytest.raises(ValueError, match="row 0 has 3 players, but keep has shape"):
        handle().predict_masked(rows[:1], [np.ones((1, 2), dtype=bool)])


def test_lone_surrogates_never_reach_the_function():
    model = handle()
    model.predict_proba(["\ud800 good"])
    row = Row("1", "\ud800 good")
    model.predict_masked([row], [np.array([[1, 0]], dtype=bool)])
    assert model.players([row]) == [("\ufffd", "good")]
    assert SEEN == ["\ufffd good", "\ufffd"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.embed([Row("1", "x")]),
        lambda model: model.gradients([Row("1", "x")], [0]),
        lambda model: model.generate([Row("1", "x")], max_new_tokens=1),
        lambda model: model.token_counts(["x"]),
    ],
)
def test_a_verb_that_takes_the_model_itself_says_so(ask):
    with pytest.raises(CapabilityError, match=r"handed in as a function .* hand in the model itself"):
        ask(handle())
