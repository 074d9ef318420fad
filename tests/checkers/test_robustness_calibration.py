"""Calibration on planted temperatures: overconfidence is found with its sign, an honest model is not accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checker import Data
from modelaudit.checkers.robustness.calibration import Calibration
from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
LEXICON = {"Ann": "B-PER", "Bob": "B-PER", "Lee": "I-PER", "Rome": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG"}
ERROR, GAP = ("calibration_error", None), ("confidence_gap", None)


def subject(n=2_000, *, temperature=1.0, **more):
    rows = planted_rows(n, 4, words=WORDS, labels="drawn", numbered=True)
    return subject_of(planted_classifier(WORDS, temperature=temperature), data=rows, **more)


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


@pytest.mark.parametrize(("temperature", "sign"), [(0.25, 1), (4.0, -1)])
def test_a_planted_temperature_is_found_with_its_sign(temperature, sign):
    found = findings_of(Calibration(), subject(temperature=temperature))
    assert exceeds(found[ERROR], 0.05)
    assert found[ERROR].metric.primary
    low, high = interval(found[GAP])
    assert low * sign > 0
    assert high * sign > 0
    assert ("surer than it is right" if sign > 0 else "right more often than it is sure") in found[GAP].statement


def test_an_honest_model_is_not_accused():
    found = findings_of(Calibration(), subject())
    assert not exceeds(found[ERROR], 0.05, p=0.05)
    low, high = interval(found[GAP])
    assert low < 0 < high
    assert interval(found[ERROR])[0] == 0.0


def test_honest_models_of_few_rows_alarm_no_more_often_than_a_rate_of_five_percent_allows():
    planted = planted_classifier(WORDS)
    alarms = 0
    for seed in range(20):
        rows = planted_rows(200, seed, words=WORDS, labels="drawn", numbered=True)
        alarms += exceeds(findings_of(Calibration(), subject_of(planted, data=rows))[ERROR], 0.05, p=0.05)
    assert alarms <= 4


def test_the_diagram_has_the_diagonal_for_reference_and_its_bins_hold_every_row():
    found = findings_of(Calibration(), subject(500))
    curve = found[ERROR].evidence[0]
    model, diagonal = curve.series
    assert diagonal.reference
    assert diagonal.x == diagonal.y
    assert all(low <= y <= high for low, y, high in zip(model.low, model.y, model.high, strict=True))
    assert any("p = " in caveat or "p < " in caveat for caveat in found[ERROR].caveats)


def test_too_few_rows_are_not_assessed():
    for n in (1, 99):
        with pytest.raises(NotAssessable, match=f"{n} labelled rows of different content and 100 are the least"):
            findings_of(Calibration(), subject(n))


def test_sizes_follow_the_preset_and_the_cost_says_so():
    quick = subject(1_400, preset="quick")
    assert findings_of(Calibration(), quick)[ERROR].metric.n == 1_000
    assert Calibration().cost(quick.info).evaluations == 1_000


def test_the_order_of_rows_in_memory_changes_nothing():
    audited = subject(400)
    one = list(Calibration().run(context_of(audited, Calibration())))
    other = list(Calibration().run(context_of(audited, Calibration(), data=backwards(audited.data))))
    assert one == other


def tagged(n, seed, *, hesitant=3.5, temperature=1.0, tags="drawn"):
    """A tagger of three sure names and three that it finds hard, on words whose tags are drawn with its own chances.

    It takes two of the hard names for no entity at all; the lower its logit for them, the more entities it misses.
    """
    rows = planted_tag_rows(n, seed, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = [str(place), *row["tokens"]], ["O", *row["ner_tags"]]
    known = {
        "confidence": 6.0,
        "missed": ("Bob", "Acme"),
        "shifts": dict.fromkeys(("Bob", "Rome", "Acme"), hesitant - 6),
    }
    honest = subject_of(planted_tagger(LEXICON, **known), data=rows)
    if tags == "drawn":
        chances = honest.model.predict(honest.data.evaluation).probabilities.cumsum(axis=1)
        draws = iter((np.random.default_rng(seed).random((len(chances), 1)) > chances).sum(axis=1))
        for row in rows:
            row["ner_tags"] = [int(next(draws)) for _ in row["tokens"]]
    return subject_of(planted_tagger(LEXICON, temperature=temperature, **known), data=rows)


def recall_of(subject):
    truth = np.concatenate([row.tags for row in subject.data.evaluation])
    found = subject.model.predict(subject.data.evaluation).labels
    return (found[truth > 0] > 0).mean()


@pytest.mark.parametrize(("hesitant", "recall"), [(3.5, 0.84), (1.5, 0.66)])
def test_a_tagger_that_misses_entities_as_often_as_it_says_is_not_accused(hesitant, recall):
    many = tagged(1_500, 1, hesitant=hesitant)
    assert recall_of(many) == pytest.approx(recall, abs=0.03)
    found = findings_of(Calibration(), many)
    assert interval(found[ERROR])[1] < 0.05
    assert abs(found[GAP].metric.value) < 0.02
    alarms = wrong = 0
    for seed in range(8):
        found = findings_of(Calibration(), tagged(150, seed, hesitant=hesitant))
        alarms += exceeds(found[ERROR], 0.05, p=0.05)
        low, high = interval(found[GAP])
        wrong += not low < 0 < high
    assert alarms == 0
    assert wrong <= 2, "8 intervals at 95%"


def test_an_overconfident_tagger_is_accused_though_the_truth_chooses_no_words():
    found = findings_of(Calibration(), tagged(600, 1, hesitant=2.0, temperature=0.4))
    assert exceeds(found[ERROR], 0.05)
    assert interval(found[GAP])[0] > 0.05


def test_words_are_chosen_by_the_models_answer_and_the_others_counted():
    audited = tagged(300, 2, hesitant=6.0, tags="as planted")
    ctx = context_of(audited, Calibration())
    found = {finding.metric.id: finding for finding in Calibration().run(ctx)}
    words = [word for row in audited.data.evaluation for word in row.words]
    assert found["calibration_error"].metric.n == sum(word in {"Ann", "Lee", "Rome", "Oslo"} for word in words)
    assert found["calibration_error"].metric.n_unit == "words"
    [note] = [note for note in ctx.notes if "chance under 5%" in note]
    assert f"by the labels it is {sum(word in {'Bob', 'Acme'} for word in words):,}." in note


def test_likeness_within_rows_widens_the_interval():
    audited = tagged(300, 2, hesitant=6.0, tags="as planted")
    outside = np.random.default_rng(0).random(300) < 0.4
    rows = tuple(
        replace(row, tags=(0,) * len(row.tags)) if flip else row
        for row, flip in zip(audited.data.evaluation, outside, strict=True)
    )
    found = findings_of(Calibration(), audited, data=Data(rows))
    assert exceeds(found[ERROR], 0.05)
    assert any("design effect" in caveat for caveat in found[ERROR].caveats)
    assert "design effect" in found[ERROR].metric.method


def in_documents(n, copies, seed):
    """Rows of n documents, each holding one row in as many wordings as there are copies."""
    rows = planted_rows(n, seed, words=WORDS, labels="drawn", numbered=True)
    return [
        {**row, "text": f"{row['text']} Page {copy}.", "document": f"d{place}"}
        for place, row in enumerate(rows)
        for copy in range(copies)
    ]


def test_rows_of_one_document_that_are_alike_tell_no_more_than_one():
    planted = planted_classifier(WORDS)
    alone = findings_of(Calibration(), subject_of(planted, data=in_documents(400, 1, 4)))
    together = findings_of(Calibration(), subject_of(planted, data=in_documents(400, 3, 4), group_column="document"))
    assert together[ERROR].metric.n == 1_200
    for metric in (ERROR, GAP):
        one, other = interval(alone[metric]), interval(together[metric])
        assert other[1] - other[0] == pytest.approx(one[1] - one[0], rel=0.05)


def test_an_honest_model_is_not_accused_for_documents_of_many_like_rows():
    planted, off = planted_classifier(WORDS), 0
    for seed in range(10):
        rows = in_documents(60, 12, seed)
        off += (
            interval(findings_of(Calibration(), subject_of(planted, data=rows, group_column="document"))[ERROR])[0] > 0
        )
    assert off <= 2


def test_one_class_without_a_mistake_is_no_proof_of_a_hundredth():
    rows = [{"text": f"good {place}", "label": 1} for place in range(100)]
    found = findings_of(Calibration(), subject_of(planted_classifier({"good": 4.6}), data=rows))
    assert found[GAP].metric.value == pytest.approx(-0.01, abs=1e-3)
    assert "no over- or underconfidence on average was found" in found[GAP].statement
    assert interval(found[ERROR])[1] < 0.05
