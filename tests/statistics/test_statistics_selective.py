"""Risk and coverage: areas against brute force, and bounds on thresholds that hold for all of them at once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from modelaudit.statistics import aurc, confidence_auroc, delong, excess_aurc, kept_from, risk_coverage, widest

ANSWERS = st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.8]), st.booleans()), min_size=1, max_size=6)


def area_in_order(right):
    wrong = ~np.asarray(right)
    return (np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean()


def split(answers):
    confidence, correct = zip(*answers, strict=True)
    return np.array(confidence), np.array(correct)


def drawn(rng, n, *, best=4):
    confidence = 1 - 0.5 * rng.beta(1, best, n)
    return confidence, rng.random(n) < confidence


@given(ANSWERS)
def test_the_area_is_the_mean_over_all_orders_of_equal_answers(answers):
    confidence, correct = split(answers)
    areas = [
        area_in_order(correct[list(order)])
        for order in itertools.permutations(range(len(correct)))
        if (np.diff(confidence[list(order)]) <= 0).all()
    ]
    assert aurc(confidence, correct).value == pytest.approx(np.mean(areas))


@given(ANSWERS)
def test_the_excess_is_what_the_best_order_would_save(answers):
    confidence, correct = split(answers)
    best = area_in_order(np.sort(correct)[::-1])
    assert excess_aurc(confidence, correct).value == pytest.approx(aurc(confidence, correct).value - best, abs=1e-9)


def test_the_curve_by_hand_with_equal_answers_kept_together():
    found = risk_coverage([0.9, 0.8, 0.8, 0.6], [True, False, True, False])
    assert found.coverage.tolist() == [0.25, 0.75, 1.0]
    assert found.risk.tolist() == pytest.approx([0.0, 1 / 3, 0.5])


@pytest.mark.parametrize("decimals", [9, 1])
def test_the_standard_error_is_that_of_leaving_out_one_answer_at_a_time(decimals):
    confidence, correct = drawn(np.random.default_rng(3), 1_500)
    confidence = confidence.round(decimals)
    for estimate in (aurc, excess_aurc):
        full = estimate(confidence, correct)
        without = [
            estimate(np.delete(confidence, out), np.delete(correct, out)).value for out in range(0, len(correct), 5)
        ]
        jackknife = np.std(without) * (len(correct) - 1) / np.sqrt(len(correct))
        low, high = full.interval(0.5)
        # The half width at 50% is .6745 standard errors, and a little for the few answers that decide it.
        assert np.log(high / low) / 2 / 0.6745 * full.value == pytest.approx(jackknife, rel=0.07)


@pytest.mark.parametrize("estimate", [aurc, excess_aurc])
def test_copies_of_an_answer_in_one_cluster_tell_nothing(estimate):
    confidence, correct = drawn(np.random.default_rng(4), 500)
    alone = estimate(confidence, correct)
    copied = estimate(np.repeat(confidence, 4), np.repeat(correct, 4), clusters=np.repeat(np.arange(500), 4))
    assert copied.value == pytest.approx(alone.value, rel=0.01)
    assert copied.bounds == pytest.approx(np.array(alone.bounds), rel=0.02)
    assert estimate(np.repeat(confidence, 4), np.repeat(correct, 4)).interval()[0] > copied.interval()[0]


def test_answers_of_one_kind_take_the_bound_of_the_error_rate():
    confidence = np.linspace(0.6, 0.9, 100)
    right, wrong = aurc(confidence, np.ones(100, dtype=bool)), aurc(confidence, np.zeros(100, dtype=bool))
    most = binomtest(0, 100).proportion_ci().high
    assert (right.value, right.interval()) == (0.0, (0.0, pytest.approx(most * (1 - np.log(most)))))
    assert wrong.value == 1.0
    least = binomtest(100, 100).proportion_ci().low
    assert wrong.interval() == (pytest.approx(least + (1 - least) * np.log(1 - least)), 1.0)
    assert excess_aurc(confidence, np.ones(100, dtype=bool)).bounds == ()


def test_a_confidence_that_says_nothing_has_the_error_rate_for_its_area():
    rng = np.random.default_rng(5)
    correct = rng.random(4_000) < 0.8
    low, high = aurc(rng.random(4_000), correct).interval()
    assert low < 0.2 < high
    assert aurc(np.full(4_000, 0.8), correct).value == pytest.approx((~correct).mean())


@pytest.mark.parametrize(("best", "n"), [(4, 200), (12, 150)])
def test_the_interval_holds_the_true_area(best, n):
    rng = np.random.default_rng(6)
    confidence = np.sort(1 - 0.5 * rng.beta(1, best, 400_000))[::-1]
    risk = np.cumsum(1 - confidence) / np.arange(1, len(confidence) + 1)
    truth, held = risk.mean(), []
    for _ in range(150):
        low, high = aurc(*drawn(rng, n, best=best)).interval()
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.9


def test_a_threshold_keeps_what_is_at_least_as_sure_and_its_bound_is_bonferronis():
    confidence = np.repeat([0.95, 0.9, 0.6], [200, 100, 100])
    correct = np.r_[np.ones(300, dtype=bool), np.zeros(100, dtype=bool)]
    none, high, top = kept_from(confidence, correct, thresholds=(0.0, 0.9, 0.99))
    assert (none.n, none.wrong, none.share.value) == (400, 0.25, 1.0)
    assert (high.n, high.wrong, high.share.value) == (300, 0.0, 0.75)
    assert high.most_wrong == pytest.approx(1 - (0.05 / 3) ** (1 / 300))
    assert none.most_wrong == pytest.approx(binomtest(100, 400).proportion_ci(1 - 0.1 / 3).high)
    assert (top.n, top.wrong, top.most_wrong) == (0, None, 1.0)
    assert widest((none, high, top), 0.05) is high
    assert widest((none, high, top), 0.30) is none
    assert widest((none, high, top), 0.01) is None


def test_the_bounds_of_all_thresholds_hold_at_once_where_the_chosen_one_alone_would_not():
    rng, thresholds = np.random.default_rng(7), tuple(np.linspace(0.5, 0.95, 6))
    simultaneous = alone = 0
    for _ in range(200):
        confidence, correct = rng.uniform(0.5, 1.0, 400), rng.random(400) < 0.9
        simultaneous += min(one.most_wrong for one in kept_from(confidence, correct, thresholds=thresholds)) < 0.1
        alone += min(kept_from(confidence, correct, thresholds=(at,))[0].most_wrong for at in thresholds) < 0.1
    assert simultaneous <= 18
    assert alone > 18


def test_likeness_within_clusters_raises_the_bound():
    confidence, correct = drawn(np.random.default_rng(8), 300)
    clusters = np.repeat(np.arange(300), 3)
    thrice = kept_from(np.repeat(confidence, 3), np.repeat(correct, 3), clusters=clusters)
    once = kept_from(confidence, correct)
    assert thrice[0].most_wrong == pytest.approx(once[0].most_wrong, abs=0.004)


def test_the_order_is_scikit_learns_auroc_and_its_interval_delongs():
    confidence, correct = drawn(np.random.default_rng(9), 2_000)
    found = confidence_auroc(confidence, correct)
    assert found.value == pytest.approx(roc_auc_score(correct, confidence))
    assert found.interval() == pytest.approx(delong(confidence[correct], confidence[~correct]).interval(), abs=0.001)
    copied = confidence_auroc(np.repeat(confidence, 3), np.repeat(correct, 3), clusters=np.repeat(np.arange(2_000), 3))
    assert copied.interval() == pytest.approx(found.interval(), abs=1e-6)
    assert confidence_auroc(confidence, np.full(2_000, fill_value=True)).reason == "All 2,000 answers are right."
    assert confidence_auroc([0.9, 0.8, 0.7, 0.6], [True, True, False, False]).interval()[1] == 1.0
    assert confidence_auroc([0.5] * 40, [True, False] * 20).interval() == pytest.approx((0.32, 0.68), abs=0.02)


def test_a_cluster_with_right_and_wrong_answers_counts_once():
    rng = np.random.default_rng(10)
    shift = np.repeat(rng.normal(0, 1, 100), 6)
    score, correct = shift + rng.normal(0, 0.1, 600), np.tile([True, False], 300)
    clustered = confidence_auroc(score, correct, clusters=np.repeat(np.arange(100), 6)).interval()
    apart = confidence_auroc(score, correct).interval()
    # What lifts the right and the wrong answers of a document alike moves no pair of them.
    assert clustered[1] - clustered[0] < 0.5 * (apart[1] - apart[0])


def test_wrong_input_is_told():
    with pytest.raises(ValueError, match="at least one"):
        aurc([], [])
    with pytest.raises(ValueError, match="2 values, but 1"):
        risk_coverage([0.9], [True, False])
    assert aurc([0.9, 0.8], [True, False], clusters=["a", "a"]).bounds == ()
