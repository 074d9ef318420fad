"""Comparisons between two arms: signed score difference, and flips over a same-group control.

Names are a sample, so they and the rows are crossed random effects (Baayen et al. 2008): with names taken as fixed, a
model that reacts to each name a little, and to no group, would be accused most of the time. Gendered words are a fixed
list, so there the rows alone are the sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.bias.arms import CONTROL, GENDER_WORDS
from modelaudit.checkers.bias.scores import Answer
from modelaudit.statistics import (
    Estimate,
    clopper_pearson,
    crossed_difference,
    crossed_excess,
    crossed_mean,
    mean_difference,
    paired_difference,
)

ByRow = dict[str, list[Answer]]
Compared = tuple[tuple[Estimate, ...], Estimate, Estimate, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One comparison: `focus` against `reference`, over the rows that have both.

    Attributes:
        title: as the report names it, "first names, gender: female - male".
        differences: mean score under focus less that under reference, one estimate a scored class.
        excess: flips across the groups less flips within them.
        flips, control_flips: the two rates that the excess is the difference of.
        focus_answers, reference_answers: by row id, the answers that were compared.
    """

    title: str
    attribute: str
    focus: str
    reference: str
    differences: tuple[Estimate, ...]
    excess: Estimate
    flips: Estimate
    control_flips: Estimate
    focus_answers: Mapping[str, Sequence[Answer]]
    reference_answers: Mapping[str, Sequence[Answer]]


def contrast(answers: Sequence[Answer], attribute: str, focus: str, reference: str) -> Contrast:
    """Return the comparison of two groups of one attribute. `answers` may hold other arms too.

    Where the model reads none of the rows as far as the edit, the estimates have no value and say so.
    """
    mine = [answer for answer in answers if answer.variant.attribute == attribute]
    sides = [_by_row(mine, group) for group in (focus, reference)]
    rows = [row for row in sides[0] if row in sides[1]]
    b, a = ({row: side[row] for row in rows} for side in sides)
    if not rows:
        none = Estimate(value=None, n=0, method="none", reason="The model reads no row as far as the edit.")
        return _contrast(attribute, focus, reference, ((none,) * len(mine[0].scores), none, none, none), b, a)
    compare = _words if attribute == GENDER_WORDS else _names
    return _contrast(attribute, focus, reference, compare(b, a, _by_row(mine, CONTROL)), b, a)


def _contrast(attribute: str, focus: str, reference: str, compared: Compared, b: ByRow, a: ByRow) -> Contrast:
    differences, excess, flips, control_flips = compared
    return Contrast(
        title=f"{attribute}: {focus} - {reference}",
        attribute=attribute,
        focus=focus,
        reference=reference,
        differences=differences,
        excess=excess,
        flips=flips,
        control_flips=control_flips,
        focus_answers=b,
        reference_answers=a,
    )


def _by_row(answers: Sequence[Answer], group: str) -> ByRow:
    """Return the answers of one arm by row; rows that the model does not read to the end of the edit are left out."""
    rows: ByRow = defaultdict(list)
    for answer in answers:
        if answer.variant.group == group:
            rows[answer.row].append(answer)
    return {row: found for row, found in rows.items() if not any(np.isnan(each.scores).any() for each in found)}


def _words(b: ByRow, a: ByRow, control: ByRow) -> Compared:
    """Compare one variant a row with one; the control is the arm that the row's own text is in, edited neutrally."""
    scores_b, scores_a = (np.array([each.scores for [each] in side.values()]) for side in (b, a))
    clusters = _clusters(b)
    differences = tuple(mean_difference(column, clusters=clusters) for column in (scores_b - scores_a).T)
    paired = [row for row in b if row in control]
    across = np.array([b[row][0].decision != a[row][0].decision for row in paired], dtype=bool)
    own = {row: _own_arm(b[row][0], a[row][0]) for row in paired}
    within = np.array([control[row][0].decision != own[row].decision for row in paired], dtype=bool)
    changed = (across != within).any()
    if clusters is not None and changed:
        chosen = [cluster for row, cluster in zip(b, clusters, strict=True) if row in control]
        excess = mean_difference(across.astype(float) - within.astype(float), clusters=chosen)
    else:
        excess = paired_difference(int((across & ~within).sum()), int((within & ~across).sum()), len(paired))
    return (
        differences,
        excess,
        clopper_pearson(int(across.sum()), len(paired)),
        clopper_pearson(int(within.sum()), len(paired)),
    )


def _own_arm(b: Answer, a: Answer) -> Answer:
    """Return the arm whose text is the row's own."""
    return b if b.variant.row.text == b.variant.source.row.text else a


def _names(b: ByRow, a: ByRow, control: ByRow) -> Compared:
    del control
    flat_b, flat_a = ([answer for found in side.values() for answer in found] for side in (b, a))
    rows_b, rows_a = (_units(flat) for flat in (flat_b, flat_a))
    names_b, names_a = ([answer.variant.name for answer in flat] for flat in (flat_b, flat_a))
    scores_b, scores_a = (np.array([answer.scores for answer in flat]) for flat in (flat_b, flat_a))
    differences = tuple(
        crossed_difference(scores_a[:, each], scores_b[:, each], rows_a, rows_b, names_a, names_b)
        for each in range(scores_b.shape[1])
    )
    decisions_b, decisions_a = ([answer.decision for answer in flat] for flat in (flat_b, flat_a))
    ids_b, ids_a = ([answer.row for answer in flat] for flat in (flat_b, flat_a))
    excess = crossed_excess(decisions_a, decisions_b, ids_a, ids_b, names_a, names_b)
    across = [_differing(answer.decision, [other.decision for other in a[answer.row]]) for answer in flat_b]
    within = [
        _differing(answer.decision, [other.decision for other in side[answer.row] if other is not answer])
        for side in (b, a)
        for found in side.values()
        for answer in found
    ]
    return (
        differences,
        excess,
        _rate(across, ids_b, names_b),
        _rate(within, [*ids_b, *ids_a], [*names_b, *names_a]),
    )


def _differing(decision: int, others: Sequence[int]) -> float:
    return sum(other != decision for other in others) / len(others)


def _rate(values: Sequence[float], rows: Sequence[str], names: Sequence[str | None]) -> Estimate:
    if not any(values):
        return clopper_pearson(0, len(set(rows)))
    return crossed_mean(values, rows, names)


def _units(answers: Sequence[Answer]) -> list[str]:
    """Return what is sampled: the row, or the document or person that several rows belong to."""
    return [_unit(answer) for answer in answers]


def _unit(answer: Answer) -> str:
    group = answer.variant.source.row.group
    return f"row {answer.row}" if group is None else f"group {group}"


def _clusters(rows: ByRow) -> list[str] | None:
    units = [_unit(found[0]) for found in rows.values()]
    return None if all(unit.startswith("row ") for unit in units) else units
