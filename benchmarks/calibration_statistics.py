"""Coverage and false-alarm rates of every interval and test of the statistics room, by simulation.

Run from the project's root: `python benchmarks/calibration_statistics.py`. One core, a few minutes.
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.special import expit, logit, ndtr
from scipy.stats import binom
from study import RESULTS, Figure, at_least, at_most, within, write_study

from modelaudit.statistics import (
    Estimate,
    auc_permutation_p,
    benjamini_hochberg,
    clopper_pearson_interval,
    crossed_difference,
    crossed_excess,
    crossed_mean,
    delong,
    ece_estimate,
    expected_calibration_error,
    holm,
    mcnemar_p,
    mean_difference,
    p_above,
    p_outside,
    paired_delong,
    tango_interval,
    tpr_at_fpr,
    wilson_interval,
)

SEED = 20260
DRAWS = 4000
COMMAND = "python benchmarks/calibration_statistics.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    folder = parser.parse_args().out
    studies = (proportions, paired, clustered, crossed, excess, roc, low_fpr, multiplicity, calibration)
    figures = []
    for number, study in enumerate(studies):
        # A stream a study: adding one changes no other's figures.
        for figure in study(np.random.default_rng([SEED, number])):
            print(f"{figure.name}: {figure.value:.4g} (target {figure.target}, met {figure.met})", flush=True)
            figures.append(figure)
    write_study("calibration_statistics", figures, SEED, COMMAND, folder)


def coverage(draw: Callable[[], Estimate], truth: float, draws: int = DRAWS) -> tuple[float, float]:
    """Return the coverage of the 95% interval and the rate at which p_above(truth) <= .05."""
    covered = alarms = 0
    for _ in range(draws):
        estimate = draw()
        low, high = estimate.interval(0.95)
        covered += low - 1e-12 <= truth <= high + 1e-12
        alarms += p_above(estimate.bounds, truth) <= 0.05
    return covered / draws, alarms / draws


def proportions(rng: np.random.Generator) -> Iterator[Figure]:
    rates = np.linspace(0.002, 0.998, 499)
    for n in (50, 200, 1000):
        hits = np.arange(n + 1)
        for name, interval in (("clopper-pearson", clopper_pearson_interval), ("wilson", wilson_interval)):
            bounds = np.array([interval(int(h), n) for h in hits])
            inside = (bounds[:, :1] <= rates) & (rates <= bounds[:, 1:])
            covered = (binom.pmf(hits[:, None], n, rates[None, :]) * inside).sum(axis=0)
            if name == "wilson":
                yield within(f"{name}: mean coverage over rates, exact, n={n}", covered.mean(), 0.945, 0.96)
            else:
                yield at_least(f"{name}: least coverage over rates, exact, n={n}", covered.min(), 0.95)


def paired(rng: np.random.Generator) -> Iterator[Figure]:
    for n in (100, 300, 1000):
        interval = functools.cache(functools.partial(tango_interval, n=n))
        test = functools.cache(functools.partial(mcnemar_p, alternative="lost"))
        for lost, gained in ((0.0025, 0.0025), (0.025, 0.025), (0.04, 0.01), (0.1, 0.1)):
            drawn = rng.multinomial(n, [lost, gained, 1 - lost - gained], size=10_000)
            bounds = np.array([interval(lost=int(b), gained=int(c)) for b, c, _ in drawn])
            covered = np.mean((bounds[:, 0] <= lost - gained) & (lost - gained <= bounds[:, 1]))
            yield at_least(f"tango: coverage, n={n}, lost {lost}, gained {gained}", float(covered), 0.94)
            if lost == gained:
                alarms = np.mean([test(int(c), int(b)) <= 0.05 for b, c, _ in drawn])
                yield at_most(f"mcnemar exact: false alarms, n={n}, discordance {2 * lost}", float(alarms), 0.055)


def clustered(rng: np.random.Generator) -> Iterator[Figure]:
    for groups in (10, 30, 100):
        labels = np.repeat(np.arange(groups), 8)

        def draw(groups: int = groups, labels: np.ndarray = labels) -> Estimate:
            d = rng.normal(0, 1, groups)[labels] + rng.normal(0, 1, len(labels))
            return mean_difference(d, clusters=labels)

        yield within(f"cluster-robust t: coverage, {groups} clusters of 8", coverage(draw, 0.0)[0], 0.94, 0.96)


def balanced(rng: np.random.Generator, rows: int, names: int, per_row: int) -> np.ndarray:
    """Return the names of each row, dealt from shuffled decks so that names recur equally often."""
    decks = -(-rows * per_row // names)
    dealt = np.concatenate([rng.permutation(names) for _ in range(decks)])[: rows * per_row].reshape(rows, per_row)
    for row in np.flatnonzero((np.diff(np.sort(dealt, axis=1), axis=1) == 0).any(axis=1)):
        dealt[row] = rng.permutation(names)[:per_row]
    return dealt


def audit(
    rng: np.random.Generator,
    rows: int,
    names: int,
    *,
    per_row: int = 4,
    name_sd: float = 0.02,
    noise: float = 0.03,
    slope: float = 0.0,
    delta: float = 0.0,
) -> tuple[np.ndarray, ...]:
    """Return scores of two groups, rows and names, of a model whose groups differ by `delta` and else by chance."""
    level, scores, held = rng.normal(0.5, 0.25, (rows, 1)), [], []
    for shift in (0.0, delta):
        given = balanced(rng, rows, names, per_row)
        tilt = rng.normal(0, slope, (rows, 1))
        own = rng.normal(0, name_sd, names)[given]
        scores.append((level + shift + tilt + own + rng.normal(0, noise, given.shape)).ravel())
        held.append(given.ravel())
    row = np.repeat(np.arange(rows), per_row)
    return scores[0], scores[1], row, row, held[0], held[1]


def crossed(rng: np.random.Generator) -> Iterator[Figure]:
    settings: tuple[tuple[str, dict[str, float]], ...] = (
        ("name SD .02", {}),
        ("name SD .02, row slopes .02", {"slope": 0.02}),
        ("name SD .02, row slopes .05, noise .1", {"slope": 0.05, "noise": 0.1}),
    )
    for label, options in settings:
        for rows in (50, 200):
            for names in (10, 20, 40):
                rate = (
                    1 - coverage(lambda o=options, r=rows, k=names: crossed_difference(*audit(rng, r, k, **o)), 0.0)[0]
                )
                yield within(f"crossed difference: type-I, {label}, {rows} rows, {names} names", rate, 0.035, 0.065)
    for names, least in ((10, 0.91), (20, 0.93), (40, 0.93)):
        covered = coverage(lambda k=names: crossed_difference(*audit(rng, 200, k, delta=0.06)), 0.06)[0]
        yield within(f"crossed difference: coverage of a planted .06, 200 rows, {names} names", covered, least, 0.97)
    for label, rows, names, options in (
        ("no name effects", 50, 20, {"name_sd": 0.0}),
        ("one name a row", 100, 20, {"per_row": 1}),
        ("complete design", 50, 10, {"per_row": 10, "slope": 0.02}),
        ("1000 rows", 1000, 20, {}),
    ):
        draws = 1000 if rows == 1000 else DRAWS
        rate = (
            1 - coverage(lambda o=options, r=rows, k=names: crossed_difference(*audit(rng, r, k, **o)), 0.0, draws)[0]
        )
        yield at_most(f"crossed difference: type-I, {label}, {rows} rows, {names} names", rate, 0.065)

    found = 0
    for _ in range(DRAWS):
        # The effect is planted at what an audit of the same design said it could have shown.
        stated = crossed_difference(*audit(rng, 200, 20)).smallest_detectable or 0.0
        found += p_outside(crossed_difference(*audit(rng, 200, 20, delta=stated)).bounds, 0.0) <= 0.05
    yield within("crossed difference: power at the printed smallest detectable effect", found / DRAWS, 0.7, 0.85)

    def mean() -> Estimate:
        held = balanced(rng, 100, 20, 4)
        values = rng.normal(0, 0.05, (100, 1)) + rng.normal(0, 0.05, 20)[held] + rng.normal(0, 0.1, held.shape)
        return crossed_mean(values.ravel(), np.repeat(np.arange(100), 4), held.ravel())

    yield within("crossed mean: coverage, 100 rows, 20 names", coverage(mean, 0.0)[0], 0.93, 0.97)


def decisions(
    rng: np.random.Generator, rows: int, names: int, shift: float, per_row: int = 4
) -> tuple[np.ndarray, ...]:
    """Return decisions under two groups of names; a name moves the log-odds by a normal offset of SD .6."""
    level = rng.normal(0, 2.0, (rows, 1))
    held = [balanced(rng, rows, names, per_row) for _ in range(2)]
    chosen = [
        (level + move + rng.normal(0, 0.6, names)[given] > 0).ravel()
        for move, given in zip((0, shift), held, strict=True)
    ]
    row = np.repeat(np.arange(rows), per_row)
    return chosen[0], chosen[1], row, row, held[0].ravel(), held[1].ravel()


def excess(rng: np.random.Generator) -> Iterator[Figure]:
    margins = rng.normal(0, 2.0, 2_000_000)
    for shift in (0.0, 0.5, 1.5):
        truth = float(np.mean((ndtr(margins / 0.6) - ndtr((margins + shift) / 0.6)) ** 2))
        for rows, names in ((50, 20), (200, 10), (200, 20), (200, 40)):
            covered, alarms = coverage(
                lambda s=shift, r=rows, k=names: crossed_excess(*decisions(rng, r, k, s)), truth, 2000
            )
            where = f"true excess {truth:.3f}, {rows} rows, {names} names"
            yield at_most(f"crossed excess: one-sided false alarms at the truth, {where}", alarms, 0.065)
            yield at_least(f"crossed excess: coverage, {where}", covered, 0.9)
    rate = 1 - coverage(lambda: crossed_difference(*(part * 1 for part in decisions(rng, 200, 20, 0.0))), 0.0, 2000)[0]
    yield within("crossed difference of decisions (net shift): type-I, 200 rows, 20 names", rate, 0.035, 0.065)


def roc(rng: np.random.Generator) -> Iterator[Figure]:
    for separation in (0.0, 1.0, 2.5):
        truth = float(ndtr(separation / math.sqrt(2)))
        for n in (30, 100, 500):
            draws = 2000 if n == 500 else DRAWS
            logit_scale = plain = alarms = 0
            for _ in range(draws):
                estimate = delong(rng.normal(separation, 1, n), rng.normal(0, 1, n))
                low, high = estimate.interval()
                logit_scale += low <= truth <= high
                alarms += p_above(estimate.bounds, truth) <= 0.05
                value = estimate.value or 0.0
                # The plain interval from the same standard error, for comparison.
                reach = (logit(high) - logit(low)) / 2 * value * (1 - value) if 0 < value < 1 else 0.0
                plain += value - reach <= truth <= value + reach
            where = f"AUC {truth:.3f}, {n} a side"
            yield within(f"delong logit: coverage, {where}", logit_scale / draws, 0.935, 0.975)
            yield Figure(f"delong plain (not used): coverage, {where}", plain / draws, "rate")
            if separation == 0.0:
                yield within(f"delong: one-sided false alarms, {where}", alarms / draws, 0.035, 0.065)

    def difference() -> Estimate:
        shared, own = rng.normal(size=(2, 150)), rng.normal(size=(4, 150))
        pos, neg = 1 + 0.8 * shared[0], 0.8 * shared[1]
        return paired_delong(pos + 0.6 * own[0], neg + 0.6 * own[1], pos + 0.6 * own[2], neg + 0.6 * own[3])

    yield within("paired delong: coverage, 150 a side", coverage(difference, 0.0)[0], 0.94, 0.96)
    member = np.arange(60) < 30
    alarms = np.mean(
        [auc_permutation_p(rng.integers(0, 8, 60), member, rng=rng, draws=199) <= 0.05 for _ in range(2000)]
    )
    yield within("auc permutation: false alarms, 30 a side with ties", float(alarms), 0.035, 0.065)


def low_fpr(rng: np.random.Generator) -> Iterator[Figure]:
    realised, covered = [], 0
    truth_of = functools.partial(_tpr_at, separation=1.5)
    for _ in range(DRAWS):
        result = tpr_at_fpr(rng.normal(1.5, 1, 500), rng.normal(0, 1, 1000), [0.0], fpr=0.01)
        assert result.threshold is not None
        realised.append(float(ndtr(-result.threshold)))
        low, high = result.tpr.interval()
        covered += low <= truth_of(result.threshold) <= high
    yield within("tpr at 1% fpr: mean true false-positive rate, fold of 1000", float(np.mean(realised)), 0.0095, 0.0101)
    yield at_least("tpr at 1% fpr: coverage of the rate above the threshold", covered / DRAWS, 0.945)


def _tpr_at(threshold: float, separation: float) -> float:
    return float(ndtr(separation - threshold))


def multiplicity(rng: np.random.Generator) -> Iterator[Figure]:
    discoveries, any_false = [], 0
    for _ in range(DRAWS):
        z = rng.normal(0, 1, 12) + np.r_[np.full(3, 3.0), np.zeros(9)]
        p = 2 * ndtr(-np.abs(z))
        rejected = benjamini_hochberg(p) <= 0.05
        discoveries.append(rejected[3:].sum() / max(rejected.sum(), 1))
        any_false += bool((holm(p)[3:] <= 0.05).any())
    yield at_most(
        "benjamini-hochberg at .05: false discovery rate, 12 tests, 3 true", float(np.mean(discoveries)), 0.05
    )
    yield at_most("holm at .05: any false rejection, 12 tests, 3 true", any_false / DRAWS, 0.057)


def calibration(rng: np.random.Generator) -> Iterator[Figure]:
    def answers(n: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
        probability = 1 - 0.5 * rng.beta(1, 4, n)
        return expit(logit(probability) / temperature), rng.random(n) < probability

    for n in (200, 500, 2000):
        low, value = [], []
        for _ in range(2000):
            estimate = ece_estimate(*answers(n, 1.0), rng=rng, draws=1).estimate
            low.append(estimate.interval()[0])
            value.append(estimate.value or 0.0)
        plain = np.array([expected_calibration_error(*answers(n, 1.0)) for _ in range(2000)])
        yield at_most(f"ece: calibrated model, lower end > .05, n={n}", float(np.mean(np.array(low) > 0.05)), 0.025)
        yield at_most(f"ece: calibrated model, lower end > 0, n={n}", float(np.mean(np.array(low) > 0.0)), 0.035)
        yield Figure(f"ece: calibrated model, mean debiased value, n={n}", float(np.mean(value)), "probability")
        yield Figure(f"ece: calibrated model, mean plain value, n={n}", float(plain.mean()), "probability")
        yield Figure(f"ece: calibrated model, plain value > .05, n={n}", float(np.mean(plain > 0.05)), "rate")
    for temperature in (0.5, 0.6, 0.75, 1.5, 2.0):
        probability = 1 - 0.5 * rng.beta(1, 4, 2_000_000)
        truth = float(np.abs(expit(logit(probability) / temperature) - probability).mean())
        for n in (200, 500, 2000):
            covered = coverage(
                lambda n=n, t=temperature: ece_estimate(*answers(n, t), rng=rng, draws=1).estimate, truth, 2000
            )
            yield at_least(f"ece: coverage, temperature {temperature}, true error {truth:.3f}, n={n}", covered[0], 0.93)
    p = [ece_estimate(*answers(200, 1.0), rng=rng, draws=199).null_p for _ in range(2000)]
    yield within("ece: false alarms of the null p at .05, n=200", float(np.mean(np.array(p) <= 0.05)), 0.035, 0.065)


if __name__ == "__main__":
    main()
