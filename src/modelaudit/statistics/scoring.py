"""Proper scores of stated probabilities: the Brier score and the negative log-likelihood of the true class.

Either is lowest on average where the probabilities are the true ones, so it pays for being honest and for being
informative at once; the Brier score falls into these parts (Murphy 1973, Journal of Applied Meteorology 12:595).

`probabilities` and `logits` (shape [n, C]) have a column for each class, `truth` (shape [n]) holds the true class, and
`clusters` (shape [n], any labels) the row or document that an answer comes from, where those of one may be alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from scipy.stats import rankdata

from .arrays import Vector, codes
from .confidence import Estimate
from .positive import positive_estimate

Matrix = NDArray[np.float64]
BINS = 10
"""Of equal mass, for each class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrierParts:
    """Brier score = reliability - resolution + uncertainty + within.

    Attributes:
        reliability: how far stated probabilities lie from shares; 0 where they are calibrated, or below by chance.
        resolution: how far the shares of the bins lie apart; the more, the more informative.
        uncertainty: what stating the shares of the classes for every answer would score.
        within: what differences within bins add.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier_score(probabilities: ArrayLike, truth: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the mean over answers of the squared distances of all C probabilities to the truth, 0 to 2 (Brier 1950).

    The interval is `positive_estimate`'s, where each answer could have been as wrong as its least likely class.
    ValueError without answers.
    """
    chances, true = _table(probabilities, truth, "probabilities")
    squares = _squared(chances, true)
    worst = _squared(chances, chances.argmin(axis=1))
    return _mean(squares, worst, clusters, most=2.0)


def negative_log_likelihood(logits: ArrayLike, truth: ArrayLike, *, clusters: Any | None = None) -> Estimate:
    """Return the mean of -log p of the true class, in nats; interval and errors as in `brier_score`.

    Args:
        logits: (n, C); truth: index of the true class, [n].
    """
    scores, true = _table(logits, truth, "logits")
    return _mean(log_losses(scores, true), log_losses(scores, scores.argmin(axis=1)), clusters, most=math.inf)


def log_losses(logits: ArrayLike, truth: ArrayLike) -> Vector:
    """Return -log p of the true class in nats, [n].

    Args:
        logits: (n, C); truth: index of the true class, [n].
    """
    scores, true = _table(logits, truth, "logits")
    losses: Vector = logsumexp(scores, axis=1) - scores[np.arange(len(true)), true]
    return np.maximum(losses, 0.0)


def brier_parts(probabilities: ArrayLike, truth: ArrayLike, *, bins: int = BINS) -> BrierParts:
    """Return the Brier score's parts, summed over classes, each in bins of about equal mass by its own probability.

    Reliability and resolution are corrected for the noise of the bins' shares (Ferro and Fricker 2012, Quarterly
    Journal of the Royal Meteorological Society 138:1954): without, a calibrated model has a reliability above 0. Equal
    probabilities share a bin. ValueError below two answers.

    Args:
        probabilities: (n, C); truth: index of the true class, [n].
    """
    chances, true = _table(probabilities, truth, "probabilities")
    if len(true) < 2:
        raise ValueError(f"The parts of a Brier score need at least two answers; {len(true)} given.")
    parts = np.zeros(3)
    for index in range(chances.shape[1]):
        parts += _class_parts(chances[:, index], (true == index).astype(np.float64), bins)
    score = float(_squared(chances, true).mean())
    reliability, resolution, uncertainty = parts.tolist()
    return BrierParts(
        score=score,
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within=score - (reliability - resolution + uncertainty),
    )


def _class_parts(stated: Vector, hit: Vector, bins: int) -> Vector:
    n = len(hit)
    rank = ((rankdata(stated) - 0.5) * bins / n).astype(np.intp)
    code = np.unique(rank, return_inverse=True)[1].reshape(-1)
    count = np.bincount(code).astype(np.float64)
    share, mean = np.bincount(code, weights=hit) / count, np.bincount(code, weights=stated) / count
    overall = float(hit.mean())
    # A bin of one answer shows no noise of its own, and none is taken off.
    noise = float((count / n * share * (1.0 - share) / np.maximum(count - 1.0, 1.0)).sum())
    variance = overall * (1.0 - overall)
    reliability = float(count @ (mean - share) ** 2) / n - noise
    resolution = float(count @ (share - overall) ** 2) / n - noise + variance / (n - 1)
    return np.array([reliability, resolution, variance + variance / (n - 1)])


def _squared(chances: Matrix, true: NDArray[np.intp]) -> Vector:
    """Return the squared distances, [n]; sum p^2 - 2 p_true + 1, between 0 and 2 but for rounding."""
    found: Vector = (chances**2).sum(axis=1) - 2.0 * chances[np.arange(len(true)), true] + 1.0
    return np.clip(found, 0.0, 2.0)


def _mean(values: Vector, worst: Vector, clusters: Any | None, *, most: float) -> Estimate:
    n = len(values)
    code, groups = (np.arange(n), n) if clusters is None else codes(clusters, "clusters", length=n)
    value, method = (
        float(values.mean()),
        "mean, t on the log scale" if clusters is None else "mean, cluster-robust t on the log scale",
    )
    return positive_estimate(value, values - value, code, groups, method=method, most=most, reach=worst)


def _table(values: ArrayLike, truth: ArrayLike, name: str) -> tuple[Matrix, NDArray[np.intp]]:
    table, true = np.asarray(values, dtype=np.float64), np.asarray(truth, dtype=np.intp)
    if table.ndim != 2 or true.shape != table.shape[:1]:
        raise ValueError(f"{name} of the shape {table.shape} and a truth of {true.shape} are not [n, C] and [n].")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} hold NaN or infinity; leave those answers out and count them.")
    if len(true) == 0:
        raise ValueError("A score needs at least one answer.")
    if ((true < 0) | (true >= table.shape[1])).any():
        raise ValueError(f"truth must hold classes from 0 to {table.shape[1] - 1}.")
    return table, true
