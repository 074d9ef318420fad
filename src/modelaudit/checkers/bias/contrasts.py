"""The planned comparisons: two groups of one attribute over the rows that have both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from modelaudit.checkers.bias.attributes.attribute import ALL_OTHERS, Planned
from modelaudit.checkers.bias.attributes.control import CONTROL
from modelaudit.checkers.bias.comparison import Comparison, Flips, nothing
from modelaudit.checkers.bias.name_comparison import compare_names
from modelaudit.checkers.bias.scoring.score import Answer, Score
from modelaudit.checkers.bias.units import LEAST_ROWS, ByRow, Units, units_of
from modelaudit.checkers.bias.word_comparison import compare_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One comparison as it was made.

    Attributes:
        planned: what was to be compared.
        scores: what was read off each answer.
        estimates: what was estimated, or why it was not; one difference a score.
        focus_answers, reference_answers: by row id, the answers that were compared.
        n_unit: what the estimates count.
        rows_read: rows that the model reads as far as the edit.
    """

    planned: Planned
    scores: tuple[Score, ...]
    estimates: Comparison
    focus_answers: Mapping[str, Sequence[Answer]]
    reference_answers: Mapping[str, Sequence[Answer]]
    n_unit: Literal["rows", "documents"] = "rows"
    rows_read: int = 0

    @property
    def title(self) -> str:
        """The comparison as the report names it."""
        return self.planned.title


def contrast(answers: Sequence[Answer], planned: Planned, scores: Sequence[Score]) -> Contrast:
    """Return one comparison. `answers` may hold other arms too.

    Rows that the model does not read as far as the edit are left out; where fewer than 30 remain, the estimates have
    no value and say so.
    """
    groups = [answer.variant.group_in(planned.attribute) for answer in answers]

    def side(wanted: Callable[[str], bool]) -> ByRow:
        return _by_row([a for a, group in zip(answers, groups, strict=True) if group is not None and wanted(group)])

    focus = side(lambda group: group == planned.focus)
    if planned.reference == ALL_OTHERS:
        reference = side(lambda group: group not in (planned.focus, CONTROL))
    else:
        reference = side(lambda group: group == planned.reference)
    rows = [row for row in focus if row in reference]
    if len(rows) < LEAST_ROWS:
        reason = f"{len(rows)} rows can be compared, which the model reads as far as the edit; {LEAST_ROWS} are needed."
        return replace(unmeasured(planned, scores, reason, n=len(rows)), rows_read=len(rows))
    b, a = ({row: each[row] for row in rows} for each in (focus, reference))
    units = units_of(b)
    if planned.fixed:
        control = side(lambda group: group == CONTROL)
        own = _by_row([a for a, group in zip(answers, groups, strict=True) if group and not a.variant.edits])
        found = compare_words(b, a, control, own, units, scores, flips=planned.flips)
    else:
        found = compare_names(b, a, units, scores, flips=planned.flips)
    return Contrast(
        planned=planned,
        scores=tuple(scores),
        estimates=_checked(found, units),
        focus_answers=b,
        reference_answers=a,
        n_unit=units.noun,
        rows_read=len(rows),
    )


def unmeasured(planned: Planned, scores: Sequence[Score], reason: str, *, n: int) -> Contrast:
    """Return a planned comparison that could not be made: a number that is missing must not pass for a good one."""
    return Contrast(
        planned=planned,
        scores=tuple(scores),
        estimates=nothing(reason, n=n, scores=len(scores)),
        focus_answers={},
        reference_answers={},
    )


def _checked(found: Comparison, units: Units) -> Comparison:
    differences = tuple(units.checked(estimate) for estimate in found.differences)
    return Comparison(
        differences=differences, flips=None if found.flips is None else _checked_flips(found.flips, units)
    )


def _checked_flips(flips: Flips, units: Units) -> Flips:
    return replace(
        flips,
        excess=units.checked(flips.excess),
        across=units.checked(flips.across),
        within=units.checked(flips.within),
    )


def _by_row(answers: Sequence[Answer]) -> ByRow:
    """Return answers by row; rows that the model does not read as far as the edit are left out."""
    if not answers:
        return {}
    unread = np.isnan(np.array([answer.scores for answer in answers])).any(axis=1).tolist()
    lost = {answer.row for answer, missing in zip(answers, unread, strict=True) if missing}
    rows: ByRow = defaultdict(list)
    for answer in answers:
        if answer.row not in lost:
            rows[answer.row].append(answer)
    return dict(rows)
