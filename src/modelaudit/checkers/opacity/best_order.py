"""The best order found: which words, hidden first, make the output fall most, by greedy search.

An explanation's order can't be judged by its fall alone: some answers hardly fall whatever is hidden, others at the
first word. The scale runs from random orders to the best order that anybody found for the row, as in the normalised
AOPC of Edin et al. 2025. The search hides, step by step, the word whose loss lowers the probability most; all rows
take each step together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.opacity.faithfulness import hidden_counts
from modelaudit.checkers.opacity.solving import Game, ask

Indices = NDArray[np.int64]


def greedy_orders(model: ModelHandle, games: Sequence[Game]) -> list[Indices]:
    """Return an order of each row's players (n,): the greedy ones first, as many as are ever hidden, then the rest."""
    depth = [int(hidden_counts(len(game.units))[-1]) for game in games]
    chosen: list[list[int]] = [[] for _ in games]
    for step in range(max(depth, default=0)):
        places = [place for place, most in enumerate(depth) if step < most]
        asked = [games[place] for place in places]
        left = [np.setdiff1d(np.arange(len(games[place].units)), chosen[place]) for place in places]
        keep = [
            _without(len(games[place].units), chosen[place], each) for place, each in zip(places, left, strict=True)
        ]
        for place, each, answer in zip(places, left, ask(model, asked, keep), strict=True):
            chosen[place].append(int(each[games[place].target.level(answer).argmin()]))
    return [
        np.array([*order, *np.setdiff1d(np.arange(len(game.units)), order)], dtype=np.int64)
        for game, order in zip(games, chosen, strict=True)
    ]


def search_evaluations(players: int) -> int:
    """Return the variants that the search takes for a row of so many players."""
    depth = int(hidden_counts(players)[-1])
    return sum(players - step for step in range(depth))


def _without(players: int, hidden: Sequence[int], each: Indices) -> NDArray[np.bool_]:
    keep = np.ones((len(each), players), dtype=np.bool_)
    keep[:, list(hidden)] = False
    keep[np.arange(len(each)), each] = False
    return keep
