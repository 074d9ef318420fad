"""Two samples: tests that hold at one in a million as at one in twenty."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import kolmogorov
from scipy.stats import binom, fisher_exact

from modelaudit.statistics.exact_two_sample import MOST_STEPS, class_p, class_tail, gap_detectable, largest_gap
from modelaudit.statistics.margins import RULED_OUT, rise_p
from modelaudit.statistics.mmd import mmd_test


def _all_orders(a, b, bins):
    """The share of all divisions of the pooled sample whose gap is as large, by trying each."""
    pooled, n, m = np.concatenate([a, b]), len(a), len(b)

    def gap(x, y):
        counts = [np.cumsum(np.bincount(side, minlength=bins)) for side in (x, y)]
        return int(np.abs(counts[0] * m - counts[1] * n).max())

    observed, hits, total = gap(a, b), 0, 0
    for chosen in itertools.combinations(range(n + m), n):
        inside = np.zeros(n + m, dtype=bool)
        inside[list(chosen)] = True
        hits += gap(pooled[inside], pooled[~inside]) >= observed
        total += 1
    return hits / total


@pytest.mark.parametrize("values", [3, 4, 40])
def test_the_gaps_p_is_the_share_of_all_orders_with_ties_and_without(values):
    rng = np.random.default_rng(values)
    compared = 0
    while compared < 3:
        a, b = rng.integers(0, values, 5), rng.integers(0, values, 6) + rng.integers(0, 2) * values // 3
        bins = 2 * values
        found = largest_gap(np.bincount(a, minlength=bins), np.bincount(b, minlength=bins))
        if kolmogorov(found.value * math.sqrt(30 / 11)) <= 0.3:
            assert found.p == pytest.approx(_all_orders(a, b, bins), rel=1e-12)
            compared += 1


def test_a_gap_of_all_rows_has_the_p_of_two_orders():
    found = largest_gap([30, 0], [0, 30])
    assert found.value == 1.0
    assert found.p == pytest.approx(2 / math.comb(60, 30), rel=1e-9)  # 1.7e-17
    assert largest_gap([3, 4], [3, 4]).p == 1.0


def test_beyond_counting_p_is_a_bound_and_not_too_small():
    huge = largest_gap(np.array([40_000, 60_000]), np.array([30_600, 39_400]))
    assert MOST_STEPS < 100_000 * 70_000
    exact_limit = kolmogorov(huge.value * math.sqrt(100_000 * 70_000 / 170_000))
    assert exact_limit < huge.p < 0.05
    # What is proven: one sample or the other strays from what both were drawn from by its part of the gap.
    parts = huge.value / (1 / math.sqrt(100_000) + 1 / math.sqrt(70_000)) / np.sqrt([100_000, 70_000])
    each = 2 * np.exp(-2 * np.array([100_000, 70_000]) * parts**2)
    assert parts.sum() == pytest.approx(huge.value)
    assert huge.p == pytest.approx(each.sum())
    for n, m in ((100_000, 70_000), (5_000, 200_000), (300, 150)):
        gap = gap_detectable(n, m, alpha=1e-6)
        bins = [np.array([round(rows * (0.5 + side * gap / 2)) for side in (1, -1)]) for rows in (n, m)]
        assert largest_gap(bins[0], bins[1][::-1]).p < 1e-6


def test_a_gap_as_large_as_promised_is_found_in_four_of_five_samples():
    rng, n, m, alpha = np.random.default_rng(0), 300, 150, 1e-3
    gap = gap_detectable(n, m, alpha=alpha)
    found = 0
    for _ in range(120):
        # A gap of that size at one place: so much of the mass is moved from the first bin to the second.
        a = rng.multinomial(n, [0.5 + gap / 2, 0.5 - gap / 2])
        b = rng.multinomial(m, [0.5 - gap / 2, 0.5 + gap / 2])
        found += largest_gap(a, b).p <= alpha
    assert found >= 0.7 * 120


def test_classes_are_held_against_all_others_as_fisher_did():
    before, after = np.array([800, 150, 50]), np.array([130, 60, 10])
    n, m = before.sum(), after.sum()
    for above, side in ((True, "less"), (False, "greater")):
        for place, p in enumerate(class_tail(before, after, above=above)):
            table = [[before[place], n - before[place]], [after[place], m - after[place]]]
            assert p == pytest.approx(fisher_exact(table, alternative=side).pvalue, rel=1e-9)
    assert class_p([50, 50], [500, 500])[0] == 1.0


@pytest.mark.parametrize(("share", "margin"), [(0.2, 0.1), (0.02, 0.1), (0.5, -0.1)])
def test_a_rise_beyond_a_margin_is_told_no_more_often_than_the_level(share, margin):
    n, m = 24, 18
    sizes = dict.fromkeys((0.05, 0.001), 0.0)
    for before in range(n + 1):
        for after in range(m + 1):
            chance = binom.pmf(before, n, share) * binom.pmf(after, m, share + margin)
            if chance > 1e-9:
                p = rise_p((before, n), (after, m), margin)
                for level in sizes:
                    sizes[level] += chance * (p <= level)
    assert all(size <= level * 1.001 for level, size in sizes.items())
    assert sizes[0.05] > 0.01  # and it is no test that never tells


def test_a_rise_needs_rows_and_a_margin_that_can_be():
    assert rise_p((20, 100), (25, 100), 0.1) == 1.0
    assert rise_p((200, 1000), (140, 200), 0.1) < 1e-8
    assert rise_p((0, 50), (0, 50), 0.0) == 1.0
    # No share before that fits 0 of 50 could have fallen by .99.
    assert rise_p((0, 50), (50, 50), -0.99) == RULED_OUT
    with pytest.raises(ValueError, match="needs a row"):
        rise_p((0, 0), (1, 2), 0.1)
    with pytest.raises(ValueError, match="margin"):
        rise_p((1, 2), (1, 2), 1.0)


def test_the_discrepancy_leaves_the_diagonal_out():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(7, 2)), rng.normal(0.4, size=(5, 2))
    pooled = np.vstack([a, b])
    distances = ((pooled[:, None] - pooled[None]) ** 2).sum(axis=2)
    kernel = np.exp(-distances / (2 * np.median(distances[np.triu_indices(12, 1)])))
    first, second, across = kernel[:7, :7], kernel[7:, 7:], kernel[:7, 7:]
    expected = (first.sum() - 7) / 42 + (second.sum() - 5) / 20 - 2 * across.mean()
    assert mmd_test(a, b, rng=rng, most=200).value == pytest.approx(expected, abs=1e-12)


def test_the_discrepancy_tells_samples_apart_and_leaves_like_ones_alone():
    rng = np.random.default_rng(4)
    alike = [mmd_test(rng.normal(size=(40, 4)), rng.normal(size=(30, 4)), rng=rng, most=200).test.p for _ in range(150)]
    assert sum(p <= 0.05 for p in alike) <= 16  # 99.9% of 150 at 5%
    apart = mmd_test(rng.normal(size=(60, 4)), rng.normal(1.0, size=(60, 4)), rng=rng, most=20_000)
    assert apart.test.p < 1e-4
    same = np.ones((30, 3))
    assert mmd_test(same, same, rng=rng, most=200).test.p > 0.9


def test_what_is_no_two_samples_is_refused():
    with pytest.raises(ValueError, match="whole numbers"):
        largest_gap([1.5, 2], [1, 2])
    with pytest.raises(ValueError, match="neither of them empty"):
        largest_gap([0, 0], [1, 2])
    with pytest.raises(ValueError, match="neither of them empty"):
        class_p([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="shapes"):
        mmd_test(np.ones((3, 2)), np.ones((3, 4)), rng=np.random.default_rng(0), most=200)
    with pytest.raises(ValueError, match="NaN"):
        mmd_test(np.full((3, 2), np.nan), np.ones((3, 2)), rng=np.random.default_rng(0), most=200)
