"""A fixed list of words: one variant of each row against one, with a control that is not matched to them.

Gendered words, or the terms of a religion, are a fixed list, so rows alone are the sample. What neutral words do to a
decision is not what words of no meaning would do: a control that reads badly changes more. So the share G of decisions
that depend on the group is known within bounds only. It is at most the flip rate F, and at least F less the control's
C, as far as the control does no less than chance does. The excess takes its lower end from F - C and its upper end from
F (Imbens and Manski 2004, Econometrica 72:1845): the control can show that flips go beyond chance, but never that they
are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modelaudit.checkers.bias.change import apart, change_of
from modelaudit.checkers.bias.comparison import Comparison, Flips
from modelaudit.checkers.bias.scoring.score import Score, reach_of
from modelaudit.checkers.bias.units import LEAST_ROWS, ByRow, Units, change_in, mean_of
from modelaudit.statistics import Estimate


def compare_words(
    b: ByRow, a: ByRow, control: ByRow, own: ByRow, units: Units, scores: Sequence[Score], *, flips: bool = True
) -> Comparison:
    """Compare the arms row by row.

    The control is the arm that the row's own text is in, with other words changed; `own` is that arm itself, unchanged.
    """
    rows = list(b)
    scores_b, scores_a = (np.array([each.scores for [each] in side.values()]) for side in (b, a))
    differences = tuple(
        mean_of((to - of).tolist(), rows, units, reach=reach_of(score, to - of))
        for of, to, score in zip(scores_a.T, scores_b.T, scores, strict=True)
    )
    decided = flips and b[rows[0]][0].tells
    return Comparison(differences=differences, flips=_flips(b, a, control, own, units) if decided else None)


def _flips(b: ByRow, a: ByRow, control: ByRow, own: ByRow, units: Units) -> Flips:
    flipped = {row: apart(b[row][0], a[row][0]) for row in b}
    across = change_in(list(flipped.values()), list(flipped), units)
    unsteady = {row: apart(control[row][0], own[row][0]) for row in b if row in control and row in own}
    beyond = _beyond_control(b, a, control, flipped, unsteady, units)
    return Flips(
        excess=_bounded(beyond, across),
        across=across,
        within=_control_flips(unsteady, units),
        controls=len(unsteady),
        controlled=beyond is not None,
        change=change_of(next(iter(b.values()))[0]),
    )


def _beyond_control(
    b: ByRow, a: ByRow, control: ByRow, flipped: dict[str, float], unsteady: dict[str, float], units: Units
) -> Estimate | None:
    """Return F - C over the rows with a control, or None where they or their documents are too few.

    Where the control changes fewer words than the exchange, its flips count in proportion: a score is moved by several
    edits at most as far as by each of them alone, added up.
    """
    if len(unsteady) < LEAST_ROWS:
        return None
    words = {
        row: max(len(b[row][0].variant.edits), len(a[row][0].variant.edits)) / len(control[row][0].variant.edits)
        for row in unsteady
    }
    values = [flipped[row] - words[row] * unsteady[row] for row in unsteady]
    beyond = mean_of(values, list(unsteady), units, reach=[max(times, 1.0) for times in words.values()])
    return beyond if units.checked(beyond).bounds else None


def _control_flips(unsteady: dict[str, float], units: Units) -> Estimate:
    if not unsteady:
        return Estimate(value=None, n=0, method="none", reason="No row has a control.")
    return change_in(list(unsteady.values()), list(unsteady), units)


def _bounded(beyond: Estimate | None, flips: Estimate) -> Estimate:
    """Return the excess: at most the flip rate, and at least what goes beyond the control, or 0 without one."""
    if flips.value is None or not flips.bounds:
        return flips
    method = f"upper end of the flip rate ({flips.method})"
    if beyond is None or beyond.value is None:
        bounds = tuple((level, 0.0, high) for level, _, high in flips.bounds)
        return replace(flips, method=f"lower end 0, {method}", bounds=bounds, smallest_detectable=None, influence=None)
    bounds = tuple(
        (level, min(low, lowest), high)
        for (level, low, _), (_, lowest, high) in zip(beyond.bounds, flips.bounds, strict=True)
    )
    value = min(beyond.value, flips.value)
    influence = beyond.influence and replace(beyond.influence, gap=flips.value - value)
    return Estimate(
        value=value,
        n=flips.n,
        method=f"{beyond.method}, {method}",
        bounds=bounds,
        smallest_detectable=beyond.smallest_detectable,
        influence=influence,
    )
