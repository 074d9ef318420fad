"""Two audits of the same rows, paired by what each row adds to either: coverage, false alarms, and what pairing gains.

Estimates are those of `modelaudit.statistics`; only rows are drawn. `correlation` is that of the two models' hidden
scores on one row, or of one entity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, ndtri

from modelaudit.statistics import (
    Estimate,
    clustered_auc,
    clustered_ece,
    clustered_proportion,
    crossed_difference,
    crossed_excess,
    difference_of,
    interval_at,
    mean_difference,
    micro_f1,
    no_difference_p,
    paired_audits,
    size_of,
)

DRAWS = 2_000
SIZES = (100, 400, 2_000)
CORRELATIONS = (0.5, 0.8, 0.95)
LEAST = 0.935
"""Coverage; where differences are rare or few, the interval allows for more and covers more."""
CLAIMS = 0.065
"""Of a change where there is none, at 5%."""
WIDEST = 1.1
"""By the unpaired interval; distances from 0 may be as wide."""
PAIRED = 0.95
"""Share of draws that can be paired: an order without a fault, say, can't be."""
Cell = dict[str, Any]
Floats = np.ndarray
Both = tuple[Estimate, Estimate]
Audit = Callable[[np.random.Generator, int, float], Both]


@dataclass(frozen=True)
class Arm:
    """One number of two audits: `draw(rng, n, correlation)` gives both estimates, and `truth` their difference.

    Attributes:
        sizes: whether distances from 0 are compared.
        gains: whether pairing should make the interval no wider; where a sign turns, the unpaired one is too narrow.
        part: of the draws, where one takes long.
    """

    name: str
    draw: Audit
    truth: float
    sizes: bool = False
    gains: bool = True
    rows: Sequence[int] = SIZES
    part: float = 1.0


def share(rate: float, change: float) -> Audit:
    """A share of n rows, and the share after a change of it."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        first, second = _normals(rng, n, correlation)
        keys = range(n)
        return (
            clustered_proportion(first < ndtri(rate)).keyed(keys),
            clustered_proportion(second < ndtri(rate + change)).keyed(keys),
        )

    return draw


def clustered_mean(size: int, change: float) -> Audit:
    """A mean of n rows in documents of `size` rows each, half of whose variance is the document's."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        documents = np.arange(n) // size
        many = int(documents[-1]) + 1
        own, shared = _normals(rng, n, correlation), _normals(rng, many, correlation)
        first, second = ((rows + of[documents]) / np.sqrt(2.0) for rows, of in zip(own, shared, strict=True))
        keys = range(many)
        return (
            mean_difference(first, clusters=documents).keyed(keys),
            mean_difference(second + change, clusters=documents).keyed(keys),
        )

    return draw


def area(before: float, after: float) -> Audit:
    """Two AUCs over n rows, half of them positive, whose normal scores lie `before` and `after` apart."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        half, keys = n // 2, range(n)
        first, second = _normals(rng, n, correlation)
        return (
            clustered_auc(first[:half] + before, first[half:]).keyed(keys),
            clustered_auc(second[:half] + after, second[half:]).keyed(keys),
        )

    return draw


def entity_f1(recall: float, change: float) -> Audit:
    """Micro F1 of n sentences of 0 to 4 entities, each found with this chance, with as many false ones by chance."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        true = rng.integers(0, 5, n)
        owner, keys = np.repeat(np.arange(n), true), range(n)
        ease, entities = _normals(rng, n, correlation), _normals(rng, len(owner), correlation)
        false = _normals(rng, n, correlation)
        found = []
        for rate, of, each, noise in zip((recall, recall + change), ease, entities, false, strict=True):
            score = np.sqrt(0.3) * of[owner] + np.sqrt(0.7) * each
            right = np.bincount(owner, weights=score < ndtri(rate), minlength=n)
            found.append(micro_f1(np.stack([right, right + (noise > 1.0), true], axis=1)).keyed(keys))
        return found[0], found[1]

    return draw


def names(before: float, after: float, *, flips: bool = False) -> Audit:
    """What exchanging names of two groups does to a probability, or to decisions; names vary beside rows."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        of_group, in_row = 20, 4
        level = _normals(rng, n, correlation)
        offsets = [_normals(rng, of_group, correlation) for _ in range(2)]
        chosen = [np.stack([rng.permutation(of_group)[:in_row] for _ in range(n)]) for _ in range(2)]
        noise = [_normals(rng, n * in_row, correlation) for _ in range(2)]
        rows = np.repeat(np.arange(n), in_row)
        found = []
        for audit, effect in enumerate((before, after)):
            scores = [
                level[audit][rows]
                + (effect if side else 0.0)
                + 0.3 * offsets[side][audit][chosen[side].reshape(-1)]
                + 0.5 * noise[side][audit]
                for side in range(2)
            ]
            labels = [[f"{side}-{name}" for name in chosen[side].reshape(-1)] for side in range(2)]
            if flips:
                decided = [each > 0.0 for each in scores]
                found.append(crossed_excess(decided[0], decided[1], rows, rows, labels[0], labels[1]))
            else:
                a, b = map(expit, scores)
                found.append(crossed_difference(a, b, rows, rows, labels[0], labels[1], reach=1.0))
        return found[0], found[1]

    return draw


def calibration(before: float, after: float) -> Audit:
    """Calibration errors of two models whose stated chance is beyond the true one by so much, on the same answers."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        levels, luck, keys = _normals(rng, n, correlation), _normals(rng, n, correlation), range(n)
        found = []
        for beyond, level, drawn in zip((before, after), levels, luck, strict=True):
            chance = 0.6 + 0.25 * ndtr(level)
            found.append(clustered_ece(chance + beyond, ndtr(drawn) < chance, design_effect=1.0).keyed(keys))
        return found[0], found[1]

    return draw


