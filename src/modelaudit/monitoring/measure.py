"""One measure of one look: what it compares, what it found, and whether that is an alarm."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelaudit.evidence import Frozen, Text

Kind = Literal["input drift", "prediction drift", "confidence drift", "performance", "alert rule"]
Scope = Literal["window", "recent"]
MeasureState = Literal["alarm", "no alarm", "inconclusive"]


class Measure(Frozen):
    """One measure of one look, against the baseline. A change is no harm by itself.

    Attributes:
        scope: the window handed in, or the recent windows together, this one included.
        rows, reference_rows: live rows and rows of the baseline that it rests on.
        value: the effect in its `unit`, with a 95% interval where there is one, not adjusted for other measures or
            looks; `before` and `after` are what it is made of, and `which` the class that it speaks of.
        p: of no change, or of the rule not being met; `adjusted`: p as it counts among all measures of this look and
            all looks, which is held against alpha. threshold: the p that this look asks of a measure by itself.
        smallest_detectable: the effect that this look could have shown, with power 80%.
        rows_needed: live rows with which it could show the change that was asked for; None where no number would do,
            since the baseline has too few rows, or where that can't be told.
        least_p: the smallest p that its permutations could have given; None where any p can come.
    """

    name: Text
    kind: Kind
    scope: Scope
    state: MeasureState
    rows: int = Field(ge=0)
    reference_rows: int = Field(ge=0)
    unit: Text
    value: float | None = None
    interval: tuple[float, float] | None = None
    before: float | None = None
    after: float | None = None
    which: Text | None = None
    p: float | None = None
    adjusted: float | None = None
    threshold: float | None = None
    smallest_detectable: float | None = None
    rows_needed: int | None = None
    least_p: float | None = None
    method: Text | None = None
    reason: Text | None = None


class Trial(Frozen):
    """A measure before anything is known of the others: its effect, its p, and what it takes to show a change."""

    name: Text
    kind: Kind
    scope: Scope
    rows: int
    reference_rows: int
    unit: Text
    p: float
    value: float
    method: Text
    interval: tuple[float, float] | None = None
    before: float | None = None
    after: float | None = None
    which: Text | None = None
    smallest_detectable: float | None = None
    rows_needed: int | None = None
    least_p: float | None = None
