"""The temperature of least loss: against an optimiser, with an interval that holds it, and cross-fitted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from modelaudit.statistics import best_temperature, cross_fitted, log_losses, temperature_estimate
from modelaudit.statistics.temperature import LEAST, MOST


def drawn(rng, n, *, temperature=1.0, spread=2.0):
    honest = spread * rng.standard_normal((n, 3))
    truth = (rng.random((n, 1)) > softmax(honest, axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
    return honest / temperature, truth


@given(st.integers(0, 1_000), st.floats(0.2, 5.0))
def test_it_is_the_one_of_least_loss(seed, temperature):
    logits, truth = drawn(np.random.default_rng(seed), 60, temperature=temperature)
    found = best_temperature(logits, truth)
    searched = minimize_scalar(
        lambda log: log_losses(logits / np.exp(log), truth).mean(),
        bounds=(np.log(LEAST), np.log(MOST)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert log_losses(logits / found, truth).mean() <= searched.fun + 1e-9
    assert best_temperature(logits + 500.0, truth) == pytest.approx(found)


@pytest.mark.parametrize("planted", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_a_planted_temperature_is_undone(planted):
    found = temperature_estimate(*drawn(np.random.default_rng(1), 5_000, temperature=planted))
    assert found.value * planted == pytest.approx(1.0, abs=0.1)
    low, high = found.interval(0.999)
    assert low < 1 / planted < high


def test_the_interval_holds_it():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(150):
        low, high = temperature_estimate(*drawn(rng, 150, temperature=0.5)).interval()
        held.append(low <= 2.0 <= high)
    assert np.mean(held) >= 0.9


def test_it_moves_with_the_logits_and_copies_tell_nothing():
    logits, truth = drawn(np.random.default_rng(3), 300)
    alone = temperature_estimate(logits, truth)
    assert temperature_estimate(3.0 * logits, truth).bounds == pytest.approx(
        np.array(alone.bounds) * [1.0, 3.0, 3.0], rel=1e-6
    )
    copied = temperature_estimate(
        np.repeat(logits, 4, axis=0), np.repeat(truth, 4), clusters=np.repeat(np.arange(300), 4)
    )
    assert copied.bounds == pytest.approx(np.array(alone.bounds), rel=1e-6)


def test_answers_of_one_kind_run_to_an_end_and_say_so():
    logits = np.tile([0.0, 1.0], (50, 1))
    right, wrong = (temperature_estimate(logits, np.full(50, truth)) for truth in (1, 0))
    assert (right.value, right.bounds, wrong.value, wrong.bounds) == (LEAST, (), MOST, ())
    assert "ever more sure" in right.reason
    assert "ever more unsure" in wrong.reason
    flat = temperature_estimate(np.zeros((50, 2)), np.arange(50) % 2)
    assert flat.value == 1.0
    assert "alike" in flat.reason


def test_a_part_is_scaled_with_what_the_others_fit():
    logits, truth = drawn(np.random.default_rng(4), 500, temperature=0.5)
    folds = np.arange(500) % 5
    scaled, temperatures = cross_fitted(logits, truth, folds)
    for fold in range(5):
        assert temperatures[fold] == pytest.approx(best_temperature(logits[folds != fold], truth[folds != fold]))
    centred = logits - logits.max(axis=1, keepdims=True)
    assert scaled == pytest.approx(centred / temperatures[folds, None])
    other = np.where(folds == 2, 0, truth)
    assert cross_fitted(logits, other, folds)[1][2] == temperatures[2]


def test_wrong_input_is_told():
    with pytest.raises(ValueError, match="n > 0"):
        best_temperature(np.empty((0, 2)), [])
    with pytest.raises(ValueError, match="infinity"):
        best_temperature([[0.0, np.inf]], [0])
    with pytest.raises(ValueError, match="two folds"):
        cross_fitted([[0.0, 1.0]], [1], [0])
