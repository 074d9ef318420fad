"""Shapley values of many rows in rounds: whatever has not settled gets twice the permutations, all rows together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Hiding, ModelHandle, Predictions
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
Floats = NDArray[np.float64]

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
    """How many coalitions are asked.

    Attributes:
        exact_players: players up to which all coalitions are.
        pairs, most_pairs: permutation pairs of the first round, and of the last.
        settled: relative standard error from which on a row has settled.
        random_orders: random orders a row that an explanation's order is held against.
    """

    exact_players: int
    pairs: int
    most_pairs: int
    settled: float
    random_orders: int

    def coalitions(self, game: Game, pairs: int, *, seed: int) -> Coalitions:
        """Return the coalitions of one row; those of fewer pairs are the first of those of more.

        The permutations depend on the seed and the row's words alone.
        """
        players = len(game.units)
        if players <= self.exact_players:
            return all_coalitions(players)
        return permutation_pairs(players, pairs, rng=row_rng(game.row, seed=seed, purpose="permutations"))

    def evaluations(self, players: int) -> int:
        """Return the masked variants that the values of a row with so many players take, at the most."""
        return 2**players if players <= self.exact_players else 2 * players * self.most_pairs


@dataclass(frozen=True, slots=True)
class Solved:
    """One row's Shapley values with what they come from.

    Attributes:
        coalitions, answers: what was asked, and (coalitions,) the value of the target for each.
        full: probability of the target with every word in sight.
    """

    game: Game
    coalitions: Coalitions
    answers: Floats
    full: float
    shapley: ShapleyValues

    def first(self, pairs: int) -> Solved:
        """Return what the first so many permutation pairs alone give; exact values stay as they are."""
        orders = self.coalitions.orders
        if orders is None or len(orders) <= pairs:
            return self
        asked = pairs * len(self.answers) // len(orders)
        coalitions = Coalitions(self.coalitions.keep[:asked], orders[:pairs])
        answers = self.answers[:asked]
        return replace(self, coalitions=coalitions, answers=answers, shapley=coalitions.solve(answers))


def solve(model: ModelHandle, games: Sequence[Game], effort: Effort, *, seed: int) -> list[Solved]:
    """Return the Shapley values of each row's words."""
    solved = on_coalitions(model, games, [effort.coalitions(game, effort.pairs, seed=seed) for game in games])
    pairs = effort.pairs
    while pairs < effort.most_pairs:
        pairs = min(2 * pairs, effort.most_pairs)
        open_ = [place for place, one in enumerate(solved) if one.shapley.relative_error > effort.settled]
        if not open_:
            break
        wider = [effort.coalitions(games[place], pairs, seed=seed) for place in open_]
        for place, one in zip(open_, _widened(model, [solved[place] for place in open_], wider), strict=True):
            solved[place] = one
    return solved


def on_coalitions(
    model: ModelHandle, games: Sequence[Game], coalitions: Sequence[Coalitions], *, hide: Hiding = "mask"
) -> list[Solved]:
    """Return the Shapley values from coalitions that are given."""
    found = ask(model, games, [each.keep for each in coalitions], hide=hide)
    solved = []
    for game, each, answer in zip(games, coalitions, found, strict=True):
        values = game.target.value(answer)
        full = float(game.target.level(answer)[each.keep.all(axis=1)][0])
        solved.append(Solved(game, each, values, full, each.solve(values)))
    return solved


def _widened(model: ModelHandle, solved: Sequence[Solved], wider: Sequence[Coalitions]) -> list[Solved]:
    """Return the rows with more coalitions, of which the first are known."""
    games = [one.game for one in solved]
    fresh = [each.keep[len(one.answers) :] for one, each in zip(solved, wider, strict=True)]
    widened = []
    for one, each, answer in zip(solved, wider, ask(model, games, fresh), strict=True):
        answers = np.concatenate([one.answers, one.game.target.value(answer)])
        widened.append(replace(one, coalitions=each, answers=answers, shapley=each.solve(answers)))
    return widened


def of_first_rows(games: Sequence[Game], rows: int) -> int:
    """Return how many games, from the first on, belong to the first so many rows; those of one row stand together."""
    seen: set[str] = set()
    for place, game in enumerate(games):
        seen.add(game.row.id)
        if len(seen) > rows:
            return place
    return len(games)


def cluster_of(row: Row) -> str:
    """Return the row's group, the context that several questions may be put to, or else the row itself."""
    if row.group is not None:
        return f"group {row.group}"
    return f"row {row.id}" if row.answers is None else f"context {row.text}"


def row_means(values: Iterable[tuple[Row, float]]) -> tuple[list[float], list[str] | None]:
    """Return the mean value of each row, and the rows' clusters: what is explained of one row is no several rows.

    Clusters are None where no row has a group, and no row is a question that shares its context.
    """
    found: dict[str, list[float]] = {}
    rows: dict[str, Row] = {}
    for row, value in values:
        found.setdefault(row.id, []).append(value)
        rows[row.id] = row
    means = [float(np.mean(each)) for each in found.values()]
    clusters = [cluster_of(row) for row in rows.values()]
    if all(row.group is None for row in rows.values()) and len(set(clusters)) == len(clusters):
        return means, None
    return means, clusters


def one_a_row(games: Sequence[Game]) -> list[Game]:
    """Return the first game of each row, in order: what is explained of one row is no evidence of several."""
    first: dict[str, Game] = {}
    for game in games:
        first.setdefault(game.row.id, game)
    return list(first.values())


def ask(
    model: ModelHandle, games: Sequence[Game], keep: Sequence[Flags], *, hide: Hiding = "mask"
) -> list[Predictions]:
    """Return predictions of variants (variants, units) of each row, portion by portion."""
    answers: list[Predictions] = []
    for start, stop in _portions([len(each) for each in keep]):
        portion = range(start, stop)
        answers += model.predict_masked(
            [games[index].row for index in portion],
            [games[index].units.words(keep[index]) for index in portion],
            hide=hide,
        )
    return answers


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


def _portions(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = total = 0
    for index, size in enumerate(sizes):
        if total and total + size > MOST_VARIANTS:
            yield start, index
            start, total = index, 0
        total += size
    if sizes:
        yield start, len(sizes)
