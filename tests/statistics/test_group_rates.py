"""Rates of two groups: published intervals, exact coverage, clusters, ranges and what chance makes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from modelaudit.statistics import (
    group_mean_difference,
    group_mean_ratio,
    group_rate,
    koopman_interval,
    largest_difference,
    newcombe_interval,
    null_range,
    p_below,
    parity_ratio,
    rate_difference,
    sample,
    smallest_ratio,
    trials,
    wilson_interval,
)


def group(hits, n, clusters=None):
    return trials(np.arange(n) < hits, clusters=clusters)


def test_the_difference_has_newcombes_published_interval():
    # Newcombe 1998, table II, example (a), method 10: 56/70 - 48/80.
    assert newcombe_interval(group(56, 70), group(48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    # Example (e), method 10: 5/56 - 0/29, where Wald's interval says nothing of the empty cell.
    assert newcombe_interval(group(5, 56), group(0, 29)) == pytest.approx((-0.0381, 0.1926), abs=5e-5)


def test_the_ratio_has_koopmans_published_interval():
    # Koopman 1984: 36 of 40 against 16 of 80.
    assert koopman_interval(group(36, 40), group(16, 80)) == pytest.approx((2.94, 7.15), abs=5e-3)


def exact(n, a, b, told):
    """The probability of what `told` says of two groups of n rows each, over all outcomes."""
    chances = [binom.pmf(np.arange(n + 1), n, rate) for rate in (a, b)]
    held = [[hits for hits, chance in enumerate(each) if chance > 1e-5] for each in chances]
    return sum(chances[0][i] * chances[1][j] * told(group(i, n), group(j, n)) for i in held[0] for j in held[1])


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.1), (0.3, 0.3), (0.24, 0.3), (0.9, 0.8)])
def test_both_intervals_cover_as_often_as_they_say(a, b):
    def of_difference(first, second):
        low, high = newcombe_interval(first, second)
        return low <= a - b <= high

    def of_ratio(first, second):
        low, high = koopman_interval(first, second)
        return low <= a / b <= high

    assert exact(40, a, b, of_difference) >= 0.94
    assert exact(40, a, b, of_ratio) >= 0.94


@pytest.mark.parametrize(("rate", "by_point"), [(0.1, 0.78), (0.3, 0.56), (0.5, 0.38)])
def test_at_parity_the_bare_ratio_alarms_and_the_interval_does_not(rate, by_point):
    def judged(a, b):
        # Below the limit with its folded interval: both ends of Koopman's beyond it, on one side of parity.
        low, high = koopman_interval(a, b)
        return high < 0.8 or low > 1.25

    def bare(a, b):
        return min(a.rate, b.rate) < 0.8 * max(a.rate, b.rate)

    assert exact(30, rate, rate, bare) == pytest.approx(by_point, abs=0.006)
    assert exact(30, rate, rate, judged) <= 0.05


def test_a_real_difference_is_found_and_named_in_the_right_direction():
    lower, higher = group(60, 400), group(160, 400)
    assert parity_ratio(lower, higher).value == pytest.approx(0.375)
    assert parity_ratio(higher, lower).value == pytest.approx(0.375)
    assert p_below(parity_ratio(lower, higher).bounds, 0.8) < 1e-4
    assert rate_difference(lower, higher).interval()[1] < -0.15


def test_groups_without_a_hit():
    nothing, some = group(0, 50), group(12, 50)
    estimate = parity_ratio(nothing, some)
    assert estimate.value == 0.0
    assert 0.0 < estimate.interval()[1] < 0.5
    assert parity_ratio(some, nothing).interval() == pytest.approx(estimate.interval(), abs=1e-6)
    assert "have no ratio" in parity_ratio(nothing, nothing).reason
    assert rate_difference(nothing, nothing).interval()[1] > 0.05
    assert "nothing to count" in rate_difference(group(0, 0), some).reason


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_what_holds_of_any_two_groups(n_a, n_b, data):
    a = group(data.draw(st.integers(0, n_a)), n_a)
    b = group(data.draw(st.integers(0, n_b)), n_b)
    low, high = rate_difference(a, b).interval()
    assert rate_difference(b, a).interval() == pytest.approx((-high, -low))
    assert low <= a.rate - b.rate <= high
    ratio = parity_ratio(a, b)
    if ratio.value is not None:
        assert ratio.interval()[0] <= ratio.value <= ratio.interval()[1] <= 1.0
    assert group_rate(a).interval() == pytest.approx(wilson_interval(int(a.hits.sum()), n_a))


def test_rows_of_one_document_count_as_what_they_are():
    # Each document says ten times the same: ten times the rows, not ten times the evidence.
    documents = np.repeat(np.arange(40), 10)
    hits = np.repeat(np.arange(40) % 3 == 0, 10)
    a, b = (trials(hits[half], clusters=documents[half]) for half in (documents < 20, documents >= 20))
    bare = [trials(hits[half]) for half in (documents < 20, documents >= 20)]
    single = [trials(hits[half][::10]) for half in (documents < 20, documents >= 20)]
    width, plain, honest = (np.ptp(rate_difference(*pair).interval()) for pair in ((a, b), bare, single))
    assert plain < 0.5 * honest
    assert width == pytest.approx(honest, rel=0.1)
    assert np.ptp(parity_ratio(a, b).interval()) == pytest.approx(np.ptp(parity_ratio(*single).interval()), rel=0.15)
    # Without a hit likeness can't be seen, and a document is one trial.
    empty = trials(np.zeros(200), clusters=documents[:200])
    assert group_rate(empty).interval()[1] > 0.1
    other = trials(np.zeros(200), clusters=documents[200:])
    assert rate_difference(empty, other).interval()[1] > 0.1


def test_documents_with_rows_of_both_groups_narrow_the_difference():
    rng = np.random.default_rng(3)
    chance = np.repeat(rng.beta(0.5, 0.5, size=60), 2)
    hits, documents, first = rng.random(120) < chance, np.repeat(np.arange(60), 2), np.arange(120) % 2 == 0
    together = rate_difference(*(trials(hits[half], clusters=documents[half]) for half in (first, ~first)))
    apart = rate_difference(*(trials(hits[half]) for half in (first, ~first)))
    assert np.ptp(together.interval()) <= np.ptp(apart.interval()) * 1.05


@pytest.mark.parametrize("likeness", [1.0, 4.0])
def test_intervals_of_clustered_trials_cover(likeness):
    rng, covered, ratios, draws = np.random.default_rng(7), 0, 0, 400
    for _ in range(draws):
        groups = []
        for rate in (0.5, 0.35):
            chances = rng.beta(rate * likeness, (1 - rate) * likeness, size=40)
            sizes = rng.integers(1, 6, size=40)
            groups.append(trials(rng.binomial(sizes, chances), sizes, clusters=np.arange(40) + 100 * (rate < 0.5)))
        low, high = newcombe_interval(*groups)
        covered += low <= 0.15 <= high
        low, high = koopman_interval(*groups)
        ratios += low <= 0.5 / 0.35 <= high
    assert 0.915 <= covered / draws <= 0.985
    assert 0.915 <= ratios / draws <= 0.985


def test_the_largest_difference_and_the_smallest_ratio():
    groups = [group(18 + 7, 70), group(52, 100), group(30, 60)]
    estimate = largest_difference([groups])
    assert estimate.value == pytest.approx(52 / 100 - 25 / 70)
    pair = rate_difference(groups[1], groups[0]).interval()
    assert estimate.interval()[1] > pair[1]
    assert estimate.interval()[0] <= max(pair[0], 0.0)
    assert smallest_ratio(groups).value == pytest.approx((25 / 70) / (52 / 100))
    assert smallest_ratio(groups).interval()[0] < parity_ratio(groups[0], groups[1]).interval()[0]
    assert largest_difference([groups[:2]]).interval() == pytest.approx(pair)


@pytest.mark.parametrize(("groups", "mean"), [(2, 0.052), (4, 0.094), (8, 0.130)])
def test_chance_alone_makes_a_range_that_grows_with_the_groups(groups, mean):
    alike = [group(30, 100) for _ in range(groups)]
    null = null_range([alike], rng=np.random.default_rng(0), draws=4000)
    assert null.mean == pytest.approx(mean, abs=0.004)
    assert null.p == 1.0
    apart = [*alike[1:], group(65, 100)]
    assert null_range([apart], rng=np.random.default_rng(0)).p < 0.002


def test_the_null_of_documents_deals_them_out_whole():
    documents = np.repeat(np.arange(40), 25)
    hits = np.repeat(np.arange(40) % 2, 25)
    halves = documents < 20, documents >= 20
    whole = null_range([[trials(hits[h], clusters=documents[h]) for h in halves]], rng=np.random.default_rng(0))
    rows = null_range([[trials(hits[h]) for h in halves]], rng=np.random.default_rng(0))
    assert whole.mean > 3 * rows.mean
    turned = [trials(hits[h][::-1], clusters=documents[h][::-1]) for h in halves]
    assert null_range([turned], rng=np.random.default_rng(0)) == whole


@pytest.mark.parametrize("sizes", [(30, 30), (25, 200)])
def test_means_of_chances_less_outcomes_cover(sizes):
    rng, covered, draws = np.random.default_rng(5), 0, 600
    for _ in range(draws):
        gaps = []
        for n, shift in zip(sizes, (0.0, 0.1), strict=True):
            chance = rng.beta(2, 2, size=n) * 0.8
            gaps.append(sample(chance - (rng.random(n) < chance + shift)))
        low, high = group_mean_difference(*gaps, reach=1.0).interval()
        covered += low <= 0.1 <= high
    assert 0.935 <= covered / draws <= 0.985


def test_means_that_do_not_vary_are_not_certain_for_that():
    sure = sample(np.full(60, -0.01)), sample(np.full(60, -0.01))
    low, high = group_mean_difference(*sure, reach=1.0).interval()
    assert (low, high) == pytest.approx((-high, high))
    assert high > 0.05
    assert "two rows" in group_mean_difference(sample([1.0]), sample([1.0, 2.0])).reason


def test_the_ratio_of_means():
    rng = np.random.default_rng(1)
    a, b = sample(rng.exponential(2.0, 300)), sample(rng.exponential(1.0, 300))
    estimate = group_mean_ratio(a, b)
    assert estimate.interval()[0] < 2.0 < estimate.interval()[1]
    low, high = group_mean_ratio(b, a).interval()
    assert (1 / high, 1 / low) == pytest.approx(estimate.interval())
    assert "is 0" in group_mean_ratio(a, sample([0.0, 0.0])).reason
    with pytest.raises(ValueError, match="not negative"):
        group_mean_ratio(sample([-1.0, 1.0]), b)


def test_clustered_means_use_documents():
    values, documents = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0], 20), np.repeat(np.arange(5), 20)
    whole = group_mean_difference(
        sample(values, clusters=documents.astype(np.intp)), sample(values, clusters=documents.astype(np.intp) + 5)
    )
    rows = group_mean_difference(sample(values), sample(values))
    assert np.ptp(whole.interval()) > 3 * np.ptp(rows.interval())


def test_trials_that_contradict_themselves_are_refused():
    with pytest.raises(ValueError, match="0 <= hits"):
        trials([2.0], [1.0])
    with pytest.raises(ValueError, match="number them in clusters"):
        trials([1.0, 2.0], [3.0, 2.0])
    with pytest.raises(ValueError, match="both groups"):
        rate_difference(group(1, 3), group(1, 3, clusters=np.arange(3)))
    assert math.isnan(trials([], []).rate)
