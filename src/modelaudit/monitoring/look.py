"""One look of a watch: all that came of it, as a value."""

from __future__ import annotations

import datetime as dt
import json
from typing import Literal

from pydantic import Field

from modelaudit.evidence import Frozen, Text
from modelaudit.monitoring.measure import Measure

NOTE = "A change, not harm: an alarm says that live rows differ from the baseline, not that anybody is worse off."
EXIT_CODES = {"no alarm": 0, "alarm": 1, "inconclusive": 3}


class Trigger(Frozen):
    """A reason to audit again: `model`, `data`, `waiver`, `mapping` or `alarm`, and a sentence."""

    kind: Literal["model", "data", "waiver", "mapping", "alarm"]
    reason: Text


class Line(Frozen):
    """A line of the live file that could not be read, and why; the reason holds no text of the row."""

    line: int
    reason: Text


class Look(Frozen):
    """One look.

    Attributes:
        report: digest of the report that it leans on.
        look: its number since the last reset; None where it had too few rows and was not counted.
        state: `alarm` as long as an alarm stands, of this look or an earlier one; `inconclusive` where a declared alert
            rule could not be told, or without rules nothing of what the model makes of the rows (prediction,
            confidence, accuracy, as far as the baseline's profile has them).
        alarmed: the look that raised the alarm that stands. alpha: the chance that a watch ever raises one without a
            change; spent: what of it was spent, this look included.
        rows: new rows; labelled: rows whose label came with this look; repeats: rows whose text another row of the
            window has; again: rows that were seen in an earlier look and are not counted again.
        not_measured: why a measure was not taken, by its name.
    """

    schema_: Literal["modelaudit.watch/1"] = Field(alias="schema", default="modelaudit.watch/1")
    day: dt.date
    report: str
    model: Text
    state: Literal["no alarm", "alarm", "inconclusive"]
    reason: Text | None = None
    look: int | None = None
    alarmed: int | None = None
    alpha: float
    spent: float
    remembered: bool
    lines: int
    broken: int = 0
    broken_lines: tuple[Line, ...] = ()
    rows: int
    labelled: int = 0
    repeats: int = 0
    again: int = 0
    measures: tuple[Measure, ...] = ()
    not_measured: dict[str, Text] = Field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    note: Text = NOTE

    @property
    def exit_code(self) -> int:
        """0 no alarm, 1 alarm, 3 inconclusive."""
        return EXIT_CODES[self.state]

    @property
    def alarms(self) -> tuple[Measure, ...]:
        """The measures that raised the alarm at this look, the clearest first."""
        found = [each for each in self.measures if each.state == "alarm"]
        return tuple(sorted(found, key=lambda each: (1.0 if each.adjusted is None else each.adjusted, each.name)))

    @property
    def json_line(self) -> str:
        """The look as one line of JSON; ASCII, so that no label can end the line or hide in it."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, allow_nan=False)
