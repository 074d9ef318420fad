"""Attributions as a waterfall and as heat text: what each word adds, from the base to the output."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modelaudit.evidence import Attribution
from modelaudit.reports.axis import Axis, linear_axis
from modelaudit.reports.numbers import decimal, significant
from modelaudit.reports.text import plural, visible

MOST_BARS = 12
"""A waterfall shows so many words, the strongest; the rest are one bar together."""
HEATS = 3
"""Steps of heat on either side of zero."""
FAINT = 0.05
"""Words below this share of the strongest are left without heat."""


SURE = 1.96
"""Standard errors that a value has to lie away from 0 to be given heat."""


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: it begins where the one above ends. Positions are in percent of the strip.

    `held` tells that the label is a word of the audited text.
    """

    label: str
    held: bool
    words: str
    start: float
    width: float
    kind: str


@dataclass(frozen=True)
class Heat:
    """One word of the text with its step of heat: `up1` to `up3`, `down1` to `down3`, or `flat`."""

    word: str
    kind: str
    value: str


@dataclass(frozen=True)
class AttributionView:
    """An attribution as the report shows it; `heat` is empty where the text is not shown."""

    caption: str
    heat: tuple[Heat, ...]
    steps: tuple[Step, ...]
    zero: float


def attribution_view(item: Attribution) -> AttributionView:
    """Lay out an attribution: heat in reading order, bars by strength from base to output."""
    names = [visible(word, most=60) for word in item.words] if item.words is not None else _positions(item)
    order = sorted(range(len(item.values)), key=lambda place: (-abs(item.values[place]), place))
    left_over = item.output - item.base - sum(item.values)
    return AttributionView(
        caption=_caption(item, names, order),
        heat=_heat(item) if item.words is not None else (),
        steps=_steps(item, names, order, left_over),
        zero=_axis(item, order).percent(0.0),
    )


def _positions(item: Attribution) -> list[str]:
    return [f"word {place}" for place in range(1, len(item.values) + 1)]


def _heat(item: Attribution) -> tuple[Heat, ...]:
    most = max((abs(value) for value in item.values), default=0.0)
    cells = []
    errors = item.errors or (0.0,) * len(item.values)
    for word, value, error in zip(item.words or (), item.values, errors, strict=True):
        share = abs(value) / most if most else 0.0
        step = min(HEATS, 1 + int(share * HEATS))
        told = significant(value, signed=True) + (f" ± {significant(error, digits=2)}" if error else "")
        # A value whose interval holds 0 is not known to push either way.
        plain = share < FAINT or abs(value) <= SURE * error
        cells.append(Heat(visible(word, most=60), "flat" if plain else f"{direction(value)}{step}", told))
    return tuple(cells)


def _levels(item: Attribution, order: list[int]) -> list[float]:
    levels = [item.base]
    for place in order:
        levels.append(levels[-1] + item.values[place])
    return levels


def _axis(item: Attribution, order: list[int]) -> Axis:
    return linear_axis([0.0, item.output, *_levels(item, order)])


def _steps(item: Attribution, names: list[str], order: list[int], left_over: float) -> tuple[Step, ...]:
    axis, levels = _axis(item, order), _levels(item, order)
    most = max((abs(number) for number in (item.base, item.output, *item.values)), default=0.0)
    places = decimals(most)
    shown = order if len(order) <= MOST_BARS + 1 else order[:MOST_BARS]

    def bar(label: str, start: float, end: float, kind: str, *, held: bool = False, error: float | None = None) -> Step:
        left, right = sorted((axis.percent(start), axis.percent(end)))
        words = decimal(end - start, places=places, signed=kind != "total")
        told = words if error is None else f"{words} ± {decimal(error, places=places)}"
        return Step(label, held, told, left, round(right - left, 2), kind)

    rows = [bar("all words hidden (base)", 0.0, item.base, "total")]
    for rank, place in enumerate(shown):
        error = item.errors[place] if item.errors else None
        held = item.words is not None
        kind = direction(item.values[place])
        rows.append(bar(names[place], levels[rank], levels[rank + 1], kind, held=held, error=error))
    if len(shown) < len(order):
        label = f"{plural(len(order) - len(shown), 'other word')} together"
        start, end = levels[len(shown)], levels[-1]
        rows.append(bar(label, start, end, direction(end - start)))
    if abs(left_over) >= 0.5 * 10.0**-places:
        rows.append(bar("not accounted for", levels[-1], item.output, direction(left_over)))
    rows.append(bar("the text as it is (output)", 0.0, item.output, "total"))
    return tuple(rows)


def direction(value: float) -> str:
    """Return the kind of a bar: `up` or `down`."""
    return "up" if value >= 0 else "down"


def decimals(most: float) -> int:
    """Return how many decimals give the largest number three significant digits, at most six."""
    return min(6, max(0, 2 - math.floor(math.log10(most)))) if most > 0 else 0


def _caption(item: Attribution, names: list[str], order: list[int]) -> str:
    if not order:
        return "There are no words to explain."
    strongest = [f"{names[place]} ({significant(item.values[place], signed=True)})" for place in order[:3]]
    return f"Strongest in {item.unit}: {', '.join(strongest)}."
