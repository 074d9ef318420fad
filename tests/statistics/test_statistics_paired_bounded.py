"""A mean of bounded differences: rows with a large change that are too rare to be in the sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from modelaudit.statistics import crossed_difference, mean_difference, p_outside


def differences(found, n, size):
    """`found` of n rows change by `size`, the others not at all."""
    return np.where(np.arange(n) < found, size, 0.0)


def exact_coverage(n, share, size, reach):
    """How often the interval holds the truth, summed over how many rows with a change a sample holds."""
    counts = np.arange(int(binom.isf(1e-9, n, share)) + 1)
    ends = np.array([mean_difference(differences(count, n, size), reach=reach).interval() for count in counts])
    truth = share * size
    return binom.pmf(counts, n, share)[(ends[:, 0] <= truth) & (truth <= ends[:, 1])].sum()


@pytest.mark.parametrize("n", [30, 100, 400])
@pytest.mark.parametrize("share", [0.01, 0.03, 0.05, 0.10])
def test_rare_large_changes_are_covered(n, share):
    assert exact_coverage(n, share, 0.9, reach=1.0) >= 0.93


def test_without_the_reach_a_rare_change_is_missed_most_of_the_time():
    assert exact_coverage(30, 0.01, 0.9, reach=None) < 0.3
    assert exact_coverage(30, 0.03, 0.9, reach=None) < 0.65


@pytest.mark.parametrize("share", np.geomspace(0.002, 0.2, 12).round(4))
@pytest.mark.parametrize("size", [0.5, 1.0])
def test_between_the_shares_named_coverage_holds_too(share, size):
    assert exact_coverage(200, share, size, reach=1.0) >= 0.93


def test_rows_that_never_changed_leave_the_rule_of_three():
    low, high = mean_difference(np.zeros(100), reach=1.0).interval()
    assert (low, high) == pytest.approx((-0.03, 0.03), abs=0.0005)
    assert mean_difference(np.zeros(100)).interval() == (0.0, 0.0)


def test_with_many_rows_and_ordinary_noise_the_interval_is_hardly_wider():
    rng = np.random.default_rng(31)
    covered, width, plain = 0, 0.0, 0.0
    for _ in range(2000):
        d = rng.normal(0.0, 0.1, 400)
        low, high = mean_difference(d, reach=1.0).interval()
        covered += low <= 0.0 <= high
        width += high - low
        plain += np.subtract(*mean_difference(d).interval()[::-1])
    assert 0.95 <= covered / 2000 <= 0.99
    assert width / plain < 1.3


@pytest.mark.parametrize(
    ("n", "noise", "least", "most"), [(400, 0.1, 0.93, 0.97), (60, 0.4, 0.93, 0.97), (60, 0.1, 0.99, 1)]
)
def test_the_interval_covers_as_often_as_it_says_where_noise_outweighs_the_rule_of_three(n, noise, least, most):
    rng, covered = np.random.default_rng(35), 0
    for _ in range(2000):
        low, high = mean_difference(np.clip(rng.normal(0.0, noise, n), -1.0, 1.0), reach=1.0).interval()
        covered += low <= 0.0 <= high
    assert least <= covered / 2000 <= most


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("found", [1, 2, 4])
def test_rare_changes_are_covered_beneath_ordinary_noise_too(noise, found):
    rng, covered, plain, n = np.random.default_rng(36), 0, 0, 100
    for _ in range(1000):
        d = np.where(rng.random(n) < found / n, 0.9, np.clip(rng.normal(0.0, noise, n), -1.0, 1.0))
        low, high = mean_difference(d, reach=1.0).interval()
        covered += low <= 0.9 * found / n <= high
        low, high = mean_difference(d).interval()
        plain += low <= 0.9 * found / n <= high
    assert covered / 1000 >= 0.93
    assert plain < covered


def test_the_unit_that_may_hide_a_change_is_the_document():
    documents = np.repeat(np.arange(20), 10)
    low, high = mean_difference(np.zeros(200), clusters=documents, reach=1.0).interval()
    alone = mean_difference(np.zeros(20), reach=1.0).interval()
    assert (low, high) == pytest.approx(alone)
    lopsided = np.repeat(np.arange(20), [181, *[1] * 19])
    assert mean_difference(np.zeros(200), clusters=lopsided, reach=1.0).interval()[1] == 1.0


def test_rows_can_have_a_reach_of_their_own():
    alike = mean_difference(np.zeros(100), reach=np.full(100, 2.0)).interval()
    assert alike == pytest.approx(mean_difference(np.zeros(100), reach=2.0).interval())
    few = mean_difference(np.zeros(100), reach=np.r_[np.full(5, 4.0), np.ones(95)]).interval()
    assert mean_difference(np.zeros(100), reach=1.0).interval()[1] < few[1] < alike[1]


@pytest.mark.parametrize(("noise", "own", "n", "size"), [(0.1, 0.5, 200, 1), (0.3, 0, 12, 10), (0.02, 0.5, 60, 1)])
def test_an_effect_of_the_stated_size_is_found_four_times_in_five(noise, own, n, size):
    """`n` documents of `size` rows; an effect differs from document to document by `own` times its size."""
    rng, found, documents = np.random.default_rng(33), 0, np.repeat(np.arange(n), size)

    def audit(effect):
        shared = rng.normal(effect, np.hypot(noise, own * effect), n)
        return mean_difference(np.clip(shared, -1.0, 1.0)[documents], clusters=documents, reach=1.0)

    stated = np.mean([audit(0.0).smallest_detectable for _ in range(200)])
    for _ in range(2000):
        found += p_outside(audit(stated).bounds, 0.0) <= 0.05
    assert found / 2000 == pytest.approx(0.8, abs=0.04)


def test_a_difference_beyond_the_reach_is_refused():
    with pytest.raises(ValueError, match="beyond its reach"):
        mean_difference([0.2, 1.2], reach=1.0)
    for reach in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="positive and finite"):
            mean_difference([0.0, 0.0], reach=reach)


@pytest.mark.parametrize("share", [0.03, 0.05])
def test_rows_crossed_with_names_are_covered_too(share):
    rng, covered, plain = np.random.default_rng(34), 0, 0
    rows = np.repeat(np.arange(30), 4)
    for _ in range(1000):
        names_a, names_b = (np.argsort(rng.random((30, 20)), axis=1)[:, :4].ravel() for _ in range(2))
        level = rng.uniform(0.05, 0.1, 30)
        moved = level + 0.9 * (rng.random(30) < share)
        sides = (level[rows], moved[rows], rows, rows, names_a, names_b)
        low, high = crossed_difference(*sides, reach=1.0).interval()
        covered += low <= 0.9 * share <= high
        low, high = crossed_difference(*sides).interval()
        plain += low <= 0.9 * share <= high
    assert covered / 1000 >= 0.93
    assert plain / 1000 < 0.9
