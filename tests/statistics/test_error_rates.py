"""Rates of errors over sums: the numbers by hand, and intervals that cover where few rows hold most of the errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelaudit.statistics import p_above
from modelaudit.statistics.error_rates import (
    error_counts,
    error_rate,
    error_rate_change,
    error_rate_difference,
    error_rate_ratio,
    perplexity,
)


def test_a_rate_is_the_sum_of_errors_by_the_sum_of_words_and_not_the_mean_of_rates():
    found = error_rate(error_counts([1, 0, 9], [2, 10, 12]))
    assert found.value == pytest.approx(10 / 24)
    assert found.n == 3
    low, high = found.interval()
    assert 0.0 <= low < found.value < high


def test_more_words_can_be_wrong_than_were_said():
    found = error_rate(error_counts([30, 25, 40], [10, 10, 10]))
    assert found.value == pytest.approx(95 / 30)
    assert found.interval()[1] > found.value
    assert error_rate(error_counts([2, 1, 1], [0, 5, 5])).value == pytest.approx(0.4), "silence with words counts"


def test_no_error_in_few_rows_is_not_taken_for_a_rate_of_zero():
    low, high = error_rate(error_counts(np.zeros(30), np.full(30, 12.0))).interval()
    assert low == 0.0
    assert 0.09 < high < 0.11, "the rule of three: one row in ten could fail"
    assert error_rate(error_counts(np.zeros(3000), np.full(3000, 12.0))).interval()[1] < 0.0011


def test_what_cannot_be_measured_says_why():
    assert "nothing to count" in error_rate(error_counts([1], [0])).reason
    assert "no spread" in error_rate(error_counts([1], [4])).reason
    assert "no spread" in error_rate(error_counts([1, 2], [4, 4], clusters=["one", "one"])).reason
    few, none = error_counts([1, 2, 0], [4, 4, 4]), error_counts([0, 0, 0], [4, 4, 4])
    assert "no ratio" in error_rate_ratio(few, none).reason
    assert error_rate_ratio(none, few).value == 0.0
    with pytest.raises(ValueError, match="negative"):
        error_counts([-1], [4])
    with pytest.raises(ValueError, match="of neither"):
        error_rate_difference(few, error_counts([1, 2], [4, 4], clusters=[1, 2]))


def test_the_linear_form_gives_the_interval_of_many_rows():
    rng = np.random.default_rng(1)
    totals = rng.integers(5, 30, 4000)
    errors = rng.binomial(totals, 0.2)
    parts = errors - errors.sum() / totals.sum() * totals
    se = math.sqrt(float(parts @ parts)) / totals.sum()
    found = error_rate(error_counts(errors, totals))
    low, high = found.interval()
    assert (high - low) / 2 == pytest.approx(1.96 * se, rel=0.1)
    assert found.influence.values.sum() == pytest.approx(0.0, abs=1e-12)


def test_rows_of_one_speaker_that_err_alike_make_a_wider_interval():
    rng = np.random.default_rng(2)
    speaker = np.repeat(np.arange(40), 25)
    errors = rng.binomial(20, rng.beta(1, 4, 40)[speaker])
    totals = np.full(1000, 20)
    apart = np.diff(error_rate(error_counts(errors, totals)).interval())[0]
    together = np.diff(error_rate(error_counts(errors, totals, clusters=speaker)).interval())[0]
    assert together > 2.0 * apart


def test_a_change_of_the_same_rows_is_paired():
    rng = np.random.default_rng(3)
    totals = np.full(600, 20)
    before = rng.binomial(20, rng.beta(1, 5, 600))
    after = np.minimum(before + rng.binomial(2, 0.3, 600), 20)
    paired = error_rate_change(error_counts(before, totals), after)
    apart = error_rate_difference(error_counts(after, totals), error_counts(before, totals))
    assert paired.value == pytest.approx((after - before).sum() / totals.sum())
    assert paired.value == pytest.approx(apart.value)
    assert np.diff(paired.interval())[0] < 0.6 * np.diff(apart.interval())[0]
    assert p_above(paired.bounds, 0.0) < 1e-4


def test_a_speaker_on_both_sides_counts_with_its_signs():
    rng = np.random.default_rng(4)
    speaker = np.repeat(np.arange(30), 20)
    chance = rng.beta(1, 3, 30)[speaker]
    totals = np.full(600, 20)
    a, b = (error_counts(rng.binomial(20, chance), totals, clusters=speaker) for _ in "ab")
    others = error_counts(b.errors, totals, clusters=speaker + 100)
    same = error_rate_difference(a, b)
    assert np.diff(same.interval())[0] < 0.5 * np.diff(error_rate_difference(a, others).interval())[0]
    assert same.influence.values.shape == (30,)


def test_perplexity_carries_the_interval_of_the_loss():
    loss = error_rate(error_counts([20.0, 31.0, 25.0, 28.0], [10, 12, 11, 12], reach=0.0))
    found = perplexity(loss)
    assert found.value == pytest.approx(math.exp(104 / 45))
    assert found.influence.values == pytest.approx(found.value * loss.influence.values), "its derivative is itself"
    assert found.interval() == pytest.approx(tuple(math.exp(bound) for bound in loss.interval()))
    assert perplexity(error_rate(error_counts([1e6, 2e6], [1, 1], reach=0.0))).value < math.inf


def drawn(rng, n, *, rate, failing, speakers=None):
    """Errors of rows of 15 words in the mean, a few of which fail as a whole."""
    totals = 1 + rng.poisson(rng.gamma(4.0, 3.5, n))
    chance = rng.beta(6 * rate, 6 * (1 - rate), n)
    code = None
    if speakers:
        code = rng.choice(speakers, n, p=rng.dirichlet(np.full(speakers, 2.0)))
        chance = np.minimum(chance * rng.gamma(4.0, 0.25, speakers)[code], 1.0)
    errors = rng.binomial(totals, chance)
    errors = np.where(rng.random(n) < failing, totals, errors)
    return error_counts(errors, totals, clusters=code)


@pytest.mark.parametrize(("rate", "failing", "n"), [(0.02, 0.01, 60), (0.2, 0.02, 150)])
def test_intervals_cover_a_rate_of_which_whole_rows_make_much(rate, failing, n):
    rng = np.random.default_rng(5)
    truth = rate * (1 - failing) + failing
    inside = 0
    for _ in range(200):
        low, high = error_rate(drawn(rng, n, rate=rate, failing=failing)).interval()
        inside += low <= truth <= high
    assert inside >= 183, "95% of 200, less three standard errors"


def test_equal_groups_of_speakers_are_seldom_told_apart():
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(150):
        a = drawn(rng, 120, rate=0.2, failing=0.02, speakers=20)
        b = drawn(rng, 120, rate=0.2, failing=0.02, speakers=20)
        b = error_counts(b.errors, b.totals, clusters=b.clusters + 100)
        low, high = error_rate_difference(a, b).interval()
        alarms += not low <= 0.0 <= high
    assert alarms <= 15, "5% of 150, and three standard errors"
