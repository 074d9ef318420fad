"""Answering only where one is sure: what share of the answers stays, and what share of those is wrong.

Answers are kept from the surest down. With a share u kept, r(u) is the share of wrong answers among those: the
risk-coverage curve (El-Yaniv and Wiener 2010). Its mean over u is the AURC (Geifman, Uziel and El-Yaniv 2019, arXiv
1805.08206), and what it has above the best order of as many wrong answers, all of them last, is the excess AURC.
Answers of equal confidence may be kept in any order, and the areas are means over these.

`confidence` (shape [n]) is the probability given to the answer, `correct` (shape [n], bool) whether it was right, and
`clusters` (shape [n], any labels) the row or document that an answer comes from, where those of one may be alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from .arrays import Codes, Vector, booleans, codes, vector
from .confidence import Estimate, on_grid, quantile
from .positive import positive_estimate
from .power import detectable_auc, null_auc_se
from .proportions import clopper_pearson_interval, clustered_proportion
from .roc import auc_influence
from .suite import clustered_auc

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999)
"""Confidences from which answers are kept: fixed beforehand, and dense near 1, where a network's answers lie."""
_METHOD = "infinitesimal jackknife, log scale"


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """The curve: with a share `coverage` kept, a share `risk` of those is wrong (both [points], coverage ascending)."""

    coverage: Vector
    risk: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a threshold keeps: the share of the answers, and the share of wrong ones among them (None if it keeps none).

    `most_wrong` is an upper bound on the latter that holds for all thresholds of the family at once.
    """

    threshold: float
    n: int
    share: Estimate
    wrong: float | None
    most_wrong: float


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """Return the curve at each distinct confidence, from the surest down to all answers kept.

    Args:
        confidence, correct: one number and one bool an answer, [n].
    """
    order = _Order(*_answers(confidence, correct))
    return RiskCoverage(order.ends / order.n, np.cumsum(order.wrong) / order.ends)


def aurc(confidence: ArrayLike, correct: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the area under the risk-coverage curve: the mean risk over all shares kept; lower is better.

    The standard error is the infinitesimal jackknife's (an answer counts for itself, and moves others down), by cluster
    where there are any, and the interval is `positive_estimate`'s. Where all answers are right, or all wrong, it takes
    the exact bound of the error rate, and the order that is worst, or best, for the area.
    """
    score, right = _answers(confidence, correct)
    code, groups = _codes(clusters, len(score))
    if right.all() or not right.any():
        return _one_kind(right=bool(right[0]), groups=groups, n=len(score))
    order = _Order(score, right)
    return positive_estimate(order.area, order.influence, code, groups, method=_METHOD, most=1.0)


