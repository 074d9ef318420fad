"""Attributions as annotated text and as a waterfall: what each word adds, from the base to the output.

The annotated text is its own text equivalent: a list in reading order in which each word is followed by its value in
words, so nothing that colour or a line says is said by it alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice

from modelaudit.evidence import Attribution, Explained
from modelaudit.reports.axis import Axis, finite, linear_axis, short
from modelaudit.reports.drawing import INKS
from modelaudit.reports.numbers import decimal, significant
from modelaudit.reports.text import visible
from modelaudit.reports.words import say, told
from modelaudit.statistics import quantile

MOST_WORDS = 120
"""So many words of a text are annotated, from its start; the waterfall is over all of them."""
MOST_BARS = 6
"""A waterfall shows so many words, the strongest; the rest are one bar together."""
HEATS = 3
"""Steps of heat on either side of zero."""
FAINT = 0.05
"""Words below this share of the strongest are left without heat."""
FINER = 2
"""Words are written with so many decimals more than base and output at the most: what is smaller is of no account."""
STEADY = 0.5
"""Steadiness below which a word counts as dependent on its context."""
MOST_LABEL = 60
"""The longest word, or group of words, that is shown in full."""
HUGE = 1e9
"""Numbers from here on are written as powers of ten."""
LEVEL = 0.95
"""Level of the intervals of values."""


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: it begins where the one above ends.

    Attributes:
        words: what it adds, in words, with half the width of its 95% interval where there is one.
        start, width: the bar, in percent of the strip.
        whisker: start and width of the 95% interval of where the bar ends, likewise; None where it is too short to be
            seen.
        kind: `u` (pushes up), `d` (down) or `t` (a total).
    """

    label: str
    words: str
    start: float
    width: float
    whisker: tuple[float, float] | None
    kind: str

    @property
    def ink(self) -> str:
        """Its colour, for where the style sheet does not reach; none for a total, which is black there."""
        return {"u": INKS["up"], "d": INKS["down"]}.get(self.kind, "")


@dataclass(frozen=True)
class AnnotatedWord:
    """One word of the text and how it is marked.

    Attributes:
        marks: classes of the mark: a step of heat (`u1` to `u3` up, `d1` to `d3` down) and `v` where the effect varies
            with the context; empty for a plain word.
        told: the value, its interval and whether it varies, in words.
    """

    word: str
    marks: str
    told: str


@dataclass(frozen=True)
class AttributionView:
    """An attribution as the report shows it.

    Attributes:
        words: in reading order; numbered where the text is not shown.
        zero: where 0 lies, in percent of the strip.
        exact: whether no value has an error.
        varies: whether a word is marked as dependent on its context.
        left_out: how many words after the annotated ones only the JSON record holds.
    """

    caption: str
    words: tuple[AnnotatedWord, ...]
    steps: tuple[Step, ...]
    zero: float
    exact: bool
    varies: bool
    left_out: int


def attribution_view(item: Attribution) -> AttributionView:
    """Lay out an attribution: words in reading order, bars by strength from base to output."""
    names = _names(item)
    order = sorted(range(len(item.values)), key=lambda place: (-abs(item.values[place]), place))
    varying = _varying(item)
    return AttributionView(
        caption=_caption(item, names, order),
        words=_annotated(item, names, varying),
        steps=_steps(item, names, order),
        zero=_place(_axis(item, order), 0.0),
        exact=not any(half_widths(item)),
        varies=any(varying[:MOST_WORDS]),
        left_out=max(0, len(item.values) - MOST_WORDS),
    )


def half_widths(item: Attribution | Explained) -> tuple[float, ...]:
    """Return half the width of each value's 95% interval, by Student's t; 0 where the values are exact."""
    if item.errors is None:
        return (0.0,) * len(item.values)
    reach = quantile(LEVEL, df=item.degrees_of_freedom)
    return tuple(finite(reach * error) for error in item.errors)


def _names(item: Attribution) -> list[str]:
    if item.words is None:
        return [say("drawing.attribution.word", place=place) for place in range(1, len(item.values) + 1)]
    return [visible(word, most=MOST_LABEL) for word in item.words]


def _strongest(item: Attribution) -> float:
    return max((abs(value) for value in item.values), default=0.0)


def _least(item: Attribution) -> float:
    """Return the size from which on a word is marked: not faint, and not 0 as it is written."""
    return max(FAINT * _strongest(item), 0.5 * 10.0 ** -_places(item))


def _varying(item: Attribution) -> list[bool]:
    """Return which words depend on their context: not steady, and in some context strong enough to count."""
    if item.steadiness is None:
        return [False] * len(item.values)
    least = _least(item)
    # The root of value^2 / steadiness is the root mean square of what the word adds.
    return [
        share < STEADY and (share == 0.0 or abs(value) >= least * math.sqrt(share))
        for value, share in zip(item.values, item.steadiness, strict=True)
    ]


