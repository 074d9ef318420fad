"""The axes of an explanation's quality, and the weakest of them.

An average would let a list of words that is clear and untrue pass. So the result is the weakest axis, by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.opacity.explanation import Explanation, by_row
from modelaudit.checkers.opacity.parts import WORDS, Parts
from modelaudit.checkers.opacity.stability import Edit
from modelaudit.statistics import Estimate, mean_difference, on_grid, share_of_means


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: 1 is the best there is, 0 is no better than nothing. `limit` says what a low value comes from."""

    name: str
    limit: str
    estimate: Estimate


def additive_fidelity(explanations: Sequence[Explanation], parts: Parts) -> Axis:
    """How much of the output's variation the best list of parts accounts for, as a mean over rows."""
    shares, clusters = by_row(explanations, lambda each: None if each.additivity is None else each.additivity.words)
    if not shares:
        found = Estimate(value=None, n=0, method="mean over rows", reason="No row has enough coalitions for a fit.")
    else:
        # Cross-validated shares may lie a little below 0, which no fit to all coalitions can.
        found = mean_difference(shares, clusters=clusters, reach=max(1.0, float(np.abs(shares).max())))
    return Axis("additive fidelity", f"{parts.many} acting together", found)


def normalised_faithfulness(explanations: Sequence[Explanation], parts: Parts) -> Axis:
    """Where the explanation's order lies between random orders and the best order found."""
    judged = [each for each in explanations if each.faithfulness.best is not None]
    gains, clusters = by_row(judged, lambda each: each.faithfulness.gain)
    best, _ = by_row(judged, lambda each: each.faithfulness.best_gain)
    found = share_of_means(gains, best, clusters=clusters)
    return Axis("faithfulness above chance", f"an order of {parts.many} that is not the model's", found)


def stability(edits: Sequence[Edit], parts: Parts) -> Axis:
    """How well explanations of a row agree after edits that leave what it says and its prediction as they are."""
    judged = [edit for edit in edits if edit.corrected is not None]
    agreements = [edit.corrected or 0.0 for edit in judged]
    if not agreements:
        reason = "No edit left a prediction as it was and a row long enough to compare."
        found = Estimate(value=None, n=0, method="mean over edits", reason=reason)
    else:
        found = mean_difference(agreements, clusters=[edit.cluster for edit in judged], reach=1.0)
    cause = "the spelling of a row" if parts is WORDS else f"a change of the {parts.whole} that nobody notices"
    return Axis("stability", f"values that change with {cause}", found)


def weakest(axes: Sequence[Axis]) -> tuple[Axis, Estimate]:
    """Return the axis with the lowest value, and the lowest value with an interval.

    The low end is the lowest of the axes' intervals, each at the level that all of them hold together (Bonferroni); the
    high end is the lowest of their high ends, which the axis that is truly the lowest passes as rarely as its own.

    Raises:
        ValueError: an axis has no interval.
    """
    lowest = min(axes, key=lambda axis: _value(axis))
    count = len(axes)

    def interval(level: float) -> tuple[float, float]:
        together = 1.0 - (1.0 - level) / count
        low = min(axis.estimate.interval(together)[0] for axis in axes)
        high = min(axis.estimate.interval(level)[1] for axis in axes)
        return min(low, _value(lowest)), max(high, _value(lowest))

    methods = ", ".join(dict.fromkeys(axis.estimate.method for axis in axes))
    return lowest, Estimate(
        value=_value(lowest),
        n=min(axis.estimate.n for axis in axes),
        method=f"lowest of {count} axes ({methods})",
        bounds=on_grid(interval),
    )


def _value(axis: Axis) -> float:
    if axis.estimate.value is None or not axis.estimate.bounds:
        raise ValueError(f"The axis {axis.name!r} has no interval: {axis.estimate.reason}")
    return axis.estimate.value
