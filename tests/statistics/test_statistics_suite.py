"""The best of several scores: its interval covers, its p is honest, and documents are what is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from modelaudit.statistics import (
    auc,
    benjamini_hochberg,
    clopper_pearson,
    clustered_auc,
    clustered_proportion,
    conformal_p,
    delong,
    largest_auc,
    null_auc_se,
    step_down,
    suite_permutation_p,
)


def drawn(rng, scores, n, *, rho=0.7, shift=0.0):
    common = rng.normal(size=n)
    return np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.normal(size=(scores, n)) + np.reshape(shift, (-1, 1))


def test_the_interval_of_the_largest_auc_covers_the_largest_true_auc():
    rng = np.random.default_rng(1)
    for shift in (np.zeros(6), np.linspace(0.0, 0.6, 6)):
        truth = float(ndtr(shift.max() / np.sqrt(2)))
        covered = above = 0
        for _ in range(200):
            low, high = largest_auc(drawn(rng, 6, 120, shift=shift), drawn(rng, 6, 120), rng=rng).interval()
            covered += low <= truth <= high
            above += low > truth
        assert covered >= 181, "95% of 200 with three standard errors"
        assert above <= 12, "one side has half of the error"


def test_one_score_alone_has_the_interval_of_delong_and_copies_of_it_cost_nothing():
    rng = np.random.default_rng(2)
    pos, neg = rng.normal(0.4, size=200), rng.normal(size=150)
    one, known = clustered_auc(pos, neg), delong(pos, neg)
    assert one.value == pytest.approx(auc(pos, neg))
    assert np.array(one.bounds) == pytest.approx(np.array(known.bounds))
    assert one.smallest_detectable == pytest.approx(known.smallest_detectable)
    copies = largest_auc(np.stack([pos] * 3), np.stack([neg] * 3), rng=rng)
    assert copies.interval() == pytest.approx(one.interval(), abs=3e-3), "three equal scores are one"
    other = largest_auc(np.stack([pos, rng.normal(size=200)]), np.stack([neg, rng.normal(size=150)]), rng=rng)
    assert other.interval()[0] < one.interval()[0], "a second score widens"


def test_records_without_a_score_do_not_count():
    rng = np.random.default_rng(12)
    pos, neg = np.full((1, 500), np.nan), np.full((1, 500), np.nan)
    pos[0, :20], neg[0, :20] = np.arange(20) + 100.0, np.arange(20.0)
    sparse, dense = largest_auc(pos, neg, rng=rng), largest_auc(pos[:, :20], neg[:, :20], rng=rng)
    assert sparse.bounds == dense.bounds
    assert sparse.n == 40
    assert sparse.smallest_detectable == dense.smallest_detectable


def test_documents_widen_the_interval_to_what_they_leave():
    rng = np.random.default_rng(3)
    rows = documents = 0
    names = np.repeat(np.arange(40), 6)
    for _ in range(200):
        pos, neg = (np.repeat(rng.normal(size=40), 6) + 0.5 * rng.normal(size=240) for _ in range(2))
        low, high = delong(pos, neg).interval()
        rows += low <= 0.5 <= high
        low, high = clustered_auc(pos, neg, pos_units=names, neg_units=names).interval()
        documents += low <= 0.5 <= high
    assert rows < 150, "six alike rows a document count six times as much as they should"
    assert documents >= 180


def test_the_family_p_is_uniform_under_the_null_and_small_where_one_score_tells():
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(300):
        scores = drawn(rng, 5, 80)
        scores[4, rng.random(80) < 0.5] = np.nan
        alarms += suite_permutation_p(scores, np.arange(80) < 40, rng=rng, draws=200).family <= 0.05
    assert alarms <= 26, "5% of 300 and its chance"
    scores = drawn(rng, 5, 80)
    scores[2, :40] += 1.5
    found = suite_permutation_p(scores, np.arange(80) < 40, rng=rng, draws=500)
    assert found.family == pytest.approx(1 / 501)
    assert found.adjusted[2] == found.family
    assert (np.delete(found.adjusted, 2) > 0.05).all()


def test_relabelling_keeps_documents_together():
    rng = np.random.default_rng(5)
    names = np.repeat(np.arange(20), 10)
    rows = documents = 0
    for _ in range(100):
        scores = np.repeat(rng.normal(size=20), 10)[None, :]
        is_member = names < 10
        rows += suite_permutation_p(scores, is_member, rng=rng, draws=200).family <= 0.05
        documents += suite_permutation_p(scores, is_member, rng=rng, units=names, draws=200).family <= 0.05
    assert rows > 20
    assert documents <= 11


def test_perfect_scores_have_an_exact_bound_shared_out_over_the_suite():
    pos, neg = np.arange(50.0) + 100, np.arange(50.0)
    alone = clustered_auc(pos, neg)
    rng = np.random.default_rng(6)
    both = largest_auc(np.stack([pos, rng.normal(size=50)]), np.stack([neg, rng.normal(size=50)]), rng=rng)
    assert alone.value == both.value == 1.0
    assert both.interval()[0] < alone.interval()[0] < 1.0
    assert alone.interval()[1] == 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(2, 30), st.integers(2, 30), st.integers(0, 10**6))
def test_bounds_are_nested_and_hold_the_value_for_any_scores_with_ties(scores, n1, n0, seed):
    rng = np.random.default_rng(seed)
    pos, neg = rng.integers(0, 4, (scores, n1)).astype(float), rng.integers(0, 4, (scores, n0)).astype(float)
    estimate = largest_auc(pos, neg, rng=rng)
    assert estimate.value == max(auc(a, b) for a, b in zip(pos, neg, strict=True))
    for _, low, high in estimate.bounds:
        assert 0.0 <= low <= estimate.value <= high <= 1.0


def test_faults_are_told():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="one whole side"):
        largest_auc(np.full((1, 3), np.nan), np.ones((1, 3)), rng=rng)
    with pytest.raises(ValueError, match="need a generator"):
        largest_auc(np.ones((2, 3)), np.eye(2, 3), rng=None)
    with pytest.raises(ValueError, match="members and non-members"):
        suite_permutation_p(np.ones((1, 3)), np.ones(3, dtype=bool), rng=rng)
    assert largest_auc(np.ones((1, 1)), np.ones((1, 4)), rng=rng).bounds == ()


def test_shares_of_clustered_rows_cover_and_independent_ones_are_clopper_pearsons():
    hits = np.arange(200) < 30
    assert clustered_proportion(hits).bounds == clopper_pearson(30, 200).bounds
    wider = clustered_proportion(hits, family=10)
    assert wider.interval()[0] < clopper_pearson(30, 200).interval()[0]
    rng = np.random.default_rng(7)
    names = np.repeat(np.arange(60), 5)
    plain = clustered = 0
    for _ in range(400):
        found = np.repeat(rng.random(60) < 0.2, 5) ^ (rng.random(300) < 0.02)
        truth = 0.2 * 0.98 + 0.8 * 0.02
        low, high = clustered_proportion(found).interval()
        plain += low <= truth <= high
        low, high = clustered_proportion(found, names).interval()
        clustered += low <= truth <= high
    assert plain < 320
    assert clustered >= 368
    nobody = clustered_proportion(np.zeros(300, dtype=bool), names).interval()
    assert nobody == pytest.approx(clopper_pearson(0, 60).interval()), "no hit tells as much as there are documents"


def test_conformal_p_values_keep_the_false_discovery_rate():
    rng = np.random.default_rng(8)
    shares = []
    for _ in range(200):
        truth = np.arange(500) < 50
        scores = rng.normal(size=500) + 4.0 * truth
        listed = benjamini_hochberg(conformal_p(scores, rng.normal(size=1_000))) <= 0.1
        shares.append((listed & ~truth).sum() / max(1, listed.sum()))
    assert np.mean(shares) <= 0.115
    assert conformal_p([2.0], [1.0, 2.0, 3.0]) == pytest.approx([0.75])


def test_step_down_gives_each_statistic_a_p_that_counts_those_below_it():
    null = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [3.0, 3.0]])
    family, adjusted = step_down([2.0, 0.5], null)
    assert family == pytest.approx(2 / 5)
    assert adjusted == pytest.approx([2 / 5, 3 / 5])


def test_the_smallest_detectable_auc_of_a_suite_counts_its_attacks():
    rng = np.random.default_rng(9)
    one = largest_auc(drawn(rng, 1, 500), drawn(rng, 1, 500), rng=rng).smallest_detectable
    many = largest_auc(drawn(rng, 12, 500, rho=0.0), drawn(rng, 12, 500, rho=0.0), rng=rng).smallest_detectable
    assert one == pytest.approx(0.5 + 2.8 * null_auc_se(500, 500), abs=1e-3)
    assert one < many < one + 0.02