def _annotated(item: Attribution, names: list[str], varying: list[bool]) -> tuple[AnnotatedWord, ...]:
    most, least, places = _strongest(item), _least(item), _places(item)
    words = []
    marked = zip(names, item.values, half_widths(item), varying, strict=True)
    for name, value, half, varies in islice(marked, MOST_WORDS):
        step = min(HEATS, 1 + int(abs(value) / most * HEATS)) if most else 1
        # A value whose interval holds 0 is not known to push either way.
        plain = abs(value) < least or abs(value) <= half
        marks = ([] if plain else [f"{direction(value)}{step}"]) + ["v"] * varies
        words.append(AnnotatedWord(name, " ".join(marks), _told(value, half, places, varies)))
    return tuple(words)


def _told(value: float, half: float, places: int, varies: bool = False) -> str:
    words = _number(value, places, signed=True)
    words = f"{words} ± {_number(half, places)}" if half else words
    return say("drawing.attribution.varying", value=words) if varies else words


def _number(value: float, places: int, *, signed: bool = False) -> str:
    return decimal(value, places=places, signed=signed) if abs(value) < HUGE else significant(value, signed=signed)


def _levels(item: Attribution, order: list[int]) -> list[float]:
    levels = [item.base]
    for place in order:
        levels.append(finite(levels[-1] + item.values[place]))
    return levels


def _axis(item: Attribution, order: list[int]) -> Axis:
    levels, halves = _levels(item, order), half_widths(item)
    ends = [
        end
        for level, at in zip(levels[1:], order, strict=True)
        for end in (finite(level - halves[at]), finite(level + halves[at]))
    ]
    return linear_axis([0.0, item.output, *levels, *ends[: 2 * MOST_BARS]])


def _place(axis: Axis, value: float) -> float:
    """Return where a value falls, in percent; a tenth of a percent is less than a pixel."""
    return axis.percent(value)


def _stretch(axis: Axis, start: float, end: float) -> tuple[float, float]:
    left, right = sorted((_place(axis, start), _place(axis, end)))
    return left, short(right - left)


def _steps(item: Attribution, names: list[str], order: list[int]) -> tuple[Step, ...]:
    axis, levels, halves, places = _axis(item, order), _levels(item, order), half_widths(item), _places(item)
    shown = order if len(order) <= MOST_BARS + 1 else order[:MOST_BARS]

    def bar(label: str, start: float, end: float, kind: str, half: float = 0.0) -> Step:
        words = _number(end, places) if kind == "t" else _told(finite(end - start), half, places)
        left, width = _stretch(axis, finite(end - half), finite(end + half))
        whisker = (left, width) if width else None
        return Step(label, words, *_stretch(axis, start, end), whisker, kind)

    rows = [bar(say("drawing.attribution.base"), 0.0, item.base, "t")]
    for rank, place in enumerate(shown):
        kind = direction(item.values[place])
        rows.append(bar(names[place], levels[rank], levels[rank + 1], kind, halves[place]))
    if len(shown) < len(order):
        label = say("drawing.attribution.others", count=len(order) - len(shown))
        start, end = levels[len(shown)], levels[-1]
        rows.append(bar(label, start, end, direction(end - start)))
    left_over = item.output - levels[-1]
    if abs(left_over) >= 0.5 * 10.0**-places:
        rows.append(bar(say("drawing.attribution.rest"), levels[-1], item.output, direction(left_over)))
    rows.append(bar(say("drawing.attribution.output"), 0.0, item.output, "t"))
    return tuple(rows)


def direction(value: float) -> str:
    """Return which way a value pushes: `u` (up) or `d` (down)."""
    return "u" if value >= 0 else "d"


def _places(item: Attribution) -> int:
    whole = decimals(max(abs(item.base), abs(item.output)))
    return min(decimals(_strongest(item)), whole + FINER) if _strongest(item) else whole


def decimals(most: float) -> int:
    """Return how many decimals give the largest number three significant digits, or two where it is below 1.

    Six at the most.
    """
    if most <= 0:
        return 0
    digits = 3 if most >= 1 else 2
    return min(6, max(0, digits - 1 - math.floor(math.log10(most))))


def _caption(item: Attribution, names: list[str], order: list[int]) -> str:
    if not order:
        return say("drawing.attribution.empty")
    strongest = [f"{names[place]} ({significant(item.values[place], signed=True)})" for place in order[:3]]
    words = say("list.separator").join(strongest)
    return say("drawing.attribution.strongest", unit=visible(told(item.unit).text, most=MOST_LABEL), words=words)
