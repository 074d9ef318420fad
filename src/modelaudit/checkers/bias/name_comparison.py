"""First names: several variants of each row under either group, with other names of the same group as the control.

Names are a sample, so they and the rows are crossed random effects (Baayen et al. 2008): with names taken as fixed, a
model that reacts to each name a little, and to no group, would be accused most of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.bias.comparison import Comparison
from modelaudit.checkers.bias.units import ByRow, Units
from modelaudit.statistics import Estimate, clopper_pearson, crossed_difference, crossed_excess, crossed_mean


def compare_names(b: ByRow, a: ByRow, units: Units) -> Comparison:
    """Compare the answers to the names of two groups, row by row."""
    flat_b, flat_a = ([answer for found in side.values() for answer in found] for side in (b, a))
    rows_b, rows_a = ([answer.row for answer in flat] for flat in (flat_b, flat_a))
    names_b, names_a = ([answer.variant.name for answer in flat] for flat in (flat_b, flat_a))
    scores_b, scores_a = (np.array([answer.scores for answer in flat]) for flat in (flat_b, flat_a))
    differences = tuple(
        crossed_difference(
            scores_a[:, each], scores_b[:, each], rows_a, rows_b, names_a, names_b, units=units.of, reach=1.0
        )
        for each in range(scores_b.shape[1])
    )
    decisions_b, decisions_a = ([answer.decision for answer in flat] for flat in (flat_b, flat_a))
    excess = crossed_excess(decisions_a, decisions_b, rows_a, rows_b, names_a, names_b, units=units.of)
    across = [_differing(answer.decision, [other.decision for other in a[answer.row]]) for answer in flat_b]
    within = [
        _differing(answer.decision, [other.decision for other in side[answer.row] if other is not answer])
        for side in (b, a)
        for found in side.values()
        for answer in found
    ]
    return Comparison(
        differences=differences,
        excess=excess,
        flips=_rate(across, rows_b, names_b, units),
        control_flips=_rate(within, [*rows_b, *rows_a], [*names_b, *names_a], units),
        controls=len(b),
    )


def _differing(decision: int, others: Sequence[int]) -> float:
    return sum(other != decision for other in others) / len(others)


def _rate(values: Sequence[float], rows: Sequence[str], names: Sequence[str | None], units: Units) -> Estimate:
    if not any(values):
        return clopper_pearson(0, units.count(rows))
    return crossed_mean(values, rows, names, units=units.of)
