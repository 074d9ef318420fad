"""Looking again and again: how much of the error rate each look may spend, and p-values as fine as a look needs.

A monitor compares every new window with one fixed sample, so its looks are not independent of one another. Boole's
inequality needs no independence: where look k rejects at alpha * share_k and the shares of all looks add up to 1, the
chance that any of unlimited looks rejects without a change is at most alpha. (A betting e-process would be sharper, but
takes the distribution without a change as known; against a sample of it, the sample's own error is found in the end.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import zeta

from .arrays import Vector

EXPONENT = 1.2
"""Look k spends a share of k^-1.2 / zeta(1.2): 18% the first, .3% the 30th, .015% the 365th."""
STOP_AT = 10
"""Draws at or above the observed value after which a permutation test has seen enough."""
FIRST, LARGEST_BATCH = 200, 4_000

Draw = Callable[[int], Vector]
"""Returns so many draws of the statistic under the null."""


@dataclass(frozen=True, slots=True)
class SequentialP:
    """A permutation p-value, the draws that it took, and whether it might have gone below what was asked."""

    p: float
    draws: int
    band: float
    """The value that 95% of the draws stay below: what sampling alone does."""


def look_share(look: int) -> float:
    """Return the share of alpha that look 1, 2, … spends; over all looks the shares add up to 1."""
    if look < 1:
        raise ValueError(f"Looks are counted from 1, not {look}.")
    return float(look**-EXPONENT / zeta(EXPONENT))


def spent_share(looks: int) -> float:
    """Return the share of alpha that the first `looks` looks have spent together."""
    if looks < 0:
        raise ValueError(f"There can't be {looks} looks.")
    return math.fsum(look_share(look) for look in range(1, looks + 1))


def over_looks(p: float, look: int) -> float:
    """Return a look's p-value as it counts among all looks that were and will be: p by the look's share, at most 1."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"A p-value lies between 0 and 1, not at {p}.")
    return min(1.0, p / look_share(look))


def sequential_permutation_p(observed: float, draw: Draw, *, most: int) -> SequentialP:
    """Return a permutation p-value with as many draws as the data calls for (Besag and Clifford 1991, Biometrika 78).

    Drawing ends with the tenth value at or above the observed one, and p is 10 by the draws until then; else after
    `most` draws as (1 + hits) / (1 + most). Either way P(p <= t) <= t under the null. Without a difference some hundred
    draws do, and a p of one in a million is still had where the data are that clear.
    """
    if most < FIRST or not math.isfinite(observed):
        raise ValueError(f"A permutation p-value needs a finite value and {FIRST} draws or more, not {most}.")
    hits, drawn, size = 0, 0, FIRST
    first = np.zeros(0)
    while drawn < most:
        values = draw(min(size, most - drawn))
        first = values if not drawn else first
        above = np.flatnonzero(values >= observed)
        if hits + len(above) >= STOP_AT:
            until = drawn + int(above[STOP_AT - hits - 1]) + 1
            return SequentialP(STOP_AT / until, until, float(np.quantile(first, 0.95)))
        hits, drawn, size = hits + len(above), drawn + len(values), min(2 * size, LARGEST_BATCH)
    return SequentialP((1 + hits) / (1 + drawn), drawn, float(np.quantile(first, 0.95)))
