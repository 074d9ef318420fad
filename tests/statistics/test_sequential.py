"""Looking again and again: what a look may spend, and permutation p-values as fine as it needs."""

from __future__ import annotations

import numpy as np
import pytest

from modelaudit.statistics.sequential import look_share, over_looks, sequential_permutation_p, spent_share


def test_all_looks_together_spend_no_more_than_there_is():
    assert spent_share(20_000) < 1.0
    # What the looks after the last counted one may spend closes the sum: the integral of k^-1.2 bounds it.
    assert spent_share(20_000) + 5.0 * 20_000**-0.2 / 5.5915824 == pytest.approx(1.0, abs=1e-4)
    shares = [look_share(look) for look in range(1, 400)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.1788, abs=1e-4)


def test_a_p_counts_by_the_share_of_its_look():
    assert over_looks(0.001, 1) == pytest.approx(0.001 / look_share(1))
    assert over_looks(0.9, 30) == 1.0
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            over_looks(wrong, 1)
    with pytest.raises(ValueError, match="counted from 1"):
        look_share(0)


def test_drawing_ends_early_where_nothing_is_there_and_goes_on_where_something_is():
    rng = np.random.default_rng(0)
    none = sequential_permutation_p(0.0, rng.standard_normal, most=1_000_000)
    assert none.draws < 60
    assert 0.2 < none.p < 0.9
    much = sequential_permutation_p(9.0, rng.standard_normal, most=20_000)
    assert (much.draws, much.p) == (20_000, 1 / 20_001)
    assert much.band == pytest.approx(1.645, abs=0.3)


def test_its_p_is_below_a_threshold_no_more_often_than_that():
    rng = np.random.default_rng(1)
    found = np.array(
        [sequential_permutation_p(float(rng.standard_normal()), rng.standard_normal, most=400).p for _ in range(1_500)]
    )
    for threshold, most in ((0.01, 28), (0.05, 100), (0.2, 340)):
        assert (found <= threshold).sum() <= most  # 99.9% of a binomial at the threshold itself


def test_it_needs_draws_and_a_number():
    with pytest.raises(ValueError, match="200 draws"):
        sequential_permutation_p(0.0, np.random.default_rng(0).standard_normal, most=50)
    with pytest.raises(ValueError, match="finite"):
        sequential_permutation_p(float("nan"), np.random.default_rng(0).standard_normal, most=500)
