"""Numbers made from scores: AUC, the share found at 1% false alarms, and how two attacks compare on the same rows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelaudit.statistics import auc

Floats = NDArray[np.float64]
FPR = 0.01
DRAWS = 2_000
LEVEL = 0.95


def share_found(members: Floats, nonmembers: Floats, *, fpr: float = FPR) -> float:
    """Return the share of members above a threshold that at most `fpr` of the non-members lie strictly above."""
    allowed = math.floor(fpr * len(nonmembers) + 1e-9)
    threshold = np.partition(nonmembers, len(nonmembers) - allowed - 1)[len(nonmembers) - allowed - 1]
    return float(np.mean(members > threshold))


def auc_of(scores: Floats, is_member: NDArray[np.bool_]) -> float:
    """Return the AUC of scores, of which none is NaN."""
    return float(auc(scores[is_member], scores[~is_member]))


def ratio_found(ours: Floats, theirs: Floats, is_member: NDArray[np.bool_], *, seed: int) -> tuple[float, float, float]:
    """Return the ratio of the shares found at 1% false alarms, with its 95% interval from records drawn anew.

    Members and non-members are drawn with replacement, the same for both attacks, and thresholds are set anew in every
    draw. Half a member is added to each count, so that an attack that finds none gives a ratio all the same.
    """
    draw = np.random.default_rng([seed, 7])
    inside, outside = np.flatnonzero(is_member), np.flatnonzero(~is_member)

    def ratio(members: NDArray[np.int64], nonmembers: NDArray[np.int64]) -> float:
        half = 0.5 / len(members)
        found = [share_found(scores[members], scores[nonmembers]) + half for scores in (ours, theirs)]
        return found[0] / found[1]

    drawn = [ratio(draw.choice(inside, len(inside)), draw.choice(outside, len(outside))) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return ratio(inside, outside), float(low), float(high)


def spearman(one: ArrayLike, other: ArrayLike) -> float | None:
    """Return Spearman's correlation of what both have; None where there is none to speak of."""
    from scipy.stats import spearmanr

    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 3 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
        return None
    return float(spearmanr(first[both], second[both]).statistic)
