"""What each unit of a sample adds to the error of an estimate, so that two estimates of the same units can be paired.

A mean, a share, an AUC or an F1 is, to first order, its truth plus a sum over units (rows, documents):
estimate - truth = sum_i values_i (Hampel 1974, Journal of the American Statistical Association 69:383). The square of
those values gives the estimate's own standard error; the square of the difference of two audits' values, unit by unit,
that of their difference, whatever they share.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Codes, Vector

MOST_UNITS = 200_000
"""Units (or observations of units crossed with names) beyond which influences are not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """What the names of a crossed design add: one entry an observation.

    Attributes:
        values: float64 (observations,), each name's part in the error.
        unit: (observations,), the place of its unit in `Influence.values`.
        names: (observations,) labels of names.
    """

    values: Vector
    unit: Codes
    names: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """The linear form of an estimate over its units.

    Attributes:
        values: float64 (units,); their sum is about the error of the estimate, in its unit.
        keys: (units,), what a unit is known by in another audit; None where the caller has not said.
        reach: the most that one unit can add, so that what did not happen in the sample is not taken for impossible;
            0 for quantities that vary in every sample.
        choice: which of several this is the estimate of (the largest attack, the worst change); only alike are paired.
        folded: whether the estimate is a distance from 0, which turns where the number behind it changes its sign.
        curved: whether the arms of its interval know what no linear form does (a square's variance, which grows).
        gap: how far above its value the quantity may lie for want of knowledge, however large the sample.
        design: by how much likeness of different units raises the variance, 1 at the least.
        crossed: what a sample of names adds to the units, or None.
    """

    values: Vector
    keys: tuple[Hashable, ...] | None = None
    reach: float = 0.0
    choice: str | None = None
    folded: bool = False
    curved: bool = False
    gap: float = 0.0
    design: float = 1.0
    crossed: Crossed | None = None

    def keyed(self, keys: Sequence[Hashable]) -> Influence:
        """Return it with the keys of its units; ValueError unless there is one for each."""
        if len(keys) != len(self.values):
            raise ValueError(f"{len(keys)} keys were given for {len(self.values)} units; give one for each.")
        return replace(self, keys=tuple(keys))

    def by(self, code: Codes) -> Influence:
        """Return the influence of whole units, from that of their parts (code: (parts,), 0 to units - 1)."""
        values: Vector = np.asarray(np.bincount(code, weights=self.values), dtype=np.float64)
        return replace(self, values=values, keys=None)

    def times(self, factor: float, *, folded: bool = False) -> Influence:
        """Return the influence of the estimate times a factor; `folded` says that the result is a distance from 0."""
        crossed = self.crossed and replace(self.crossed, values=factor * self.crossed.values)
        return replace(
            self, values=factor * self.values, reach=abs(factor) * self.reach, folded=folded, crossed=crossed
        )


def influence_of(values: ArrayLike, **known: Any) -> Influence | None:
    """Return the influence of units (shape [units]); `known` are its fields. None where there are too many."""
    found = np.asarray(values, dtype=np.float64)
    crossed: Crossed | None = known.get("crossed")
    kept = max(len(found), 0 if crossed is None else len(crossed.values)) <= MOST_UNITS
    return Influence(found, **known) if kept else None


def mean_influence(values: ArrayLike, code: Codes | None = None, *, reach: ArrayLike | None = None) -> Influence | None:
    """Return the influence of a mean (of a share, with hits for values), by unit.

    Args:
        values: (rows,). code: (rows,), the unit of each row as 0 to units - 1; by default each row is one.
        reach: the largest size possible, of all rows or of each.
    """
    found = np.asarray(values, dtype=np.float64)
    n = len(found)
    if n == 0 or n > MOST_UNITS:
        return None
    # Equal values have no spread, whatever rounding their mean leaves.
    parts: Vector = np.zeros(n) if (found == found[0]).all() else (found - found.mean()) / n
    most: Vector = np.broadcast_to(np.asarray(0.0 if reach is None else reach, dtype=np.float64), found.shape) / n
    return _by_unit(parts, most, code)


def ratio_influence(
    hits: ArrayLike, totals: ArrayLike, code: Codes | None = None, *, reach: float = 0.0
) -> Influence | None:
    """Return the influence of sum(hits) / sum(totals) by unit (both of shape [rows]); `reach` as of one hit."""
    hit, total = np.asarray(hits, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    n = float(total.sum())
    if n == 0.0 or len(hit) > MOST_UNITS:
        return None
    return _by_unit((hit - hit.sum() / n * total) / n, reach * total / n, code)


def _by_unit(parts: Vector, most: Vector, code: Codes | None) -> Influence:
    """Return the influence of units from that of rows, and from the most that each row can add.

    One unit's reach is that of a unit drawn in proportion to it: the value itself where all are alike.
    """
    if code is not None:
        parts, most = (np.asarray(np.bincount(code, weights=each), dtype=np.float64) for each in (parts, most))
    whole = float(most.sum())
    return Influence(parts, reach=float(most @ most) / whole if whole > 0.0 else 0.0)
