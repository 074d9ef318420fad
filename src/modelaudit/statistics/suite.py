"""Several scores of the same records at once: which tells positives from negatives best, and what that is worth.

The largest of J AUCs is above .5 by chance alone. Two answers hold for it: a simultaneous interval, and one p-value
from random relabellings of all scores together. A record without one of the scores has NaN there. Records of one
document or person may be alike; where `units` are given, they are what is independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from .arrays import Vector, codes
from .confidence import LEVELS, Estimate, on_grid
from .influence import influence_of
from .multiplicity import step_down
from .power import null_auc_se
from .proportions import clopper_pearson_interval
from .roc import auc_influence

Matrix = NDArray[np.float64]
DRAWS = 20_000
"""Of the normal distribution that the critical value of the simultaneous interval is read from."""
READ_UP_TO = 0.99
"""The highest level whose critical value is read from the draws; above it Bonferroni's, which is never smaller."""
CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class SuiteP:
    """P-values of "the positives score no higher", by random relabelling of the records.

    Attributes:
        family: of the largest of all AUCs. adjusted: (J,), of each score, adjusted for all of them.
        draws: relabellings.
    """

    family: float
    adjusted: Vector
    draws: int


def clustered_auc(pos: ArrayLike, neg: ArrayLike, *, pos_units: Any = None, neg_units: Any = None) -> Estimate:
    """Return the AUC of one score with an interval that takes whole units as independent (Obuchowski 1997).

    Without units it is DeLong's. A unit that stands on both sides counts with both.
    """
    return largest_auc(_rows(pos), _rows(neg), rng=None, pos_units=pos_units, neg_units=neg_units)


def largest_auc(
    pos: ArrayLike,
    neg: ArrayLike,
    *,
    rng: np.random.Generator | None,
    pos_units: Any = None,
    neg_units: Any = None,
) -> Estimate:
    """Return the largest of J AUCs with bounds that hold for all of them at once.

    The covariance of the logits of the AUCs is DeLong's (Obuchowski's with units), and the critical value that of the
    largest of J correlated normal deviates (Hothorn, Bretz and Westfall 2008): max_j of the simultaneous lower bounds,
    and of the upper ones. A perfect order has the exact bound of min(n1, n0) disjoint pairs, at Bonferroni's level.
    Records, or units, count for a score only where they have it; n is that of the largest, and what could have been
    shown that of the score with the fewest. The influence is that of the largest, positive units first; its choice is
    the place of that score.

    Args:
        pos, neg: (J, n1) and (J, n0) scores.
        rng: draws the critical value; None for a single score, which needs none.
        pos_units, neg_units: (n1,) and (n0,) labels of the documents or persons.

    Raises:
        ValueError: shapes that do not fit, or a score that one side has nowhere.
    """
    positives, negatives = _matrix(pos, "pos"), _matrix(neg, "neg")
    if len(positives) != len(negatives) or not len(positives):
        raise ValueError(f"pos and neg need as many scores, at least one, not {len(positives)} and {len(negatives)}")
    n1, n0 = positives.shape[1], negatives.shape[1]
    cluster, clusters = _units(pos_units, neg_units, n1, n0)
    first = len(np.unique(cluster[:n1]))
    counted = [
        tuple(
            len(np.unique(part[np.isfinite(scores)]))
            for part, scores in ((cluster[:n1], of_pos), (cluster[n1:], of_neg))
        )
        for of_pos, of_neg in zip(positives, negatives, strict=True)
    ]
    method = "delong-logit" if clusters == n1 + n0 else "obuchowski-logit"
    if len(positives) > 1:
        method += f", simultaneous over {len(positives)}"
    values, influence = _influences(positives, negatives)
    best = float(values.max())
    top = int(values.argmax())
    n = int(np.isfinite(positives[top]).sum() + np.isfinite(negatives[top]).sum())
    if min(map(min, counted)) < 2:
        return Estimate(value=best, n=n, method=method, reason="An interval needs two records on each side.")
    within = np.zeros((len(values), clusters))
    for row, part in zip(within, influence, strict=True):
        np.add.at(row, cluster, part)
    # C / (C - 1) for each side, by the units that have the score.
    factors = np.sqrt([[many / (many - 1) for many in sides] for sides in counted])
    within[:, :first] *= factors[:, :1]
    within[:, first:] *= factors[:, 1:]
    covariance = within @ within.T
    errors = np.sqrt(np.diag(covariance))
    critical = _critical(covariance, errors, rng)

    def interval(level: float) -> tuple[float, float]:
        ends = [
            _bounds(value, error or null_auc_se(*sides), min(sides), level, critical[level], len(values))
            for value, error, sides in zip(values, errors, counted, strict=True)
        ]
        return max(low for low, _ in ends), max(high for _, high in ends)

    smallest = 0.5 + (critical[0.95] + float(ndtri(0.8))) * max(null_auc_se(*sides) for sides in counted)
    bounds = on_grid(interval, support=(0.0, 1.0))
    # An order without a fault has no spread to go by.
    told = influence_of(within[top], choice=str(top)) if 0.0 < best < 1.0 else None
    smallest = min(1.0, smallest)
    return Estimate(value=best, n=n, method=method, bounds=bounds, smallest_detectable=smallest, influence=told)


