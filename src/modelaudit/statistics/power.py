"""The smallest effect that a sample of this size could have shown.

Everywhere: a two-sided test at `alpha` that finds the effect with probability `power`. That effect measures
z_{1-alpha/2} + z_{power} standard errors, 2.80 at the defaults, and the same sum of Student's quantiles where the
standard error was estimated with few degrees of freedom: the power is then 79.9% to 80.1% from 9 degrees on.
"""

from __future__ import annotations

import math

from scipy.special import ndtri, stdtrit


def z_sum(*, alpha: float = 0.05, power: float = 0.8, df: float | None = None) -> float:
    """Return how many standard errors an effect must measure to be found so often; by Student's t where `df` is given.

    ValueError for an alpha or a power outside (0, 1).
    """
    if not 0.0 < alpha < 1.0 or not 0.0 < power < 1.0:
        raise ValueError(f"alpha and power lie between 0 and 1, not at {alpha} and {power}.")
    found = 1.0 - alpha / 2.0
    return float(ndtri(found) + ndtri(power) if df is None else stdtrit(df, found) + stdtrit(df, power))


def detectable_mean(se: float, *, alpha: float = 0.05, power: float = 0.8, df: float | None = None) -> float:
    """Return the smallest detectable mean, in the unit of its standard error, which has `df` degrees of freedom.

    Raises:
        ValueError: `se` is negative or no number.
    """
    if not se >= 0.0:
        raise ValueError(f"A standard error cannot be {se}.")
    return z_sum(alpha=alpha, power=power, df=df) * se


def detectable_proportion_difference(n: int, background: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest detectable difference of two paired proportions.

    `background` is the share of the n pairs whose outcomes differ without telling for either side. Where the effect d
    comes on top, a share of background + d differs and McNemar's standard error is sqrt((background + d) / n), so d
    solves d^2 = z^2 (background + d) / n: with no background z^2 / n, some eight pairs. Never more than 1.

    Raises:
        ValueError: `n` is below 1, or `background` is no share.
    """
    if n < 1 or not 0.0 <= background <= 1.0:
        raise ValueError(f"n must be at least 1 and the background a share, not {n} and {background}.")
    z2 = z_sum(alpha=alpha, power=power) ** 2
    return min(1.0, (z2 + math.sqrt(z2 * z2 + 4.0 * n * z2 * background)) / (2.0 * n))


def null_auc_se(n_pos: int, n_neg: int) -> float:
    """Return the AUC's standard error when scores tell nothing: sqrt((n1 + n0 + 1) / (12 n1 n0)) (Mann-Whitney).

    Raises:
        ValueError: a side has no record.
    """
    if n_pos < 1 or n_neg < 1:
        raise ValueError(f"An AUC needs records on both sides, not {n_pos} and {n_neg}.")
    return math.sqrt((n_pos + n_neg + 1) / (12.0 * n_pos * n_neg))


def detectable_auc(n_pos: int, n_neg: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest detectable AUC above .5, at most 1."""
    return min(1.0, 0.5 + z_sum(alpha=alpha, power=power) * null_auc_se(n_pos, n_neg))
