"""Faithfulness of a ranking of words: how far the output falls when the words it names first are hidden.

Comprehensiveness of DeYoung et al. 2020 ("ERASER"), as the area over the perturbation curve (Samek et al. 2017): the
drop of the explained probability, averaged over fixed shares of hidden words. The drop alone says as much about the
model as about the explanation (Edin et al. 2025), so it is only read against random orders of the same row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHARES = (0.05, 0.1, 0.2, 0.5)
"""Shares of a row's words that are hidden, rounded up to whole words."""


@dataclass(frozen=True, slots=True)
class Removals:
    """The variants of one row that a ranking and random orders are compared on.

    `keep` is bool ((1 + orders) * len(SHARES), n): for each order, the ranking first, its first words hidden.
    """

    keep: Flags
    orders: int

    def drops(self, full: float, probabilities: Floats) -> Floats:
        """Return (1 + orders, shares) drops from the probability of the full row."""
        return full - probabilities.reshape(1 + self.orders, len(SHARES))


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Drops of one row (shares,): in the order of the explanation, and on average over random orders."""

    explained: Floats
    random: Floats

    @property
    def gain(self) -> float:
        """AOPC of the explanation less that of random orders, in probability."""
        return float((self.explained - self.random).mean())


def removals(values: Floats, orders: int, *, rng: np.random.Generator) -> Removals:
    """Return the variants for a ranking by `values` (n,), largest first, and for random orders."""
    players = len(values)
    ranking = np.argsort(-values, kind="stable")
    every = np.stack([ranking, *(rng.permutation(players) for _ in range(orders))])
    rank = np.argsort(every, axis=1)
    hidden = np.array([math.ceil(share * players) for share in SHARES])
    return Removals((rank[:, None, :] >= hidden[None, :, None]).reshape(-1, players), orders)


def compare(removal: Removals, full: float, probabilities: Floats) -> Faithfulness:
    """Return the faithfulness of a row from the probabilities of its variants, in the order of `removal.keep`."""
    drops = removal.drops(full, probabilities)
    return Faithfulness(explained=drops[0], random=drops[1:].mean(axis=0))


def words_for_share(values: Floats, share: float = 0.8) -> int:
    """Return the fewest players whose absolute values make up a share of the sum; n where all values are 0."""
    sizes = np.sort(np.abs(values))[::-1]
    total = float(sizes.sum())
    if total == 0.0:
        return len(sizes)
    # The tolerance keeps four of five equal values at 80%, whatever the order of summation.
    return int(np.searchsorted(np.cumsum(sizes), share * total * (1.0 - 1e-12)) + 1)
