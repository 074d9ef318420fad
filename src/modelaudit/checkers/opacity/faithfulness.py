"""Faithfulness of a ranking of words: how far the output falls when the words it names first are hidden.

Comprehensiveness of DeYoung et al. 2020 ("ERASER"), as the area over the perturbation curve (Samek et al. 2017): the
drop of the explained probability, averaged over fixed shares of hidden words. The drop alone says as much about the
model as about the explanation (Edin et al. 2025), so it is only read between random orders and the best order found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

SHARES = (0.05, 0.1, 0.2, 0.5)
"""Shares of a row's words that are hidden, rounded up to whole words."""


@dataclass(frozen=True, slots=True)
class Removals:
    """The variants of one row on which orders of its words are compared.

    `keep` is bool (orders * len(SHARES), n): for each order, its first words hidden. The explanation's order is the
    first, then come the random ones, and at the end, where `searched`, the one that a search found.
    """

    keep: Flags
    searched: bool

    def drops(self, full: float, probabilities: Floats) -> Floats:
        """Return (orders, shares) drops from the probability of the full row."""
        return full - probabilities.reshape(-1, len(SHARES))


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Drops of one row (shares,): in the order of the explanation, and on average over random orders.

    `best` is that of the order with the largest mean drop among all that were tried, where one was searched for.
    """

    explained: Floats
    random: Floats
    best: Floats | None = None

    @property
    def gain(self) -> float:
        """AOPC of the explanation less that of random orders, in probability."""
        return float((self.explained - self.random).mean())

    @property
    def best_gain(self) -> float | None:
        """AOPC of the best order found less that of random orders; None where none was searched for."""
        return None if self.best is None else float((self.best - self.random).mean())


def hidden_counts(players: int) -> NDArray[np.int64]:
    """Return (shares,) how many of so many players each share hides."""
    counts: NDArray[np.int64] = np.ceil(np.array(SHARES) * players).astype(np.int64)
    return counts


def removals(values: Floats, orders: int, *, rng: np.random.Generator, searched: Indices | None = None) -> Removals:
    """Return the variants for a ranking by `values` (n,), largest first, for random orders and for one more (n,)."""
    players = len(values)
    ranking = np.argsort(-values, kind="stable")
    found: Sequence[Indices] = () if searched is None else (searched,)
    every = np.stack([ranking, *(rng.permutation(players) for _ in range(orders)), *found])
    rank = np.argsort(every, axis=1)
    keep = rank[:, None, :] >= hidden_counts(players)[None, :, None]
    return Removals(keep.reshape(-1, players), searched is not None)


def compare(removal: Removals, full: float, probabilities: Floats) -> Faithfulness:
    """Return the faithfulness of a row from the probabilities of its variants, in the order of `removal.keep`."""
    drops = removal.drops(full, probabilities)
    random = drops[1:-1] if removal.searched else drops[1:]
    best = drops[drops.mean(axis=1).argmax()] if removal.searched else None
    return Faithfulness(explained=drops[0], random=random.mean(axis=0), best=best)


def words_for_share(values: Floats, share: float = 0.8) -> int:
    """Return the fewest players whose absolute values make up a share of the sum; n where all values are 0."""
    sizes = np.sort(np.abs(values))[::-1]
    total = float(sizes.sum())
    if total == 0.0:
        return len(sizes)
    # The tolerance keeps four of five equal values at 80%, whatever the order of summation.
    return int(np.searchsorted(np.cumsum(sizes), share * total * (1.0 - 1e-12)) + 1)
