"""Attacks that hold the model against reference models: of each record, what those know that saw it and that did not.

All are arithmetic on arrays, higher for members, NaN where a record has no score. What the models say is asked once and
serves all of them. A record may be a row or a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Signal = tuple[str, Vector]

STUDENT_T = "LiRA attack, Student-t"
ONLINE = "LiRA attack, online"
OFFLINE = "LiRA attack, offline"
RATIO_ONLINE = "RMIA ratio attack, online"
RATIO_OFFLINE = "RMIA ratio attack, offline, a = 1"
RATIO_HALF = "RMIA ratio attack, offline, a = 0.5"
REGRESSION = "regression-calibrated attack"
DIFFERENCE = "difficulty-calibrated attack"

OWN_SPREAD = 64
"""Models from which on the Gaussian attacks take each record's own spread (Carlini et al. 2022, section VI.C)."""
PRIOR_DEGREES = 8.0
"""The most degrees of freedom that the pooled spread counts for beside a record's own."""
PENALTY = 1.0
"""Ridge on standardised regressors, against collinear ones; next to nothing beside 100 non-members."""


def reference_attacks(
    *,
    phi: Vector,
    log_p: Vector,
    log_odds: Vector,
    log_probs: Vector,
    trained_on: Flags,
    is_member: Flags,
    labels: NDArray[np.int64] | None = None,
    lengths: Vector | None = None,
) -> tuple[Signal, ...]:
    """Return all attacks, by name, each (n,); the one to read single numbers from first.

    Args:
        phi: (n,), the audited model's log-odds of the truth. log_p: (n,), its log p of the truth.
        log_odds, log_probs: (K, n), the same of the reference models.
        trained_on: (K, n), which models saw the record; members and non-members of the audited model alike.
        is_member: (n,), for the regression alone, which is fitted on non-members.
        labels: (n,), the true class, below 0 where there is none. lengths: (n,), any measure of length.

    Raises:
        ValueError: shapes do not match, or a record is in all models or in none.
    """
    models = len(log_odds)
    shape = (models, len(phi))
    if any(array.shape != shape for array in (log_odds, log_probs, trained_on)) or not (
        phi.shape == log_p.shape == is_member.shape
    ):
        raise ValueError(f"{models} reference models and {len(phi)} records need arrays of {shape}, and they are not")
    if not trained_on.any(axis=0).all() or trained_on.all(axis=0).any():
        raise ValueError("each record must be in the training of some reference models, and not of all")
    # Records without a value pass through all of it.
    with np.errstate(invalid="ignore"):
        inside, outside = _sides(log_odds, trained_on)
        regressors = _regressors(outside, labels, lengths)
        return (
            (STUDENT_T, _log_t(phi, inside) - _log_t(phi, outside)),
            (ONLINE, _log_normal(phi, inside, models) - _log_normal(phi, outside, models)),
            (OFFLINE, lira_offline(phi, outside, models)),
            (RATIO_ONLINE, rmia_online(log_p, log_probs, trained_on)),
            (RATIO_OFFLINE, rmia_offline(log_p, log_probs, trained_on, a=1.0)),
            (RATIO_HALF, rmia_offline(log_p, log_probs, trained_on, a=0.5)),
            (REGRESSION, regression_calibrated(phi, regressors, is_member)),
            (DIFFERENCE, phi - outside.mean),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The log-odds of those models that saw a record, or of those that did not.

    Attributes:
        mean, squares: (n,), the mean and the sum of squared deviations from it; count: (n,), how many models.
        pooled: the variance within records, pooled over all; NaN where no record has two models.
    """

    mean: Vector
    squares: Vector
    count: Vector
    pooled: float


def lira_offline(phi: Vector, outside: Side, models: int) -> Vector:
    """Return how many standard deviations the model stands above those that did not see the record, (n,).

    That is the one-sided test of Carlini et al. 2022 (equation 4), whose log Phi ranks the same and ties at the top.
    """
    scores: Vector = (phi - outside.mean) / np.sqrt(_variance(outside, models))
    return scores


def rmia_online(log_p: Vector, log_probs: Vector, trained_on: Flags) -> Vector:
    """Return log p less the log of (p_in + p_out) / 2, (n,) (Zarifzadeh et al. 2024, arXiv 2312.03262)."""
    both = np.logaddexp(_log_mean(log_probs, trained_on), _log_mean(log_probs, ~trained_on))
    ratio: Vector = log_p - both + np.log(2.0)
    return ratio


def rmia_offline(log_p: Vector, log_probs: Vector, trained_on: Flags, *, a: float) -> Vector:
    """Return log p less the log of ((1 + a) p_out + 1 - a) / 2, (n,) (Zarifzadeh et al. 2024, arXiv 2312.03262).

    p_out is the mean probability under the models that did not see the record. For one audited model the paper's
    comparison with a population is a monotone function of this ratio, and only adds ties.
    """
    out = _log_mean(log_probs, ~trained_on)
    rest = np.log1p(-a) if a < 1 else -np.inf
    ratio: Vector = log_p - np.logaddexp(np.log1p(a) + out, rest) + np.log(2.0)
    return ratio


def regression_calibrated(phi: Vector, regressors: Vector, is_member: Flags) -> Vector:
    """Return standardised residuals of the log-odds given what a model that saw nothing would say, (n,).

    On non-members alone, ridge regressions say which log-odds are to be expected of a record (g) and how far off they
    are (h, of the log of the residual's size); the score is (phi - g) / exp(h). A non-member's own expectation is that
    of a fit without it, in closed form: a residual from a fit that knew the record would be too small on one side only.

    Args:
        phi: (n,). regressors: (n, q), of all records. is_member: (n,).
    """
    known = np.isfinite(phi) & np.isfinite(regressors).all(axis=1)
    fitted = known & ~is_member
    scores = np.full(len(phi), np.nan)
    if fitted.sum() < 3:
        return scores
    design = _design(regressors, fitted)
    residuals = phi[known] - _expected(design, phi, fitted)[known]
    size = np.full(len(phi), np.nan)
    # A residual of nothing has no logarithm.
    least = 1e-3 * float(np.sqrt(np.mean(residuals[fitted[known]] ** 2))) + 1e-12
    size[known] = np.log(np.maximum(np.abs(residuals), least))
    scores[known] = residuals / np.exp(_expected(design, size, fitted)[known])
    return scores


def _expected(design: Vector, target: Vector, fitted: Flags) -> Vector:
    """Return what a ridge regression on the `fitted` records expects of all, of each of these by a fit without it."""
    inputs, truth = design[fitted], target[fitted]
    penalty = np.eye(design.shape[1]) * PENALTY
    penalty[0, 0] = 0.0
    inverse = np.linalg.inv(inputs.T @ inputs + penalty)
    every: Vector = design @ (inverse @ (inputs.T @ truth))
    leverage = np.einsum("ij,jk,ik->i", inputs, inverse, inputs)
    every[fitted] = truth - (truth - every[fitted]) / np.maximum(1.0 - leverage, 1e-6)
    return every


def _design(regressors: Vector, fitted: Flags) -> Vector:
    """Return a column of ones and the regressors on the scale of the fitted records; those that never move are out."""
    centre, spread = regressors[fitted].mean(axis=0), regressors[fitted].std(axis=0)
    moves = spread > 1e-9
    scaled = (regressors[:, moves] - centre[moves]) / spread[moves]
    return np.column_stack([np.ones(len(regressors)), scaled])


def _regressors(outside: Side, labels: NDArray[np.int64] | None, lengths: Vector | None) -> Vector:
    """Return (n, q): what the models say that did not see a record, their spread, its label and its length."""
    columns = [outside.mean, outside.mean**2]
    if outside.count.min() >= 2:
        columns.append(np.sqrt(outside.squares / (outside.count - 1)))
    if labels is not None:
        columns += [(labels == label).astype(np.float64) for label in np.unique(labels[labels >= 0])]
    if lengths is not None:
        columns.append(np.asarray(lengths, dtype=np.float64))
    return np.column_stack(columns)


def _sides(log_odds: Vector, trained_on: Flags) -> tuple[Side, Side]:
    inside, outside = _side(log_odds, trained_on), _side(log_odds, ~trained_on)
    if np.isfinite(inside.pooled) and np.isfinite(outside.pooled):
        return inside, outside
    # One pair of models: how far the two differ beyond what is common to all records says how far each strays.
    apart = (inside.mean - outside.mean)[np.isfinite(inside.mean - outside.mean)]
    spread = float(np.var(apart) / 2) if len(apart) > 1 else 1.0
    common = max(spread, 1e-12)
    return replace(inside, pooled=common), replace(outside, pooled=common)


def _side(log_odds: Vector, chosen: Flags) -> Side:
    count = chosen.sum(axis=0).astype(np.float64)
    mean = np.where(chosen, log_odds, 0.0).sum(axis=0) / count
    squares = np.where(chosen, (log_odds - mean) ** 2, 0.0).sum(axis=0)
    known = np.isfinite(squares)
    degrees = float((count[known] - 1).sum())
    pooled = max(float(squares[known].sum()) / degrees, 1e-12) if degrees else float("nan")
    return Side(mean, squares, count, pooled)


def _variance(side: Side, models: int) -> Vector:
    """Return (n,): the pooled variance, or each record's own where there are models enough to tell."""
    if models < OWN_SPREAD:
        return np.full(len(side.mean), side.pooled)
    own: Vector = side.squares / np.maximum(side.count - 1, 1)
    return np.maximum(own, 1e-6 * side.pooled)


def _log_normal(phi: Vector, side: Side, models: int) -> Vector:
    """Return the log-density of phi under a Gaussian with the side's means (Carlini et al. 2022, algorithm 1)."""
    variance = _variance(side, models)
    density: Vector = -0.5 * (np.log(2 * np.pi * variance) + (phi - side.mean) ** 2 / variance)
    return density


def _log_t(phi: Vector, side: Side) -> Vector:
    """Return the log-density of phi under the side's posterior predictive, which is Student's t.

    Normal log-odds with an inverse-gamma prior on the variance and a flat one on the mean (Brannvall 2026, arXiv
    2603.11799): the prior's mean is the pooled variance within records, its weight 8 degrees of freedom or as many as
    were pooled. So few models borrow their spread from all records, and many have their own, without a switch.
    """
    pooled_degrees = float((side.count - 1).sum())
    prior = min(PRIOR_DEGREES, pooled_degrees) if pooled_degrees else PRIOR_DEGREES
    degrees = prior + side.count - 1
    variance = (prior * side.pooled + side.squares) / degrees
    scale = variance * (1.0 + 1.0 / side.count)
    density: Vector = (
        gammaln((degrees + 1) / 2)
        - gammaln(degrees / 2)
        - 0.5 * np.log(np.pi * degrees * scale)
        - (degrees + 1) / 2 * np.log1p((phi - side.mean) ** 2 / (degrees * scale))
    )
    return density


def _log_mean(log_probs: Vector, chosen: Flags) -> Vector:
    """Return (n,) log of the mean probability over the chosen models; NaN where one of them has none."""
    known = np.where(chosen, log_probs, -np.inf)
    mean: Vector = logsumexp(known, axis=0) - np.log(chosen.sum(axis=0))
    return mean
