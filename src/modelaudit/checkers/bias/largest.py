"""The largest of several signed differences: one judged number where a model has many classes or outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from modelaudit.statistics import Estimate, largest_of, size_of


def largest_difference(differences: Sequence[Estimate]) -> tuple[Estimate, int]:
    """Return the largest difference in size, with its simultaneous interval, and which of the estimates it is.

    Where any of them has no value or no interval, neither has the largest, for the same reason.
    """
    return largest_of([size_of(each) for each in differences], support=(0.0, math.inf))
