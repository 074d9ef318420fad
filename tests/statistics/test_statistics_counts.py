"""Proportions, paired outcomes, multiplicity, power and resampling against known values."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import binom, binomtest, false_discovery_control, norm, ttest_1samp

from modelaudit.statistics import (
    benjamini_hochberg,
    bootstrap_se,
    clopper_pearson,
    clopper_pearson_interval,
    detectable_auc,
    detectable_mean,
    detectable_proportion_difference,
    fcr_level,
    holm,
    largest_of,
    mcnemar_p,
    mean_difference,
    p_below,
    p_outside,
    paired_difference,
    permutation_p,
    relative_loss,
    tango_interval,
    wilson,
    wilson_interval,
    z_sum,
)

p_lists = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 1000, 0.0, 0.00368), (1, 1000, 0.00003, 0.00556), (10, 1000, 0.0048, 0.0183), (500, 1000, 0.46855, 0.53145)],
)
def test_clopper_pearson_known_values(hits, n, low, high):
    assert clopper_pearson(hits, n).interval() == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)])
def test_wilson_known_values(hits, n, low, high):
    assert wilson(hits, n).interval() == pytest.approx((low, high), abs=5e-5)


def test_clopper_pearson_covers_at_every_rate_and_wilson_on_average():
    n = 60
    hits = np.arange(n + 1)
    for interval, least, mean in ((clopper_pearson_interval, 0.95, 0.95), (wilson_interval, 0.80, 0.945)):
        bounds = np.array([interval(int(h), n) for h in hits])
        rates = np.linspace(0.005, 0.995, 199)
        covered = [binom.pmf(hits, n, rate)[(bounds[:, 0] <= rate) & (rate <= bounds[:, 1])].sum() for rate in rates]
        assert min(covered) >= least
        assert np.mean(covered) >= mean


@given(st.integers(0, 80), st.integers(0, 80))
def test_an_interval_of_misses_mirrors_that_of_hits(hits, misses):
    n = hits + misses
    for interval in (clopper_pearson_interval, wilson_interval):
        low, high = interval(hits, n, 0.9)
        assert (1 - high, 1 - low) == pytest.approx(interval(misses, n, 0.9))


def test_no_trials_is_a_reason_and_a_wrong_count_an_error():
    assert clopper_pearson(0, 0).value is None
    assert "n is 0" in wilson(0, 0).reason
    for hits, n in ((3, 2), (-1, 2), (0.5, 2)):
        with pytest.raises(ValueError, match="is not a count"):
            clopper_pearson(hits, n)


def test_mcnemar_is_the_binomial_test_of_the_changed_rows():
    assert mcnemar_p(1, 9) == pytest.approx(binomtest(1, 10).pvalue)
    assert mcnemar_p(1, 9, alternative="lost") == pytest.approx(11 / 1024)
    assert mcnemar_p(1, 9, alternative="gained") == pytest.approx(1023 / 1024)
    assert mcnemar_p(1, 9, alternative="lost", mid_p=True) == pytest.approx(6 / 1024)
    assert mcnemar_p(0, 0) == mcnemar_p(4, 4) == 1.0
    with pytest.raises(ValueError, match="alternative"):
        mcnemar_p(1, 2, alternative="less")


def test_tango_without_discordant_rows_has_a_closed_form():
    reach = 1.959964**2 / (100 + 1.959964**2)
    assert tango_interval(0, 0, 100) == pytest.approx((-reach, reach), abs=1e-6)


@given(st.integers(0, 25), st.integers(0, 25), st.integers(0, 50), st.sampled_from([0.5, 0.95, 0.999]))
def test_the_ends_of_tango_are_where_the_score_is_z(lost, gained, same, level):
    n = lost + gained + same + 1
    ends = tango_interval(lost, gained, n, level)
    assert -1 <= ends[0] <= (lost - gained) / n <= ends[1] <= 1
    assert tango_interval(gained, lost, n, level) == pytest.approx((-ends[1], -ends[0]), abs=1e-9)
    for end in ends:
        # The likelihood under P(lost) - P(gained) = end, maximised here by search and there in closed form.
        def loss(rate, end=end):
            return -(xlogy(lost, rate + end) + xlogy(gained, rate) + xlogy(same + 1, 1 - 2 * rate - end))

        rate = minimize_scalar(
            loss, bounds=(max(0.0, -end), (1 - end) / 2), method="bounded", options={"xatol": 1e-12}
        ).x
        score = (lost - gained - n * end) / math.sqrt(n * (2 * rate + end * (1 - end)))
        assert abs(score) == pytest.approx(norm.ppf((1 + level) / 2), rel=1e-3)


def test_paired_difference_covers_with_few_discordant_rows():
    rng, n = np.random.default_rng(7), 300
    interval = functools.cache(lambda lost, gained: tango_interval(lost, gained, n))
    for p_lost, p_gained in ((0.0025, 0.0025), (0.03, 0.01), (0.1, 0.1)):
        draws = rng.multinomial(n, [p_lost, p_gained, 1 - p_lost - p_gained], size=2000)
        bounds = np.array([interval(int(lost), int(gained)) for lost, gained, _ in draws])
        truth = p_lost - p_gained
        assert np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])) >= 0.935


def test_paired_difference_states_what_it_could_have_shown():
    result = paired_difference(40, 10, 1000)
    assert result.value == pytest.approx(0.03)
    assert result.smallest_detectable == pytest.approx(0.01705, abs=1e-4), "20 of the 50 differ both ways alike"
    assert paired_difference(0, 0, 1000).smallest_detectable == pytest.approx(0.00785, abs=1e-5)
    assert paired_difference(0, 0, 0).reason
    with pytest.raises(ValueError, match="not a count"):
        paired_difference(3, 3, 5)


def test_mean_difference_is_the_paired_t_test():
    d = np.random.default_rng(3).normal(0.4, 1.0, 40)
    expected = ttest_1samp(d, 0.0)
    result = mean_difference(d)
    assert result.interval() == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert p_outside(result.bounds, 0.0) == pytest.approx(expected.pvalue, rel=0.05)


def test_rows_of_one_document_are_not_independent():
    rng = np.random.default_rng(11)
    clusters = np.repeat(np.arange(30), 10)
    misses = {"rows": 0, "documents": 0}
    for _ in range(2000):
        d = rng.normal(0, 1, 30)[clusters] + rng.normal(0, 1, 300)
        for name, labels in (("rows", None), ("documents", clusters)):
            low, high = mean_difference(d, clusters=labels).interval()
            misses[name] += not low <= 0 <= high
    assert misses["rows"] / 2000 > 0.3
    assert misses["documents"] / 2000 == pytest.approx(0.05, abs=0.017)


def test_a_cluster_a_row_is_no_clustering_and_one_cluster_gives_no_interval():
    d = np.array([0.1, 0.4, -0.2, 0.3])
    assert mean_difference(d, clusters=["a", "b", "c", "d"]).interval() == pytest.approx(mean_difference(d).interval())
    assert "cluster" in mean_difference(d, clusters=[1, 1, 1, 1]).reason
    assert mean_difference([]).value is None
    assert mean_difference([0.1] * 7).interval() == pytest.approx((0.1, 0.1))


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        mean_difference([0.1, math.nan])
    with pytest.raises(ValueError, match="one-dimensional"):
        mean_difference([[0.1], [0.2]])
    with pytest.raises(ValueError, match="one label"):
        mean_difference([0.1, 0.2], clusters=["a"])


def test_benjamini_hochberg_by_hand():
    assert benjamini_hochberg([0.001, 0.9, 0.002, 0.8, 0.003]) == pytest.approx([0.005, 0.9, 0.005, 0.9, 0.005])
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@given(p_lists)
def test_adjusted_p_values_keep_their_order_and_match_scipy(p):
    q = benjamini_hochberg(p)
    assert q == pytest.approx(false_discovery_control(p))
    assert (holm(p) >= q - 1e-12).all()
    assert (q >= np.array(p) - 1e-12).all()


def test_benjamini_hochberg_holds_its_false_discovery_rate():
    rng = np.random.default_rng(13)
    rates = []
    for _ in range(2000):
        p = np.concatenate([rng.beta(0.05, 4, 3), rng.random(9)])
        rejected = benjamini_hochberg(p) <= 0.10
        rates.append(rejected[3:].sum() / max(rejected.sum(), 1))
    assert np.mean(rates) <= 0.09


def test_levels_of_selected_intervals():
    assert fcr_level(2, 20) == pytest.approx(0.995)
    assert fcr_level(0, 20) == fcr_level(1, 20) == pytest.approx(0.9975)
    assert fcr_level(20, 20, q=0.1) == pytest.approx(0.9)
    with pytest.raises(ValueError, match="not a selection"):
        fcr_level(3, 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])
    assert len(benjamini_hochberg([])) == 0


def test_power_by_known_values():
    assert z_sum() == pytest.approx(2.8016, abs=1e-4)
    assert detectable_mean(0.5) == pytest.approx(1.4008, abs=1e-4)
    assert detectable_proportion_difference(300, 0.05) == pytest.approx(0.0515, abs=5e-4)
    assert detectable_proportion_difference(1_000, 0.0) == pytest.approx(7.85 / 1_000, rel=1e-3)
    assert detectable_auc(500, 500) == pytest.approx(0.551, abs=5e-4)
    assert detectable_auc(2, 2) == 1.0
    for call in (
        lambda: detectable_auc(0, 5),
        lambda: detectable_mean(-1.0),
        lambda: detectable_proportion_difference(0, 0.1),
        lambda: z_sum(power=1.0),
    ):
        with pytest.raises(ValueError, match=r"not|cannot|needs"):
            call()


def test_an_effect_of_the_stated_size_is_found_four_times_in_five():
    rng, n = np.random.default_rng(17), 400
    effect = detectable_mean(1.0 / math.sqrt(n))
    found = [p_outside(mean_difference(rng.normal(effect, 1.0, n)).bounds, 0.0) <= 0.05 for _ in range(2000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("background", [0.0, 0.02, 0.1])
def test_a_paired_loss_of_the_stated_size_is_found_four_times_in_five(background):
    rng, n = np.random.default_rng(18), 400
    effect = detectable_proportion_difference(n, background)
    both = background / 2
    draws = rng.multinomial(n, [both + effect, both, 1 - 2 * both - effect], size=300)
    found = [paired_difference(int(lost), int(gained), n).interval()[0] > 0 for lost, gained, _ in draws]
    assert np.mean(found) > 0.74


@pytest.mark.parametrize(("count", "both"), [(4, 8), (40, 0), (40, 8)])
def test_the_smallest_detectable_loss_of_the_worst_of_several_is_found_four_times_in_five(count, both):
    rng, n = np.random.default_rng(8), 400
    alike = [paired_difference(both, both, n)] * count
    stated = largest_of(alike, support=(-1.0, 1.0))[0].smallest_detectable
    draws = rng.multinomial(n, [both / n + stated, both / n, 1 - 2 * both / n - stated], size=400)
    # The lower end of the largest is above 0 where any of them is, each at the level of all at once.
    found = [tango_interval(int(lost), int(gained), n, 1 - 0.05 / count)[0] > 0 for lost, gained, _ in draws]
    assert 0.78 < np.mean(found) < 0.98


def test_the_largest_of_several_covers_the_largest_and_never_by_the_luck_of_the_draw():
    rng, n, truth = np.random.default_rng(6), 300, 0.04
    picked, held = 0.0, []
    for _ in range(200):
        estimate, _ = largest_of([clopper_pearson(int(k), n) for k in rng.binomial(n, truth, 12)], support=(0.0, 1.0))
        picked += estimate.value / 200
        held.append(estimate.interval()[0] <= truth <= estimate.interval()[1])
    assert picked > 1.4 * truth, "the largest of twelve looks larger than any is"
    assert np.mean(held) >= 0.95


def test_a_relative_loss_covers_where_few_rows_differ():
    rng, n, right = np.random.default_rng(8), 300, 240
    for lost_rate, gained_rate in ((0.01, 0.02), (0.1, 0.05), (0.4, 0.0)):
        truth = 1 - (right * (1 - lost_rate) + (n - right) * gained_rate) / right
        lost, gained = rng.binomial(right, lost_rate, 400), rng.binomial(n - right, gained_rate, 400)
        estimates = [relative_loss(int(a), int(b), right, n).interval() for a, b in zip(lost, gained, strict=True)]
        assert np.mean([low <= truth <= high for low, high in estimates]) > 0.92
    assert relative_loss(0, 0, 0, 10).reason
    assert relative_loss(5, 0, 5, 10).value == 1.0


def test_bootstrap_agrees_with_the_formula_of_the_mean():
    values = np.random.default_rng(19).normal(size=200)
    se = bootstrap_se(lambda rows: float(values[rows].mean()), 200, rng=np.random.default_rng(0), draws=1500)
    assert se == pytest.approx(values.std() / math.sqrt(200), rel=0.08)
    doubled = np.repeat(values, 4)
    clusters = np.repeat(np.arange(200), 4)
    clustered = bootstrap_se(
        lambda rows: float(doubled[rows].mean()), 800, rng=np.random.default_rng(0), draws=1500, clusters=clusters
    )
    assert clustered == pytest.approx(se, rel=0.1)
    with pytest.raises(ValueError, match="NaN"):
        bootstrap_se(lambda rows: math.nan, 10, rng=np.random.default_rng(0), draws=5)
    with pytest.raises(ValueError, match="two rows"):
        bootstrap_se(lambda rows: 0.0, 1, rng=np.random.default_rng(0))


def test_a_permutation_p_is_never_zero():
    assert permutation_p(5.0, np.zeros(99)) == pytest.approx(0.01)
    assert permutation_p(0.0, np.zeros(99)) == 1.0
    with pytest.raises(ValueError, match="at least one"):
        permutation_p(0.0, [])


def test_a_rate_known_to_be_small_is_shown_to_be_small():
    assert p_below(clopper_pearson(0, 1000).bounds, 0.01) < 0.001
