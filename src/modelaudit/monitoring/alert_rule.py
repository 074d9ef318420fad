"""Alert rules: what the owner declared beforehand to be worth an alarm, as `negative>0.30` or `negative+0.10`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from modelaudit.errors import InputError
from modelaudit.evidence import Frozen, Text

LONGEST = 500
_RULE = re.compile(r"\s*(?P<label>.*\S)\s*(?P<sign>[><+-])\s*(?P<share>\d*\.?\d+)\s*", re.DOTALL)
_KINDS: dict[str, Literal["above", "below", "risen", "fallen"]] = {
    ">": "above",
    "<": "below",
    "+": "risen",
    "-": "fallen",
}
FORM = (
    'write it as "negative>0.30" (its share is above 30%) or "<", or as "negative+0.10" (risen by more than 10 points) '
    'or "-"'
)


class AlertRule(Frozen):
    """A rule on the share of one predicted label: `above` or `below` a share, `risen` or `fallen` by more than so much.

    `risen` and `fallen` are against the baseline's share of the same label.
    """

    label: Text = Field(min_length=1)
    kind: Literal["above", "below", "risen", "fallen"]
    share: float = Field(ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _possible(self) -> AlertRule:
        if self.kind == "below" and self.share <= 0.0:
            raise ValueError("no share lies below 0")
        return self

    @property
    def name(self) -> str:
        """The rule as it was written."""
        sign = next(sign for sign, kind in _KINDS.items() if kind == self.kind)
        return f"{self.label}{sign}{self.share:g}"


def parse_rule(text: str) -> AlertRule:
    """Return a rule from its text; the last sign counts, so a label may hold one. InputError for any other form."""
    found = _RULE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or not 0.0 <= float(found["share"]) < 1.0:
        raise InputError(f"the alert rule {text[:60]!r} is not understood; {FORM}")
    try:
        return AlertRule(label=found["label"], kind=_KINDS[found["sign"]], share=float(found["share"]))
    except ValidationError as error:
        raise InputError(f"the alert rule {text[:60]!r} can't hold: no share lies below 0; {FORM}") from error


def check_labels(rules: Sequence[AlertRule], labels: Sequence[str]) -> None:
    """Raise InputError for a rule on a label that the model does not have."""
    for rule in rules:
        if rule.label not in labels:
            raise InputError(
                f"the alert rule {rule.name[:60]!r} names no label of the model; it has "
                f"{', '.join(label[:40] for label in labels[:20])}"
            )
