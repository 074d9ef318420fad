"""AUC, DeLong's interval, and the hit rate at a low false-alarm rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import norm

from modelaudit.statistics import (
    auc,
    auc_permutation_p,
    clopper_pearson_interval,
    delong,
    p_above,
    p_outside,
    paired_delong,
    roc_curve,
    tpr_at_fpr,
)

scores = st.lists(st.integers(-4, 4), min_size=1, max_size=25)


@given(scores, scores)
def test_auc_is_the_share_of_pairs_in_order(pos, neg):
    first, second = np.array(pos)[:, None], np.array(neg)[None, :]
    assert auc(pos, neg) == pytest.approx(((first > second) + 0.5 * (first == second)).mean())
    assert auc(neg, pos) == pytest.approx(1 - auc(pos, neg))


@given(scores, scores)
def test_the_roc_curve_encloses_the_auc(pos, neg):
    curve = roc_curve(pos, neg)
    assert trapezoid(curve.tpr, curve.fpr) == pytest.approx(auc(pos, neg))
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
    assert (np.diff(curve.thresholds[1:]) < 0).all()
    for threshold, rate in zip(curve.thresholds[1:], curve.tpr[1:], strict=True):
        assert np.mean(np.array(pos) >= threshold) == pytest.approx(rate)


def test_binormal_auc_and_delong_error_are_the_known_ones():
    rng = np.random.default_rng(1)
    pos, neg = rng.normal(1, 1, 100_000), rng.normal(0, 1, 100_000)
    result = delong(pos, neg)
    assert result.value == pytest.approx(norm.cdf(1 / math.sqrt(2)), abs=0.004)
    pos, neg = pos[:60], neg[:45]
    order = (pos[:, None] > neg[None, :]).astype(float)
    se = math.sqrt(order.mean(1).var(ddof=1) / 60 + order.mean(0).var(ddof=1) / 45)
    a = order.mean()
    ends = 1 / (1 + np.exp(-(np.log(a / (1 - a)) + np.array([-1, 1]) * 1.959964 * se / (a * (1 - a)))))
    assert delong(pos, neg).interval() == pytest.approx(tuple(ends), abs=1e-6)


@pytest.mark.parametrize(("shift", "n"), [(0.0, 50), (2.0, 100)])
def test_delong_covers(shift, n):
    rng, truth, covered = np.random.default_rng(2), norm.cdf(shift / math.sqrt(2)), 0
    for _ in range(2000):
        low, high = delong(rng.normal(shift, 1, n), rng.normal(0, 1, n)).interval()
        covered += low <= truth <= high
    assert 0.935 <= covered / 2000 <= 0.97


def test_a_perfect_separation_is_bounded_by_its_disjoint_pairs():
    result = delong([3, 4, 5, 6.5, 7], [0, 1, 2])
    assert result.value == 1.0
    assert result.interval() == pytest.approx((0.025 ** (1 / 3), 1.0))
    assert delong([0, 1, 2], [3, 4, 5, 6]).interval() == pytest.approx((0.0, 1 - 0.025 ** (1 / 3)))


def test_a_constant_score_knows_nothing():
    result = delong([0.5] * 40, [0.5] * 40)
    assert result.value == 0.5
    assert result.interval()[0] < 0.4
    assert p_above(result.bounds, 0.5) == pytest.approx(0.5)


def test_one_record_a_side_has_a_value_and_no_interval():
    assert delong([1.0], [0.0, 2.0]).value == 0.5
    assert "two records" in delong([1.0], [0.0, 2.0]).reason
    with pytest.raises(ValueError, match="both sides"):
        delong([], [1.0])
    with pytest.raises(ValueError, match="pos holds 1 NaN"):
        auc([math.nan], [1.0])


def test_paired_delong_covers_and_uses_the_pairing():
    rng, n, covered, widths = np.random.default_rng(3), 150, 0, []
    truth = norm.cdf(1.0 / math.sqrt(2)) - norm.cdf(0.8 / math.sqrt(2))
    for _ in range(2000):
        shared = rng.normal(size=(2, n))
        own = rng.normal(size=(4, n))
        pos_a, neg_a = 1.0 + 0.8 * shared[0] + 0.6 * own[0], 0.8 * shared[1] + 0.6 * own[1]
        pos_b, neg_b = 0.8 + 0.8 * shared[0] + 0.6 * own[2], 0.8 * shared[1] + 0.6 * own[3]
        low, high = paired_delong(pos_a, neg_a, pos_b, neg_b).interval()
        covered += low <= truth <= high
        widths.append(high - low)
    assert 0.935 <= covered / 2000 <= 0.965
    apart = delong(pos_a, neg_a).interval()
    assert np.mean(widths) < 1.1 * (apart[1] - apart[0]), (
        "unpaired the difference would be 1.41 times as wide as one AUC"
    )


def test_scores_that_rank_alike_differ_by_nothing():
    pos, neg = [1.0, 3.0, 4.0], [0.0, 2.0, 3.5]
    result = paired_delong(pos, neg, np.exp(pos), np.exp(neg))
    assert result.interval() == (0.0, 0.0)
    perfect = paired_delong([5, 6, 7], [1, 2, 3], [9, 8, 7], [1, 0, 2])
    assert perfect.value == 0.0
    assert perfect.interval()[1] == pytest.approx(1 - 0.025 ** (1 / 3))
    with pytest.raises(ValueError, match="same records"):
        paired_delong([1, 2], [0, 1], [1], [0, 1])
    assert paired_delong([1.0], [0.0], [1.0], [2.0]).reason


def test_the_threshold_is_conformal():
    fold = np.arange(1000.0)
    result = tpr_at_fpr([989.5, 990.0, 990.5, 2000.0], fold, fold, fpr=0.01)
    assert result.threshold == 990.0
    assert result.tpr.value == 0.5
    assert result.realised_fpr.value == 0.009
    assert result.tpr.interval() == pytest.approx(clopper_pearson_interval(2, 4))


def test_false_alarms_stay_below_the_target_on_average():
    rng = np.random.default_rng(4)
    rates = [tpr_at_fpr([0.0], rng.random(1000), rng.random(200), fpr=0.01).realised_fpr.value for _ in range(2000)]
    assert np.mean(rates) == pytest.approx(10 / 1001, abs=0.0006)


def test_too_few_negatives_are_not_estimable():
    result = tpr_at_fpr([1.0] * 10, np.zeros(999), np.zeros(50), fpr=0.01)
    assert result.tpr.value is None
    assert result.threshold is None
    assert "1000 negatives; 999 given" in result.tpr.reason
    assert tpr_at_fpr([1.0] * 10, np.zeros(1000), [], fpr=0.01).realised_fpr.value is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        tpr_at_fpr([1.0], [0.0], [0.0], fpr=1)


def test_ties_at_the_threshold_are_not_flagged():
    result = tpr_at_fpr(np.ones(20), np.ones(1000), np.ones(1000), fpr=0.01)
    assert result.tpr.value == result.realised_fpr.value == 0.0


def test_permutation_p_is_valid_under_the_null_with_ties():
    rng = np.random.default_rng(5)
    member = np.arange(40) < 15
    p = np.array([auc_permutation_p(rng.integers(0, 6, 40), member, rng=rng, draws=99) for _ in range(1000)])
    for alpha in (0.05, 0.2):
        assert np.mean(p <= alpha) <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 1000)
    assert p.min() >= 0.01
    assert auc_permutation_p(np.r_[np.ones(30), np.zeros(30)], np.arange(60) < 30, rng=rng, draws=199) == 0.005
    with pytest.raises(ValueError, match="non-members"):
        auc_permutation_p([1.0, 2.0], [True, True], rng=rng)
    with pytest.raises(ValueError, match="needed"):
        auc_permutation_p([1.0, 2.0], [True], rng=rng)
    with pytest.raises(ValueError, match="0 and 1"):
        auc_permutation_p([1.0, 2.0], [1, 2], rng=rng)


def test_an_auc_of_the_stated_size_is_found_four_times_in_five():
    rng, n = np.random.default_rng(6), 300
    shift = math.sqrt(2) * norm.ppf(delong(rng.normal(size=n), rng.normal(size=n)).smallest_detectable)
    found = []
    for _ in range(2000):
        low, high = delong(rng.normal(shift, 1, n), rng.normal(0, 1, n)).interval()
        found.append(low > 0.5 or high < 0.5)
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)


def test_the_false_alarm_rate_of_a_score_that_tells_nothing():
    rng = np.random.default_rng(7)
    p = [p_above(delong(rng.normal(size=80), rng.normal(size=80)).bounds, 0.5) for _ in range(2000)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.015)
    same = rng.normal(size=80)
    assert p_outside(paired_delong(same, -same, same, -same).bounds, 0.0) == 1.0