def _auc_of(apart: float) -> float:
    return float(ndtr(apart / np.sqrt(2.0)))


def signed(before: float, after: float) -> Audit:
    """A signed mean, of which the distance from 0 is compared."""

    def draw(rng: np.random.Generator, n: int, correlation: float) -> Both:
        first, second = _normals(rng, n, correlation)
        keys = range(n)
        return mean_difference(first + before).keyed(keys), mean_difference(second + after).keyed(keys)

    return draw


ARMS = (
    Arm("share .12", share(0.12, 0.0), 0.0),
    Arm("share .12 to .04", share(0.12, -0.08), -0.08),
    Arm("mean, 5 rows a document", clustered_mean(5, 0.1), 0.1),
    Arm("AUC .76 to .64", area(1.0, 0.5), _auc_of(0.5) - _auc_of(1.0)),
    Arm("AUC .52 of both", area(0.07, 0.07), 0.0),
    Arm("distance from 0, .5 to .1", signed(0.5, 0.1), -0.4, sizes=True),
    Arm("distance from 0, .5 to -.5", signed(0.5, -0.5), 0.0, sizes=True, gains=False),
    Arm("distance from 0, .5 to 0", signed(0.5, 0.0), -0.5, sizes=True),
    Arm("distance from 0, 0 of both", signed(0.0, 0.0), 0.0, sizes=True),
    Arm("entity F1", entity_f1(0.8, 0.0), 0.0),
    Arm("calibration error, .12 to .04", calibration(0.12, 0.04), -0.08),
    Arm("calibration error, .10 of both", calibration(0.1, 0.1), 0.0),
    Arm("names, difference of 0", names(0.0, 0.0), 0.0, sizes=True, rows=(100, 400), part=0.25),
    Arm("names, excess flips of 0", names(0.0, 0.0, flips=True), 0.0, rows=(100, 400), part=0.25),
    Arm("names, excess flips of one model", names(0.3, 0.3, flips=True), 0.0, rows=(100, 400), part=0.25),
)


def study(draws: int = DRAWS, seed: int = 20261126) -> list[Cell]:
    """Return a cell for every number, size and correlation; `said` has the width and the false claims."""
    cells: list[Cell] = []
    for place, arm in enumerate(ARMS):
        for n in arm.rows:
            for correlation in CORRELATIONS:
                rng = np.random.default_rng([seed, place, n, round(100 * correlation)])
                cells.append(_of_arm(arm, n, correlation, draws, rng))
    return cells


def _of_arm(arm: Arm, n: int, correlation: float, draws: int, rng: np.random.Generator) -> Cell:
    covered, alarms, width, paired = [], [], [], 0
    draws = round(draws * arm.part)
    for _ in range(draws):
        before, after = arm.draw(rng, n, correlation)
        apart = difference_of(*((size_of(before), size_of(after)) if arm.sizes else (before, after)))
        found = paired_audits(before, after, sizes=arm.sizes)
        paired += found is not None
        judged = apart if found is None else found
        low, high = interval_at(judged.bounds, 0.95)
        covered.append(low <= arm.truth <= high)
        alarms.append(no_difference_p(judged.bounds) <= 0.05)
        if apart.bounds:
            wide_low, wide_high = interval_at(apart.bounds, 0.95)
            width.append((high - low) / (wide_high - wide_low))
    coverage, claims, relative = float(np.mean(covered)), float(np.mean(alarms)), float(np.median(width))
    said = [f"{relative:.2f} of the unpaired width"]
    holds = coverage >= LEAST and paired >= PAIRED * draws and (relative <= WIDEST or not arm.gains)
    if arm.truth == 0.0:
        said.append(f"false claims {claims:.1%}")
        holds = holds and claims <= CLAIMS
    return {
        "study": "pair",
        "cell": f"{arm.name}, {n:,} rows, correlation {correlation}: coverage",
        "asked": f">= {LEAST}",
        "measured": coverage,
        "holds": bool(holds),
        "draws": draws,
        "said": "; ".join(said),
    }


def _normals(rng: np.random.Generator, n: int, correlation: float) -> tuple[Floats, Floats]:
    common, first, second = rng.standard_normal((3, n))
    shared, own = np.sqrt(correlation), np.sqrt(1.0 - correlation)
    return shared * common + own * first, shared * common + own * second
