"""Data drift by simulation: false alarms on halves of one table, power and coverage of its three judged numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelaudit.checkers.data.drift.separation import features_of, out_of_fold, separation
from modelaudit.checkers.data.drift.sides import FOLDS, Sides, sides_of
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    cross_fitted_auc,
    detectable_shortfall,
    largest_of,
    p_above,
    rate_difference,
    shortfall,
    size_of,
    total_variation,
    trials,
    z_sum,
)

AUDITS = 200
STUDY = "data drift"
SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
WORDS = np.array(
    [
        *("the", "of", "to", "service", "letter", "desk", "branch", "good", "bad", "slow", "kind", "late", "office"),
        *("reply", "clerk", "form", "price"),
    ]
)


def study(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return what was asked and measured; coverage over `draws`, false alarms over at most 200 of them."""
    rng = np.random.default_rng([seed, 3])
    audits = min(draws, AUDITS)
    return [
        *_texts(rng, audits),
        *_scores(rng, draws, audits),
        *_classes(rng, draws, audits),
        *_targets(rng, draws, audits),
    ]


def _texts(rng: np.random.Generator, audits: int) -> list[dict[str, Any]]:
    """Audit random halves of one table of texts, and halves of which one speaks of other things."""
    found = [_of_texts(rng, 150, rng.integers(10**9), 0.0) for _ in range(audits)]
    planted = [_of_texts(rng, 150, rng.integers(10**9), 0.5) for _ in range(max(audits // 4, 1))]
    return [
        _at_most(
            "halves of one table of texts, 150 rows a side: one-sided alarms at 5%",
            _alarms(found, 0.5),
            18 / 200,
            audits,
        ),
        _at_most("halves of one table of texts: alarms against the limit .55", _alarms(found, 0.55), 18 / 200, audits),
        _at_least(
            "half of the evaluation texts have a new word, 150 rows a side: power against .55",
            _alarms(planted, 0.55),
            0.8,
            len(planted),
        ),
    ]


def _of_texts(rng: np.random.Generator, size: int, seed: int, changed: float) -> Estimate:
    weight = np.arange(len(WORDS), 0, -1) / np.arange(len(WORDS), 0, -1).sum()

    def row(place: int, evaluation: bool) -> Row:
        words = rng.choice(WORDS, size=int(rng.integers(5, 15)), p=weight).tolist()
        if evaluation and rng.random() < changed:
            words[0] = "refund"
        return Row(id=str(place), text=" ".join(words))

    tables = [[row(place, evaluation) for place in range(size)] for evaluation in (False, True)]
    sides = sides_of(*tables, size, seed=int(seed))
    return separation(sides, features_of(sides, _lengths(sides)), seed=int(seed))


def _lengths(sides: Sides) -> np.ndarray:
    return np.array([[float(len(row.text))] for row in sides.rows])


def _scores(rng: np.random.Generator, draws: int, audits: int) -> list[dict[str, Any]]:
    """Audit Gaussian features: nothing to tell, and a shift whose AUC is the one printed as detectable."""
    null = [_of_numbers(rng, 150, 0.0) for _ in range(draws)]
    printed = null[0].smallest_detectable or 1.0
    grid = np.linspace(0.3, 1.2, 7)
    pilot = max(draws // 40, 4)
    reached = [np.mean([_of_numbers(rng, 150, shift).value for _ in range(pilot)]) for shift in grid]
    shift = float(np.interp(printed, reached, grid))
    shifted = [_of_numbers(rng, 150, shift) for _ in range(draws)]
    truth = float(np.mean([each.value for each in shifted]))
    where = "5 features, 150 rows a side"
    return [
        _at_most(f"{where}, no difference: one-sided alarms at 5%", _alarms(null[:audits], 0.5), 18 / 200, audits),
        _at_least(f"{where}, no difference: coverage of .5", _covered(null, 0.5), 0.93, draws),
        _at_least(
            f"{where}, AUC {truth:.3f}: coverage of its mean (wide by construction)",
            _covered(shifted, truth),
            0.93,
            draws,
        ),
        _at_least(f"{where}, AUC {truth:.3f} (printed {printed:.3f}): power", _two_sided(shifted, 0.5), 0.8, draws),
    ]


def _of_numbers(rng: np.random.Generator, size: int, shift: float) -> Estimate:
    positive = np.arange(2 * size) >= size
    matrix = rng.normal(size=(2 * size, 5))
    matrix[positive, 0] += shift
    folds = rng.permutation(np.tile(np.arange(FOLDS), 2 * size // FOLDS + 1)[: 2 * size])
    scores = out_of_fold(matrix, positive, folds)
    return cross_fitted_auc(scores[positive], scores[~positive], folds=FOLDS)


def _classes(rng: np.random.Generator, draws: int, audits: int) -> list[dict[str, Any]]:
    """Audit class shares of two tables of 300 rows, five classes."""

    def largest(other: np.ndarray) -> tuple[Estimate, Estimate, float]:
        counts = rng.multinomial(300, SHARES), rng.multinomial(300, other)
        pairs = [tuple(trials(np.arange(300) < count) for count in both) for both in zip(*counts, strict=True)]
        each = [rate_difference(a, b) for a, b in pairs]
        stated = max(one.smallest_detectable or 0.0 for one in each) * z_sum(alpha=0.05 / 5) / z_sum()
        return largest_of([size_of(one) for one in each], support=(0.0, 1.0))[0], total_variation(pairs), stated

    null = [largest(SHARES) for _ in range(draws)]
    stated = float(np.mean([each[2] for each in null]))
    moved = SHARES + np.array([-stated, stated, 0.0, 0.0, 0.0])
    planted = [largest(moved) for _ in range(draws)]
    firsts, wholes = ([each[place] for each in planted] for place in (0, 1))
    return [
        _at_most(
            "class shares, 5 classes, 300 rows each: alarms at 5%",
            np.mean([_lower(each[0]) > 0.0 for each in null[:audits]]),
            18 / 200,
            audits,
        ),
        _at_least("class shares, none changed: coverage of 0", _covered([each[0] for each in null], 0.0), 0.93, draws),
        _at_least(
            f"class shares, {stated:.3f} moved (printed): power",
            np.mean([_lower(each) > 0.0 for each in firsts]),
            0.8,
            draws,
        ),
        _at_least(f"class shares, {stated:.3f} moved: coverage (simultaneous)", _covered(firsts, stated), 0.93, draws),
        _at_least(f"total variation {stated:.3f}: coverage (simultaneous)", _covered(wholes, stated), 0.93, draws),
    ]


def _targets(rng: np.random.Generator, draws: int, audits: int) -> list[dict[str, Any]]:
    """Audit 400 rows against five declared shares, met and with one value short by what is printed as detectable."""

    def gap(shares: np.ndarray) -> tuple[Estimate, float]:
        value = rng.choice(5, size=400, p=shares)
        hits = [value == place for place in range(5)]
        stated = max(detectable_shortfall(one, share, family=5) for one, share in zip(hits, SHARES, strict=True))
        return largest_of([shortfall(o, s) for o, s in zip(hits, SHARES, strict=True)], support=(-1.0, 1.0))[0], stated

    null = [gap(SHARES) for _ in range(draws)]
    stated = null[0][1]
    planted = [gap(SHARES + np.array([-stated, stated, 0.0, 0.0, 0.0]))[0] for _ in range(draws)]
    return [
        _at_most(
            "declared shares met, 5 values, 400 rows: alarms at 5%",
            np.mean([_lower(each) > 0.0 for each, _ in null[:audits]]),
            18 / 200,
            audits,
        ),
        _at_least(
            "declared shares met: coverage of 0 (exact, simultaneous)",
            _covered([each for each, _ in null], 0.0),
            0.93,
            draws,
        ),
        _at_least(
            f"short by {stated:.3f} (printed): power", np.mean([_lower(each) > 0.0 for each in planted]), 0.8, draws
        ),
        _at_least(f"short by {stated:.3f}: coverage (exact, simultaneous)", _covered(planted, stated), 0.93, draws),
    ]


def _alarms(found: list[Estimate], limit: float) -> float:
    return float(np.mean([bool(each.bounds) and p_above(each.bounds, limit) <= 0.05 for each in found]))


def _two_sided(found: list[Estimate], limit: float) -> float:
    return float(np.mean([_lower(each) > limit for each in found]))


def _covered(found: list[Estimate], truth: float) -> float:
    ends = [each.interval() for each in found]
    return float(np.mean([low - 1e-12 <= truth <= high + 1e-12 for low, high in ends]))


def _lower(estimate: Estimate) -> float:
    return estimate.interval()[0]


def _at_most(cell: str, measured: Any, most: float, draws: int) -> dict[str, Any]:
    return _line(cell, f"<= {most:.3g}", measured, lambda value: value <= most, draws)


def _at_least(cell: str, measured: Any, least: float, draws: int) -> dict[str, Any]:
    return _line(cell, f">= {least:.3g}", measured, lambda value: value >= least, draws)


def _line(cell: str, asked: str, measured: Any, holds: Callable[[float], bool], draws: int) -> dict[str, Any]:
    value = float(measured)
    return {"study": STUDY, "cell": cell, "asked": asked, "measured": value, "holds": holds(value), "draws": draws}
