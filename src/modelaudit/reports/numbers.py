"""Numbers as a reader of the report meets them: shares in percent, AUC with three decimals, a true minus."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from modelaudit.reports.words import say, told
from modelaudit.results import Metric
from modelaudit.statistics import OPEN_END
from modelaudit.verdicts import Limit

MINUS = "\u2212"

Kind = Literal["share", "points", "auc", "percent", "number"]

_SHARE_WORDS = frozenset({"share", "probability", "rate", "accuracy", "fraction", "proportion", "f1", "recall"})
_DIFFERENCE_WORDS = frozenset({"difference", "drop", "gain", "gap", "change"})


@dataclass(frozen=True, slots=True)
class Scale:
    """How values of one metric are written.

    Attributes:
        kind: `share` (0.121 is 12.1%), `points` (a difference of shares: 0.031 is +3.1 points), `auc` (three
            decimals), `percent` (the value is in percent already), `number` (three significant digits).
        signed: whether a positive value carries its sign, as differences do.
        unit: the unit in words.
    """

    kind: Kind
    signed: bool
    unit: str

    def bare(self, value: float) -> str:
        """Return the value without its unit, for intervals and axes."""
        if self.kind in ("share", "points"):
            return decimal(100 * value, places=1, signed=self.signed) + ("%" if self.kind == "share" else "")
        if self.kind == "percent":
            return decimal(value, places=1, signed=self.signed) + "%"
        if self.kind == "auc":
            return decimal(value, places=3, signed=self.signed)
        return significant(value, signed=self.signed)

    def value(self, value: float) -> str:
        """Return the value with its unit where the number alone does not say it."""
        bare = self.bare(value)
        return say("number.points", value=bare) if self.kind == "points" else bare

    def interval(self, low: float, high: float) -> str:
        """Return an interval in words: `9.8% to 14.7%`; `0.31 or more` where it has no upper end."""
        if high == OPEN_END:
            return say("number.open", low=self.value(low))
        return say("number.interval", low=self.bare(low), high=self.value(high))

    def bare_interval(self, low: float, high: float) -> str:
        """Return an interval without its unit, for columns whose heading names it."""
        if high == OPEN_END:
            return say("number.open", low=self.bare(low))
        return say("number.interval", low=self.bare(low), high=self.bare(high))

    def limit(self, limit: Limit) -> str:
        """Return a limit in words: `at most 5.0%`."""
        unsigned = replace(self, signed=False)
        if limit.low is None:
            return say("number.at_most", high=unsigned.value(limit.high or 0.0))
        if limit.high is None:
            return say("number.at_least", low=unsigned.value(limit.low))
        return say("number.between", low=self.bare(limit.low), high=self.value(limit.high))

    @property
    def heading(self) -> str:
        """The unit as a table's heading says it."""
        if self.kind == "points":
            return say("number.percentage_points")
        unit = told(self.unit).text
        return say("number.in_percent", unit=unit) if self.kind in ("share", "percent") else unit


def scale_of(metric: Metric) -> Scale:
    """Return how a metric's values are written, from its unit and from whether it is a difference."""
    words = {word.strip(",.;:()").lower() for word in metric.unit.split()}
    difference = (
        metric.better == "zero"
        or bool({metric.id.split("_")[0], metric.id.rsplit("_", 1)[-1]} & _DIFFERENCE_WORDS)
        or bool(words & (_DIFFERENCE_WORDS | {"points"}))
    )
    if words & {"%", "percent", "percentage"}:
        return Scale("percent", difference, metric.unit)
    if "auc" in words:
        return Scale("auc", difference, metric.unit)
    if words & _SHARE_WORDS:
        return Scale("points" if difference else "share", difference, metric.unit)
    return Scale("number", metric.better == "zero", metric.unit)


def decimal(value: float, *, places: int, signed: bool = False) -> str:
    """Return a number with so many decimals, thousands separated, and a true minus; a rounded zero has no sign."""
    text = f"{abs(value):,.{places}f}"
    if not text.strip("0.,"):
        return text
    if value < 0:
        return MINUS + text
    return f"+{text}" if signed else text


def significant(value: float, *, digits: int = 3, signed: bool = False) -> str:
    """Return a number with so many significant digits; very large and very small ones as a power of ten."""
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e6:
        return decimal(value, places=0, signed=signed)
    exponent = math.floor(math.log10(abs(value)))
    if not -5 < exponent < 6:
        mantissa, power = f"{value:{'+' if signed else '-'}.{digits - 1}e}".split("e")
        return f"{mantissa}×10^{int(power)}".replace("-", MINUS)
    return decimal(value, places=max(0, digits - 1 - exponent), signed=signed)


def brief(value: float) -> str:
    """Return a number with up to four significant digits and no idle zeros, for edges and places on an axis."""
    return f"{value:.4g}".replace("-", MINUS)


def chance(p: float) -> str:
    """Return a p-value as it is cited: `= 0.012`, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"


def percent(level: float) -> str:
    """Return a confidence level or error rate in percent without idle zeros: `95%`, `99.9%`."""
    return f"{100 * level:.10g}%"


def duration(seconds: float) -> str:
    """Return a time span in words."""
    if seconds < 60:
        return say("number.seconds", value=f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return say("number.hours", hours=hours, minutes=minutes)
    return say("number.minutes", minutes=minutes, seconds=rest)
