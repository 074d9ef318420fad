"""A user's function through the engine: each text is asked once, in bounded calls, and every mistake is a sentence."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from modelaudit.errors import CapabilityError, ModelInputError, NotAssessable
from modelaudit.inference import lockstep_map
from modelaudit.inference.callable_engine import CallableEngine
from modelaudit.inference.callables import TextFunction, input_of, text_of

LABELS = ("no", "yes")
TEXTS = [f"claim {i} was {'paid' if i % 3 else 'refused'} in {'spring ' * (i % 5)}{i}" for i in range(200)]


def probabilities(texts):
    """A bag of characters: what it says of a text depends on that text alone."""
    scores = np.array([sum(map(ord, text)) % 97 / 97 for text in texts])
    return np.stack([1 - scores, scores], axis=1)


class Counting:
    """Remembers the calls that it passes on."""

    def __init__(self, answer=probabilities):
        self.answer = answer
        self.calls = []

    def __call__(self, texts):
        self.calls.append(list(texts))
        return self.answer(texts)

    @property
    def texts(self):
        return [text for call in self.calls for text in call]


def engine_of(function, *, labels=LABELS, **options):
    return CallableEngine(
        TextFunction(function, "mine", labels), **{"model_id": "m", "hidden_words": "left out"} | options
    )


def inputs(texts):
    return [input_of(text) for text in texts]


def asked(function, texts=TEXTS, **options):
    return np.exp(np.stack(engine_of(function, **options).logits(inputs(texts))).astype(float))


@given(st.text(st.characters(codec=None), max_size=30))
@example("")
@example("\0")
@example("a\ud800b")
@example("👩‍👩‍👧 é̂")
def test_a_text_comes_back_from_its_ids_and_can_be_sent_anywhere(text):
    back = text_of(input_of(text))
    assert back == "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
    json.dumps(back, ensure_ascii=False).encode()


def test_texts_that_differ_have_keys_that_differ():
    texts = ["", "\0", "\0\0", "a", "a ", "\ufffd", "A"]
    assert len({input_of(text).key for text in texts}) == len(texts)


def test_calls_hold_at_most_64_texts_of_like_length():
    function = Counting()
    np.testing.assert_allclose(asked(function), probabilities(TEXTS), atol=1e-6)
    assert sorted(function.texts) == sorted(TEXTS)
    assert [len(call) for call in function.calls] == [64, 64, 64, 8]
    lengths = [len(text) for text in function.texts]
    assert lengths == sorted(lengths, reverse=True)


def test_a_call_is_bounded_in_characters_too():
    function = Counting()
    asked(function, ["x" * 500, *TEXTS], batch_tokens=400)
    assert len(function.calls[0]) == 1
    assert all(len(call) * max(map(len, call)) <= 400 for call in function.calls[1:])
    function = Counting()
    asked(function, TEXTS[:5], batch_tokens=1)
    assert [len(call) for call in function.calls] == [1] * 5


def test_equal_texts_are_asked_once_and_progress_is_told():
    function, heard = Counting(), []
    engine = engine_of(function)
    engine.on_progress = heard.append
    first = engine.logits(inputs(TEXTS[:80] + TEXTS[:20]))
    assert engine.logits(inputs(TEXTS[:80]))[3].tobytes() == first[3].tobytes()
    assert len(function.texts) == 80
    assert (engine.stats.requested, engine.stats.computed, engine.stats.memo_hits) == (180, 80, 100)
    assert sum(heard) == 180
    assert len(heard) > 2
    with pytest.raises(ValueError, match="read-only"):
        first[0][...] = 0


def test_searches_in_lockstep_share_calls():
    function = Counting()
    engine = engine_of(function)
    found = lockstep_map(engine, lambda text: engine.logits(inputs([text]))[0], TEXTS[:50])
    np.testing.assert_array_equal(found, engine_of(probabilities).logits(inputs(TEXTS[:50])))
    assert [len(call) for call in function.calls] == [50]


@pytest.mark.parametrize(
    "convert",
    [
        lambda table: table.tolist(),
        lambda table: [row.tolist() for row in table],
        lambda table: table.astype(np.float16),
        lambda table: torch.tensor(table, requires_grad=True),
        lambda table: torch.tensor(table, dtype=torch.float16),
        lambda table: list(torch.tensor(table)),
        lambda table: pd.DataFrame(table),
        lambda table: pd.DataFrame(table, columns=["no", "yes"]),
        lambda table: pd.DataFrame(table, columns=["no", "yes"])[["yes", "no"]],
        lambda table: table * 1.0009,
    ],
)
def test_probabilities_in_any_form_are_the_same_answer(convert):
    found = asked(lambda texts: convert(probabilities(texts)))
    np.testing.assert_allclose(found, probabilities(TEXTS), atol=4e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_function_may_change_the_list_it_gets_and_reuse_the_array_it_gives():
    buffer = np.empty((64, 2))

    def reuses(texts):
        count = len(texts)
        buffer[:count] = probabilities(texts)
        texts.clear()
        return buffer[:count]

    np.testing.assert_allclose(asked(reuses), probabilities(TEXTS), atol=1e-6)


def test_zero_is_no_infinite_loss_and_small_probabilities_keep_their_order():
    table = np.array([[0.0, 1.0], [1e-15, 1 - 1e-15], [1e-9, 1 - 1e-9], [0.5, 0.5]])
    logits = np.stack(engine_of(lambda texts: table[: len(texts)]).logits(inputs(["dddd", "ccc", "bb", "a"])))
    np.testing.assert_allclose(-logits[:, 0], [-math.log(1e-12)] * 2 + [-math.log(1e-9), math.log(2)], rtol=1e-6)
    # So close to 1 a float32 probability is 1; its logarithm still tells by how much it is not.
    assert logits[2, 1] == pytest.approx(-1e-9)


RAGGED = [[0.5, 0.5], [1.0]]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda n: np.tile([2.5, -1.0], (n, 1)), "from -1 to 2.5, which are no probabilities and look like logits"),
        (lambda n: np.log(np.tile([0.3, 0.7], (n, 1))), "look like logarithms of probabilities; give their exponent"),
        (lambda n: np.tile([90.0, 10.0], (n, 1)), "look like logits or scores; put a softmax"),
        (lambda n: np.tile([-0.2, 1.2], (n, 1)), "look like logits or scores"),
        (lambda n: np.tile([-1e5, -2e5], (n, 1)), "look like logits or scores"),
        (lambda n: np.tile([0.9, 0.8], (n, 1)), "do not sum to 1: 1.7 in row 1 of a call of 9 texts"),
        (lambda n: np.tile([0.0, 0.0], (n, 1)), "do not sum to 1: 0 in row 1"),
        (lambda n: np.tile([0.5, 0.502], (n, 1)), "do not sum to 1: 1.002"),
        (lambda n: np.array([[0.5, 0.5]] * (n - 1) + [[np.nan, 0.5]]), "NaN or infinity in row 9 of a call of 9"),
        (lambda n: np.tile([np.inf, 0.5], (n, 1)), "NaN or infinity"),
        (lambda n: np.tile([0.5, 0.5], (n - 1, 1)), "gives 8 rows for 9 texts; give one row for each text"),
        (lambda n: np.zeros((0, 2)), "gives 0 rows for 9 texts"),
        (lambda n: np.tile([0.2, 0.3, 0.5], (n, 1)), "gives 3 classes for 9 texts, but labels= names 2 (no, yes)"),
        (lambda n: np.full(n, 0.5), "one value a text; give one probability for each of the 2 labels"),
        (lambda n: np.tile([0.5, 0.5], (n, 1))[None], "an array of shape (1, 9, 2)"),
        (lambda n: 0.5, "an array of shape ()"),
        (lambda n: None, "NoneType that holds something else than numbers"),
        (lambda n: ["yes"] * n, "list that holds something else than numbers"),
        (lambda n: [["0.5", "0.5"]] * n, "list that holds something else than numbers"),
        (lambda n: [[{"label": "yes", "score": 0.9}]] * n, "list that holds something else than numbers"),
        (lambda n: RAGGED * n, "no table of numbers for 9 texts: ValueError"),
        (lambda n: (0.5 for _ in range(n)), "generator that holds something else"),
        (lambda n: pd.DataFrame({"ja": [0.5] * n, "nein": 0.5}), "columns are called ja, nein, and labels= has no, ye"),
    ],
)
def test_what_is_no_table_of_probabilities_is_refused_with_the_mistake_it_looks_like(answer, says):
    with pytest.raises(ModelInputError) as error:
        asked(lambda texts: answer(len(texts)), TEXTS[:9])
    message = str(error.value)
    assert message.startswith("mine ")
    assert says in message
    assert "; " in message
    assert len(message) < 300
    assert "claim" not in message


def test_a_number_of_classes_that_changes_is_seen_in_the_call_that_changes_it():
    def changes(texts):
        return np.full((len(texts), 2 if len(texts) == 64 else 4), 0.5 if len(texts) == 64 else 0.25)

    with pytest.raises(ModelInputError, match="gives 4 classes for 8 texts, but labels= names 2"):
        asked(changes)


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("even this fails")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        # Its message may hold the text that it failed on.
        (KeyError("Maria Lopez, born 1971"), "KeyError;"),
        (NotAssessable("a check that ends so is not failed"), "NotAssessable;"),
        (CapabilityError("nor so"), "CapabilityError;"),
        (SystemExit(3), "SystemExit;"),
        (MemoryError(), "MemoryError;"),
        (Unspeakable(), "Unspeakable;"),
    ],
)
def test_a_function_that_raises_is_named_with_the_size_of_the_call_and_not_asked_again(fault, says):
    def fails(_texts):
        raise fault

    function = Counting(fails)
    with pytest.raises(ModelInputError) as error:
        asked(function)
    assert f"mine failed on a call of 64 texts: {says}" in str(error.value)
    assert "with retries where it asks a network" in str(error.value)
    assert len(str(error.value)) < 300
    assert len(function.calls) == 1


def test_an_interruption_by_the_user_is_one():
    def stops(_texts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(stops)


def test_what_only_a_model_shows_is_a_capability_that_lacks():
    engine = engine_of(probabilities)
    with pytest.raises(CapabilityError, match="has no hidden to show; hand in the model itself"):
        engine.hidden(inputs(["a"]))
    with pytest.raises(CapabilityError, match="has no gradients to show"):
        engine.gradients(inputs(["a"]), [0])


def met(function, texts=TEXTS):
    engine = engine_of(function)
    engine.meet(inputs(texts))
    return engine


def test_the_start_asks_20_texts_more_than_the_audit_would_in_any_case():
    function = Counting()
    engine = met(function)
    assert [len(call) for call in function.calls] == [16, 16, 1, 1, 1, 1]
    assert engine.numerics["rows"] == "the same to the last bit whatever is asked beside them (16 texts tried)"
    assert "36 texts in 6 calls" in engine.events[0]
    function.calls.clear()
    np.testing.assert_allclose(np.exp(np.stack(engine.logits(inputs(TEXTS)))), probabilities(TEXTS), atol=1e-6)
    assert len(function.texts) == 200 - 16


def test_which_rows_the_start_asks_does_not_depend_on_their_order():
    one, other = Counting(), Counting()
    met(one)
    met(other, TEXTS[::-1] + TEXTS[:30])
    assert one.calls == other.calls


def test_a_function_of_few_rows_is_asked_these():
    function = Counting()
    engine = met(function, ["only one"])
    assert [len(call) for call in function.calls] == [1, 1, 1]
    assert engine.numerics["rows"].endswith("(1 texts tried)")
    assert met(function, []).numerics["rows"] == "not asked"


def test_rounding_by_company_is_told_and_keeps_the_calls():
    def rounds(texts):
        table = probabilities(texts) * 0.9 + 0.05
        return table + np.array([1, -1]) * 1e-8 * len(texts)

    engine = met(rounds)
    assert engine.numerics["rows"] == "the same whatever is asked beside them, up to rounding of 1e-06 (16 texts tried)"
    assert "at most 64 texts a call" in engine.numerics["shape"]
    assert "may differ in the last digits" in engine.events[-1]


def test_a_function_whose_rows_are_not_independent_is_asked_one_at_a_time():
    def centred(texts):
        scores = np.array([sum(map(ord, text)) % 97 for text in texts], dtype=float)
        yes = 1 / (1 + np.exp(-(scores - scores.mean()) / 30 - 0.01 * scores))
        return np.stack([1 - yes, yes], axis=1)

    function = Counting(centred)
    engine = met(function)
    assert engine.company.dependent
    assert engine.company.repeatable
    assert engine.numerics["rows"].startswith("dependent on the texts asked beside them, so each is asked alone")
    assert engine.numerics["shape"] == "1 text a call"
    function.calls.clear()
    answers = engine.logits(inputs(TEXTS))
    assert {len(call) for call in function.calls} == {1}
    backwards = met(centred).logits(inputs(TEXTS[::-1]))[::-1]
    np.testing.assert_array_equal(answers, backwards)


def test_a_function_that_draws_its_answers_is_called_not_repeatable():
    draw = np.random.default_rng(0)

    def draws(texts):
        yes = draw.uniform(0.2, 0.8, len(texts))
        return np.stack([1 - yes, yes], axis=1)

    engine = met(draws)
    assert not engine.company.repeatable
    assert engine.numerics["rows"] == "not repeatable: the same text got different answers (16 texts tried)"
    assert "another run will give other numbers" in engine.events[-1]
    assert engine.logits(inputs(TEXTS[:5]))[0].tobytes() == engine.logits(inputs(TEXTS[:5]))[0].tobytes()
