"""Explanations of many rows of a model: values, faithfulness and additivity of each, all rows asked together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.opacity.additivity import Additivity, additivity
from modelaudit.checkers.opacity.best_order import greedy_orders
from modelaudit.checkers.opacity.faithfulness import Faithfulness, Removals, compare, removals, words_for_share
from modelaudit.checkers.opacity.players import Units, row_rng
from modelaudit.checkers.opacity.shapley_values import ShapleyValues
from modelaudit.checkers.opacity.solving import Effort, Game, Solved, ask, of_first_rows, row_means, solve, split
from modelaudit.checkers.opacity.targets import Target

__all__ = ["Effort", "Explanation", "Game", "by_row", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each unit of one row adds to the value of its target, and how far that can be trusted.

    Attributes:
        plain: the target's value on the row as the model reads it without any masking.
        additivity: None where the output does not vary as words are hidden.
    """

    solved: Solved
    faithfulness: Faithfulness
    additivity: Additivity | None
    plain: float

    @property
    def game(self) -> Game:
        """The row and its players."""
        return self.solved.game

    @property
    def shapley(self) -> ShapleyValues:
        """The values."""
        return self.solved.shapley

    @property
    def additivity_gap(self) -> float:
        """Distance between base + sum of the values and the output on the unmasked row."""
        return abs(self.shapley.base + float(self.shapley.values.sum()) - self.plain)

    @property
    def concentration(self) -> int | None:
        """Units that carry 80% of the absolute attribution; None where no unit has any."""
        return words_for_share(self.shapley.values) if self.shapley.values.any() else None

    @property
    def own_share(self) -> float | None:
        """Share of the absolute attribution on the words that are looked at; None where the row is, or all is 0."""
        sizes = np.abs(self.shapley.values)
        if self.game.target.own_words is None or not sizes.any():
            return None
        return float(sizes[_own(self.game.target, self.game.units)].sum() / sizes.sum())

    @property
    def cancellation(self) -> float | None:
        """Sum of the absolute values by what they add up to: 1 where all pull one way; None where they add to 0."""
        net = abs(float(self.shapley.values.sum()))
        total = float(np.abs(self.shapley.values).sum())
        return total / net if net > 1e-9 * (1.0 + total) else None


def _own(target: Target, units: Units) -> NDArray[np.bool_]:
    """Return bool (units,), those that hold words of the target."""
    own = np.zeros(len(units), dtype=np.bool_)
    own[units.unit_of_word[list(target.own_words or ())]] = True
    return own


def by_row(
    explanations: Sequence[Explanation], value: Callable[[Explanation], float | None]
) -> tuple[list[float], list[str] | None]:
    """Return one value for each row that has one, the mean over what is explained of it, and the rows' clusters."""
    found = ((each.game.row, value(each)) for each in explanations)
    return row_means((row, one) for row, one in found if one is not None)


def explain(
    model: ModelHandle, games: Sequence[Game], effort: Effort, *, seed: int, searched: int = 0
) -> list[Explanation]:
    """Return the explanation of each row; values first, then the removals that their order suggests.

    For the first `searched` rows the best order that a search finds is tried as well.
    """
    plain = [
        float(game.target.value(one)[0])
        for game, one in zip(games, split(model.predict([game.row for game in games])), strict=True)
    ]
    solved = solve(model, games, effort, seed=seed)
    sought = of_first_rows(games, searched)
    best = [*greedy_orders(model, games[:sought]), *[None] * len(games[sought:])]
    removed = [
        removals(
            one.shapley.values,
            effort.random_orders,
            rng=row_rng(one.game.row, seed=seed, purpose="random orders"),
            searched=order,
        )
        for one, order in zip(solved, best, strict=True)
    ]
    answers = ask(model, games, [each.keep for each in removed])
    return [
        _explanation(one, removal, answer, output)
        for one, removal, answer, output in zip(solved, removed, answers, plain, strict=True)
    ]


def _explanation(one: Solved, removal: Removals, answer: Predictions, plain: float) -> Explanation:
    faithfulness = compare(removal, one.full, one.game.target.level(answer))
    return Explanation(one, faithfulness, additivity(one.coalitions, one.answers), plain)
