"""Two audits in one process: their risks are paired by unit, and a report that was read from a file is not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from pairs_of_reports import checked, number, report

from modelaudit import Audit
from modelaudit.monitoring import compare
from modelaudit.monitoring.differences import UNPAIRED
from modelaudit.reports import load_report
from modelaudit.results import Metric
from modelaudit.statistics import PAIRED_BY_UNIT, mean_difference
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tagger, word_noise

sys.path.insert(0, str(Path(__file__).parents[1] / "checkers"))

from bias_cases import names_of

WORDS = {"good": 1.0, "bad": -1.0, "late": -0.75, "kind": 0.5, "slow": -0.5, "quick": 1.25}
FIRST = {name: word_noise(name) for name in names_of()}
SHE, HE = (set(names_of(gender=gender)) for gender in ("female", "male"))
GROUP = "first names, gender: female - male"


def known(values, *, choice=None, better="lower", keys=None, id="flip_rate"):
    """The metric of a mean of values that are known by row."""
    estimate = mean_difference(values).keyed(range(len(values)) if keys is None else keys)
    estimate = estimate if choice is None else estimate.of_choice(choice)
    return Metric.of(estimate, id=id, title="Changed answers", unit="share of rows", better=better, primary=True)


def change_of(before, after, **updates):
    both = [report(checked(metric, **updates)) for metric in (before, after)]
    return next(change for change in compare(*both).changes if change.metric == before.id)


@pytest.fixture
def values():
    common, first, second = np.random.default_rng(1).standard_normal((3, 100))
    return common + 0.2 * first, common + 0.2 * second + 0.1


def test_correlated_numbers_are_paired_and_a_small_change_is_seen(values):
    change = change_of(*map(known, values))
    assert change.paired
    assert change.method == PAIRED_BY_UNIT
    assert change.kind == "worse"
    assert change.n == 100
    low, high = change.interval
    alone = change_of(number(values[0].mean(), 0.1), number(values[1].mean(), 0.1))
    assert not alone.paired
    assert alone.method == UNPAIRED
    assert alone.kind == "no clear change"
    assert high - low < 0.4 * (alone.interval[1] - alone.interval[0])


def test_rows_are_matched_by_their_keys_and_not_by_their_order(values):
    turned = np.random.default_rng(2).permutation(100)
    straight = change_of(*map(known, values))
    assert change_of(known(values[0]), known(values[1][turned], keys=turned)).interval == pytest.approx(
        straight.interval
    )
    wide = change_of(known(values[0]), known(values[1][turned])).interval
    assert wide[1] - wide[0] > 2 * (straight.interval[1] - straight.interval[0])


def test_another_choice_is_not_paired_and_the_method_says_so(values):
    change = change_of(known(values[0], choice="loss attack"), known(values[1], choice="log-odds attack"))
    assert not change.paired
    assert "another of several was the largest" in change.method
    assert change_of(known(values[0], choice="loss attack"), known(values[1], choice="loss attack")).paired


def test_training_rows_that_changed_are_not_paired(values):
    results = [checked(known(each), needs=("members",)) for each in values]
    before = report(results[0])
    assert before.subject.members is not None
    after = report(results[1], subject__members__sha256="f" * 64)
    assert not compare(before, after).changes[0].paired
    assert compare(before, report(results[1])).changes[0].paired


def test_of_a_signed_number_the_distance_from_zero_is_paired(values):
    shifted = [np.asarray(each) - 2.0 for each in values]
    change = change_of(*(known(each, better="zero") for each in shifted))
    assert change.paired
    assert change.size_only
    assert change.method == f"of distances from zero: {PAIRED_BY_UNIT}"
    assert change.difference == pytest.approx(abs(shifted[1].mean()) - abs(shifted[0].mean()))
    assert change.kind == "better"


def test_influences_are_in_no_file_and_change_neither_digest_nor_equality(values, tmp_path):
    with_influence = report(checked(known(values[0])))
    metric = with_influence.results[0].findings[0].metric
    assert metric.influence is not None
    assert metric.model_copy(update={"primary": False}).influence is metric.influence
    bare = Metric.model_validate_json(metric.model_dump_json())
    assert bare.influence is None
    assert bare == metric
    assert hash(bare) == hash(metric)
    assert bare != metric.model_copy(update={"value": 1.0})
    assert "influence" not in with_influence.model_dump_json()
    path = tmp_path / "report.json"
    path.write_text(with_influence.model_dump_json(by_alias=True), encoding="utf-8")
    read = load_report(path)
    assert read == with_influence
    assert not compare(read, report(checked(known(values[1])))).changes[0].paired


def audited(model, rows, only, **given):
    planted, tokenizer = model
    audit = Audit(planted, rows, tokenizer=tokenizer, preset="quick", device="cpu", **given)
    return audit.run(only=[f"modelaudit/{each}" for each in only]).report


def metric_of(made, name):
    return next(each.metric for result in made.results for each in result.findings if each.metric.id == name)


def paired(before, after):
    found = compare(before, after).changes
    assert not [change.method for change in found if change.paired and PAIRED_BY_UNIT not in change.method]
    return {(change.metric, change.group): change for change in found if change.paired}


@pytest.mark.heavy
def test_two_classifiers_are_paired_in_fairness_privacy_robustness_and_performance():
    rows = planted_rows(240, 7, words=WORDS, labels="drawn", mentions=("Maria", "James", "she", "he"))
    numbers = np.random.default_rng(3).permutation(900_000)[:960].reshape(240, 4) + 100_000
    rows = [
        {**row, "text": f"{row['text']} Case {' '.join(map(str, own))}.", "gender": "f" if own[0] % 2 else "m"}
        for row, own in zip(rows, numbers, strict=True)
    ]
    members, heldout = rows[:120], rows[120:]

    def audit(shift, memory):
        shifts = dict.fromkeys({*SHE, "she"}, shift)
        model = planted_classifier(
            WORDS, shifts=shifts, members=members, memory=memory, noise=0.2, noise_words=sorted(FIRST)
        )
        only = ("task-performance", "perturbation", "counterfactual-substitution", "membership-inference")
        only = (*only, "group-performance", "calibration")
        options = {
            "modelaudit/counterfactual-substitution": {"attributes": ["gender"]},
            "modelaudit/group-performance": {"favourable": "positive"},
        }
        return audited(model, heldout, only, train_data=members, options=options)

    found = paired(audit(-1.5, 1.5), audit(-0.3, 0.5))
    assert {metric for metric, _ in found} >= {
        "accuracy", "macro_f1", "gain_over_commonest", "flip_rate", "accuracy_drop", "score_difference",
        "excess_flip_rate", "membership_auc", "selection_rate_ratio", "tpr_difference", "calibration_error",
    }  # fmt: skip
    assert found["score_difference", GROUP].kind == "better"
    assert found["membership_auc", "largest of the suite"].kind == "better"
    assert found["accuracy", None].n == 120


@pytest.mark.heavy
def test_two_taggers_are_paired_in_recall_of_names_exposure_and_entity_f1():
    first, last = sorted(FIRST)[:60], [f"Lu{a}{b}n" for a in "aeiou" for b in "bdfgklmnprstvzhjbcq"][:90]
    lexicon = {**dict.fromkeys(FIRST, "B-PER"), **dict.fromkeys(last, "I-PER")}
    rng = np.random.default_rng(5)

    def rows(surnames, seed):
        said = (("yesterday", "wrote to the branch"), ("a note by", "was filed"), ("the office said that", "called"))
        found = []
        for place, surname in enumerate(surnames):
            before, after = (part.split() for part in said[int(rng.integers(3))])
            tokens = [*before, str(rng.choice(first)), surname, *after, f"case{seed}{place}"]
            tags = [*["O"] * len(before), "B-PER", "I-PER", *["O"] * (len(after) + 1)]
            found.append({"tokens": tokens, "ner_tags": tags})
        return found

    members, heldout = rows(last[:45], 1), rows(last[45:], 2)

    def audit(missed, memory):
        shifts = {word: 0.5 * word_noise(word) for word in lexicon}
        for word in last[:45]:
            shifts[word] += memory
        model = planted_tagger(lexicon, missed=missed, shifts=shifts, case_sensitive=True)
        only = ("task-performance", "perturbation", "counterfactual-substitution", "entity-exposure")
        options = {
            "modelaudit/counterfactual-substitution": {"attributes": ["gender"]},
            "modelaudit/entity-exposure": {"decoys": 4},
        }
        return audited(model, heldout, only, train_data=members, options=options)

    women = sorted(SHE)
    before, after = audit(women[::2], 2.0), audit(women[::6], 0.3)
    found = paired(before, after)
    # So few names give no verdict and no comparison; what each adds is known all the same.
    exposure = [metric_of(each, "entity_exposure").influence for each in (before, after)]
    assert exposure[0].keys == exposure[1].keys
    assert {side for side, _ in exposure[0].keys} == {"exposed", "fresh"}
    assert {metric for metric, _ in found} >= {"entity_f1", "flip_rate", "accuracy_drop", "recall_difference"}
    assert found["recall_difference", GROUP].kind == "better"
