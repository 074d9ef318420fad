"""Exposure: ranks in bits, what unseen secrets show, and intervals of a few secrets."""

import math

import numpy as np
import pytest

from modelaudit.statistics import (
    NULL_MEAN_EXPOSURE,
    exposure,
    exposure_cap,
    exposure_p,
    exposures,
    mean_exposure,
    p_above,
)


def test_exposure_is_the_rank_in_bits():
    references = np.arange(511.0)
    assert exposure(1000.0, references) == pytest.approx(9.0)
    assert exposure(-1.0, references) == pytest.approx(0.0)
    assert exposure(255.5, references) == pytest.approx(1.0)
    assert exposure_cap(511) == pytest.approx(9.0)


def test_ties_count_against_the_secret():
    assert exposure(3.0, [3.0] * 7) == 0.0
    assert exposure(3.0, [3.0, 1.0, 1.0]) == pytest.approx(1.0)


def test_many_secrets_are_ranked_as_one_is():
    rng = np.random.default_rng(0)
    references, scores = rng.normal(size=50), rng.normal(size=9)
    assert exposures(scores, references).tolist() == [exposure(score, references) for score in scores]


def test_without_references_or_with_nan_there_is_no_exposure():
    with pytest.raises(ValueError, match="there are none"):
        exposure(1.0, [])
    with pytest.raises(ValueError, match="NaN"):
        exposure(math.nan, [1.0])
    with pytest.raises(ValueError, match="lie between 0 and"):
        mean_exposure([4.0], 3)


def test_unseen_secrets_have_a_mean_exposure_of_one_over_log_two():
    rng = np.random.default_rng(1)
    bits = np.array([exposure(rng.normal(), rng.normal(size=511)) for _ in range(3000)])
    assert bits.mean() == pytest.approx(NULL_MEAN_EXPOSURE, abs=0.08)
    for e in (1, 3, 6):
        assert np.mean(bits >= e) == pytest.approx(2.0**-e, abs=4 * math.sqrt(2.0**-e / 3000))


@pytest.mark.parametrize(("secrets", "references", "shared"), [(1, 511, False), (5, 60, False), (60, 90, True)])
def test_unseen_secrets_are_called_exposed_in_at_most_five_of_a_hundred_audits(secrets, references, shared):
    rng = np.random.default_rng(secrets)
    p = []
    for _ in range(400):
        if shared:
            bits = exposures(rng.normal(size=secrets), rng.normal(size=references))
        else:
            bits = np.array([exposure(rng.normal(), rng.normal(size=references)) for _ in range(secrets)])
        p.append(exposure_p(bits, references, shared=shared))
    assert sum(value < 0.05 for value in p) <= 31


def test_the_interval_says_no_more_than_the_test():
    rng = np.random.default_rng(3)
    for shared in (False, True):
        bits = exposures(0.5 + rng.normal(size=40), rng.normal(size=80))
        estimate, p = mean_exposure(bits, 80, shared=shared), exposure_p(bits, 80, shared=shared)
        assert p < 0.05
        assert p_above(estimate.bounds, NULL_MEAN_EXPOSURE) >= 0.95 * p


def test_remembered_secrets_are_found_from_three_on():
    estimate = mean_exposure([9.0, 9.0, 9.0], 511)
    assert estimate.value == pytest.approx(9.0)
    assert estimate.interval()[0] > NULL_MEAN_EXPOSURE
    assert exposure_p([9.0, 9.0, 9.0], 511) < 1e-4


def test_a_handful_of_secrets_cannot_show_that_all_are_safe():
    assert mean_exposure([1.0] * 3, 511).interval()[1] > 6.0
    assert mean_exposure([0.0] * 20, 511).interval() == (0.0, pytest.approx(1.516, abs=0.01))


def test_shared_references_make_the_interval_wider():
    bits = np.random.default_rng(4).exponential(NULL_MEAN_EXPOSURE, size=100).clip(0, 5)
    own, shared = mean_exposure(bits, 100), mean_exposure(bits, 100, shared=True)
    assert shared.interval()[0] < own.interval()[0]
    assert shared.smallest_detectable > own.smallest_detectable


def test_no_secret_gives_a_reason():
    estimate = mean_exposure([], 10)
    assert estimate.value is None
    assert "no secret" in estimate.reason
