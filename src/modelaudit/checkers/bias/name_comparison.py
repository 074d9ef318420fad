"""A sample of names: several variants of each row under either group, with other names of one group as the control.

Names are a sample, so they and the rows are crossed random effects (Baayen et al. 2008): with names taken as fixed, a
model that reacts to each name a little, and to no group, would be accused most of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.bias.change import DECISIONS, apart, change_of
from modelaudit.checkers.bias.comparison import Comparison, Flips
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score, reach_of
from modelaudit.checkers.bias.units import ByRow, Units
from modelaudit.statistics import Estimate, clopper_pearson, crossed_difference, crossed_excess, crossed_mean
from modelaudit.statistics.distances import crossed_excess_distance


def compare_names(b: ByRow, a: ByRow, units: Units, scores: Sequence[Score], *, flips: bool = True) -> Comparison:
    """Compare the answers to the names of two groups, row by row; decisions too, where there are any."""
    flat_b, flat_a = ([answer for found in side.values() for answer in found] for side in (b, a))
    rows_b, rows_a = ([answer.row for answer in flat] for flat in (flat_b, flat_a))
    names_b, names_a = ([answer.variant.name for answer in flat] for flat in (flat_b, flat_a))
    scores_b, scores_a = (np.array([answer.scores for answer in flat]) for flat in (flat_b, flat_a))
    differences = tuple(
        crossed_difference(
            scores_a[:, each],
            scores_b[:, each],
            rows_a,
            rows_b,
            names_a,
            names_b,
            units=units.of,
            reach=score.reach if score.bounded else reach_of(score, _of_rows(b, each) - _of_rows(a, each)),
        )
        for each, score in enumerate(scores)
    )
    decided = flips and flat_b[0].tells
    return Comparison(differences=differences, flips=_flips(flat_b, flat_a, b, a, units) if decided else None)


def _flips(flat_b: Sequence[Answer], flat_a: Sequence[Answer], b: ByRow, a: ByRow, units: Units) -> Flips:
    rows_b, rows_a = ([answer.row for answer in flat] for flat in (flat_b, flat_a))
    names_b, names_a = ([answer.variant.name for answer in flat] for flat in (flat_b, flat_a))
    across, within = (_across(b, a), _across(a, b)), (_within(b), _within(a))
    change = change_of(flat_b[0])
    if change is DECISIONS:
        excess = _excess_flips(flat_b, flat_a, units)
    else:
        beyond_b, beyond_a = (np.subtract(far, near) for far, near in zip(across, within, strict=True))
        control = float(np.mean(np.concatenate(within)))
        excess = crossed_excess_distance(
            beyond_a, beyond_b, rows_a, rows_b, names_a, names_b, control=control, units=units.of
        )
    return Flips(
        excess=excess,
        across=_rate(across[0], rows_b, names_b, units),
        within=_rate([*within[0], *within[1]], [*rows_b, *rows_a], [*names_b, *names_a], units),
        controls=len(b),
        change=change,
    )


def _excess_flips(flat_b: Sequence[Answer], flat_a: Sequence[Answer], units: Units) -> Estimate:
    rows_b, rows_a = ([answer.row for answer in flat] for flat in (flat_b, flat_a))
    names_b, names_a = ([answer.variant.name for answer in flat] for flat in (flat_b, flat_a))
    code = {decision: place for place, decision in enumerate({answer.decision: None for answer in (*flat_a, *flat_b)})}
    decisions_b, decisions_a = ([code[answer.decision] for answer in flat] for flat in (flat_b, flat_a))
    return crossed_excess(decisions_a, decisions_b, rows_a, rows_b, names_a, names_b, units=units.of)


def _across(side: ByRow, other: ByRow) -> list[float]:
    """Return how far each answer of a side is from those of the other, on average."""
    return [_mean_apart(answer, other[row]) for row, found in side.items() for answer in found]


def _within(side: ByRow) -> list[float]:
    """Return how far each answer is from the others of its row, on average."""
    return [
        _mean_apart(answer, [other for other in found if other is not answer])
        for found in side.values()
        for answer in found
    ]


def _of_rows(side: ByRow, each: int) -> Floats:
    """Return the mean of one score in each row."""
    return np.array([np.mean([answer.scores[each] for answer in found]) for found in side.values()])


def _mean_apart(answer: Answer, others: Sequence[Answer]) -> float:
    return sum(apart(answer, other) for other in others) / len(others) if others else 0.0


def _rate(values: Sequence[float], rows: Sequence[str], names: Sequence[str | None], units: Units) -> Estimate:
    if not any(values):
        return clopper_pearson(0, units.count(rows))
    return crossed_mean(values, rows, names, units=units.of)
