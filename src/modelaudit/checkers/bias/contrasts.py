"""The planned comparisons: two groups of one attribute over the rows that have both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from modelaudit.checkers.bias.arms import CONTROL, GENDER_WORDS
from modelaudit.checkers.bias.comparison import Comparison, nothing
from modelaudit.checkers.bias.name_comparison import compare_names
from modelaudit.checkers.bias.scores import Answer
from modelaudit.checkers.bias.units import LEAST_ROWS, ByRow, Units, units_of
from modelaudit.checkers.bias.word_comparison import compare_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One comparison: `focus` against `reference`.

    Attributes:
        estimates: what was estimated, or why it was not.
        focus_answers, reference_answers: by row id, the answers that were compared.
        n_unit: what the estimates count.
        rows_read: rows that the model reads as far as the edit.
    """

    attribute: str
    focus: str
    reference: str
    estimates: Comparison
    focus_answers: Mapping[str, Sequence[Answer]]
    reference_answers: Mapping[str, Sequence[Answer]]
    n_unit: Literal["rows", "documents"] = "rows"
    rows_read: int = 0

    @property
    def title(self) -> str:
        """The comparison as the report names it, "first names, gender: female - male"."""
        return f"{self.attribute}: {self.focus} - {self.reference}"


def contrast(answers: Sequence[Answer], attribute: str, focus: str, reference: str) -> Contrast:
    """Return the comparison of two groups of one attribute. `answers` may hold other arms too.

    Rows that the model does not read as far as the edit are left out; where fewer than 30 remain, the estimates have
    no value and say so.
    """
    mine = [answer for answer in answers if answer.variant.attribute == attribute]
    sides = [_by_row(mine, group) for group in (focus, reference)]
    rows = [row for row in sides[0] if row in sides[1]]
    if len(rows) < LEAST_ROWS:
        reason = f"The model reads {len(rows)} rows as far as the edit, and {LEAST_ROWS} are the least."
        none = unmeasured(attribute, focus, reference, reason, n=len(rows), classes=len(mine[0].scores))
        return replace(none, rows_read=len(rows))
    b, a = ({row: side[row] for row in rows} for side in sides)
    units = units_of(b)
    words = attribute == GENDER_WORDS
    found = compare_words(b, a, _by_row(mine, CONTROL), units) if words else compare_names(b, a, units)
    return Contrast(
        attribute=attribute,
        focus=focus,
        reference=reference,
        estimates=_checked(found, units),
        focus_answers=b,
        reference_answers=a,
        n_unit=units.noun,
        rows_read=len(rows),
    )


def unmeasured(attribute: str, focus: str, reference: str, reason: str, *, n: int, classes: int) -> Contrast:
    """Return a planned comparison that could not be made: a number that is missing must not pass for a good one."""
    return Contrast(
        attribute=attribute,
        focus=focus,
        reference=reference,
        estimates=nothing(reason, n=n, classes=classes),
        focus_answers={},
        reference_answers={},
    )


def _checked(found: Comparison, units: Units) -> Comparison:
    return replace(
        found,
        differences=tuple(units.checked(estimate) for estimate in found.differences),
        excess=units.checked(found.excess),
        flips=units.checked(found.flips),
        control_flips=units.checked(found.control_flips),
    )


def _by_row(answers: Sequence[Answer], group: str) -> ByRow:
    """Return the answers of one arm by row; rows that the model does not read as far as the edit are left out."""
    rows: ByRow = defaultdict(list)
    for answer in answers:
        if answer.variant.group == group:
            rows[answer.row].append(answer)
    return {row: found for row, found in rows.items() if not any(np.isnan(each.scores).any() for each in found)}