def suite_permutation_p(
    scores: ArrayLike, is_member: ArrayLike, *, rng: np.random.Generator, units: Any = None, draws: int = 1000
) -> SuiteP:
    """Return the family-wise p of the largest AUC, and each score's p adjusted for all (Westfall and Young 1993).

    Each relabelling is put to all scores. They are compared by (AUC - .5) over its standard error under the null, and
    whole units keep together, each side having as many units as before.

    Args:
        scores: (J, n). is_member: bool (n,).
        units: (n,) documents or persons; a unit of both sides counts as two.

    Raises:
        ValueError: a side has no record, or marks and records differ in number.
    """
    table, member = _matrix(scores, "scores"), np.asarray(is_member, dtype=np.bool_)
    if member.shape != table.shape[1:] or not 0 < member.sum() < len(member):
        raise ValueError("a relabelling needs members and non-members, one mark for each record")
    order = np.argsort(~member, kind="stable")
    table, n1 = table[:, order], int(member.sum())
    named = None if units is None else np.asarray(units)[order]
    cluster, clusters = _units(
        None if named is None else named[:n1], None if named is None else named[n1:], n1, len(member) - n1
    )
    has = np.isfinite(table)
    # Doubled midranks are whole numbers, so that equal rank sums compare as equal.
    ranks = np.zeros(table.shape)
    for row, known, values in zip(ranks, has, table, strict=True):
        row[known] = np.rint(2.0 * rankdata(values[known]))
    sums, counts = (_by_unit(part, cluster, clusters) for part in (ranks, has.astype(np.float64)))
    inside = np.zeros(clusters, dtype=np.bool_)
    inside[cluster[:n1]] = True
    observed = _z(inside[None, :].astype(np.float64), sums, counts)[0]
    null = np.empty((draws, len(table)))
    size = int(inside.sum())
    for start in range(0, draws, CHUNK):
        some = min(CHUNK, draws - start)
        chosen = np.zeros((some, clusters))
        for row in chosen:
            row[rng.permutation(clusters)[:size]] = 1.0
        null[start : start + some] = _z(chosen, sums, counts)
    return SuiteP(*step_down(observed, null), draws)


def _z(chosen: Matrix, sums: Matrix, counts: Matrix) -> Matrix:
    """(draws, J) standardised AUCs of relabellings `chosen` (draws, units), from rank sums and counts (J, units)."""
    n1 = chosen @ counts.T
    n = counts.sum(axis=1)[None, :]
    n0 = n - n1
    doubled = chosen @ sums.T - n1 * (n1 + 1.0)
    usable = (n1 > 0) & (n0 > 0)
    product = np.where(usable, n1 * n0, 1.0)
    auc = doubled / (2.0 * product)
    z = (auc - 0.5) / np.sqrt((n + 1.0) / (12.0 * product))
    # Rounded, so that relabellings of equal rank sums tie whatever the order of summation.
    return np.asarray(np.where(usable, z, 0.0).round(9), dtype=np.float64)


def _by_unit(table: Matrix, cluster: NDArray[np.intp], clusters: int) -> Matrix:
    return np.stack([np.bincount(cluster, weights=row, minlength=clusters) for row in table])


def _bounds(value: float, error: float, pairs: int, level: float, critical: float, scores: int) -> tuple[float, float]:
    if value in (0.0, 1.0):
        shared = 1.0 - (1.0 - level) / scores
        return clopper_pearson_interval(pairs if value == 1.0 else 0, pairs, shared)
    half = critical * error / (value * (1.0 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def _critical(covariance: Matrix, errors: Vector, rng: np.random.Generator | None) -> dict[float, float]:
    """Critical value of each level: of |z| for one score, of the largest |z| of all for several."""
    alone = {level: float(ndtri((1.0 + level) / 2.0)) for level in (*LEVELS, 0.95)}
    scores = len(errors)
    if scores == 1:
        return alone
    if rng is None:
        raise ValueError("bounds that hold for several scores need a generator")
    scale = np.where(errors > 0.0, errors, 1.0)
    correlation = covariance / np.outer(scale, scale)
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2.0)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    largest = np.sort(np.abs(rng.standard_normal((DRAWS, scores)) @ root.T).max(axis=1))
    found = {}
    for level, single in alone.items():
        bonferroni = float(ndtri(1.0 - (1.0 - level) / (2.0 * scores)))
        read = float(np.quantile(largest, level)) if level <= READ_UP_TO else bonferroni
        found[level] = min(max(read, single), bonferroni)
    return found


def _influences(positives: Matrix, negatives: Matrix) -> tuple[Vector, Matrix]:
    """AUCs (J,), and what each record adds to the error of each, (J, n1 + n0); 0 where it has no score."""
    values = np.empty(len(positives))
    influence = np.zeros((len(positives), positives.shape[1] + negatives.shape[1]))
    for place, (pos, neg) in enumerate(zip(positives, negatives, strict=True)):
        has = np.isfinite(pos), np.isfinite(neg)
        if not has[0].any() or not has[1].any():
            raise ValueError(f"score {place + 1} of {len(positives)} is missing for one whole side; leave it out")
        values[place], of_pos, of_neg = auc_influence(pos[has[0]], neg[has[1]])
        influence[place, np.concatenate(has)] = np.concatenate([of_pos, of_neg])
    return values, influence


def _units(pos_units: Any, neg_units: Any, n1: int, n0: int) -> tuple[NDArray[np.intp], int]:
    """Codes of the units of all records, positives first; a unit of both sides is two."""
    if pos_units is None or neg_units is None:
        return np.arange(n1 + n0), n1 + n0
    first, many = codes(pos_units, "pos_units", length=n1)
    second, more = codes(neg_units, "neg_units", length=n0)
    return np.concatenate([first, second + many]), many + more


def _rows(scores: ArrayLike) -> Matrix:
    return np.asarray(scores, dtype=np.float64)[None, :]


def _matrix(scores: ArrayLike, name: str) -> Matrix:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"{name} needs one row a score and one column a record, not the shape {table.shape}")
    if np.isinf(table).any():
        raise ValueError(f"{name} holds infinity; cut such scores off, or leave the records out")
    return table
