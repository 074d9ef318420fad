"""Wrong labels planted at a known rate: estimated and named; right labels of a model that errs are left in peace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.data.labels.checker import LabelErrors
from modelaudit.checkers.data.labels.confident import contradictions, log_odds
from modelaudit.errors import NotAssessable
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 3.0, "bad": -3.0, "late": -2.0, "kind": 2.5, "slow": -2.5, "quick": 2.0, "dear": 0.5, "odd": -0.5}
EVALUATION, TRAINING = ("label_error_rate", "evaluation rows"), ("label_error_rate", "training rows")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def rows(n, seed, *, wrong=0.0, labels="drawn"):
    """Return labelled rows, and which of them were given the wrong label."""
    found = planted_rows(n, seed, words=WORDS, labels=labels, numbered=True)
    chosen = np.random.default_rng(seed).random(n) < wrong
    return [{**row, "label": row["label"] ^ int(off)} for row, off in zip(found, chosen, strict=True)], chosen


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


@pytest.fixture(scope="module")
def planted():
    return planted_classifier(WORDS)


@pytest.fixture(scope="module")
def noisy(planted):
    data, chosen = rows(1_000, 1, wrong=0.1)
    return subject_of(planted, data=data), chosen


def test_a_planted_share_is_recovered_and_judged(noisy):
    finding = findings_of(LabelErrors(), noisy[0])[EVALUATION]
    low, high = interval(finding)
    assert low < 0.1 < high
    assert finding.metric.primary
    assert exceeds(finding, 0.03)
    assert 0.0 < finding.metric.smallest_detectable < 0.1


def test_the_suspicious_rows_are_mostly_the_wrong_ones(noisy):
    subject, chosen = noisy
    shown = findings_of(LabelErrors(), subject)[EVALUATION].evidence[1]
    places = [int(item.row.rpartition(":")[2]) - 1 for item in shown.items]
    assert len(places) == 20
    assert chosen[places].mean() >= 0.9
    margins = [item.before_score - item.after_score for item in shown.items]
    assert margins == sorted(margins)
    assert "labelled negative, more likely positive" in {item.change for item in shown.items}


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_right_labels_of_a_model_that_errs_raise_no_alarm(temperature):
    audited = subject_of(planted_classifier(WORDS, temperature=temperature, bias=0.5), data=rows(1_000, 2)[0])
    found = findings_of(LabelErrors(), audited)
    assert interval(found[EVALUATION])[0] == 0.0
    assert interval(found[EVALUATION])[1] < 0.05
    # What is contradicted with confidence is more than is wrong.
    assert found["contradicted_labels", "evaluation rows"].metric.value > 0.02


def test_training_rows_are_held_against_a_classifier_of_other_rows(planted):
    train, chosen = rows(700, 3, wrong=0.15, labels="certain")
    finding = findings_of(LabelErrors(), subject_of(planted, data=rows(100, 4)[0], train_data=train))[TRAINING]
    low, high = interval(finding)
    assert low < chosen.mean() < high
    assert low > 0.02
    assert "pieces of the texts" in finding.statement
    places = [int(item.row.rpartition(":")[2]) - 1 for item in finding.evidence[1].items]
    assert chosen[places].mean() >= 0.75


def test_the_model_is_no_witness_for_rows_that_it_was_trained_on(planted):
    data, _ = rows(300, 5)
    subject = subject_of(planted, data=data, train_data=[{**row, "text": row["text"].upper()} for row in data[:120]])
    ctx = context_of(subject, LabelErrors())
    found = {(finding.metric.id, finding.metric.group): finding for finding in LabelErrors().run(ctx)}
    assert found[EVALUATION].metric.n == 180
    assert any(note.startswith("120 evaluation rows stand among the training rows") for note in ctx.notes)


def test_rows_that_were_trained_on_are_left_out_where_other_rows_are_held_out(planted):
    data, _ = rows(300, 13)
    train = [{**row, "text": f"\u200b{row['text']}"} for row in data[:120]]
    subject = subject_of(planted, data=data, train_data=train, heldout_data=rows(50, 14)[0])
    assert findings_of(LabelErrors(), subject)[EVALUATION].metric.n == 180


def test_a_witness_that_knows_nothing_is_refused():
    data, _ = rows(300, 6)
    found = findings_of(LabelErrors(), subject_of(planted_classifier({"unheard": 1.0}, bias=0.1), data=data))
    assert found[EVALUATION].metric.value is None
    assert found[EVALUATION].metric.primary
    assert "no witness" in found[EVALUATION].metric.reason


def test_a_model_that_is_always_right_gives_an_interval_at_0(planted):
    data = planted_rows(400, 7, words={"good": 3.0, "bad": -3.0}, numbered=True)
    finding = findings_of(LabelErrors(), subject_of(planted, data=data))[EVALUATION]
    assert interval(finding)[0] == 0.0
    assert interval(finding)[1] < 0.02
    assert len(finding.evidence) == 1


def test_few_rows_no_labels_and_one_class_are_not_assessed(planted):
    few = findings_of(LabelErrors(), subject_of(planted, data=rows(99, 8)[0]))[EVALUATION].metric
    assert few.value is None
    assert "99 labelled evaluation rows" in few.reason
    with pytest.raises(NotAssessable, match="no row has a label"):
        findings_of(LabelErrors(), subject_of(planted, data=[{"text": row["text"]} for row in rows(120, 8)[0]]))
    one = [{**row, "label": 1} for row in rows(150, 8)[0]]
    found = findings_of(LabelErrors(), subject_of(planted, data=one, train_data=one[:1]))
    assert found[EVALUATION].metric.value is None
    assert "of 0 classes that can be learned" in found[TRAINING].metric.reason


def test_only_one_label_a_row_can_be_wrong():
    lexicon = {"Ann": "B-PER", "Rome": "B-LOC", "Acme": "B-ORG"}
    tagged = subject_of(planted_tagger(lexicon), data=planted_tag_rows(5, 1, lexicon=lexicon))
    assert "one label" in LabelErrors().applies(tagged.info)


def test_thresholds_belong_to_the_class_and_a_class_of_few_rows_has_its_own():
    chances = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.4, 0.6, 0.0], [0.3, 0.7, 0.0], [0.85, 0.15, 0.0]])
    found = contradictions(chances, np.array([0, 0, 1, 1, 1]))
    assert found.thresholds[:2].tolist() == pytest.approx([0.85, (0.6 + 0.7 + 0.15) / 3])
    assert found.thresholds[2] == np.inf
    assert found.contradicted.tolist() == [False, False, False, False, True]
    assert found.confident.tolist() == [True, False, True, True, True]
    assert found.margin.tolist() == pytest.approx([0.8, 0.6, 0.2, 0.4, -0.7])
    depth, best = log_odds(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert np.isfinite(depth).all()
    assert best.tolist() == [0, 0]


def test_the_order_of_rows_in_memory_changes_nothing(planted):
    subject = subject_of(planted, data=rows(240, 9, wrong=0.1)[0], train_data=rows(240, 10, wrong=0.1)[0])
    one = list(LabelErrors().run(context_of(subject, LabelErrors())))
    other = list(LabelErrors().run(context_of(subject, LabelErrors(), data=backwards(subject.data))))
    assert one == other


def test_hostile_training_rows_break_nothing(planted):
    odd = ["\ud800", "<b>\x00", "!?", "\u6211\u4eec", "a"]
    train = [{"text": f"{odd[place % 5]} {place}", "label": place % 2} for place in range(120)]
    train[0]["text"] = "word " * 20_000
    found = findings_of(LabelErrors(), subject_of(planted, data=rows(100, 11)[0], train_data=train))
    assert found[TRAINING].metric.value is None or found[TRAINING].metric.bounds


def test_sizes_follow_the_preset_and_the_cost_says_so(planted):
    quick = subject_of(planted, data=rows(1_200, 12)[0], preset="quick")
    assert findings_of(LabelErrors(), quick)[EVALUATION].metric.n == 1_000
    assert LabelErrors().cost(quick.info).evaluations == 1_000


def test_the_study_runs_in_its_short_form(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from robustness.label_errors import study

    found = {row["cell"]: row for row in study(2, 0)}
    assert all(row["holds"] for cell, row in found.items() if cell.startswith("right labels"))
