"""The largest difference and the smallest ratio of rates among several groups, and what chance alone would make them.

The largest of many differences is above 0 where all groups are alike, the more so the more groups there are. So the
interval is simultaneous: each pair's is taken at the level that holds for all pairs at once (Bonferroni), and what the
largest can be follows from what each pair can be. Beside it stands the mean of the same number over group labels that
were dealt out anew, with the p-value of the number that was found (Phipson and Smyth 2010).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Vector
from .confidence import Estimate, on_grid
from .group_rates import Interval, Trials, difference_intervals, folded, ratio_intervals
from .resample import permutation_p

FEWEST_DRAWS = 200
MOST_DEALT = 10_000_000
"""Labels of documents that are dealt out in all: with more than 10,000 documents there are fewer than 1,000 draws."""


@dataclass(frozen=True, kw_only=True)
class NullRange:
    """What the largest difference is where group labels mean nothing: its mean, and the p-value of the one found."""

    mean: float
    p: float


def largest_difference(rates: Sequence[Sequence[Trials]]) -> Estimate:
    """Return the largest difference between two groups in any of several rates, with a simultaneous interval.

    `rates` has for each rate (one for the demographic-parity difference, TPR and FPR for equalized odds) the trials of
    each group. Groups without a trial are passed over.
    """
    method = "simultaneous newcombe"
    held = [[group for group in groups if group.n] for groups in rates]
    n = max((sum(group.units for group in groups) for groups in held), default=0)
    pairs = [pair for groups in held for pair in itertools.combinations(groups, 2)]
    if reason := _unmeasured(pairs):
        return Estimate(value=None, n=n, method=method, reason=reason)

    intervals = [difference_intervals(a, b) for a, b in pairs]

    def interval(level: float) -> Interval:
        each = 1.0 - (1.0 - level) / len(pairs)
        ends = [_size(one(each)) for one in intervals]
        return max(low for low, _ in ends), max(high for _, high in ends)

    bounds = on_grid(interval, support=(0.0, 1.0))
    return Estimate(value=max(_spread(groups) for groups in held), n=n, method=method, bounds=bounds)


def smallest_ratio(groups: Sequence[Trials]) -> Estimate:
    """Return the lowest rate by the highest, with a simultaneous interval; groups without a trial are passed over."""
    method = "simultaneous koopman"
    held = [group for group in groups if group.n]
    n, pairs = sum(group.units for group in held), list(itertools.combinations(held, 2))
    reason = _unmeasured(pairs)
    if reason is None and not any(group.rate for group in held):
        reason = "No trial of any group was a hit, so the rates are equal and have no ratio."
    if reason is not None:
        return Estimate(value=None, n=n, method=method, reason=reason)

    intervals = [ratio_intervals(a, b) for a, b in pairs]

    def interval(level: float) -> Interval:
        each = 1.0 - (1.0 - level) / len(pairs)
        ends = [folded(one(each)) for one in intervals]
        return min(low for low, _ in ends), min(high for _, high in ends)

    rates = [group.rate for group in held]
    return Estimate(value=min(rates) / max(rates), n=n, method=method, bounds=on_grid(interval, support=(0.0, 1.0)))


def null_range(rates: Sequence[Sequence[Trials]], *, rng: np.random.Generator, draws: int = 1000) -> NullRange:
    """Return what the largest difference would be with group labels dealt out anew.

    Independent trials: hits of each rate fall to the groups by chance (multivariate hypergeometric), which hangs on
    counts alone. Otherwise what a document has in one group is moved as a whole, in an order that its content decides;
    very many documents are dealt out fewer times.
    ValueError where no rate has two groups with a trial.
    """
    held = [kept for groups in rates if len(kept := [group for group in groups if group.n]) > 1]
    if not held:
        raise ValueError("A range needs two groups with something to count.")
    found = max(_spread(groups) for groups in held)
    parts = max(sum(group.units for group in groups if group.clusters is not None) for groups in held)
    draws = draws if parts * draws <= MOST_DEALT else max(FEWEST_DRAWS, MOST_DEALT // parts)
    drawn = np.max([_dealt(groups, rng, draws) for groups in held], axis=0)
    # A range of counts is rounded in its last bit by the order of the groups.
    return NullRange(mean=float(drawn.mean()), p=permutation_p(found - 1e-12, drawn))


def _dealt(groups: Sequence[Trials], rng: np.random.Generator, draws: int) -> Vector:
    """Return the range of one rate in each draw (draws,)."""
    if all(group.clusters is None for group in groups):
        sizes = np.array([len(group.hits) for group in groups], dtype=np.int64)
        right = round(sum(float(group.hits.sum()) for group in groups))
        dealt = rng.multivariate_hypergeometric(sizes, right, size=draws, method="marginals") / sizes
        return np.asarray(dealt.max(axis=1) - dealt.min(axis=1), dtype=np.float64)
    parts = [_parts(group) for group in groups]
    every = np.concatenate(parts)
    every = every[np.lexsort(every.T)]
    owner = np.repeat(np.arange(len(groups)), [len(part) for part in parts])
    found = np.empty(draws)
    for draw in range(draws):
        shuffled = rng.permutation(owner)
        hits = np.bincount(shuffled, weights=every[:, 0], minlength=len(groups))
        found[draw] = np.ptp(hits / np.bincount(shuffled, weights=every[:, 1], minlength=len(groups)))
    return found


def _parts(group: Trials) -> Vector:
    """Return hits and totals of each document's rows in the group (documents, 2)."""
    code = np.arange(len(group.hits)) if group.clusters is None else group.clusters
    code = np.unique(code, return_inverse=True)[1].reshape(-1)
    return np.column_stack([np.bincount(code, weights=group.hits), np.bincount(code, weights=group.totals)])


def _spread(groups: Sequence[Trials]) -> float:
    rates = [group.rate for group in groups]
    return max(rates) - min(rates) if len(rates) > 1 else 0.0


def _size(interval: Interval) -> Interval:
    """Return the interval of |d| that belongs to an interval of d."""
    low, high = interval
    return max(low, -high, 0.0), max(-low, high)


def _unmeasured(pairs: Sequence[tuple[Trials, Trials]]) -> str | None:
    if not pairs:
        return "There are no two groups with something to count."
    if any(group.clusters is not None and group.units < 2 for pair in pairs for group in pair):
        return "One of the groups comes from a single row or document, which shows no spread."
    return None
