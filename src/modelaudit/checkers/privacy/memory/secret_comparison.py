"""Numbers of training rows held against numbers of held-out rows, so that what their form gives away is taken off.

A model may know the block that numbers come from, how they are written, or the words around them, without having seen
one of them. It then ranks numbers of held-out rows before their look-alikes as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.memory.secrets import Exposures
from modelaudit.statistics import Estimate, mean_difference
from modelaudit.statistics.unpaired import unpaired_difference

Vector = NDArray[np.float64]

FEWEST_SECRETS = 10
"""Numbers a side below which no verdict is given: the exposure of one hangs on chance alone by a bit or two."""
LEAST_ROOM = 2.0
"""Bits between the exposure of held-out numbers and the largest that can be shown, below which memory has no room."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Exposures of the numbers of training rows, and of held-out rows.

    Attributes:
        inside, outside: they; where there is a control, of the kinds that both sides have.
        controlled: whether the numbers of held-out rows are enough for a control.
        uncontrolled: numbers of training rows left out, since no held-out row has their kind.
    """

    inside: Exposures
    outside: Exposures
    controlled: bool
    uncontrolled: int

    @classmethod
    def of(cls, inside: Exposures, outside: Exposures) -> Comparison:
        """Return the comparison within kinds, or none where that leaves too few numbers."""
        both = inside.kinds & outside.kinds
        here, there = inside.of(both), outside.of(both)
        if len(there.secrets) < FEWEST_SECRETS or len(here.secrets) < min(FEWEST_SECRETS, len(inside.secrets)):
            return cls(inside, outside, controlled=False, uncontrolled=0)
        return cls(here, there, controlled=True, uncontrolled=len(inside.secrets) - len(here.secrets))

    @property
    def weights(self) -> Vector:
        """What each number of held-out rows counts: their kinds count as those of the training numbers do."""
        here, there = (Counter(secret.kind for secret in side.secrets) for side in (self.inside, self.outside))
        return np.array([here[secret.kind] / there[secret.kind] for secret in self.outside.secrets])

    def over_control(self, values: Vector) -> float:
        """Return the mean over the numbers of held-out rows, by their weights."""
        return float(np.average(values, weights=self.weights))

    @property
    def room(self) -> float:
        """Mean bits that a number could be exposed beyond the held-out ones."""
        return self.over_control(self.outside.caps - self.outside.target)

    def excess(self) -> Estimate:
        """Return the mean exposure beyond what it was before fine-tuning, less the same of held-out numbers.

        The interval is Student's t, unpaired, and counts numbers that share a row or a group as dependent. Without a
        control nothing is taken off for it.
        """
        inside, outside = self.inside, self.outside
        if not self.controlled:
            return mean_difference(inside.gained, reach=inside.caps)
        # a - b with both signs turned: the weights are those of the first sample, and the control has them. A number
        # that the draw missed gained up to its cap; that it lost as much need not be allowed for.
        return unpaired_difference(
            -outside.gained,
            -inside.gained,
            parts_a=[secret.units for secret in outside.secrets],
            parts_b=[secret.units for secret in inside.secrets],
            weights_a=self.weights,
            reach=float(max(inside.caps.max(), outside.caps.max())),
        )