def excess_aurc(confidence: ArrayLike, correct: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the AURC less that of the best order of as many wrong answers: what the confidence sorts badly.

    The interval is that of `aurc`, with the best area as uncertain as the error rate. There is none where no order is
    better, as with right answers alone.

    Args:
        confidence, correct: one number and one bool an answer, [n].
    """
    score, right = _answers(confidence, correct)
    code, groups = _codes(clusters, len(score))
    order = _Order(score, right)
    rate = float(order.wrong.sum()) / order.n
    excess = order.area - _best(int(order.wrong.sum()), order.n)
    if excess < 1e-12:
        reason = "Each wrong answer came after all right ones, or all answers are of one kind: no order is better."
        return Estimate(value=0.0, n=order.n, method=_METHOD, reason=reason)
    influence = order.influence + math.log1p(-rate) * (~right - rate)
    return positive_estimate(excess, influence, code, groups, method=_METHOD, most=1.0)


def confidence_auroc(confidence: ArrayLike, correct: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return how often a right answer is surer than a wrong one, ties half (the AUROC of confidence for correctness).

    The standard error is DeLong's, by cluster where there are any, with both sides of a cluster taken together. The
    interval is Student's t on the logit scale with Welch and Satterthwaite's degrees of freedom: wrong answers are
    often few, and with 8 of 200 a normal one covers 92%. A perfect order has `clustered_auc`'s exact bound. There is no
    value where all answers are of one kind.
    """
    score, right = _answers(confidence, correct)
    code, _ = _codes(clusters, len(score))
    n, method = len(score), "delong-logit, welch-t"
    if right.all() or not right.any():
        reason = f"All {n:,} answers are {'right' if right.all() else 'wrong'}."
        return Estimate(value=None, n=n, method=method, reason=reason)
    value, *influences = auc_influence(score[right], score[~right])
    sides = [code[right], code[~right]]
    units = [len(np.unique(side)) for side in sides]
    if value in (0.0, 1.0) or min(units) < 2:
        return clustered_auc(score[right], score[~right], pos_units=sides[0], neg_units=sides[1])
    sums = np.stack(
        [
            np.sqrt(many / (many - 1)) * np.bincount(side, weights=each, minlength=code.max() + 1)
            for side, each, many in zip(sides, influences, units, strict=True)
        ]
    )
    apart = (sums**2).sum(axis=1)
    se = math.sqrt(float((sums.sum(axis=0) ** 2).sum())) or null_auc_se(*units)
    parts = float((apart**2 / (np.array(units) - 1.0)).sum())
    df = float(apart.sum()) ** 2 / parts if parts > 0.0 else float(min(units) - 1)
    centre, scale = float(logit(value)), se / (value * (1.0 - value))

    def interval(level: float) -> tuple[float, float]:
        half = quantile(level, df=df) * scale
        return float(expit(centre - half)), float(expit(centre + half))

    bounds = on_grid(interval, support=(0.0, 1.0))
    return Estimate(value=value, n=n, method=method, bounds=bounds, smallest_detectable=detectable_auc(*units))


def kept_from(
    confidence: ArrayLike,
    correct: ArrayLike,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    clusters: Any | None = None,
    level: float = 0.95,
) -> tuple[Kept, ...]:
    """Return for each threshold what keeping answers of at least that confidence keeps.

    The threshold that looks best on some rows looks better there than on others. So thresholds are fixed beforehand,
    and the bounds (Clopper and Pearson's, Korn and Graubard's with clusters) are Bonferroni's, one-sided at `level`
    over all thresholds: whichever of them is then chosen, its bound holds.

    Args:
        confidence, correct: one number and one bool an answer, [n].
    """
    score, right = _answers(confidence, correct)
    code = None if clusters is None else _codes(clusters, len(score))[0]
    many = len(thresholds)
    result = []
    for threshold in thresholds:
        kept = score >= threshold
        wrong = clustered_proportion(~right[kept], None if code is None else code[kept], family=many)
        result.append(
            Kept(
                threshold=threshold,
                n=int(kept.sum()),
                share=clustered_proportion(kept, code, family=many),
                wrong=wrong.value,
                most_wrong=wrong.interval(2.0 * level - 1.0)[1] if wrong.bounds else 1.0,
            )
        )
    return tuple(result)


def widest(kept: Sequence[Kept], risk: float) -> Kept | None:
    """Return what keeps the most answers with at most `risk` of them wrong by the simultaneous bound; None: nothing."""
    held = [one for one in kept if one.most_wrong <= risk]
    return max(held, key=lambda one: (one.n, one.threshold), default=None)


class _Order:
    """Answers from the surest down, in steps of equal confidence.

    Attributes:
        ends: how many answers are kept at the end of each step. wrong: how many of the step's own are wrong.
        step: the step of each answer, in the order given.
    """

    def __init__(self, score: Vector, right: NDArray[np.bool_]) -> None:
        _, step = np.unique(-score, return_inverse=True)
        self.step: Codes = step.reshape(-1)
        self.right = right
        self.n = len(score)
        self.size = np.bincount(self.step).astype(np.float64)
        self.ends = np.cumsum(self.size)
        self.wrong = np.bincount(self.step, weights=~right).astype(np.float64)

    @cached_property
    def area(self) -> float:
        """The mean over k of the share of wrong answers among the first k, and over the orders of equal answers."""
        # An answer in place k counts in the means of k, k + 1, ... n.
        later = np.cumsum(1.0 / np.arange(self.n, 0, -1))[::-1]
        starts = (self.ends - self.size).astype(np.intp)
        return float(self.wrong @ (np.add.reduceat(later, starts) / self.size)) / self.n

    @cached_property
    def influence(self) -> Vector:
        """What each answer adds to n times the area's error, [n], with mean 0.

        The area is sum_g (wrong_g / size_g) (F(S_g) - F(S_{g-1})) with F(s) = s - s log s and S the share kept: its
        derivative by the weight of an answer of step h is (right or wrong, less the step's own share of wrong) times
        the step's mean of -log s, plus what the answer does to its own step's end and to all later steps.
        """
        ends, size, rate = self.ends / self.n, self.size / self.n, self.wrong / self.size
        before = ends - size
        # s log s is 0 at 0, and so is the first step's beginning.
        known = np.where(before > 0.0, before, 1.0)
        weight = (ends - ends * np.log(ends) - (before - before * np.log(known))) / size
        moved = rate[1:] * (np.log(ends[:-1]) - np.log(ends[1:]))
        later = np.append(np.cumsum(moved[::-1])[::-1], 0.0)
        own = later - rate * (np.log(ends) + weight)
        found: Vector = ~self.right * weight[self.step] + own[self.step]
        centred: Vector = found - found.mean()
        return centred


def _one_kind(*, right: bool, groups: int, n: int) -> Estimate:
    def interval(level: float) -> tuple[float, float]:
        low, high = clopper_pearson_interval(0 if right else groups, groups, level)
        if right:
            return 0.0, high - high * math.log(high)
        return low + (1.0 - low) * math.log1p(-low), 1.0

    bounds = on_grid(interval, support=(0.0, 1.0))
    return Estimate(value=0.0 if right else 1.0, n=n, method="exact bound of the error rate", bounds=bounds)


def _best(wrong: int, n: int) -> float:
    """Return the area where the wrong answers come last."""
    place = np.arange(1, wrong + 1)
    return float((place / (n - wrong + place)).sum()) / n


def _answers(confidence: ArrayLike, correct: ArrayLike) -> tuple[Vector, NDArray[np.bool_]]:
    score = vector(confidence, "confidence")
    if len(score) == 0:
        raise ValueError("A risk-coverage curve needs at least one answer.")
    return score, booleans(correct, "correct", length=len(score))


def _codes(clusters: Any | None, n: int) -> tuple[Codes, int]:
    return (np.arange(n, dtype=np.intp), n) if clusters is None else codes(clusters, "clusters", length=n)
