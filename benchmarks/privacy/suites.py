"""Suites of attacks whose scores are drawn: coverage of the largest AUC, its p-value, and records at risk."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from study import Figure, at_least, at_most

from modelaudit.statistics import (
    benjamini_hochberg,
    clustered_auc,
    clustered_proportion,
    conformal_p,
    largest_auc,
    suite_permutation_p,
)

ATTACKS = 6
COMMON = 0.7
"""Correlation of two attacks' scores of a record."""


def drawn(rng: np.random.Generator, n: int, shift: np.ndarray) -> np.ndarray:
    common = np.sqrt(COMMON) * rng.normal(size=n)
    return common + np.sqrt(1 - COMMON) * rng.normal(size=(len(shift), n)) + shift[:, None]


def coverage_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """How often the interval of the largest AUC holds the largest true one, and lies above it."""
    found = []
    for n in (100, 500):
        for strongest in (0.0, 0.5, 1.5):
            shift = np.linspace(0.0, strongest, ATTACKS)
            truth = float(ndtr(strongest / np.sqrt(2)))
            nothing = np.zeros(ATTACKS)
            ends = np.array(
                [largest_auc(drawn(rng, n, shift), drawn(rng, n, nothing), rng=rng).interval(0.95) for _ in range(runs)]
            )
            said = f"largest of {ATTACKS} AUCs, {n} a side, largest true one {truth:.3f}, {runs} runs"
            held = float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())
            found.append(at_least(f"{said}: the 95% interval holds it", held, 0.94))
            found.append(at_most(f"{said}: lies above it", float((ends[:, 0] > truth).mean()), 0.035))
    return found


def permutation_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """How often the family-wise p is at most 5% where no attack tells anything, rows alone and in documents."""
    found = []
    for size in (1, 4):
        units = np.repeat(np.arange(200 // size), size)
        alarms = 0
        for _ in range(runs):
            scores = drawn(rng, 200, np.zeros(ATTACKS))
            if size > 1:
                scores += np.repeat(rng.normal(size=(ATTACKS, 200 // size)), size, axis=1)
            p = suite_permutation_p(scores, units < 100 // size, rng=rng, units=units, draws=200)
            alarms += p.family <= 0.05
        said = f"family-wise p at most .05 without memory, documents of {size}, {runs} runs"
        found.append(at_most(said, alarms / runs, 0.06))
    return found


def document_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """How often intervals that take documents as the units hold the truth."""
    names = np.repeat(np.arange(50), 4)
    aucs = shares = 0
    for _ in range(runs):
        pos, neg = (np.repeat(rng.normal(size=50), 4) + 0.5 * rng.normal(size=200) for _ in range(2))
        low, high = clustered_auc(pos, neg, pos_units=names, neg_units=names).interval()
        aucs += low <= 0.5 <= high
        hits = np.repeat(rng.random(50) < 0.2, 4) ^ (rng.random(200) < 0.02)
        low, high = clustered_proportion(hits, names).interval()
        shares += low <= 0.2 * 0.98 + 0.8 * 0.02 <= high
    said = f"50 documents of 4 rows a side, {runs} runs: the 95% interval"
    return [
        at_least(f"{said} of the AUC holds it", aucs / runs, 0.93),
        at_least(f"{said} of a share holds it", shares / runs, 0.94),
    ]


def risk_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """Share of false alarms among the records that are listed at q = .1."""
    found = []
    for leaking in (0.0, 0.05, 0.2, 0.5):
        shares = []
        for _ in range(runs):
            leaks = rng.random(1_000) < leaking
            listed = (
                benjamini_hochberg(conformal_p(rng.normal(size=1_000) + 4.0 * leaks, rng.normal(size=2_000))) <= 0.1
            )
            shares.append((listed & ~leaks).sum() / max(1, listed.sum()))
        said = f"records at risk, {leaking:.0%} leak, {runs} runs: false among those listed"
        found.append(at_most(said, float(np.mean(shares)), 0.115))
    return found
