"""Proper scores against scikit-learn, their parts, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax
from sklearn.metrics import brier_score_loss, log_loss

from modelaudit.statistics import brier_parts, brier_score, log_losses, negative_log_likelihood


def drawn(rng, n, *, classes=3, spread=2.0, temperature=1.0):
    honest = spread * rng.standard_normal((n, classes))
    truth = (rng.random((n, 1)) > softmax(honest, axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
    return honest / temperature, truth


def test_both_scores_are_scikit_learns():
    logits, truth = drawn(np.random.default_rng(1), 300)
    chances = softmax(logits, axis=1)
    assert brier_score(chances, truth).value == pytest.approx(
        brier_score_loss(truth, chances, labels=[0, 1, 2], scale_by_half=False)
    )
    assert negative_log_likelihood(logits, truth).value == pytest.approx(log_loss(truth, chances, labels=[0, 1, 2]))
    assert log_losses(logits + 1_000.0, truth) == pytest.approx(log_losses(logits, truth))


def test_of_two_classes_it_is_twice_the_usual_one():
    logits, truth = drawn(np.random.default_rng(2), 300, classes=2)
    chances = softmax(logits, axis=1)
    assert brier_score(chances, truth).value == pytest.approx(2 * brier_score_loss(truth, chances[:, 1]))


@given(st.integers(2, 40), st.integers(2, 4), st.integers(0, 1_000), st.integers(1, 12))
def test_the_parts_add_up_and_one_bin_resolves_nothing(n, classes, seed, bins):
    logits, truth = drawn(np.random.default_rng(seed), n, classes=classes)
    parts = brier_parts(softmax(logits, axis=1), truth, bins=bins)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(parts.score)
    if bins == 1:
        assert parts.resolution == pytest.approx(0.0, abs=1e-12)


def test_the_parts_by_hand():
    # Two levels of ten answers each, .8 with six hits and .2 with two.
    second = np.repeat([0.8, 0.2], 10)
    truth = np.r_[np.repeat([1, 0], [6, 4]), np.repeat([1, 0], [2, 8])]
    parts = brier_parts(np.column_stack([1 - second, second]), truth, bins=2)
    noise = (0.6 * 0.4 + 0.2 * 0.8) / 2 / 9
    assert parts.reliability == pytest.approx(2 * (0.2**2 / 2 - noise))
    assert parts.resolution == pytest.approx(2 * (0.2**2 - noise + 0.24 / 19))
    assert parts.uncertainty == pytest.approx(2 * 0.24 * 20 / 19)
    assert parts.within == pytest.approx(0.0, abs=1e-12)


def test_a_calibrated_model_has_no_reliability_and_an_overconfident_one_has():
    rng = np.random.default_rng(3)

    def reliability(temperature):
        found = []
        for _ in range(100):
            logits, truth = drawn(rng, 200, temperature=temperature)
            found.append(brier_parts(softmax(logits, axis=1), truth).reliability)
        return np.mean(found), np.std(found) / np.sqrt(100)

    mean, se = reliability(1.0)
    assert abs(mean) < 4 * se
    mean, se = reliability(0.4)
    assert mean > 20 * se


@pytest.mark.parametrize(("n", "temperature"), [(200, 0.5), (200, 1.0)])
def test_the_intervals_hold_the_truth(n, temperature):
    rng = np.random.default_rng(4)
    honest = 2.0 * rng.standard_normal((400_000, 3))
    chances, stated = softmax(honest, axis=1), softmax(honest / temperature, axis=1)
    truths = (
        ((stated**2).sum(axis=1) - 2 * (chances * stated).sum(axis=1) + 1).mean(),
        -(chances * log_softmax(honest / temperature, axis=1)).sum(axis=1).mean(),
    )
    held = np.zeros((150, 2))
    for draw in range(150):
        logits, truth = drawn(rng, n, temperature=temperature)
        estimates = brier_score(softmax(logits, axis=1), truth), negative_log_likelihood(logits, truth)
        for place, (estimate, true) in enumerate(zip(estimates, truths, strict=True)):
            low, high = estimate.interval()
            held[draw, place] = low <= true <= high
    assert (held.mean(axis=0) >= 0.9).all()


def test_a_model_that_was_always_right_and_sure_may_still_err():
    logits = np.tile([0.0, 9.0], (100, 1))
    loss = negative_log_likelihood(logits, np.ones(100, dtype=int))
    assert loss.value < 0.001
    # One mistake in 33 would cost 9 nats.
    assert loss.interval()[1] > 0.25
    assert brier_score(softmax(logits, axis=1), np.ones(100, dtype=int)).interval()[1] > 0.05


def test_copies_in_one_cluster_tell_nothing():
    logits, truth = drawn(np.random.default_rng(5), 200)
    for score, values in ((negative_log_likelihood, logits), (brier_score, softmax(logits, axis=1))):
        alone = score(values, truth)
        copied = score(np.repeat(values, 3, axis=0), np.repeat(truth, 3), clusters=np.repeat(np.arange(200), 3))
        assert copied.bounds == pytest.approx(np.array(alone.bounds))


def test_wrong_input_is_told():
    with pytest.raises(ValueError, match="not \\[n, C\\]"):
        brier_score([0.5, 0.5], [1])
    with pytest.raises(ValueError, match="from 0 to 1"):
        negative_log_likelihood([[0.0, 1.0]], [2])
    with pytest.raises(ValueError, match="infinity"):
        log_losses([[0.0, -np.inf]], [0])
    with pytest.raises(ValueError, match="at least one"):
        brier_score(np.empty((0, 2)), [])
    with pytest.raises(ValueError, match="at least two"):
        brier_parts([[0.4, 0.6]], [1])
