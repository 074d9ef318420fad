"""The test of proposed slices, on the half of the rows that had no part in finding them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import hypergeom

from modelaudit.checkers.performance.slices.conditions import Flags
from modelaudit.checkers.performance.slices.search import Slice
from modelaudit.statistics import Estimate, benjamini_hochberg, p_above, rate_difference, trials, z_sum

Q = 0.05
PROPOSED = 0.85
"""Power of the search at the smallest gap; the confirmation takes the twentieth that is left above four in five."""


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """A slice on the other half: its rows and error rate, those of the other rows, and the gap between them.

    `p` is one-sided, that there is no gap, and `adjusted` is it over all proposed slices (Benjamini-Hochberg).
    """

    slice: Slice
    rows: int
    rate: float
    others: float
    gap: Estimate
    p: float
    adjusted: float

    @property
    def confirmed(self) -> bool:
        """Whether the other half shows it too."""
        return self.adjusted <= Q


def on_the_other_half(
    slices: Sequence[Slice], wrong: Flags, confirm: Flags, documents: NDArray[np.int64] | None
) -> list[Tested]:
    """Return each slice as the `confirm` rows (bool, rows) show it; `documents` numbers those of the rows."""
    found = [_gap(each, wrong, confirm, documents) for each in slices]
    p_values = [_p(each, wrong, confirm, documents, shown[-1]) for each, shown in zip(slices, found, strict=True)]
    return [
        Tested(each, *shown, p, float(adjusted))
        for each, shown, p, adjusted in zip(slices, found, p_values, benjamini_hochberg(p_values), strict=True)
    ]


def smallest_gap(first: Tested, candidates: int) -> float | None:
    """Return the gap that a slice of the first one's size would have had to have, to be found four times in five.

    It must stand out more than the luckiest of all `candidates` on the half that is searched, which is as large as the
    other; to be confirmed there takes less, and fails one time in twenty.
    """
    if not first.gap.smallest_detectable:
        return None
    luckiest = float(ndtri(1.0 - 1.0 / max(candidates, 20)))
    return min(1.0, first.gap.smallest_detectable / z_sum() * (luckiest + float(ndtri(PROPOSED))))


def _p(each: Slice, wrong: Flags, confirm: Flags, documents: NDArray[np.int64] | None, gap: Estimate) -> float:
    """Return the one-sided p of no gap: Fisher's exact one, and where rows share documents that of the interval."""
    if documents is not None:
        return p_above(gap.bounds, 0.0) if gap.bounds else 1.0
    inside = each.flags & confirm
    hits, rows = int((wrong & inside).sum()), int(inside.sum())
    return float(hypergeom.sf(hits - 1, int(confirm.sum()), int((wrong & confirm).sum()), rows))


def _gap(
    each: Slice, wrong: Flags, confirm: Flags, documents: NDArray[np.int64] | None
) -> tuple[int, float, float, Estimate]:
    inside, outside = each.flags & confirm, ~each.flags & confirm
    one, other = (
        trials(wrong[part].astype(np.float64), clusters=None if documents is None else documents[part])
        for part in (inside, outside)
    )
    return int(inside.sum()), one.rate, other.rate, rate_difference(one, other)
