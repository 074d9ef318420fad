"""How well a score tells two sets of records apart: AUC, the ROC curve, and the hit rate at a low false-alarm rate.

Higher scores speak for the positive set throughout; `pos` and `neg` are score vectors, shapes [n1] and [n0].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from .arrays import Vector, booleans, vector
from .confidence import Estimate, normal, on_grid
from .influence import influence_of
from .power import detectable_auc, detectable_mean, null_auc_se, z_sum
from .proportions import clopper_pearson, clopper_pearson_interval
from .resample import permutation_p


@dataclass(frozen=True, eq=False)
class RocCurve:
    """The ROC curve's corners: flagging scores >= thresholds[i] gives fpr[i] and tpr[i]; the first flags nothing."""

    fpr: Vector
    tpr: Vector
    thresholds: Vector


@dataclass(frozen=True, kw_only=True)
class TprAtFpr:
    """The share of positives above a threshold that keeps false alarms at or below a target.

    `threshold` is None where too few negatives were at hand to set it; `realised_fpr` is what a fresh fold showed.
    """

    tpr: Estimate
    threshold: float | None
    realised_fpr: Estimate


def auc(pos: ArrayLike, neg: ArrayLike) -> float:
    """Return P(positive > negative) + P(tie) / 2 (Mann-Whitney), in O(n log n); ValueError where a side is empty."""
    positives, negatives = _sides(pos, neg)
    return _auc(_placements(positives, negatives)[0])


def delong(pos: ArrayLike, neg: ArrayLike) -> Estimate:
    """Return the AUC with DeLong's standard error (1988) on the logit scale.

    The logit interval stays inside (0, 1) and covers better than the plain one at high AUC and few records. A perfect
    separation has no standard error: there min(n1, n0) disjoint pairs were all in order, so the exact bound of that
    many hits holds, and is conservative. A score that ties everywhere is given the standard error of the null.
    """
    positives, negatives = _sides(pos, neg)
    n1, n0 = len(positives), len(negatives)
    n, method = n1 + n0, "delong-logit"
    above, below = _placements(positives, negatives)
    value = _auc(above)
    if min(n1, n0) < 2:
        return Estimate(value=value, n=n, method=method, reason="An interval needs two records on each side.")
    smallest = detectable_auc(n1, n0)
    if value in (0.0, 1.0):
        pairs = min(n1, n0)
        hits = pairs if value == 1.0 else 0
        bounds = on_grid(lambda level: clopper_pearson_interval(hits, pairs, level), support=(0.0, 1.0))
        return Estimate(value=value, n=n, method="exact-disjoint-pairs", bounds=bounds, smallest_detectable=smallest)
    se = math.sqrt(above.var(ddof=1) / n1 + below.var(ddof=1) / n0) or null_auc_se(n1, n0)
    centre, scale = float(logit(value)), se / (value * (1.0 - value))

    def interval(level: float) -> tuple[float, float]:
        half = float(ndtri((1.0 + level) / 2.0)) * scale
        return float(expit(centre - half)), float(expit(centre + half))

    parts = np.concatenate([(above - above.mean()) / n1, (below - below.mean()) / n0])
    return Estimate(
        value=value,
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, 1.0)),
        smallest_detectable=smallest,
        influence=influence_of(parts),
    )


def auc_influence(pos: ArrayLike, neg: ArrayLike) -> tuple[float, Vector, Vector]:
    """Return the AUC, and what each positive (n1,) and each negative (n0,) adds to its error.

    With C clusters on a side, C / (C - 1) times the squares of their sums add up to that side's part of Obuchowski's
    variance (1997); where each record is one, to DeLong's (1988).
    """
    positives, negatives = _sides(pos, neg)
    above, below = _placements(positives, negatives)
    return _auc(above), (above - above.mean()) / len(above), (below - below.mean()) / len(below)


def paired_delong(pos_a: ArrayLike, neg_a: ArrayLike, pos_b: ArrayLike, neg_b: ArrayLike) -> Estimate:
    """Return AUC(a) - AUC(b) for two scores of the same records, in the same order (DeLong 1988).

    Two scores that rank alike differ by exactly 0. Two perfect scores may still differ on new records, so their
    interval reaches as far as the bound of either AUC.

    Args:
        pos_a, pos_b: scores of the same n1 positives, [n1]; neg_a, neg_b: of the same n0 negatives, [n0].

    Raises:
        ValueError: the two scores are not of as many records.
    """
    (a1, a0), (b1, b0) = _sides(pos_a, neg_a), _sides(pos_b, neg_b)
    if len(a1) != len(b1) or len(a0) != len(b0):
        raise ValueError(
            f"Scores a and b must be of the same records: {len(a1)} and {len(b1)} positives, "
            f"{len(a0)} and {len(b0)} negatives."
        )
    n1, n0 = len(a1), len(a0)
    n, method = n1 + n0, "delong-paired"
    above_a, below_a = _placements(a1, a0)
    above_b, below_b = _placements(b1, b0)
    auc_a, auc_b = _auc(above_a), _auc(above_b)
    value = auc_a - auc_b
    if min(n1, n0) < 2:
        return Estimate(value=value, n=n, method=method, reason="An interval needs two records on each side.")
    if auc_a in (0.0, 1.0) and auc_b in (0.0, 1.0):
        pairs = min(n1, n0)

        def interval(level: float) -> tuple[float, float]:
            reach = 1.0 - clopper_pearson_interval(pairs, pairs, level)[0]
            return value - reach, value + reach

        return Estimate(value=value, n=n, method="exact-disjoint-pairs", bounds=on_grid(interval, support=(-1.0, 1.0)))
    se = math.sqrt((above_a - above_b).var(ddof=1) / n1 + (below_a - below_b).var(ddof=1) / n0)
    return normal(value, se, n=n, method=method, support=(-1.0, 1.0), smallest_detectable=detectable_mean(se))


