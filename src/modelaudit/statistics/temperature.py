"""Temperature scaling: the one number by which to divide all logits (Guo et al. 2017, arXiv 1706.04599, section 4.2).

With b = 1 / T the mean negative log-likelihood is convex in b, and its slope is the mean of what is left over: the
expected logit under the scaled probabilities less the true class's. The best b is the root of that slope.

`logits` (shape [n, C]) have a column for each class, `truth` (shape [n]) holds the true class, and `clusters` (shape
[n], any labels) the row or document that an answer comes from, where those of one may be alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import softmax

from .arrays import Vector, codes
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile
from .positive import FARTHEST

Matrix = NDArray[np.float64]
LEAST, MOST = 0.02, 50.0
"""Temperatures that are looked for; a model that is always right, or always wrong, would go on for ever."""


def best_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """Return the temperature with the least negative log-likelihood, from `LEAST` to `MOST`; 1 where all are alike.

    At `LEAST` the model would gain from being ever surer, as one that is always right does; at `MOST` from being ever
    less sure. ValueError without answers.

    Args:
        logits: (n, C); truth: index of the true class, [n].
    """
    scores, true = _table(logits, truth)
    if (scores == scores[:, :1]).all():
        return 1.0
    if float(_left_over(scores, true, 1.0 / LEAST).mean()) <= 0.0:
        return LEAST
    if float(_left_over(scores, true, 1.0 / MOST).mean()) >= 0.0:
        return MOST
    log_b = brentq(
        lambda at: float(_left_over(scores, true, math.exp(at)).mean()), -math.log(MOST), -math.log(LEAST), xtol=1e-10
    )
    return math.exp(-float(log_b))


def temperature_estimate(logits: ArrayLike, truth: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the best temperature with a sandwich interval on the log scale, by cluster where there are any.

    White 1982 (Econometrica 50:1): the variance of the slope over the squared curvature, so that it holds where no
    temperature makes the model honest, too. No interval at either end of what is looked for, and the reason says so.

    Args:
        logits: (n, C); truth: index of the true class, [n].
    """
    scores, true = _table(logits, truth)
    n, method = len(true), "least negative log-likelihood, sandwich on the log scale"
    value = best_temperature(scores, true)
    code, groups = (np.arange(n), n) if clusters is None else codes(clusters, "clusters", length=n)
    if value in (LEAST, MOST):
        way = "sure" if value == LEAST else "unsure"
        reason = f"The answers would gain from being ever more {way}: {value:g} is the end of what is looked for."
        return Estimate(value=value, n=n, method=method, reason=reason)
    if groups < 2:
        return Estimate(value=value, n=n, method=method, reason="One row or document shows no spread; two are needed.")
    b = 1.0 / value
    chances = softmax(b * scores, axis=1)
    expected = (chances * scores).sum(axis=1, keepdims=True)
    curvature = float((chances * (scores - expected) ** 2).sum(axis=1).mean())
    if curvature == 0.0:
        return Estimate(
            value=value, n=n, method=method, reason="All logits are alike: no temperature changes anything."
        )
    sums = np.abs(np.bincount(code, weights=_left_over(scores, true, b), minlength=groups))
    squares, per = float(sums @ sums), n * curvature * b
    se = math.sqrt(groups / (groups - 1) * squares) / per
    # A few answers that weigh much are skewed: what makes up the spread is allowed for, as in `positive_estimate`.
    seen = ADDED_UNITS * float(sums**2 @ sums) / squares / per if squares > 0.0 else 0.0

    def interval(level: float) -> tuple[float, float]:
        half = min(quantile(level, df=groups - 1) * math.hypot(se, seen), FARTHEST)
        return value * math.exp(-half), value * math.exp(half)

    return Estimate(value=value, n=n, method=method, bounds=on_grid(interval))


def cross_fitted(logits: ArrayLike, truth: ArrayLike, folds: ArrayLike) -> tuple[Matrix, Vector]:
    """Return the logits, each divided by the temperature that all other folds fit, and the temperatures [folds].

    `folds` (shape [n]) holds 0 to K - 1; answers of one cluster belong in one fold. ValueError below two folds.
    """
    scores, true = _table(logits, truth)
    fold = np.asarray(folds, dtype=np.intp)
    many = int(fold.max(initial=0)) + 1
    if fold.shape != true.shape or many < 2:
        raise ValueError(f"Cross-fitting needs a fold for each of {len(true)} answers, and two folds or more.")
    temperatures = np.array([best_temperature(scores[fold != one], true[fold != one]) for one in range(many)])
    return scores / temperatures[fold, None], temperatures


def _left_over(scores: Matrix, true: NDArray[np.intp], b: float) -> Vector:
    """Return the slope by b of each answer's negative log-likelihood, [n]."""
    expected = (softmax(b * scores, axis=1) * scores).sum(axis=1)
    found: Vector = expected - scores[np.arange(len(true)), true]
    return found


def _table(logits: ArrayLike, truth: ArrayLike) -> tuple[Matrix, NDArray[np.intp]]:
    table, true = np.asarray(logits, dtype=np.float64), np.asarray(truth, dtype=np.intp)
    if table.ndim != 2 or true.shape != table.shape[:1] or len(true) == 0:
        raise ValueError(
            f"logits of the shape {table.shape} and a truth of {true.shape} are not [n, C] and [n], n > 0."
        )
    if not np.isfinite(table).all():
        raise ValueError("logits hold NaN or infinity; leave those answers out and count them.")
    # A shift of all logits of an answer changes nothing, and large ones would lose digits.
    return table - table.max(axis=1, keepdims=True), true
