"""Calibration error: no alarm for noise, and an interval that holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit, logit

from modelaudit.statistics import (
    clustered_ece,
    debiased_squared_error,
    ece_estimate,
    expected_calibration_error,
    p_above,
)


def calibrated(rng, n):
    confidence = 1 - 0.5 * rng.beta(1, 4, n)
    return confidence, rng.random(n) < confidence


def distorted(rng, n, temperature):
    """Return answers of a model whose logits are divided by `temperature`: below 1 it is overconfident."""
    probability = 1 - 0.5 * rng.beta(1, 4, n)
    return expit(logit(probability) / temperature), rng.random(n) < probability


def true_error(temperature):
    probability = 1 - 0.5 * np.random.default_rng(0).beta(1, 4, 2_000_000)
    return np.abs(expit(logit(probability) / temperature) - probability).mean()


def test_plain_error_by_hand():
    # Bins (.6, .8] and (.8, 1] of five: gaps |.5 - .7| and |1 - .9|, half the answers each.
    assert expected_calibration_error([0.7, 0.7, 0.9, 0.9], [1, 0, 1, 1], bins=5) == pytest.approx(0.15)
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert expected_calibration_error([0.0], [True]) == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_plain_error_is_at_least_the_signed_gap_and_at_most_one(answers, bins):
    confidence, correct = (np.array(column, dtype=float) for column in zip(*answers, strict=True))
    error = expected_calibration_error(confidence, correct, bins=bins)
    assert abs((confidence - correct).mean()) - 1e-12 <= error <= 1 + 1e-12


@pytest.mark.parametrize("n", [200, 500, 2000])
def test_a_calibrated_model_is_not_accused(n):
    rng = np.random.default_rng(31)
    results = [ece_estimate(*calibrated(rng, n), rng=rng, draws=1).estimate for _ in range(400)]
    low = np.array([result.interval()[0] for result in results])
    assert np.mean(low > 0.05) == 0.0
    assert np.mean(low > 0.0) <= 0.035
    assert np.mean([p_above(result.bounds, 0.05) <= 0.025 for result in results]) <= 0.025
    assert np.mean([result.value for result in results]) < 0.012 * np.sqrt(200 / n)


@pytest.mark.parametrize(("temperature", "n"), [(0.5, 500), (0.6, 2000), (1.6, 500)])
def test_the_interval_holds_the_true_error(temperature, n):
    rng, truth = np.random.default_rng(32), true_error(temperature)
    bounds = np.array(
        [ece_estimate(*distorted(rng, n, temperature), rng=rng, draws=1).estimate.interval() for _ in range(400)]
    )
    assert np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])) >= 0.93


def test_the_printed_smallest_error_is_found_in_four_of_five_samples():
    rng = np.random.default_rng(37)
    stated = np.mean(
        [ece_estimate(*calibrated(rng, 500), rng=rng, draws=1).estimate.smallest_detectable for _ in range(20)]
    )
    temperature = brentq(lambda at: true_error(at) - stated, 0.3, 1.0, xtol=1e-3)
    found = [
        ece_estimate(*distorted(rng, 500, temperature), rng=rng, draws=1).estimate.interval()[0] > 0 for _ in range(200)
    ]
    assert 0.76 <= np.mean(found) <= 0.92


def test_the_null_is_that_of_a_calibrated_model():
    rng = np.random.default_rng(33)
    results = [ece_estimate(*calibrated(rng, 200), rng=rng, draws=99) for _ in range(300)]
    assert np.mean([result.null_p <= 0.05 for result in results]) == pytest.approx(0.05, abs=0.035)
    assert np.mean([result.plain for result in results]) == pytest.approx(0.039, abs=0.002)
    assert np.mean([result.null_q95 for result in results]) == pytest.approx(0.059, abs=0.003)


def test_an_overconfident_model_is_found_and_told_its_direction():
    rng = np.random.default_rng(34)
    result = ece_estimate(*distorted(rng, 2000, 0.5), rng=rng, draws=199)
    assert result.null_p == pytest.approx(0.005)
    assert result.estimate.interval()[0] > 0.03
    assert result.signed_gap.interval()[0] > 0.03
    under = ece_estimate(*distorted(rng, 2000, 2.0), rng=rng, draws=1)
    assert under.signed_gap.interval()[1] < -0.03


def test_the_bins_add_up():
    rng = np.random.default_rng(35)
    confidence, correct = calibrated(rng, 300)
    result = ece_estimate(confidence, correct, bins=10, rng=rng, draws=1)
    assert sum(bar.n for bar in result.bins) == 300
    assert sum(bar.n * bar.accuracy for bar in result.bins) == pytest.approx(correct.sum())
    assert sum(bar.n * abs(bar.accuracy - bar.mean_confidence) for bar in result.bins) / 300 == pytest.approx(
        result.plain
    )
    for bar in result.bins:
        assert bar.low <= bar.mean_confidence <= bar.high


def test_the_order_of_rows_says_nothing_about_equal_confidences():
    correct = np.arange(400) < 320
    result = ece_estimate(np.full(400, 0.8), correct, rng=np.random.default_rng(0), draws=1)
    assert result.estimate.value == 0.0
    assert result.estimate.interval()[1] < 0.05
    assert abs(debiased_squared_error(np.full(400, 0.8), correct)) < 0.001


def test_squared_error_is_unbiased_for_a_calibrated_model():
    rng = np.random.default_rng(36)
    values = np.array([debiased_squared_error(*calibrated(rng, 200)) for _ in range(2000)])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(2000)
    assert (values < 0).any()


def test_few_answers_and_wrong_ones():
    rng = np.random.default_rng(0)
    result = ece_estimate(*calibrated(rng, 20), rng=rng, draws=5)
    assert result.estimate.value is None
    assert "at least 50" in result.estimate.reason
    for confidence, correct, message in (
        ([1.2], [True], "probabilities"),
        ([0.9], [2], "0 and 1"),
        ([0.9], [True, False], "1 are needed"),
        ([], [], "at least one"),
    ):
        with pytest.raises(ValueError, match=message):
            expected_calibration_error(confidence, correct)
    with pytest.raises(ValueError, match="30 answers"):
        debiased_squared_error(*calibrated(rng, 20))
    with pytest.raises(ValueError, match="bin"):
        expected_calibration_error([0.9], [True], bins=0)


def test_likeness_counts_as_fewer_answers_in_the_interval():
    confidence, correct = distorted(np.random.default_rng(35), 400, 0.6)
    alone = ece_estimate(confidence, correct, rng=np.random.default_rng(0), draws=1).estimate
    copied = clustered_ece(np.repeat(confidence, 9), np.repeat(correct, 9), design_effect=9.0)
    assert copied.bounds == pytest.approx(np.array(alone.bounds), abs=1e-12)
    assert (copied.value, copied.n) == (pytest.approx(alone.value), 3_600)
    assert clustered_ece(confidence, correct, design_effect=1.0) == alone
    with pytest.raises(ValueError, match="at the least"):
        clustered_ece(confidence, correct, design_effect=0.5)
