"""Task performance: coverage of its intervals, and gains that are none or of the printed smallest size."""

from __future__ import annotations

import numpy as np

from modelaudit.statistics import f1_drop, macro_f1, micro_f1, paired_difference
from robustness.cells import Cell, alarm_cell, coverage_cell, power_cell

ROWS = 400
BIG = 1_000_000


def study(draws: int, seed: int) -> list[Cell]:
    rng = np.random.default_rng(seed)
    return [*_macro(draws, rng), *_entities(draws, rng), *_gains(draws, rng)]


def _macro(draws: int, rng: np.random.Generator) -> list[Cell]:
    cells = []
    for shares in ((0.5, 0.5), (0.8, 0.15, 0.05), (0.4, 0.3, 0.2, 0.08, 0.02)):

        def draw(n: int, shares: tuple[float, ...] = shares) -> tuple[np.ndarray, np.ndarray]:
            truth = rng.choice(len(shares), size=n, p=shares)
            return truth, np.where(rng.random(n) < 0.85, truth, rng.choice(len(shares), size=n))

        truth = macro_f1(*draw(BIG), classes=len(shares)).value or 0.0
        found = [macro_f1(*draw(ROWS), classes=len(shares)).interval() for _ in range(draws)]
        held = np.mean([low <= truth <= high for low, high in found])
        # One row's weight of each class is added, which rare classes need and common ones do not.
        cells.append(coverage_cell("macro F1", f"classes {shares}", held, draws, conservative=True))
    return cells


def _entities(draws: int, rng: np.random.Generator) -> list[Cell]:
    def draw(n: int, *, again: float) -> tuple[np.ndarray, np.ndarray]:
        true = rng.integers(0, 4, size=n)
        hard = rng.random(n) < 0.2
        right = rng.binomial(true, np.where(hard, 0.5, 0.95))
        spurious = rng.random(n) < 0.1
        theirs = np.where(rng.random(n) < again, right, rng.binomial(true, 0.8))
        return tuple(np.stack([each, each + spurious, true], axis=1).astype(float) for each in (right, theirs))

    single = micro_f1(draw(BIG, again=0.5)[0]).value or 0.0
    ones = [micro_f1(draw(ROWS, again=0.5)[0]).interval() for _ in range(draws)]
    gain = f1_drop(*draw(BIG, again=0.5)).value or 0.0
    pairs = [f1_drop(*draw(ROWS, again=0.5)).interval() for _ in range(draws)]
    return [
        # One row's weight is added here too.
        coverage_cell("entity F1", f"{ROWS} rows", _share(ones, single), draws, conservative=True),
        coverage_cell("gain in entity F1", f"{ROWS} rows", _share(pairs, gain), draws, conservative=True),
    ]


def _share(intervals: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def _gains(draws: int, rng: np.random.Generator) -> list[Cell]:
    cells = []
    for both in (0.02, 0.08):
        stated = paired_difference(round(both * ROWS), round(both * ROWS), ROWS).smallest_detectable or 0.0
        ahead = rng.multinomial(ROWS, [both + stated, both, 1 - 2 * both - stated], size=draws)
        found = np.mean([paired_difference(int(a), int(b), ROWS).interval()[0] > 0 for a, b, _ in ahead])
        cells.append(power_cell("gain in accuracy", f"{stated:.3f} ahead, {both:.0%} differ either way", found, draws))
        level = rng.multinomial(ROWS, [both, both, 1 - 2 * both], size=200)
        # Level with the baseline: a verdict of "behind" is due to chance alone.
        alarms = sum(paired_difference(int(a), int(b), ROWS).interval()[1] < 0 for a, b, _ in level)
        cells.append(
            alarm_cell("gain in accuracy, level with the baseline", f"{both:.0%} differ either way", alarms, 200)
        )
    return cells
