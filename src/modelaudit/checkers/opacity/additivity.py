"""Additive fidelity: how much of a game's variation a list of words accounts for, and how much pairs of words add.

The variation is that over coalitions whose size is uniform and whose members, given the size, are too: the
distribution of the prefixes of random permutations, so that no further evaluation is needed. The best list is the
least-squares fit of one number a player; by Tsai, Yeh and Ravikumar 2023 (Faith-Shap) it is the additive game nearest
to this one, and with one number a pair the nearest game of pairwise interactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.opacity.shapley_values import Coalitions, size_weights

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_PAIRED = 20
"""Players up to which every pair has a number of its own; beyond, only neighbours do."""
REACH = 3
"""How far apart neighbours are at most."""
ROWS_A_NUMBER = 1.5
ROWS_A_PAIR = 3.0
"""Coalitions that a fit needs for each of its numbers, or it is not made: of words, and of words and pairs, which from
few coalitions look as if they added nothing."""
RIDGE = 1e-9
"""Share of the mean diagonal of the normal equations that is added to it, for designs that are not of full rank."""


@dataclass(frozen=True, slots=True)
class Additivity:
    """Shares of the variation of one game; each below 1, and below 0 where a fit predicts worse than the mean.

    Attributes:
        words: what the best list of words accounts for.
        pairs: what words and pairs account for together; None where there are too few coalitions to tell.
    """

    words: float
    pairs: float | None


def additivity(coalitions: Coalitions, values: Floats) -> Additivity | None:
    """Return how additive a game is, or None for one that does not vary or was hardly asked.

    All coalitions: R2 of the weighted fit. Permutation pairs: each pair is predicted from a fit to the others, so that
    noise fitted is not counted as variation explained; a single pair gives None.

    Args:
        values: (coalitions,) the value of each, in the order of `coalitions.keep`.
    """
    keep, weights = coalitions.keep, size_weights(coalitions.keep)
    folds = 1 if coalitions.orders is None else len(coalitions.orders)
    centred = values - weights @ values
    variation = float(weights @ centred**2)
    if variation <= 1e-12 * (1.0 + float(np.abs(values).max()) ** 2) or (coalitions.orders is not None and folds < 2):
        return None
    words = _share(_design(keep, ()), values, weights, folds, variation, least=ROWS_A_NUMBER)
    if words is None:
        return None
    both = _design(keep, _pairs(keep.shape[1]))
    return Additivity(words, _share(both, values, weights, folds, variation, least=ROWS_A_PAIR))


def _pairs(players: int) -> tuple[tuple[int, int], ...]:
    reach = players if players <= MOST_PAIRED else REACH
    return tuple((i, j) for i, j in combinations(range(players), 2) if j - i <= reach)


def _design(keep: Flags, pairs: tuple[tuple[int, int], ...]) -> Floats:
    columns = [np.ones((len(keep), 1)), keep.astype(np.float64)]
    if pairs:
        first, second = np.array(pairs).T
        columns.append((keep[:, first] & keep[:, second]).astype(np.float64))
    return np.concatenate(columns, axis=1)


def _share(
    design: Floats, values: Floats, weights: Floats, folds: int, variation: float, *, least: float
) -> float | None:
    """Return the share of the variation that the fit accounts for; None for less than `least` rows a number."""
    count = design.shape[1]
    if folds > 1 and len(design) * (folds - 1) // folds < least * count:
        return None
    blocks = [slice(None)] if folds == 1 else [slice(at, at + len(design) // folds) for at in _starts(design, folds)]
    weighted = design * weights[:, None]
    gram, moment = weighted.T @ design, weighted.T @ values
    left = 0.0
    for block in blocks:
        inside = (0.0, 0.0) if folds == 1 else (weighted[block].T @ design[block], weighted[block].T @ values[block])
        own = gram - inside[0]
        fitted = np.linalg.solve(own + RIDGE * np.trace(own) / count * np.eye(count), moment - inside[1])
        left += float(weights[block] @ (values[block] - design[block] @ fitted) ** 2)
    return 1.0 - left / variation


def _starts(design: Floats, folds: int) -> range:
    return range(0, len(design), len(design) // folds)
