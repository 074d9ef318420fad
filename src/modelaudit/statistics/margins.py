"""Whether a share has risen by more than a margin, by a test that holds at any level.

Normal tails don't: with a share of 2% in 500 rows before, Newcombe's and the score interval reject three to six times
as often as they say at one in 100,000. So outcomes are ordered by Newcombe's method 10 (1998, Statistics in Medicine
17:873), and p is the chance of an outcome as extreme as this one, the largest over shares before that are not ruled
out (Berger and Boos 1994, Journal of the American Statistical Association 89:1012). They are searched on a grid of 65:
one of 2,001 found a p that was at most .2% larger, in 150 cases drawn at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, binom

from .arrays import check_counts

RULED_OUT = 1e-9
"""The chance that the share before lies outside the range that is searched; it is added to p."""
SEARCHED = 65
"""Shares before of that range, evenly apart, of which the largest chance is taken."""
FARTHEST = 37.0
"""Standard errors beyond which a normal tail is below the smallest number that a computer holds."""

Floats = NDArray[np.float64]


def rise_p(before: tuple[int, int], after: tuple[int, int], margin: float) -> float:
    """Return the one-sided p of the share after being at most the share before plus `margin`; both as (hits, rows).

    A margin below 0 asks whether the share has not fallen by so much. p is 1 where the share found has not risen by
    more than the margin. ValueError without rows, or for a margin that no two shares can differ by.
    """
    for hits, n in (before, after):
        check_counts(hits, n)
        if not n:
            raise ValueError("A share needs a row.")
    if not -1.0 < margin < 1.0:
        raise ValueError(f"A margin lies between -1 and 1, not at {margin}.")
    z = _reach(before, after, margin)
    if z <= 0.0:
        return 1.0
    low, high = _not_ruled_out(before, margin)
    if low > high:
        # No share before could have fallen by so much: only its being ruled out by mistake is left.
        return RULED_OUT
    shares = np.linspace(low, high, SEARCHED)
    chances = binom.pmf(np.arange(before[1] + 1)[None, :], before[1], shares[:, None])
    least = _least_hits(before[1], after[1], margin, z)
    tails = binom.sf(least[None, :] - 1, after[1], np.clip(shares + margin, 0.0, 1.0)[:, None])
    return float(min(1.0, (chances * tails).sum(axis=1).max() + RULED_OUT))


def wilson_at(share: ArrayLike, n: int, z: float) -> tuple[Floats, Floats]:
    """Return Wilson's intervals of shares of n rows that reach z standard errors to either side."""
    shares = np.asarray(share, dtype=np.float64)
    scale = 1.0 + z * z / n
    centre = (shares + z * z / (2.0 * n)) / scale
    half = z * np.sqrt(shares * (1.0 - shares) / n + z * z / (4.0 * n * n)) / scale
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def _lower(hits_before: ArrayLike, n_before: int, hits_after: ArrayLike, n_after: int, z: float) -> Floats:
    """Return Newcombe's lower bound of the rise."""
    before, after = np.asarray(hits_before) / n_before, np.asarray(hits_after) / n_after
    low, high = wilson_at(after, n_after, z)[0], wilson_at(before, n_before, z)[1]
    return np.asarray(after - before - np.hypot(after - low, high - before), dtype=np.float64)


def _reach(before: tuple[int, int], after: tuple[int, int], margin: float) -> float:
    """Return how many standard errors the rise lies above the margin; 0 where it does not."""
    inner, outer = 0.0, FARTHEST
    if _lower(*before, *after, inner) <= margin:
        return 0.0
    for _ in range(50):
        middle = (inner + outer) / 2.0
        inner, outer = (middle, outer) if _lower(*before, *after, middle) > margin else (inner, middle)
    return inner


def _not_ruled_out(before: tuple[int, int], margin: float) -> tuple[float, float]:
    """Return the range of shares before that are not ruled out; where there are none, its ends are the wrong way."""
    hits, n = before
    low = 0.0 if hits == 0 else float(beta.ppf(RULED_OUT / 2.0, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.isf(RULED_OUT / 2.0, hits + 1, n - hits))
    # A share before that would leave no room for the margin belongs to no hypothesis.
    return max(low, -margin, 0.0), min(high, 1.0 - margin, 1.0)


def _least_hits(n_before: int, n_after: int, margin: float, z: float) -> NDArray[np.int64]:
    """Return the fewest hits after that are as extreme as z, for each number of hits before; n_after + 1 where none."""
    hits = np.arange(n_before + 1)
    under, over = np.full(n_before + 1, -1), np.full(n_before + 1, n_after + 1)
    while (over - under).max() > 1:
        middle = (under + over) // 2
        extreme = _lower(hits, n_before, np.clip(middle, 0, n_after), n_after, z) > margin - 1e-12
        extreme = (extreme & (middle >= 0)) | (middle > n_after)
        under, over = np.where(extreme, under, middle), np.where(extreme, middle, over)
    return over
