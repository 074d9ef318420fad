"""A watch that asks the model: embeddings are compared, and another model is no drift of the data."""

from __future__ import annotations

import datetime as dt

import pytest

from modelaudit import Audit
from modelaudit.errors import ModelInputError
from modelaudit.monitoring import ModelSource, RowKey, Watch, make_profile
from modelaudit.plugins import Plugins
from modelaudit.subject.opened import OpenOptions
from modelaudit.testing.planted import planted_rows
from modelaudit.training.compact import compact_model

WORDS = {"good": 2.0, "kind": 1.5, "bad": -2.0, "slow": -1.5}
KEY, DAY = RowKey(b"k" * 32), dt.date(2026, 12, 1)


def small_model(seed):
    rows = planted_rows(150, seed=1, words=WORDS)
    model, tokenizer = compact_model(
        [row["text"] for row in rows],
        labels=("negative", "positive"),
        task="text-classification",
        layers=1,
        hidden=32,
        seed=seed,
    )
    return ModelSource(model.eval(), OpenOptions(tokenizer=tokenizer))


@pytest.fixture(scope="module")
def case():
    source, rows = small_model(0), planted_rows(150, seed=1, words=WORDS)
    audit = Audit(source.model, rows, tokenizer=source.options.tokenizer, plugins=Plugins(installed=False))
    report = audit.run(only="modelaudit/calibration").report
    return source, report, rows, make_profile(report, rows, key=KEY, model=source)


def measured(case, source, texts):
    _, report, _, profile = case
    return Watch(report, profile, key=KEY, model=source).look([{"text": text} for text in texts], today=DAY)


def test_embeddings_of_like_rows_are_alike_and_of_others_are_not(case):
    source = case[0]
    usual = measured(case, source, [row["text"] for row in planted_rows(100, seed=2, words=WORDS)])
    found = {each.name: each for each in usual.measures}
    assert found["embedding"].state == "no alarm"
    assert (found["embedding"].rows, found["embedding"].reference_rows) == (100, 150)
    assert "permutations" in found["embedding"].method
    # Words that the baseline knows, and always the same ones.
    one_sided = planted_rows(100, seed=2, words={"good": 2.0, "kind": 1.5})
    look = measured(case, source, [row["text"] for row in one_sided])
    assert "embedding" in {each.name for each in look.alarms}
    assert not {"vocabulary", "language"} & {each.name for each in look.alarms}


def test_another_model_is_noted_and_its_embeddings_are_not_compared(case):
    look = measured(case, small_model(5), [row["text"] for row in planted_rows(80, seed=2, words=WORDS)])
    assert [each.kind for each in look.triggers if each.kind == "model"] == ["model"]
    assert "weights" in look.triggers[0].reason
    assert look.not_measured["embedding"].startswith("the model shows none, or is not the audited one")
    assert "prediction" in {each.name for each in look.measures}


def test_a_profile_is_not_made_with_another_model(case):
    _, report, rows, _ = case
    with pytest.raises(ModelInputError, match="its weights"):
        make_profile(report, rows, key=KEY, model=small_model(5))


def test_embeddings_are_left_out_where_that_was_asked(case):
    source, report, rows, profile = case
    without = make_profile(report, rows, key=KEY, model=source, embeddings=False)
    assert profile.embeddings is not None
    assert without.embeddings is None
    assert without.tally == profile.tally
