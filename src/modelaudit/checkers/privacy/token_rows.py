"""Token rows: flat values of tokens that belong to rows of different lengths, of one model or of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import TokenStatistics

Vector = NDArray[np.float64]
Places = NDArray[np.int64]
Values = TypeVar("Values", NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64])


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Rows of different lengths that lie end to end.

    Attributes:
        lengths: (n,) tokens of each row.
        owner: (sum of lengths,) the row of each token.
        known: bool (n,), the rows that have a score; the others get NaN.
    """

    lengths: Places
    owner: Places
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, offsets: Places) -> Ragged:
        """Return the rows of offsets (n + 1,); rows without tokens have no score."""
        lengths = np.diff(offsets)
        return cls(lengths, np.repeat(np.arange(len(lengths)), lengths), lengths > 0)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.lengths)

    @property
    def rank(self) -> Places:
        """The place of each token in its row, counted from 0."""
        return np.arange(len(self.owner)) - (np.cumsum(self.lengths) - self.lengths)[self.owner]

    def sums(self, values: Vector) -> Vector:
        """Return each row's sum of flat values, NaN where it has none."""
        total = np.bincount(self.owner, values, minlength=self.count)
        return np.where(self.known, total, np.nan)

    def means(self, values: Vector) -> Vector:
        """Return each row's mean of flat values, NaN where it has none."""
        return self.sums(values) / np.maximum(self.lengths, 1)

    def lowest_means(self, values: Vector, share: float) -> Vector:
        """Return each row's mean of its lowest values: that share of them, at least one."""
        order = np.lexsort((values, self.owner))
        taken = np.maximum(1, np.floor(share * self.lengths + 1e-9)).astype(np.int64)
        lowest = self.rank < taken[self.owner]
        total = np.bincount(self.owner[lowest], values[order][lowest], minlength=self.count)
        return np.where(self.known, total / taken, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The tokens that two models read alike in the same rows: of each row the first ones that both have.

    Attributes:
        rows: their rows; those whose tokens differ have no score.
        own, before: (tokens,) where they stand in the flat arrays of the audited model, and of the base model.
    """

    rows: Ragged
    own: Places
    before: Places

    @classmethod
    def of(cls, target: TokenStatistics, base: TokenStatistics) -> Shared:
        """Return the shared tokens of all rows."""
        lengths = np.minimum(np.diff(target.offsets), np.diff(base.offsets))
        rows = Ragged.of(np.concatenate([[0], np.cumsum(lengths)]))
        own, before = (told.offsets[:-1][rows.owner] + rows.rank for told in (target, base))
        differ = target.tokens[own] != base.tokens[before]
        alike = rows.known & (np.bincount(rows.owner[differ], minlength=rows.count) == 0)
        return cls(Ragged(rows.lengths, rows.owner, alike), own, before)

    def of_target(self, values: Values) -> Values:
        """Return the audited model's flat values at the shared tokens."""
        return values[self.own]

    def of_base(self, values: Values) -> Values:
        """Return the base model's flat values at the shared tokens."""
        return values[self.before]
