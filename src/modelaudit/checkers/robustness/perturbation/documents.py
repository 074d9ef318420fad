"""Documents: rows with one context, document or person are alike, so shares and losses of answers go by these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.perturbation.effect import NO_TRUTH, share
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    clustered_proportion,
    mean_difference,
    mean_influence,
    paired_difference,
    relative_loss,
    share_of_means,
)

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """The rows of a sample, and the document of each as a number; None where no two rows share one."""

    rows: tuple[Row, ...]
    code: NDArray[np.int64] | None

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Documents:
        """Number the rows' documents."""
        return cls(tuple(rows), documents(rows))

    def flips(self, moved: Flags, place: Places) -> Estimate:
        """Return the share of answers that `moved`, of the rows at these places."""
        return self._keyed(clustered_proportion(moved, self._code(place)), place)

    def lost(self, values: Floats, place: Places, *, counted: bool) -> Estimate:
        """Return the mean loss a row: of right answers that are counted, or of answers that are more or less right."""
        code = self._code(place)
        if not len(values):
            method = "cluster-robust-t" if code is not None else "tango-score" if counted else "paired-t"
            return Estimate(value=None, n=0, method=method, reason=NO_TRUTH)
        if code is not None or not counted:
            return self._keyed(mean_difference(values, clusters=code, reach=1.0), place)
        lost, gained = int((values > 0).sum()), int((values < 0).sum())
        drop = paired_difference(lost, gained, len(values))
        return self._keyed(replace(drop, influence=mean_influence(values, reach=1.0)), place)

    def outcomes(
        self, before: Floats, after: Floats, place: Places, *, counted: bool
    ) -> tuple[Estimate | None, Estimate | None, Estimate | None, tuple[tuple[str, int], ...]]:
        """Return harm, repair and the share of right answers lost, and what is counted; nothing without right ones."""
        if not counted:
            return None, None, None, ()
        lost, gained = int((before > after).sum()), int((before < after).sum())
        right, n, code = int(before.sum()), len(before), self._code(place)
        if code is None or not right:
            relative = relative_loss(lost, gained, right, n)
        else:
            relative = share_of_means(before - after, before, clusters=code)
        return (
            share(lost, right, "No answer was right before."),
            share(gained, n - right, "No answer was wrong before."),
            relative,
            (("right before, wrong after (harm)", lost), ("wrong before, right after (repair)", gained)),
        )

    def _code(self, place: Places) -> NDArray[np.int64] | None:
        return None if self.code is None else self.code[place]

    def _keyed(self, estimate: Estimate, place: Places) -> Estimate:
        return estimate.keyed(unit_keys([self.rows[each] for each in place.tolist()], self._code(place)))
