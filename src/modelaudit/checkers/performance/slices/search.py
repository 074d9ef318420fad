"""The search for slices: all conditions and all pairs of them, on one half of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.performance.slices.conditions import Condition, Flags

Floats = NDArray[np.float64]

FEWEST = 30
"""Rows of a slice, in either half."""
FEWEST_ERRORS = 5.0
"""Errors that a slice of its size would have if it were like the others."""
PROPOSED = 10
AHEAD = 1.0
"""Standard errors by which a pair of conditions must stand out more than either does alone."""
ALIKE = 0.5
"""Share of rows in common (Jaccard) beyond which a slice says the same as one that was proposed before."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The slices that were proposed, the most striking first, and how many conditions and pairs were looked at."""

    slices: tuple[Slice, ...]
    candidates: int


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Rows that meet one condition or two, and by how many standard errors they stood out where they were found."""

    conditions: tuple[Condition, ...]
    stood_out: float

    @property
    def name(self) -> str:
        """The conditions in words."""
        return " and ".join(each.name for each in self.conditions)

    @property
    def public(self) -> str:
        """The conditions in words that are no text of the rows."""
        return " and ".join(each.public or each.name for each in self.conditions)

    @property
    def private(self) -> bool:
        """Whether its name holds text of the rows."""
        return any(each.public is not None for each in self.conditions)

    @property
    def flags(self) -> Flags:
        """Which rows are in it, bool (rows,)."""
        return np.asarray(np.logical_and.reduce([each.flags for each in self.conditions]), dtype=np.bool_)


def searched(conditions: Sequence[Condition], wrong: Flags, search: Flags) -> Search:
    """Return up to ten slices of the `search` rows that have more errors than the others, the most striking first.

    `wrong` says which rows the model answers wrongly; both are bool (rows,). The errors of all pairs come from two
    matrix products (SliceLine, Sagadeeva and Boehm 2021). Each has 30 rows in either half.
    Slices that share most of their rows are proposed once.
    """
    if not conditions:
        return Search((), 0)
    held = np.stack([each.flags[search] for each in conditions]).astype(np.float64)
    errors = wrong[search].astype(np.float64)
    sizes, hits = held @ held.T, (held * errors) @ held.T
    stands = _stands_out(sizes, hits, float(errors.sum()), float(len(errors)))
    # How many rows the other half has is no look at how they were answered.
    others = np.stack([each.flags[~search] for each in conditions]).astype(np.float64)
    there = others @ others.T
    stands[(there < FEWEST) | (others.shape[1] - there < FEWEST)] = -np.inf
    alone, looked_at = np.diag(stands), int(np.isfinite(stands[np.triu_indices(len(stands))]).sum())
    pairs = np.where(stands >= np.maximum(alone[:, None], alone[None, :]) + AHEAD, stands, -np.inf)
    kinds = np.array([each.kind for each in conditions])
    pairs[kinds[:, None] == kinds[None, :]] = -np.inf
    candidates: list[tuple[float, tuple[int, ...]]] = [
        (float(alone[i]), (int(i),)) for i in np.flatnonzero(alone > 0.0)
    ]
    left, right = np.nonzero(np.triu(pairs, 1) > 0.0)
    candidates += [(float(pairs[i, j]), (int(i), int(j))) for i, j in zip(left, right, strict=True)]
    candidates.sort(key=lambda each: (-round(each[0], 9), len(each[1]), [conditions[i].name for i in each[1]]))
    chosen: list[Slice] = []
    taken: list[Flags] = []
    for score, places in candidates:
        found = Slice(tuple(conditions[place] for place in places), score)
        inside = found.flags[search]
        if all((inside & other).sum() <= ALIKE * (inside | other).sum() for other in taken):
            chosen.append(found)
            taken.append(inside)
        if len(chosen) == PROPOSED:
            break
    return Search(tuple(chosen), looked_at)


def _stands_out(sizes: Floats, hits: Floats, errors: float, rows: float) -> Floats:
    """Return by how many standard errors the error rate of each slice is above that of the other rows.

    Too small a slice, or one of nearly all rows, is minus infinity.
    """
    rate, others = errors / rows, rows - sizes
    large = (sizes >= FEWEST) & (others >= FEWEST) & (sizes * rate >= FEWEST_ERRORS)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = hits / sizes - (errors - hits) / others
        found = gap / np.sqrt(rate * (1.0 - rate) * (1.0 / sizes + 1.0 / others))
    return np.where(large & np.isfinite(found), found, -np.inf)