def roc_curve(pos: ArrayLike, neg: ArrayLike) -> RocCurve:
    """Return the corners of the ROC curve, from (0, 0) at threshold infinity to (1, 1); tied scores are one corner."""
    positives, negatives = _sides(pos, neg)
    thresholds = np.unique(np.concatenate([positives, negatives]))[::-1]
    hits = len(positives) - np.searchsorted(np.sort(positives), thresholds, side="left")
    alarms = len(negatives) - np.searchsorted(np.sort(negatives), thresholds, side="left")
    return RocCurve(
        fpr=np.concatenate([[0.0], alarms / len(negatives)]),
        tpr=np.concatenate([[0.0], hits / len(positives)]),
        thresholds=np.concatenate([[np.inf], thresholds]),
    )


def tpr_at_fpr(pos: ArrayLike, neg_threshold: ArrayLike, neg_check: ArrayLike, *, fpr: float) -> TprAtFpr:
    """Return the true-positive rate at a target false-positive rate, both with exact intervals.

    The threshold is the floor(fpr (n0 + 1))-th largest score of `neg_threshold`, and a score strictly above it is
    flagged: conformal, so a new negative is flagged with probability at most `fpr`, averaged over such folds. A fresh
    fold `neg_check` shows the rate that was realised. Fewer than 10 / fpr negatives make it "not estimable": no value,
    and the reason names the number needed.

    Args:
        pos: scores of positives, [n1]; neg_threshold, neg_check: of two folds of negatives, [n0] and [m0].

    Raises:
        ValueError: `fpr` is not between 0 and 1.
    """
    if not 0.0 < fpr < 1.0:
        raise ValueError(f"The false-positive rate lies between 0 and 1, not at {fpr}; 1% is 0.01.")
    positives, fold = vector(pos, "pos"), vector(neg_threshold, "neg_threshold")
    fresh = vector(neg_check, "neg_check")
    # A nudge far below one record undoes the rounding of products such as 10 / 0.07 or 0.29 * 100.
    needed = math.ceil(10.0 / fpr - 1e-9)
    if len(fold) < needed:
        reason = f"Not estimable: a false-positive rate of {fpr:.3g} needs {needed} negatives; {len(fold)} given."
        return TprAtFpr(
            tpr=Estimate(value=None, n=len(positives), method="clopper-pearson", reason=reason),
            threshold=None,
            realised_fpr=Estimate(value=None, n=len(fresh), method="clopper-pearson", reason=reason),
        )
    rank = math.floor(fpr * (len(fold) + 1) + 1e-9)
    threshold = float(np.sort(fold)[-rank])
    tpr = clopper_pearson(int(np.count_nonzero(positives > threshold)), len(positives))
    if tpr.bounds:
        smallest = min(1.0, fpr + z_sum() * math.sqrt(fpr * (1.0 - fpr) / len(positives)))
        tpr = Estimate(value=tpr.value, n=tpr.n, method=tpr.method, bounds=tpr.bounds, smallest_detectable=smallest)
    realised = clopper_pearson(int(np.count_nonzero(fresh > threshold)), len(fresh))
    return TprAtFpr(tpr=tpr, threshold=threshold, realised_fpr=realised)


def auc_permutation_p(scores: ArrayLike, is_member: ArrayLike, *, rng: np.random.Generator, draws: int = 2000) -> float:
    """Return the one-sided permutation p of "members do not score higher", for the AUC (valid with ties, never 0).

    `scores` and `is_member` (bool) have one entry a record, shape [n]; both kinds of records must be there.

    Raises:
        ValueError: one of the two sides has no record.
    """
    values = vector(scores, "scores")
    member = booleans(is_member, "is_member", length=len(values))
    count = int(member.sum())
    if count in (0, len(values)):
        raise ValueError("A permutation needs members and non-members.")
    # Doubled midranks are whole numbers, so that equal rank sums compare as equal.
    ranks = np.rint(2.0 * rankdata(values))
    observed = float(ranks[member].sum())
    null = np.array([ranks[rng.permutation(len(ranks))[:count]].sum() for _ in range(draws)])
    return permutation_p(observed, null)


def _sides(pos: ArrayLike, neg: ArrayLike) -> tuple[Vector, Vector]:
    positives, negatives = vector(pos, "pos"), vector(neg, "neg")
    if len(positives) == 0 or len(negatives) == 0:
        raise ValueError(f"An AUC needs records on both sides, not {len(positives)} and {len(negatives)}.")
    return positives, negatives


def _placements(positives: Vector, negatives: Vector) -> tuple[Vector, Vector]:
    """Return, for each positive, the share of negatives below it, and for each negative, that of positives above it.

    Ties count half. Through midranks, as Sun and Xu (2014) compute DeLong's components.
    """
    n1, n0 = len(positives), len(negatives)
    ranks = rankdata(np.concatenate([positives, negatives]))
    above = (ranks[:n1] - rankdata(positives)) / n0
    below = 1.0 - (ranks[n1:] - rankdata(negatives)) / n1
    return above, below


def _auc(above: Vector) -> float:
    # Perfect orders are told exactly; elsewhere the mean's rounding does not matter.
    return 1.0 if (above == 1.0).all() else 0.0 if (above == 0.0).all() else float(above.mean())
