"""Shapley values of one cooperative game: exact by enumeration, or estimated from antithetic permutation pairs.

A game gives each coalition of n players a value v(S). Here the players are the words of a row and v is an output of
the model when only the words of S can be seen. Which coalitions have to be asked (`Coalitions`) is settled before any
of them is, so that the coalitions of many rows go to the model together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
Game = Callable[[Flags], Floats]

MOST_EXACT = 16
"""The most players that are enumerated; 2^16 coalitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapleyValues:
    """What each player adds to the value of the game, and how surely that is known.

    Attributes:
        values: (n,) in the unit of the game; they add up to output - base.
        errors: (n,) standard errors over permutation pairs, or None where the values are exact.
        base, output: the value of the game with no player and with all of them.
        residual_share: share of the variation of the game over size-uniform coalitions that base + sum of values
            leaves unexplained (0 for an additive game; above 1 where the values explain less than the mean would);
            None where the game does not vary. From sampled values it is an estimate that can be slightly below 0.
        spread: standard deviation of the game over size-uniform coalitions, in its unit.
        steadiness: (n,) squared value by the mean square of the player's contributions over the orders that were asked:
            1 for a player who adds the same in every company, near 0 for one whose effect hangs on the others.
        by_pair: (pairs, n) the estimate of each permutation pair, whose mean the values are; None where they are exact.
    """

    values: Floats
    errors: Floats | None
    steadiness: Floats
    by_pair: Floats | None
    base: float
    output: float
    residual_share: float | None
    spread: float

    @property
    def relative_error(self) -> float:
        """Sum of the standard errors over the sum of the absolute values; 0 where the values are exact.

        1 where the values are 0 and not known to be.
        """
        if self.errors is None or not self.errors.any():
            return 0.0
        total = float(np.abs(self.values).sum())
        return float(self.errors.sum()) / total if total > 0.0 else 1.0


@dataclass(frozen=True, slots=True)
class Coalitions:
    """The coalitions that one row's Shapley values need.

    Attributes:
        keep: bool (coalitions, n), True for the players who are in. All 2^n in the order of their bit masks (bit i is
            player i), or 2n for each permutation pair: the n + 1 prefixes of the permutation, then the n - 1 proper
            prefixes of its reverse, by growing size.
        orders: (pairs, n) the permutations, or None for all coalitions.
    """

    keep: Flags
    orders: Indices | None = None

    def solve(self, values: Floats) -> ShapleyValues:
        """Return the Shapley values; `values` has v of each coalition, in the order of `keep`."""
        if values.shape != (len(self.keep),):
            raise ValueError(f"{len(self.keep)} coalitions need as many values, not an array of shape {values.shape}")
        values = values.astype(np.float64)
        if self.orders is None:
            phi, power = exact_shapley(values), _over_all_orders(values, power=2)
            return _summary(phi, None, power, values, self.keep, _squares(values, self.keep, phi))
        forward, reverse = _contributions(values.reshape(len(self.orders), -1), self.orders)
        by_pair = (forward + reverse) / 2.0
        power = (forward**2 + reverse**2).mean(axis=0) / 2.0
        pairs = len(by_pair)
        errors = by_pair.std(axis=0, ddof=1) / math.sqrt(pairs) if pairs > 1 else np.full(by_pair.shape[1], np.inf)
        phi = by_pair.mean(axis=0)
        squares = _fresh_squares(values, self.keep, by_pair) if pairs > 2 else _squares(values, self.keep, phi)
        return _summary(phi, (errors, by_pair), power, values, self.keep, squares)


def all_coalitions(players: int) -> Coalitions:
    """Return every coalition of the players. Raises ValueError beyond `MOST_EXACT` players."""
    if not 1 <= players <= MOST_EXACT:
        raise ValueError(f"enumeration is for 1 to {MOST_EXACT} players, not {players}; use permutation_pairs")
    masks = np.arange(2**players)[:, None]
    return Coalitions((masks >> np.arange(players) & 1).astype(bool))


def permutation_pairs(players: int, pairs: int, *, rng: np.random.Generator) -> Coalitions:
    """Return the coalitions of random permutations, each with its reverse (antithetic sampling, Mitchell et al. 2022).

    A pair is exact for games in which no more than two players interact, so most of the variance of single
    permutations cancels in it.
    """
    if players < 1 or pairs < 1:
        raise ValueError(f"permutation pairs need a player and a pair at least, not {players} and {pairs}")
    return permutation_pairs_of(np.stack([rng.permutation(players) for _ in range(pairs)]))


