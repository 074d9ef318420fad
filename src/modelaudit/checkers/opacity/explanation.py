"""Explanations of many rows of a model: all coalitions of all rows are asked together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.opacity.faithfulness import Faithfulness, Removals, compare, removals, words_for_share
from modelaudit.checkers.opacity.players import Units, row_rng
from modelaudit.checkers.opacity.shapley_values import (
    Coalitions,
    ShapleyValues,
    all_coalitions,
    permutation_pairs,
)
from modelaudit.checkers.opacity.targets import Target
from modelaudit.rows import Row

Flags = NDArray[np.bool_]

MOST_VARIANTS = 50_000
"""Masked variants that are put to the model in one call, to bound memory."""


@dataclass(frozen=True, slots=True)
class Game:
    """One row to explain: its players and the output that they are paid from."""

    row: Row
    units: Units
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many coalitions are asked: all of them up to `exact_players`, else `pairs` permutation pairs."""

    exact_players: int
    pairs: int
    random_orders: int

    def coalitions(self, game: Game, *, seed: int) -> Coalitions:
        """Return the coalitions of one row; the permutations depend on the seed and the row's words alone."""
        players = len(game.units)
        if players <= self.exact_players:
            return all_coalitions(players)
        return permutation_pairs(players, self.pairs, rng=row_rng(game.row, seed=seed, purpose="permutations"))

    def evaluations(self, players: int) -> int:
        """Return the masked variants of a row with so many players, those for faithfulness included."""
        coalitions = 2**players if players <= self.exact_players else 2 * players * self.pairs
        return coalitions + 4 * (1 + self.random_orders)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each unit of one row adds to the log-odds of its target, and how the output follows that order.

    `plain` is the target's log-odds on the row as the model reads it without any masking.
    """

    game: Game
    shapley: ShapleyValues
    faithfulness: Faithfulness
    plain: float

    @property
    def additivity_gap(self) -> float:
        """Distance between base + sum of the values and the output on the unmasked row, in log-odds."""
        return abs(self.shapley.base + float(self.shapley.values.sum()) - self.plain)

    @property
    def concentration(self) -> int:
        """Units that carry 80% of the absolute attribution."""
        return words_for_share(self.shapley.values)


def explain(model: ModelHandle, games: Sequence[Game], effort: Effort, *, seed: int) -> list[Explanation]:
    """Return the explanation of each row; Shapley values first, then the removals that their order suggests."""
    rows = [game.row for game in games]
    plain = [float(game.target.log_odds(one)[0]) for game, one in zip(games, split(model.predict(rows)), strict=True)]
    coalitions = [effort.coalitions(game, seed=seed) for game in games]
    answers = _ask(model, games, [each.keep for each in coalitions])
    values = [
        each.solve(game.target.log_odds(answer)) for game, each, answer in zip(games, coalitions, answers, strict=True)
    ]
    full = [
        float(game.target.probability(answer)[each.keep.all(axis=1)][0])
        for game, each, answer in zip(games, coalitions, answers, strict=True)
    ]
    removed = [_removals(game, each, effort, seed=seed) for game, each in zip(games, values, strict=True)]
    answers = _ask(model, games, [each.keep for each in removed])
    return [
        Explanation(game, value, compare(removal, start, game.target.probability(answer)), output)
        for game, value, removal, start, answer, output in zip(
            games, values, removed, full, answers, plain, strict=True
        )
    ]


def split(predictions: Predictions) -> list[Predictions]:
    """Return the predictions of each row on its own."""
    edges = predictions.offsets if predictions.offsets is not None else np.arange(len(predictions) + 1)
    return [
        Predictions(
            logits=predictions.logits[start:stop],
            probabilities=predictions.probabilities[start:stop],
            truncated=predictions.truncated[index : index + 1],
            offsets=None if predictions.offsets is None else np.array([0, stop - start], dtype=np.int64),
        )
        for index, (start, stop) in enumerate(pairwise(edges))
    ]


def _removals(game: Game, shapley: ShapleyValues, effort: Effort, *, seed: int) -> Removals:
    rng = row_rng(game.row, seed=seed, purpose="random orders")
    return removals(shapley.values, effort.random_orders, rng=rng)


def _ask(model: ModelHandle, games: Sequence[Game], keep: Sequence[Flags]) -> list[Predictions]:
    answers: list[Predictions] = []
    for start, stop in _portions([len(each) for each in keep]):
        portion = range(start, stop)
        answers += model.predict_masked(
            [games[index].row for index in portion], [games[index].units.words(keep[index]) for index in portion]
        )
    return answers


def _portions(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = total = 0
    for index, size in enumerate(sizes):
        if total and total + size > MOST_VARIANTS:
            yield start, index
            start, total = index, 0
        total += size
    if sizes:
        yield start, len(sizes)
