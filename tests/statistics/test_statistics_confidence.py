"""An estimate's bounds answer for any level and any limit as the method itself would."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom, norm, t

from modelaudit.statistics import (
    LEVELS,
    Estimate,
    clopper_pearson,
    confidence_below,
    interval_at,
    min_p,
    normal,
    on_grid,
    p_above,
    p_below,
    p_outside,
    quantile,
)

values = st.floats(-5, 5)
spreads = st.floats(0.01, 3)
limits = st.floats(-12, 12)


def estimate(value, se=1.0, **options):
    return normal(value, se, n=10, method="test", **options)


@given(values, spreads, st.floats(0.5, 0.99999))
def test_any_level_of_a_normal_interval_is_recovered_from_the_grid(value, se, level):
    half = norm.ppf((1 + level) / 2) * se
    assert interval_at(estimate(value, se).bounds, level) == pytest.approx((value - half, value + half), abs=1e-9)


def test_levels_outside_the_grid_take_the_nearest_interval():
    bounds = estimate(0.0).bounds
    assert interval_at(bounds, 0.3) == interval_at(bounds, LEVELS[0])
    assert interval_at(bounds, 0.9999999) == interval_at(bounds, LEVELS[-1])
    assert min_p(bounds) == pytest.approx(5e-6)


@given(values, spreads, limits)
def test_one_sided_p_of_a_normal_estimate_is_the_z_test(value, se, limit):
    bounds = estimate(value, se).bounds
    exact = float(norm.cdf((limit - value) / se))
    assert p_above(bounds, limit) == pytest.approx(min(max(exact, 5e-6), 1 - 5e-6), abs=1e-9)
    assert p_above(bounds, limit) + p_below(bounds, limit) == pytest.approx(1.0)
    assert p_above(bounds, limit) == confidence_below(bounds, limit)


@given(values, spreads, st.floats(0, 4))
def test_p_outside_is_the_test_of_the_interval_null(value, se, limit):
    exact = float(norm.cdf((limit - abs(value)) / se) + norm.cdf((-limit - abs(value)) / se))
    assert p_outside(estimate(value, se).bounds, limit) == pytest.approx(min(max(exact, 1e-5), 1.0), abs=2e-5)


def test_p_outside_zero_is_the_two_sided_p():
    assert p_outside(estimate(1.96).bounds, 0.0) == pytest.approx(2 * norm.sf(1.96))
    assert p_outside(estimate(-1.96).bounds, 0.0) == pytest.approx(2 * norm.sf(1.96))


def test_p_value_and_interval_agree_for_student_t_on_the_grid():
    bounds = estimate(0.0, df=4).bounds
    for level in LEVELS:
        assert p_above(bounds, -t.ppf((1 + level) / 2, 4)) == pytest.approx((1 - level) / 2)


@given(st.integers(0, 60), st.integers(1, 60), st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
def test_p_values_are_monotone_in_the_limit_and_never_below_the_grid(hits, more, first, second):
    bounds = clopper_pearson(hits, hits + more).bounds
    low, high = sorted((first, second))
    assert p_above(bounds, low) <= p_above(bounds, high) + 1e-12
    assert p_below(bounds, low) >= p_below(bounds, high) - 1e-12
    assert p_above(bounds, low) + p_below(bounds, low) >= 1.0 - 1e-9
    assert min(p_above(bounds, low), p_below(bounds, high)) >= min_p(bounds) - 1e-12


@given(st.integers(0, 40), st.integers(0, 40))
def test_bounds_are_nested_and_hold_the_value(hits, misses):
    result = clopper_pearson(hits, hits + misses + 1)
    lows, highs = [low for _, low, _ in result.bounds], [high for _, _, high in result.bounds]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert lows[0] <= result.value <= highs[0]
    assert [level for level, _, _ in result.bounds] == list(LEVELS)


@pytest.mark.parametrize(("hits", "n", "limit"), [(10, 1000, 0.005), (3, 50, 0.02), (40, 50, 0.7)])
def test_p_above_of_an_exact_interval_is_near_the_exact_binomial_test(hits, n, limit):
    exact = binom.sf(hits - 1, n, limit)
    assert p_above(clopper_pearson(hits, n).bounds, limit) == pytest.approx(exact, rel=0.15)


def test_a_degenerate_interval_is_no_evidence_at_its_own_point():
    bounds = estimate(0.0, se=0.0).bounds
    assert p_above(bounds, 0.0) > 0.99
    assert p_below(bounds, 0.0) > 0.99
    assert p_outside(bounds, 0.0) == 1.0
    assert p_above(bounds, 0.01) > 0.99
    assert p_above(bounds, -0.01) == pytest.approx(5e-6)
    assert p_outside(estimate(0.3, se=0.0).bounds, 0.05) == pytest.approx(1e-5)


@example(value=0.015625, se=0.010763767684270911, limit=-0.02734375)
@given(value=st.floats(-0.05, 0.05), se=st.floats(0.003, 0.03), limit=st.floats(-0.04, 0.04))
def test_clipping_to_the_support_never_makes_evidence(value, se, limit):
    clipped = estimate(value, se, support=(-0.03, 0.03)).bounds
    assert interval_at(clipped, 0.95)[0] >= -0.03
    if abs(limit) <= 0.03:
        exact = norm.cdf((limit - value) / se)
        assert p_above(clipped, limit) >= min(exact, 1 - 5e-6) - 1e-9
        assert p_below(clipped, limit) >= min(1 - exact, 1 - 5e-6) - 1e-9


def test_no_hit_is_no_evidence_against_a_rate_of_zero():
    assert p_above(clopper_pearson(0, 1000).bounds, 0.0) >= 0.5


def test_crossing_levels_are_made_nested():
    bounds = on_grid(lambda level: (-0.1, 0.2) if level == 0.8 else (-0.05, 0.1))
    assert [low for _, low, _ in bounds] == [-0.05] + [-0.1] * 11
    assert [high for _, _, high in bounds] == [0.1] + [0.2] * 11


@pytest.mark.parametrize("interval", [(math.nan, 1.0), (-math.inf, 1.0), (0.0, math.inf), (1.0, 0.0)])
def test_bounds_that_say_nothing_are_refused(interval):
    with pytest.raises(ValueError, match=r"gave|not finite"):
        on_grid(lambda level: interval)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"value": None, "n": 0}, "needs a reason"),
        ({"value": 0.5, "n": 3}, "needs a reason"),
        ({"value": math.nan, "n": 3, "reason": "x"}, "must be finite"),
        ({"value": 0.5, "n": -1, "reason": "x"}, "n = -1"),
        ({"value": None, "n": 3, "bounds": ((0.5, 0.0, 1.0),)}, "cannot have an interval"),
        ({"value": 0.5, "n": 3, "bounds": ((0.5, 0.0, 1.0), (0.8, 0.1, 1.0))}, "not nested"),
        ({"value": 0.5, "n": 3, "bounds": ((0.8, 0.0, 1.0), (0.5, 0.0, 1.0))}, "not nested"),
    ],
)
def test_an_estimate_that_contradicts_itself_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Estimate(method="test", **fields)


def test_an_estimate_without_bounds_says_why_it_has_no_interval():
    with pytest.raises(ValueError, match="too few rows"):
        Estimate(value=0.5, n=1, method="test", reason="too few rows").interval()


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate(0.0).interval(level)


def test_limits_must_be_numbers():
    with pytest.raises(ValueError, match="NaN"):
        p_above(estimate(0.0).bounds, math.nan)
    with pytest.raises(ValueError, match="negative"):
        p_outside(estimate(0.0).bounds, -0.1)
    with pytest.raises(ValueError, match="no bounds"):
        p_above((), 0.0)


def test_quantiles_are_of_the_normal_and_of_students_t():
    assert quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert quantile(0.95, df=3) == pytest.approx(3.182446, abs=1e-6)


@pytest.mark.parametrize(("value", "se", "df"), [(math.nan, 1, None), (0, -1, None), (0, math.inf, None), (0, 1, 0)])
def test_normal_refuses_what_is_no_estimate(value, se, df):
    with pytest.raises(ValueError, match="normal interval"):
        normal(value, se, n=1, method="test", df=df)


def test_p_of_the_true_limit_is_uniform():
    rng = np.random.default_rng(5)
    p = np.array([p_above(estimate(value).bounds, 0.3) for value in rng.normal(0.3, 1.0, 2000)])
    for alpha in (0.01, 0.05, 0.5):
        assert np.mean(p <= alpha) == pytest.approx(alpha, abs=3.5 * math.sqrt(alpha * (1 - alpha) / 2000))
