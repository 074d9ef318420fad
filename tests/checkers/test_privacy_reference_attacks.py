"""Attacks by reference models: the formulas anew, what the literature says of them, no score for a wrong reason."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from modelaudit.checkers.privacy.membership import reference_attacks as attacks
from modelaudit.checkers.privacy.membership.reference_attacks import reference_attacks

PRIOR = 8.0


def drawn(n=400, models=8, *, memory=1.0, seed=0, target=None, own=1.0):
    """Records of varying difficulty; `memory` is what training adds to the log-odds, of target and references."""
    draw = np.random.default_rng(seed)
    is_member = np.arange(n) < n // 2
    trained_on = np.zeros((models, n), dtype=bool)
    for pair in range(models // 2):
        half = draw.permutation(n) < n // 2
        trained_on[2 * pair], trained_on[2 * pair + 1] = half, ~half
    difficulty = draw.normal(1.0, 2.0, n)
    log_odds = difficulty + own * draw.standard_normal((models, n)) + memory * trained_on
    phi = difficulty + draw.standard_normal(n) + (memory if target is None else target) * is_member
    return {
        "phi": phi,
        "log_p": -np.log1p(np.exp(-phi)),
        "log_odds": log_odds,
        "log_probs": -np.log1p(np.exp(-log_odds)),
        "trained_on": trained_on,
        "is_member": is_member,
        "labels": draw.integers(0, 3, n),
        "lengths": draw.normal(20.0, 5.0, n),
    }


def auc(scores, is_member):
    ranks = stats.rankdata(scores)
    inside = int(is_member.sum())
    return (ranks[is_member].sum() - inside * (inside + 1) / 2) / (inside * (~is_member).sum())


def columns(given, record):
    of = given["trained_on"][:, record]
    return given["log_odds"][of, record], given["log_odds"][~of, record]


@pytest.mark.parametrize("models", [4, 64])
def test_every_attack_is_its_formula(models):
    given = drawn(60, models, seed=models)
    found = dict(reference_attacks(**given))
    sides = [[columns(given, record)[side] for record in range(60)] for side in (0, 1)]
    pooled = [sum(((x - x.mean()) ** 2).sum() for x in side) / sum(len(x) - 1 for x in side) for side in sides]
    for record in range(60):
        phi, p = given["phi"][record], np.exp(given["log_p"][record])
        means = [side[record].mean() for side in sides]
        spread = [
            np.sqrt(side[record].var(ddof=1) if models >= 64 else of_all)
            for side, of_all in zip(sides, pooled, strict=True)
        ]
        online = stats.norm.logpdf(phi, means[0], spread[0]) - stats.norm.logpdf(phi, means[1], spread[1])
        assert found[attacks.ONLINE][record] == pytest.approx(online, rel=1e-9, abs=1e-9)
        offline = stats.norm.logcdf((phi - means[1]) / spread[1])
        assert stats.norm.logcdf(found[attacks.OFFLINE][record]) == pytest.approx(offline, rel=1e-9, abs=1e-9)
        densities = []
        for side, of_all in zip(sides, pooled, strict=True):
            count, degrees = len(side[record]), PRIOR + len(side[record]) - 1
            squares = ((side[record] - side[record].mean()) ** 2).sum()
            scale = np.sqrt((PRIOR * of_all + squares) / degrees * (1 + 1 / count))
            densities.append(stats.t.logpdf(phi, degrees, loc=side[record].mean(), scale=scale))
        assert found[attacks.STUDENT_T][record] == pytest.approx(densities[0] - densities[1], rel=1e-9, abs=1e-9)
        of = given["trained_on"][:, record]
        p_in, p_out = (np.exp(given["log_probs"][chosen, record]).mean() for chosen in (of, ~of))
        for name, expected in (
            (attacks.RATIO_ONLINE, (p_in + p_out) / 2),
            (attacks.RATIO_OFFLINE, p_out),
            (attacks.RATIO_HALF, (1.5 * p_out + 0.5) / 2),
        ):
            assert found[name][record] == pytest.approx(np.log(p / expected), rel=1e-9, abs=1e-9)
        assert found[attacks.DIFFERENCE][record] == pytest.approx(phi - means[1], rel=1e-9, abs=1e-9)


def test_the_regression_is_refitted_without_each_non_member():
    given = drawn(80, 8, seed=3)
    found = dict(reference_attacks(**given))[attacks.REGRESSION]
    outside = [columns(given, record)[1] for record in range(80)]
    mean, spread = np.array([x.mean() for x in outside]), np.array([x.std(ddof=1) for x in outside])
    one_hot = [(given["labels"] == label).astype(float) for label in range(3)]
    table = np.column_stack([mean, mean**2, spread, *one_hot, given["lengths"]])
    fitted = ~given["is_member"]
    table = (table - table[fitted].mean(axis=0)) / table[fitted].std(axis=0)
    design = np.column_stack([np.ones(80), table])

    def expected(target, record):
        used = fitted & (np.arange(80) != record)
        penalty = np.diag([0.0, *np.ones(design.shape[1] - 1)])
        weights = np.linalg.solve(design[used].T @ design[used] + penalty, design[used].T @ target[used])
        return design[record] @ weights

    residuals = given["phi"] - np.array([expected(given["phi"], record) for record in range(80)])
    size = np.log(np.abs(residuals))
    scores = residuals / np.exp([expected(size, record) for record in range(80)])
    np.testing.assert_allclose(found, scores, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("models", [2, 8])
def test_without_memory_in_the_target_no_attack_tells_the_sides_apart(models):
    """The references remember their rows; the target saw neither side, and both are treated alike."""
    names = [name for name, _ in reference_attacks(**drawn(100, models))]
    areas = np.array(
        [
            [auc(scores, given["is_member"]) for _, scores in reference_attacks(**given)]
            for given in (drawn(100, models, target=0.0, seed=1_000 + seed) for seed in range(100))
        ]
    )
    # An AUC of 50 against 50 has a standard error of .0580, the mean of 100 of them one of .0058.
    for name, area in zip(names, areas.T, strict=True):
        assert abs(area.mean() - 0.5) < 4 * 0.0058, name
        assert area.std() == pytest.approx(0.0580, rel=0.25), name


def test_memory_is_found_and_more_models_find_more():
    found = {models: dict(reference_attacks(**drawn(2_000, models, own=0.5))) for models in (2, 8, 64)}
    inside = drawn(2_000)["is_member"]
    areas = {models: {name: auc(scores, inside) for name, scores in of.items()} for models, of in found.items()}
    loss = auc(drawn(2_000)["phi"], inside)
    for name in (attacks.STUDENT_T, attacks.ONLINE, attacks.OFFLINE, attacks.REGRESSION, attacks.DIFFERENCE):
        assert areas[8][name] > loss + 0.05, name
        assert areas[64][name] > areas[2][name] - 0.01, name


def test_one_side_of_the_offline_test_is_better_than_two():
    """The released code of the paper ranks by the density, so that rows of unusually low log-odds count as members."""
    given = drawn(4_000, 8, memory=1.0)
    inside = given["is_member"]
    offline = dict(reference_attacks(**given))[attacks.OFFLINE]
    assert auc(offline, inside) > auc(np.abs(offline), inside) + 0.1


def test_few_models_borrow_their_spread_from_all_records():
    """With two models a side a record's own spread is noise; Student's t with a pooled prior is never lost to it."""
    given = drawn(4_000, 4, memory=1.0, seed=5)
    inside = given["is_member"]
    densities = []
    for chosen in (given["trained_on"], ~given["trained_on"]):
        values = np.where(chosen, given["log_odds"], np.nan)
        spread = np.maximum(np.nanstd(values, axis=0, ddof=1), 1e-3)
        densities.append(stats.norm.logpdf(given["phi"], np.nanmean(values, axis=0), spread))
    own = auc(densities[0] - densities[1], inside)
    assert auc(dict(reference_attacks(**given))[attacks.STUDENT_T], inside) > own + 0.05


def test_a_record_without_a_score_has_none_in_any_attack_and_spoils_no_other():
    given = drawn(300, 4, seed=2)
    whole = dict(reference_attacks(**given))
    for record in (5, 200):
        given["log_odds"][:, record] = given["log_probs"][:, record] = np.nan
        given["phi"][record] = given["log_p"][record] = np.nan
    others = np.delete(np.arange(300), [5, 200])
    for name, scores in reference_attacks(**given):
        assert np.isnan(scores[[5, 200]]).all(), name
        assert np.isfinite(scores[others]).all(), name
        assert stats.spearmanr(scores[others], whole[name][others]).statistic > 0.99, name


def test_the_order_of_records_changes_no_score():
    given = drawn(200, 8, seed=4)
    turned = {name: value[..., ::-1] for name, value in given.items()}
    for (name, scores), (_, back) in zip(reference_attacks(**given), reference_attacks(**turned), strict=True):
        np.testing.assert_allclose(scores, back[::-1], rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_model_that_is_certain_of_everything_is_no_trouble():
    given = drawn(120, 8, seed=6)
    for name in ("phi", "log_odds"):
        given[name] = given[name] * 40 + 200
    given["log_p"], given["log_probs"] = np.zeros(120), np.zeros((8, 120))
    given["labels"] = None
    given["lengths"] = np.full(120, 7.0)
    for name, scores in reference_attacks(**given):
        assert np.isfinite(scores).all(), name
    offline = dict(reference_attacks(**given))[attacks.OFFLINE]
    assert len(np.unique(offline)) == 120, "a saturated log Phi would tie the records that matter most"


def test_records_that_all_models_saw_are_refused():
    given = drawn(50, 4)
    with pytest.raises(ValueError, match="not of all"):
        reference_attacks(**{**given, "trained_on": np.ones((4, 50), dtype=bool)})
    with pytest.raises(ValueError, match="need arrays"):
        reference_attacks(**{**given, "log_odds": given["log_odds"][:2]})


def test_four_thousand_records_and_sixty_four_models_take_less_than_a_second():
    given = drawn(4_000, 64)
    started = time.process_time()
    reference_attacks(**given)
    assert time.process_time() - started < 1.0
