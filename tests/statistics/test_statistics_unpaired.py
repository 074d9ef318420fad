"""The difference of two means whose units share parts."""

from __future__ import annotations

import numpy as np
import pytest

from modelaudit.statistics.unpaired import unpaired_difference


def alone(n, name):
    return [(f"{name}{place}",) for place in range(n)]


def test_without_shared_parts_it_is_the_difference_of_two_independent_means():
    rng = np.random.default_rng(1)
    a, b = rng.random(400), rng.random(300)
    found = unpaired_difference(a, b, parts_a=alone(400, "a"), parts_b=alone(300, "b"), reach=1.0)
    se = np.sqrt(a.var(ddof=1) / 400 + b.var(ddof=1) / 300)
    low, high = found.interval()
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert found.n == 700
    # A little wider: 1.5 units at full reach are allowed for.
    assert 1.0 < (high - low) / 2 / (1.96 * se) < 1.08


def test_values_that_never_differ_give_an_interval_of_some_width():
    found = unpaired_difference([0.5] * 30, [0.5] * 30, parts_a=alone(30, "a"), parts_b=alone(30, "b"), reach=1.0)
    low, high = found.interval()
    assert found.value == 0.0
    assert low == pytest.approx(-high)
    assert 0.1 < high < 0.2


def test_weights_count_units_more_and_less():
    weights = [1.0] * 10 + [0.0] * 10
    a = [0.9, 0.7] * 5 + [0.0] * 10
    found = unpaired_difference(
        a, [0.5, 0.3] * 10, parts_a=alone(20, "a"), parts_b=alone(20, "b"), weights_a=weights, reach=1.0
    )
    assert found.value == pytest.approx(0.8 - 0.4)


def test_shared_parts_are_allowed_for_and_coverage_holds():
    rng = np.random.default_rng(2)
    covered, blind = 0, 0
    draws, n = 600, 80
    for _ in range(draws):
        effects = rng.normal(0.0, 0.2, size=24)
        code_a, code_b = rng.integers(0, 12, n), rng.integers(12, 24, n)
        a = np.clip(0.5 + effects[code_a] + rng.normal(0, 0.1, n), 0, 1)
        b = np.clip(0.5 + effects[code_b] + rng.normal(0, 0.1, n), 0, 1)
        shared = unpaired_difference(
            a, b, parts_a=[(part,) for part in code_a], parts_b=[(part,) for part in code_b], reach=1.0
        )
        apart = unpaired_difference(a, b, parts_a=alone(n, "a"), parts_b=alone(n, "b"), reach=1.0)
        covered += shared.interval()[0] <= 0.0 <= shared.interval()[1]
        blind += apart.interval()[0] <= 0.0 <= apart.interval()[1]
    assert covered / draws > 0.9
    assert blind / draws < 0.75


def test_what_can_not_be_compared_is_refused_with_a_reason():
    few = unpaired_difference([0.1], [0.2, 0.3], parts_a=alone(1, "a"), parts_b=alone(2, "b"), reach=1.0)
    assert few.value is None
    assert "two units on either side" in few.reason
    with pytest.raises(ValueError, match="one entry for each"):
        unpaired_difference([0.1, 0.2], [0.2, 0.3], parts_a=alone(1, "a"), parts_b=alone(2, "b"), reach=1.0)
    with pytest.raises(ValueError, match="not negative"):
        unpaired_difference(
            [0.1, 0.2], [0.2, 0.3], parts_a=alone(2, "a"), parts_b=alone(2, "b"), weights_a=[1, -1], reach=1.0
        )
