"""What a plan says of time: measured on inputs that the model has not answered before, or not said at all."""

from __future__ import annotations

import pytest

from modelaudit.plan import tokens_per_second
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject


@pytest.fixture
def build(classifier):
    model, tokenizer = classifier

    def subject(rows):
        return build_subject(OpenedModel(model=model, tokenizer=tokenizer, name="m"), data=rows, device="cpu")

    return subject


@pytest.mark.parametrize("rows", [1, 3, 200])
def test_few_rows_and_equal_rows_tell_the_same_speed_as_many(build, rows, monkeypatch):
    clock = iter([100.0, 102.0])
    monkeypatch.setattr("modelaudit.plan.time.perf_counter", lambda: next(clock))
    subject = build([{"text": "the good kind train was slow", "label": 1}] * rows)
    before = subject.model.engine.stats.tokens
    speed = tokens_per_second(subject)
    timed = subject.model.engine.stats.tokens - before
    assert speed == pytest.approx(timed / 2, rel=0.02)
    assert timed > 2_000


def test_it_is_measured_again_after_the_rows_were_asked(build):
    subject = build([{"text": f"good number {i}", "label": 1} for i in range(40)])
    subject.model.predict(subject.data.evaluation)
    assert tokens_per_second(subject) > 0


def test_rows_without_a_word_tell_nothing(build):
    assert tokens_per_second(build([{"text": "[SEP]", "label": 1}, {"text": "[MASK]", "label": 0}])) is None


def test_a_row_of_one_word_in_a_small_vocabulary_tells_nothing(build):
    assert tokens_per_second(build([{"text": "good", "label": 1}])) is None


def test_token_classifiers_are_timed_too(tagger, tag_rows):
    model, tokenizer = tagger
    subject = build_subject(OpenedModel(model=model, tokenizer=tokenizer, name="m"), data=tag_rows[:1], device="cpu")
    assert tokens_per_second(subject) > 0
