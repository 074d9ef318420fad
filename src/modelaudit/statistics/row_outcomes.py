"""Estimates over rows that hold several outcomes each: shares of entities, entity F1, and confidence less accuracy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri, stdtrit

from .confidence import Estimate, on_grid
from .influence import Influence, influence_of, ratio_influence
from .paired import mean_difference
from .power import detectable_mean
from .proportions import clopper_pearson

Counts = NDArray[np.float64]


def clustered_share(hits: Counts, totals: Counts) -> Estimate:
    """Return sum(hits) / sum(totals) with an interval that allows for likeness within rows; both are one a row.

    Clopper-Pearson's interval at the effective sample size (Korn and Graubard 1998, Survey Methodology 24:193): the
    linearised variance between rows over the binomial one gives the design effect, taken as 1 at the least. Where all
    outcomes are equal it can't be seen, and one outcome a row is counted.
    """
    influence = ratio_influence(hits, totals, reach=1.0)
    held = totals > 0
    hits, totals = hits[held], totals[held]
    rows, n, method = len(totals), int(totals.sum()), "korn-graubard"
    if rows < 2:
        reason = f"Entities in {rows} row(s) show no spread; two rows are the least."
        return Estimate(value=None, n=n, method=method, reason=reason)
    share = float(hits.sum() / n)
    if share in (0.0, 1.0):
        bounds = clopper_pearson(rows if share else 0, rows).bounds
        return Estimate(value=share, n=n, method=method, bounds=bounds, influence=influence)
    between = rows / (rows - 1) * float(((hits - share * totals) ** 2).sum()) / n**2
    effective = min(float(n), share * (1.0 - share) / between) if between > 0 else float(n)

    def interval(level: float) -> tuple[float, float]:
        tail = (1.0 - level) / 2.0
        size = effective * float(ndtri(tail) / stdtrit(rows - 1, tail)) ** 2
        positive, negative = share * size, (1.0 - share) * size
        low = float(betaincinv(positive, negative + 1.0, tail))
        return low, float(betaincinv(positive + 1.0, negative, 1.0 - tail))

    bounds = on_grid(interval, support=(0.0, 1.0))
    return Estimate(value=share, n=n, method=method, bounds=bounds, influence=influence)


def f1_drop(before: Counts, after: Counts) -> Estimate:
    """Return micro F1 before less micro F1 after, paired by row.

    `before` and `after` hold for each row (shape [n, 3]) the entities that are right, predicted, and true. The
    standard error is linearised over rows (the infinitesimal jackknife of the difference), with Student's t and rows -
    1 degrees of freedom. One row's weight times t is added to it, as a score interval does, so that few rows with a
    difference don't pass for certainty.
    """
    method = "linearised-paired-f1"
    held = (before[:, 1:].sum(axis=1) > 0) | (after[:, 1:].sum(axis=1) > 0)
    before, after = before[held], after[held]
    rows = len(before)
    if rows < 2 or before[:, 2].sum() == 0:
        reason = f"F1 needs entities in two rows at the least; {rows} row(s) have any."
        return Estimate(value=None, n=rows, method=method, reason=reason)
    first, influence_before = _f1(before)
    second, influence_after = _f1(after)
    influence = influence_before - influence_after
    se = math.sqrt(rows / (rows - 1) * float(influence @ influence))
    drop = first - second

    def interval(level: float) -> tuple[float, float]:
        t = float(stdtrit(rows - 1, (1.0 + level) / 2.0))
        half = t * math.hypot(se, t / rows)
        return drop - half, drop + half

    return Estimate(
        value=drop,
        n=rows,
        method=method,
        bounds=on_grid(interval, support=(-1.0, 1.0)),
        smallest_detectable=min(1.0, detectable_mean(math.hypot(se, 1.0 / rows))),
        influence=_of_rows(held, influence),
    )


def micro_f1(counts: Counts) -> Estimate:
    """Return micro F1 over rows; `counts` (shape [n, 3]) has the entities that are right, predicted and true in each.

    Linearised over rows, with Student's t and one row's weight added to the standard error as in `f1_drop`.
    """
    method = "linearised-f1"
    inside = counts[:, 1:].sum(axis=1) > 0
    held = counts[inside]
    rows = len(held)
    if rows < 2 or held[:, 2].sum() == 0:
        reason = f"F1 needs true entities, and entities in two rows at the least; {rows} row(s) have any."
        return Estimate(value=None, n=rows, method=method, reason=reason)
    value, influence = _f1(held)
    se = math.sqrt(rows / (rows - 1) * float(influence @ influence))

    def interval(level: float) -> tuple[float, float]:
        t = float(stdtrit(rows - 1, (1.0 + level) / 2.0))
        half = t * math.hypot(se, t / rows)
        return value - half, value + half

    return Estimate(
        value=value,
        n=rows,
        method=method,
        bounds=on_grid(interval, support=(0.0, 1.0)),
        influence=_of_rows(inside, influence),
    )


def macro_f1(
    truth: NDArray[np.int64], found: NDArray[np.int64], *, classes: int, clusters: ArrayLike | None = None
) -> Estimate:
    """Return F1 averaged over the classes that occur in the truth or among the answers (both shape [n]).

    The mean of the classes' F1 and not the F1 of their means (Opitz and Burst 2019, arXiv 1911.03347). Linearised over
    rows (over `clusters` where they are given), with Student's t. For each class one row's weight is added to the
    standard error as in `f1_drop`, so that a class of three rows does not pass for certainty.
    """
    n, method = len(truth), "linearised-macro-f1"
    code = np.arange(n) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1].reshape(-1)
    units = int(code.max(initial=-1)) + 1
    if units < 2:
        reason = f"F1 of {units} row(s) or document(s) shows no spread; two are the least."
        return Estimate(value=None, n=n, method=method, reason=reason)
    influence, scores, weights = np.zeros(n), [], []
    for each in range(classes):
        true, said = truth == each, found == each
        total = float(true.sum() + said.sum())
        if total == 0.0:
            continue
        f1 = 2.0 * float((true & said).sum()) / total
        influence += (2.0 * (true & said) - f1 * (true.astype(np.float64) + said)) / total
        scores.append(f1)
        weights.append(2.0 / total)
    sums = np.bincount(code, weights=influence / len(scores), minlength=units)
    se = math.sqrt(units / (units - 1) * float(sums @ sums))
    value, one = float(np.mean(scores)), math.hypot(*weights) / len(scores)

    def interval(level: float) -> tuple[float, float]:
        t = float(stdtrit(units - 1, (1.0 + level) / 2.0))
        half = t * math.hypot(se, t * one / 2.0)
        return value - half, value + half

    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, 1.0)),
        influence=influence_of(sums, reach=one / 2.0),
    )


def signed_gap(confidence: Counts, correct: NDArray[np.bool_], cluster: NDArray[np.int64]) -> Estimate:
    """Return mean confidence less accuracy with an interval that is robust to likeness within clusters (all shape [n]).

    Student's t, and at no level narrower than `clustered_share` makes the accuracy alone: where nearly every answer is
    right the differences hardly vary, and t would take the mistakes that such a sample happens to lack for certainty.
    `cluster` holds 0 to R - 1.
    """
    apart = int(cluster.max(initial=0)) + 1 == len(cluster)
    gap = mean_difference(confidence - correct, clusters=None if apart else cluster)
    accuracy = clustered_share(
        np.bincount(cluster, weights=correct).astype(np.float64), np.bincount(cluster).astype(np.float64)
    )
    mean = float(confidence.mean())
    bounds = tuple(
        (level, min(low, mean - most), max(high, mean - least))
        for (level, low, high), (_, least, most) in zip(gap.bounds, accuracy.bounds, strict=True)
    )
    return replace(gap, bounds=bounds, method=f"{gap.method}, no narrower than {accuracy.method}")


def design_effect(values: Counts, rows: NDArray[np.int64]) -> float:
    """Return how much the variance of the mean of `values` (shape [n]) grows by likeness within rows; 1 at the least.

    `rows` gives the row of each value, 0 to R - 1. Where all values are equal likeness can't be seen, and one value a
    row is counted.
    """
    centred = values - values.mean()
    simple = float(centred @ centred)
    sums = np.bincount(rows, weights=centred)
    return max(1.0, float(sums @ sums) / simple) if simple > 0 else len(values) / len(sums)


def _of_rows(held: NDArray[np.bool_], values: Counts) -> Influence | None:
    """Return the influence of all rows, of which those without an entity have none; one row's weight is its reach."""
    every = np.zeros(len(held))
    every[held] = values
    return influence_of(every, reach=1.0 / len(values))


def _f1(counts: Counts) -> tuple[float, Counts]:
    right, predicted, true = counts.sum(axis=0)
    f1 = float(2.0 * right / (predicted + true))
    return f1, (2.0 * counts[:, 0] - f1 * (counts[:, 1] + counts[:, 2])) / (predicted + true)
