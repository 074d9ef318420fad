"""The one-run bound: published values, error rates by simulation, and what its intervals say under a limit."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from modelaudit.policy import p_value
from modelaudit.results import Metric
from modelaudit.statistics import (
    LEVELS,
    OPEN_END,
    detectable_epsilon,
    epsilon_lower_bound,
    guess_grid,
    interval_at,
    one_run_audit,
    one_run_p,
    right_guesses,
)
from modelaudit.verdicts import Limit

DELTA = 1e-5


def audit(scores, included, *, delta=DELTA, seed=0):
    return one_run_audit(scores, included, delta=delta, ties=np.random.default_rng(seed).random(len(scores)))


def randomised_response(included, epsilon, rng):
    honest = rng.random(len(included)) < 1 / (1 + math.exp(-epsilon))
    return (included == honest).astype(float)


@pytest.mark.parametrize(("counts", "published"), [((1000, 600, 600), 5.2704), ((100, 100, 100), 3.4902)])
def test_the_published_bounds_come_out(counts, published):
    assert epsilon_lower_bound(*counts, DELTA) == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize(("accuracy", "noted"), [(0.6, 0.30), (0.7, 0.73), (0.8, 1.25)])
def test_bounds_of_a_thousand_guesses_are_those_of_the_notes(accuracy, noted):
    assert epsilon_lower_bound(1000, 1000, round(1000 * accuracy), DELTA) == pytest.approx(noted, abs=0.011)


def test_without_delta_the_p_value_is_the_binomial_tail():
    q = 1 / (1 + math.exp(-1.0))
    assert one_run_p(1.0, 300, 120, 97, 0.0) == pytest.approx(binom.sf(96, 120, q), rel=1e-9)


def test_the_delta_term_is_the_largest_share_of_the_mass_below():
    q, m, r, v, delta = 1 / (1 + math.exp(-0.7)), 200, 60, 45, 1e-4
    alpha = max((binom.sf(v - i - 1, r, q) - binom.sf(v - 1, r, q)) / i for i in range(1, v + 1))
    expected = binom.sf(v - 1, r, q) + 2 * m * delta * alpha
    assert one_run_p(0.7, m, r, v, delta) == pytest.approx(expected, rel=1e-9)


def test_the_bound_is_never_negative_and_grows_with_right_guesses_and_falls_with_the_level():
    bounds = [epsilon_lower_bound(200, 100, v, DELTA) for v in range(0, 101, 5)]
    assert min(bounds) == 0.0
    assert bounds == sorted(bounds)
    assert epsilon_lower_bound(200, 100, 90, DELTA, 0.99) < epsilon_lower_bound(200, 100, 90, DELTA, 0.9)


@pytest.mark.parametrize("wrong", [(10, 11, 5), (10, 5, 6), (10, 0, 0), (10, 5, -1)])
def test_counts_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="is not a count"):
        one_run_p(1.0, *wrong, DELTA)


@pytest.mark.parametrize("delta", [-0.1, 1.0, math.nan])
def test_a_delta_that_is_no_probability_is_refused(delta):
    with pytest.raises(ValueError, match="delta"):
        one_run_p(1.0, 10, 5, 5, delta)


def test_the_grid_hangs_on_the_number_of_canaries_alone_and_every_cell_can_show_something():
    assert len(guess_grid(1000)) == 27
    for m in (10, 37, 100, 1000):
        grid = guess_grid(m)
        assert len(set(grid)) == len(grid)
        assert all(k_in + k_out <= m for k_in, k_out in grid)
        assert all(epsilon_lower_bound(m, sum(cell), sum(cell), 0.0, 1 - 0.05 / len(grid)) > 0 for cell in grid)
    with pytest.raises(ValueError, match="needs 10 canaries"):
        guess_grid(9)


def test_guesses_are_counted_from_both_ends():
    included = np.array([True] * 30 + [False] * 70)
    cells = right_guesses(np.arange(100.0)[::-1], included, ties=np.zeros(100))
    by_cell = {(k_in, k_out): v for k_in, k_out, v in cells}
    assert by_cell[50, 0] == 30
    assert by_cell[0, 50] == 50
    assert by_cell[25, 25] == 50


def test_a_model_that_says_the_same_of_all_shows_nothing():
    included = np.arange(400) % 2 == 0
    assert audit(np.zeros(400), included).bound() == 0.0


def test_shuffled_coins_give_a_bound_in_at_most_five_of_a_hundred_audits():
    rng = np.random.default_rng(7)
    cells = len(guess_grid(200))
    hits = 0
    for _ in range(400):
        found = right_guesses(rng.normal(size=200), rng.random(200) < 0.5, ties=rng.random(200))
        hits += any(one_run_p(0.0, 200, k_in + k_out, v, DELTA) < 0.05 / cells for k_in, k_out, v in found)
    assert hits <= 31


def test_the_bound_keeps_to_a_known_epsilon_and_shows_much_of_it():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(10):
        included = rng.random(1000) < 0.5
        scores = randomised_response(included, 4.0, rng)
        cells = right_guesses(scores, included, ties=rng.random(1000))
        level = 1 - 0.05 / len(cells)
        found.append(max(epsilon_lower_bound(1000, k_in + k_out, v, DELTA, level) for k_in, k_out, v in cells))
    assert max(found) <= 4.0
    assert min(found) > 2.0


def test_intervals_are_one_sided_and_each_level_is_the_bound_at_that_confidence():
    rng = np.random.default_rng(9)
    included = rng.random(500) < 0.5
    result = audit(included + 0.6 * rng.normal(size=500), included)
    grid = len(guess_grid(500))
    lows = [low for _, low, _ in result.estimate.bounds]
    assert tuple(level for level, _, _ in result.estimate.bounds) == LEVELS
    assert lows == sorted(lows, reverse=True)
    assert {high for _, _, high in result.estimate.bounds} == {OPEN_END}
    best = max(epsilon_lower_bound(500, c.guesses, c.correct, DELTA, 1 - 0.05 / grid) for c in result.cells)
    assert result.bound() == result.estimate.value == pytest.approx(best)
    assert interval_at(result.estimate.bounds, 0.95)[0] == pytest.approx(best)


def test_a_claim_is_refuted_at_the_level_of_the_bound_and_a_small_bound_lies_within_no_limit():
    rng = np.random.default_rng(10)
    included = rng.random(1000) < 0.5
    result = audit(included + 0.4 * rng.normal(size=1000), included)
    limit = Limit(checker="a/b", metric="x", max=0.0, rationale="a reason of some length", source="here")

    def judged(claim):
        metric = Metric.of(result.beyond(claim), id="x", title="x", unit="epsilon", better="lower", primary=True)
        return p_value(metric, limit), limit.holds(interval_at(metric.grid, 0.95))

    assert judged(result.bound() - 0.01)[0] < 0.05
    assert judged(result.bound() + 0.01)[0] > 0.05
    assert judged(50.0)[0] > 0.5
    assert not judged(50.0)[1]
    with pytest.raises(ValueError, match="claimed epsilon"):
        result.beyond(-1.0)


def test_the_smallest_detectable_epsilon_is_found_in_four_of_five_runs():
    rng = np.random.default_rng(11)
    m, epsilon = 200, detectable_epsilon(200, DELTA)
    grid = len(guess_grid(m))
    hits = 0
    for _ in range(300):
        right = rng.binomial(m, 1 / (1 + math.exp(-epsilon)))
        hits += one_run_p(0.0, m, m, right, DELTA) < 0.05 / grid
    assert 0.72 <= hits / 300 <= 0.9
    assert detectable_epsilon(1000, DELTA) < epsilon
    assert detectable_epsilon(10, 0.1) is None
