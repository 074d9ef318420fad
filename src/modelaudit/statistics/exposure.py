"""Exposure: how far a model prefers a secret that it may have seen to references that it has not.

Carlini, Liu, Erlingsson, Kos and Song 2019, "The secret sharer" (USENIX Security), section 4.2, with the rank taken
among sampled references: exposure = log2(references + 1) - log2(rank), in bits, the rank counted from 1. A model that
never saw the secret ranks it anywhere, so that P(exposure >= e) <= 2^-e: mean 1/ln 2 = 1.44 bits, median 1. More than
log2(references + 1) bits can't be shown, however well the secret is known.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc, gammainccinv, gammaincinv, stdtrit

from .arrays import Vector, vector
from .confidence import Estimate, on_grid
from .power import z_sum

NULL_MEAN_EXPOSURE: float = 1.0 / math.log(2.0)
"""Mean exposure in bits of secrets that the model never saw, with many references; with few it is less."""


def exposure(score: float, references: ArrayLike) -> float:
    """Return the exposure in bits of one secret, by its rank among references (shape [R]); higher scores rank first.

    A reference that ties with the secret stands before it, so that a model which says the same of all exposes
    nothing, and P(exposure >= e) <= 2^-e holds with ties as well. Ranks between the references can't be told apart: the
    largest value is `exposure_cap(R)`. ValueError without references, or where a score is not finite.
    """
    return float(exposures([score], references)[0])


def exposures(scores: ArrayLike, references: ArrayLike) -> Vector:
    """Return the exposure in bits of each secret (shape [n]) among the same references (shape [R]); see `exposure`.

    Raises:
        ValueError: there is no reference.
    """
    secrets = vector(scores, "scores")
    ordered = np.sort(vector(references, "references"))
    if len(ordered) == 0:
        raise ValueError("Exposure is a rank among references, and there are none.")
    rank = 1 + len(ordered) - np.searchsorted(ordered, secrets, side="left")
    return np.asarray(exposure_cap(len(ordered)) - np.log2(rank), dtype=np.float64)


def exposure_cap(references: int) -> float:
    """Return the largest exposure in bits that so many references can show: log2(references + 1).

    Raises:
        ValueError: there is no reference.
    """
    if references < 1:
        raise ValueError(f"Exposure needs a reference, and there are {references}.")
    return math.log2(references + 1)


def exposure_p(values: ArrayLike, references: int, *, shared: bool = False) -> float:
    """Return the p-value of "the model never saw these secrets" from their exposures in bits (shape [n]).

    With references of their own, exposures of unseen secrets are independent and at most exponential, so their sum is
    at most Gamma(n): the p-value is conservative for any n, also for one secret. With `shared` references the mean
    varies more, by the factor 1 + n / references (the influence of a reference is exponential too); the Gamma is taken
    at the shape n references / (n + references).
    """
    bits = _checked(values, references)
    shape = _shape(len(bits), references, shared=shared)
    return float(gammaincc(shape, shape * float(bits.mean()) / NULL_MEAN_EXPOSURE))


def mean_exposure(values: ArrayLike, references: int, *, shared: bool = False) -> Estimate:
    """Return the mean exposure in bits with its interval, from the exposures of n secrets (shape [n]).

    `references` is how many each was ranked among, `shared` whether they were the same ones for all. The interval's
    lower end is the lesser of the exact one of an exponential mean, which no unseen secrets pass more often than the
    level says (so `p_above(bounds, NULL_MEAN_EXPOSURE)` is `exposure_p`, or more), and Student's t. The upper end is
    the greatest of both and of the mean with as many secrets at the cap as n may well have missed,
    1 - (tail)^(1/n) of them: a handful of secrets can't show that all are safe. Clipped to [0, log2(references + 1)].
    """
    method = "exposure, mean, gamma and t" + (", shared references" if shared else "")
    if len(np.atleast_1d(np.asarray(values))) == 0:
        return Estimate(value=None, n=0, method=method, reason="There is no secret to rank.")
    bits = _checked(values, references)
    n, cap = len(bits), exposure_cap(references)
    mean = min(max(float(bits.mean()), 0.0), cap)
    shape = _shape(n, references, shared=shared)
    se = math.sqrt(float(bits.var(ddof=1)) / shape) if n > 1 else 0.0

    def interval(level: float) -> tuple[float, float]:
        tail = (1.0 - level) / 2.0
        student = float(stdtrit(n - 1, 1.0 - tail)) * se if n > 1 else 0.0
        low = min(shape * mean / float(gammainccinv(shape, tail)), mean - student)
        unseen = (cap - mean) * (1.0 - tail ** (1.0 / n))
        return low, max(shape * mean / float(gammaincinv(shape, tail)), mean + student, mean + unseen)

    smallest = NULL_MEAN_EXPOSURE * (1.0 + z_sum() / math.sqrt(shape))
    return Estimate(
        value=mean,
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, cap)),
        smallest_detectable=min(cap, smallest),
    )


def _shape(n: int, references: int, *, shared: bool) -> float:
    return n * references / (n + references) if shared else float(n)


def _checked(values: ArrayLike, references: int) -> Vector:
    bits = vector(values, "exposures")
    cap = exposure_cap(references)
    if len(bits) == 0 or (bits < -1e-9).any() or (bits > cap + 1e-9).any():
        raise ValueError(
            f"Exposures among {references} references lie between 0 and {cap:.3f} bits, one or more of them."
        )
    return bits