def permutation_pairs_of(orders: Indices) -> Coalitions:
    """Return the coalitions of given permutations (pairs, n), each with its reverse."""
    players = orders.shape[1]
    rank = np.argsort(orders, axis=1)
    sizes = np.arange(players + 1)
    forward = rank[:, None, :] < sizes[None, :, None]
    backward = rank[:, None, :] >= players - sizes[None, 1:-1, None]
    keep = np.concatenate([forward, backward], axis=1).reshape(-1, players)
    return Coalitions(keep, orders)


def exact_shapley(values_of_coalitions: Floats) -> Floats:
    """Return the (n,) Shapley values of a game given by its 2^n values in the order of the coalitions' bit masks.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S)); Shapley 1953.
    """
    count = len(values_of_coalitions)
    players = count.bit_length() - 1
    if count != 2**players or players < 1:
        raise ValueError(f"a game of n players has 2^n values, and {count} is no such number")
    return _over_all_orders(np.asarray(values_of_coalitions, dtype=np.float64), power=1)


def _over_all_orders(values: Floats, *, power: int) -> Floats:
    """Return (n,) the mean over all orders of what each player adds, to the power."""
    players = len(values).bit_length() - 1
    masks = np.arange(len(values))
    sizes = (masks[:, None] >> np.arange(players) & 1).sum(axis=1)
    weight = np.array([1.0 / (players * math.comb(players - 1, size)) for size in range(players)])
    found = np.empty(players)
    for player in range(players):
        without = masks[masks >> player & 1 == 0]
        found[player] = weight[sizes[without]] @ (values[without | 1 << player] - values[without]) ** power
    return found


def sample_shapley(game: Game, players: int, *, pairs: int, rng: np.random.Generator) -> ShapleyValues:
    """Return the Shapley values of a game that can be called: `game` takes keep (m, n) and returns m values."""
    coalitions = permutation_pairs(players, pairs, rng=rng)
    return coalitions.solve(np.asarray(game(coalitions.keep), dtype=np.float64))


def _contributions(values: Floats, orders: Indices) -> tuple[Floats, Floats]:
    """Return (pairs, n) twice: the marginal contributions along each permutation, and along its reverse."""
    pairs, players = orders.shape
    forward = values[:, : players + 1]
    backward = np.concatenate([forward[:, :1], values[:, players + 1 :], forward[:, -1:]], axis=1)
    marginals = np.empty((pairs, players))
    np.put_along_axis(marginals, orders, np.diff(forward, axis=1), axis=1)
    reverse = np.empty((pairs, players))
    np.put_along_axis(reverse, orders[:, ::-1], np.diff(backward, axis=1), axis=1)
    return marginals, reverse


def _squares(values: Floats, keep: Flags, phi: Floats) -> Floats:
    """Return (coalitions,) squared residuals of base + sum of values."""
    base = values[~keep.any(axis=1)][0]
    return np.asarray((values - base - keep @ phi) ** 2)


def _fresh_squares(values: Floats, keep: Flags, by_pair: Floats) -> Floats:
    """Return (coalitions,) squared residuals without what sampling the values adds to them, unbiased for each.

    The coalitions of a pair are held against the mean of the other pairs, which they had no part in, and the variance
    of that mean is taken off: noise in the values is not billed to the model.
    """
    pairs, players = by_pair.shape
    base = values[~keep.any(axis=1)][0]
    squares = np.empty((pairs, len(keep) // pairs))
    for pair, (asked, answers) in enumerate(
        zip(keep.reshape(pairs, -1, players), values.reshape(pairs, -1), strict=True)
    ):
        others = asked @ np.delete(by_pair, pair, axis=0).T
        noise = others.var(axis=1, ddof=1) / (pairs - 1)
        squares[pair] = (answers - base - others.mean(axis=1)) ** 2 - noise
    return squares.reshape(-1)


def size_weights(keep: Flags) -> Floats:
    """Return (coalitions,) weights that add up to 1: each size counts alike, as does each coalition of one size."""
    sizes = keep.sum(axis=1)
    return np.asarray(1.0 / (keep.shape[1] + 1) / np.bincount(sizes)[sizes])


def _summary(
    phi: Floats, sampled: tuple[Floats, Floats] | None, power: Floats, values: Floats, keep: Flags, squares: Floats
) -> ShapleyValues:
    weights = size_weights(keep)
    base, output = float(values[~keep.any(axis=1)][0]), float(values[keep.all(axis=1)][0])
    centred = values - weights @ values
    variance = float(weights @ centred**2)
    residual = float(weights @ squares)
    varies = variance > 1e-12 * (1.0 + base**2)
    return ShapleyValues(
        values=phi,
        errors=None if sampled is None else sampled[0],
        by_pair=None if sampled is None else sampled[1],
        steadiness=np.divide(phi**2, power, out=np.ones_like(power), where=power > 0.0),
        base=base,
        output=output,
        residual_share=residual / variance if varies else None,
        spread=math.sqrt(variance),
    )
