"""Coverage and false alarms of what is said of answers in words: rates of errors, and means of scores of answers.

Run from the project's root: `python benchmarks/calibration_answers.py`. One core, about ten minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from study import RESULTS, Figure, at_least, at_most, write_study

from modelaudit.statistics import (
    ErrorCounts,
    error_counts,
    error_rate,
    error_rate_change,
    error_rate_difference,
    error_rate_ratio,
    mean_difference,
    p_above,
    p_outside,
)

SEED = 20261
DRAWS = 2000
COMMAND = "python benchmarks/calibration_answers.py"
LEAST = 0.935
"""Of a coverage of 95% measured on 2,000 draws: three standard errors below."""
MOST = 0.065
"""Of a rate of false alarms of 5%, likewise."""
SETTINGS = ((0.02, 0.0), (0.05, 0.01), (0.05, 0.03), (0.2, 0.02))
"""Errors a word, and the share of rows that fail from the first word to the last."""
SIZES = ((30, None), (100, None), (400, None), (100, 10), (400, 10), (100, 40), (400, 40))
"""Rows and speakers."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--draws", type=int, default=DRAWS, help="samples a setting")
    given = parser.parse_args()
    figures = []
    for number, study in enumerate((rates, changes, scores, power)):
        for figure in study(np.random.default_rng([SEED, number]), given.draws):
            print(f"{figure.name}: {figure.value:.4g} (target {figure.target}, met {figure.met})", flush=True)
            figures.append(figure)
    write_study("calibration_answers", figures, SEED, COMMAND, given.out)


def transcripts(rng: np.random.Generator, n: int, speakers: int | None, rate: float, failing: float) -> ErrorCounts:
    """Errors of rows of 15 words in the mean; speakers say unequal amounts and are understood unequally."""
    totals = 1 + rng.poisson(rng.gamma(4.0, 3.5, n))
    chance, code = rng.beta(6 * rate, 6 * (1 - rate), n), None
    if speakers:
        code = rng.choice(speakers, n, p=rng.dirichlet(np.full(speakers, 2.0)))
        chance = np.minimum(chance * rng.gamma(4.0, 0.25, speakers)[code], 1.0)
    errors = rng.binomial(totals, chance)
    return error_counts(np.where(rng.random(n) < failing, totals, errors), totals, clusters=code)


def apart(one: ErrorCounts) -> ErrorCounts:
    """The same rows with speakers that no other sample has."""
    return one if one.clusters is None else replace(one, clusters=one.clusters + 10_000)


def true_rate(rate: float, failing: float, speakers: int | None) -> float:
    """The rate in the long run: exact, or of a million rows where chances are cut at 1."""
    if speakers is None:
        return rate * (1 - failing) + failing
    rng = np.random.default_rng(SEED)
    chance = rng.beta(6 * rate, 6 * (1 - rate), 1_000_000) * rng.gamma(4.0, 0.25, 1_000_000)
    return float(np.minimum(chance, 1.0).mean()) * (1 - failing) + failing


def rates(rng: np.random.Generator, draws: int) -> Iterator[Figure]:
    for n, speakers in SIZES:
        for rate, failing in SETTINGS:
            truth, tally = true_rate(rate, failing, speakers), np.zeros(5)
            for _ in range(draws):
                a, b = (transcripts(rng, n, speakers, rate, failing) for _ in "ab")
                alone = error_rate(a)
                low, high = alone.interval()
                difference, ratio = error_rate_difference(a, apart(b)), error_rate_ratio(a, apart(b))
                one_to_one = ratio.bounds == () or ratio.interval()[0] <= 1.0 <= ratio.interval()[1]
                tally += (
                    low <= truth <= high,
                    p_above(alone.bounds, truth) <= 0.05,
                    difference.interval()[0] <= 0.0 <= difference.interval()[1],
                    p_outside(difference.bounds, 0.0) <= 0.05,
                    one_to_one,
                )
            covered, above, equal, alarms, parity = (tally / draws).tolist()
            where = f"{n} rows" + (f" of {speakers} speakers" if speakers else "")
            where += f", {rate:g} errors a word, {failing:.0%} of rows fail"
            yield at_least(f"error rate: coverage, {where}", covered, LEAST)
            yield at_most(f"error rate: false alarms above the truth, {where}", above, MOST)
            yield at_least(f"difference of equal groups: coverage, {where}", equal, LEAST)
            yield at_most(f"difference of equal groups: false alarms, {where}", alarms, MOST)
            yield at_least(f"ratio of equal groups: coverage, {where}", parity, LEAST)


def changes(rng: np.random.Generator, draws: int) -> Iterator[Figure]:
    """The same rows, understood anew: nothing changes in the long run, or one word in twenty is lost more often."""
    for n, speakers in SIZES:
        for added in (0.0, 0.05):
            covered = alarms = 0
            for _ in range(draws):
                before = transcripts(rng, n, speakers, 0.05, 0.02)
                moved = rng.binomial(1, 0.3, n) * (rng.binomial(2, 0.5, n) - 1)
                lost = rng.binomial(before.totals.astype(int), added)
                swing = np.where(before.errors >= 1, moved, 0)
                after = before.errors + swing + lost
                found = error_rate_change(before, after)
                low, high = found.interval()
                covered += low <= added <= high
                alarms += p_above(found.bounds, added) <= 0.05
            where = f"{n} rows" + (f" of {speakers} speakers" if speakers else "")
            yield at_least(f"paired change of {added:g}: coverage, {where}", covered / draws, LEAST)
            yield at_most(f"paired change of {added:g}: false alarms, {where}", alarms / draws, MOST)


def power(rng: np.random.Generator, draws: int) -> Iterator[Figure]:
    """How often a planted difference between two groups is found: 8 words in a hundred more are wrong."""
    for n, speakers in ((100, None), (400, None), (400, 40), (1600, 40)):
        for rate, worse in ((0.08, 0.16), (0.2, 0.28)):
            found = 0
            for _ in range(draws):
                a, b = (transcripts(rng, n, speakers, each, 0.01) for each in (worse, rate))
                found += p_above(error_rate_difference(a, apart(b)).bounds, 0.0) <= 0.05
            where = f"{n} rows a group" + (f" of {speakers} speakers" if speakers else "")
            yield Figure(f"difference of {rate:g} and {worse:g} errors a word: found, {where}", found / draws, "rate")


def scores(rng: np.random.Generator, draws: int) -> Iterator[Figure]:
    """Scores between 0 and 1 that are mostly 1: F1 and chrF of answers that are right, wrong or in between."""
    for right, wrong in ((0.6, 0.25), (0.95, 0.03)):
        truth = right + (1 - right - wrong) * 0.5
        for n in (30, 100, 400):
            covered = 0
            for _ in range(draws):
                kind = rng.random(n)
                values = np.where(kind < right, 1.0, np.where(kind < right + wrong, 0.0, rng.beta(2, 2, n)))
                low, high = mean_difference(values, reach=1.0).interval()
                covered += low <= truth <= high
            yield at_least(
                f"mean of scores: coverage, {n} rows, {right:.0%} right and {wrong:.0%} wrong", covered / draws, LEAST
            )


if __name__ == "__main__":
    main()
