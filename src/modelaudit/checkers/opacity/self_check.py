"""The self-check of every audit: values of short rows by brute force, against what the estimator makes of them.

The estimator is asked for every order there is of a few words, so that nothing is left to chance: what remains is the
sum over coalitions of one code, and the mean over orders of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.opacity.shapley_values import Coalitions, all_coalitions, permutation_pairs_of
from modelaudit.checkers.opacity.solving import Game, ask, one_a_row

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

ROWS = 3
MOST_WORDS = 5
"""Of a longer row the first words are the players, and the others always in sight."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The largest distance of a value to that by brute force, and over how many rows and words."""

    deviation: float
    rows: int
    words: int


def self_check(model: ModelHandle, games: Sequence[Game]) -> SelfCheck:
    """Check the shortest rows."""
    chosen = sorted(one_a_row(games), key=lambda game: len(game.units))[:ROWS]
    counts = [min(MOST_WORDS, len(game.units)) for game in chosen]
    orders = [_every_order(count) for count in counts]
    everything = [all_coalitions(count) for count in counts]
    sampled = _values(model, chosen, orders)
    whole = _values(model, chosen, everything)
    deviation = max(
        float(np.abs(some.solve(values).values - by_definition(every, count)).max())
        for some, values, every, count in zip(orders, sampled, whole, counts, strict=True)
    )
    return SelfCheck(deviation, len(chosen), sum(counts))


def by_definition(values: Floats, players: int) -> Floats:
    """Return the mean over all orders of what each player adds; `values` by the bit masks of the coalitions."""
    total = np.zeros(players)
    every = list(permutations(range(players)))
    for order in every:
        mask = 0
        for player in order:
            total[player] += values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return total / len(every)


def _every_order(players: int) -> Coalitions:
    every = [order for order in permutations(range(players)) if order <= order[::-1]]
    return permutation_pairs_of(np.array(every, dtype=np.int64))


def _values(model: ModelHandle, games: Sequence[Game], coalitions: Sequence[Coalitions]) -> list[Floats]:
    keep = [_widened(each.keep, len(game.units)) for game, each in zip(games, coalitions, strict=True)]
    return [game.target.value(answer) for game, answer in zip(games, ask(model, games, keep), strict=True)]


def _widened(keep: Flags, players: int) -> Flags:
    rest = np.ones((len(keep), players - keep.shape[1]), dtype=np.bool_)
    return np.concatenate([keep, rest], axis=1)
