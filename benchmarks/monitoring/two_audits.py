"""Two audits of one truth, or of two: how often a change is claimed, found, and covered by its interval.

Estimates are those of `modelaudit.statistics`, and so are the differences; only rows are drawn. In the full study every
share is of 2,000 draws; `alarms in 200` has the count of the first 200 of them, which a bound of 18 is on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from modelaudit.statistics import (
    Estimate,
    benjamini_hochberg,
    clopper_pearson,
    delong,
    difference_of,
    interval_at,
    mean_difference,
    no_difference_p,
    paired_right,
    paired_share,
    wilson,
)

DRAWS = 2_000
ALARMS = 200
TOGETHER = 20
Cell = dict[str, Any]
Draw = tuple[Estimate, float]
"""The difference of two audits, and its two-sided p of no change."""


@dataclass(frozen=True)
class Pair:
    """Two audits: `draw(rng, effect)` gives their difference, whose truth is the effect.

    `wide` says that the interval is wider than its level: errors of the two are correlated, or the intervals that it
    is made of cover more than they say. `sign` is the direction in which a change is planted.
    """

    name: str
    draw: Callable[[np.random.Generator, float], Draw]
    wide: bool = False
    sign: float = 1.0


def _of(before: Estimate, after: Estimate) -> Draw:
    difference = difference_of(before, after)
    return difference, no_difference_p(difference.bounds)


def share(rate: float, n: int, correlation: float, method: Callable[[int, int], Estimate]) -> Callable[..., Draw]:
    """Two shares of n rows, whose outcomes are cut from normals of this correlation."""

    def draw(rng: np.random.Generator, effect: float) -> Draw:
        first, second = _normals(rng, n, correlation)
        hits = int((first < ndtri(rate)).sum()), int((second < ndtri(rate + effect)).sum())
        return _of(method(hits[0], n), method(hits[1], n))

    return draw


def mean(n: int, correlation: float, *, skewed: bool = False) -> Callable[..., Draw]:
    """Two means of n rows with a standard deviation of 1."""

    def draw(rng: np.random.Generator, effect: float) -> Draw:
        first, second = _normals(rng, n, correlation)
        if skewed:
            first, second = np.exp(first / 2), np.exp(second / 2)
        return _of(mean_difference(first), mean_difference(second + effect))

    return draw


def area(n: int, correlation: float, apart: float = 1.0) -> Callable[..., Draw]:
    """Two AUCs of n positives and n negatives whose normal scores lie `apart`."""

    def draw(rng: np.random.Generator, effect: float) -> Draw:
        first, second = _normals(rng, 2 * n, correlation)
        shift = np.sqrt(2.0) * ndtri(ndtr(apart / np.sqrt(2.0)) + effect)
        return _of(delong(first[:n] + apart, first[n:]), delong(second[:n] + shift, second[n:]))

    return draw


def paired_accuracy(n: int, rate: float, differing: float) -> Callable[..., Draw]:
    """The accuracy of n rows, of which a share `differing` is right only once, evenly, and `effect` only after."""

    def draw(rng: np.random.Generator, effect: float) -> Draw:
        # A loss is drawn as a gain with the sides changed, since a share is no less than 0.
        one, other = differing / 2 + max(effect, 0.0), differing / 2 + max(-effect, 0.0)
        kinds = rng.choice(4, size=n, p=[one, other, rate - other, 1.0 - one - rate])
        before, after = (kinds == 1) | (kinds == 2), (kinds == 0) | (kinds == 2)
        difference, p = paired_right(before, after)
        return difference, 1.0 if p is None else p

    return draw


def paired_words(n: int, words: float, rate: float) -> Callable[..., Draw]:
    """The share of right words in n sentences, whose difficulty both models share."""

    def draw(rng: np.random.Generator, effect: float) -> Draw:
        totals = 1 + rng.poisson(words, n)
        ease = rng.uniform(rate - 0.15, rate + 0.15, n)
        before = rng.binomial(totals, ease)
        after = rng.binomial(totals, ease + rng.uniform(-0.05, 0.05, n) + effect)
        difference = paired_share(before.astype(float), after.astype(float), totals.astype(float))
        return difference, no_difference_p(difference.bounds)

    return draw


def _normals(rng: np.random.Generator, n: int, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    common, first, second = rng.standard_normal((3, n))
    shared, own = np.sqrt(correlation), np.sqrt(1.0 - correlation)
    return shared * common + own * first, shared * common + own * second


PAIRS = (
    Pair("share .12 of 500 rows, Clopper-Pearson", share(0.12, 500, 0.0, clopper_pearson), wide=True),
    Pair("share .12 of 500 rows, Wilson", share(0.12, 500, 0.0, wilson)),
    Pair("share .02 of 300 rows, Wilson", share(0.02, 300, 0.0, wilson)),
    Pair("share .90 of 100 rows, Wilson", share(0.90, 100, 0.0, wilson), sign=-1.0),
    Pair("share .12 of the same 500 rows, Wilson", share(0.12, 500, 0.7, wilson), wide=True),
    Pair("mean of 60 rows", mean(60, 0.0)),
    Pair("mean of 200 rows, skewed", mean(200, 0.0, skewed=True)),
    Pair("mean of the same 200 rows", mean(200, 0.7), wide=True),
    Pair("AUC .76 of 100 and 100", area(100, 0.0)),
    Pair("AUC .76 of the same 100 and 100", area(100, 0.7), wide=True),
    Pair("paired accuracy, 1,000 rows, 6% differ", paired_accuracy(1_000, 0.85, 0.06)),
    Pair("paired accuracy, 200 rows, 5% differ", paired_accuracy(200, 0.85, 0.05)),
    Pair("paired share of words, 150 sentences", paired_words(150, 12.0, 0.7)),
)


def study(draws: int = DRAWS, seed: int = 20261126) -> list[Cell]:
    """Return a cell for every figure: `study`, `cell`, `asked`, `measured`, `holds`, `draws`."""
    cells: list[Cell] = []
    for place, pair in enumerate(PAIRS):
        cells += _of_pair(pair, draws, np.random.default_rng([seed, place]))
    return [*cells, _together(min(ALARMS, draws), np.random.default_rng([seed, len(PAIRS)]))]


def _together(draws: int, rng: np.random.Generator) -> Cell:
    """Count comparisons of 20 numbers of one truth in which any is called worse or better."""
    draw = share(0.12, 500, 0.0, wilson)
    claimed = [benjamini_hochberg([draw(rng, 0.0)[1] for _ in range(TOGETHER)]).min() <= 0.05 for _ in range(draws)]
    return {
        "study": "compare",
        "cell": f"{TOGETHER} shares of one truth compared together: any claim in {draws}",
        "asked": "<= 18 of 200",
        "measured": sum(map(int, claimed)),
        "holds": bool(sum(claimed) <= 18 * draws / 200),
        "draws": draws,
    }


def _of_pair(pair: Pair, draws: int, rng: np.random.Generator) -> list[Cell]:
    null = [pair.draw(rng, 0.0) for _ in range(draws)]
    covered = [_holds(difference, 0.0) for difference, _ in null]
    alarms = [p <= 0.05 for _, p in null]
    few = min(ALARMS, draws)
    effect = pair.sign * float(np.mean([difference.smallest_detectable for difference, _ in null]))
    planted = [pair.draw(rng, effect) for _ in range(draws)]
    found = [p <= 0.05 and pair.sign * (difference.value or 0.0) > 0.0 for difference, p in planted]
    held = [_holds(difference, effect) for difference, _ in planted]
    most = 1.0 if pair.wide else 0.97
    # A power of exactly .80 is measured below this in one study of a hundred.
    fewest = 0.8 - 2.326 * float(np.sqrt(0.8 * 0.2 / draws))
    between = f"{0.93:.2f} to {most:.2f}"
    return [
        _cell(pair, "coverage of no change", between, float(np.mean(covered)), 0.93, most, draws),
        _cell(pair, "coverage of the change planted", between, float(np.mean(held)), 0.93, most, draws),
        _cell(pair, f"alarms in {few}", "<= 18 of 200", sum(alarms[:few]), 0, 18 * few / 200, few),
        _cell(pair, "alarms", "<= 0.06", float(np.mean(alarms)), 0.0, 0.06, draws),
        _cell(
            pair,
            f"power at the printed change ({effect:.3f})",
            f">= 0.80, as a rate of {draws} draws {fewest:.3f}",
            float(np.mean(found)),
            fewest,
            1.0,
            draws,
        ),
    ]


def _holds(difference: Estimate, truth: float) -> bool:
    low, high = interval_at(difference.bounds, 0.95)
    return low <= truth <= high


def _cell(pair: Pair, what: str, asked: str, measured: float, least: float, most: float, draws: int) -> Cell:
    holds = bool(least <= measured <= most)
    name = f"{pair.name}: {what}"
    return {"study": "compare", "cell": name, "asked": asked, "measured": measured, "holds": holds, "draws": draws}
