"""Axes: a stretch of numbers, its round ticks, and where a value falls on it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 0.05
"""Share of the span that is left free at either end."""
LEAST_SPAN = 1e-12
"""A span below this share of the numbers themselves is rounding, and the numbers count as one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers from `low` to `high`, linear or logarithmic, with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value falls, 0 at the low end and 1 at the high end; values outside fall on the ends."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        # Halves, since the span of the largest numbers is not a number.
        return (at / 2 - low / 2) / (high / 2 - low / 2)

    def percent(self, value: float) -> float:
        """Return where a value falls in percent of the axis, to one decimal: less than a pixel of a strip."""
        return short(100 * self.share(value))


def short(value: float) -> float:
    """Return a length to one decimal, whole ones as an integer, which is written without a decimal."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def linear_axis(values: Sequence[float], *, most_ticks: int = 6, tight: bool = False) -> Axis:
    """Return a linear axis that holds all values; `tight` ends it at the outermost of them."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    half = high / 2 - low / 2
    if half <= LEAST_SPAN / 2 * max(abs(low), abs(high), 1.0):
        low, high = _around(low, high)
    elif not tight:
        low, high = _padded(low, high, 2 * MARGIN * half)
    half = high / 2 - low / 2
    step = _round_step(2 * (half / most_ticks))
    if math.isinf(step):
        return Axis(low, high, (low, 0.0, high))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = (round(count * step, places) for count in range(first, last + 1))
    return Axis(low, high, tuple(tick for tick in ticks if low <= tick <= high))


def _around(low: float, high: float) -> tuple[float, float]:
    """Return a stretch around numbers that are nearly one, wide enough to be told apart."""
    size = max(abs(low), abs(high))
    return _padded(low, high, size / 10 if size > 1e-300 else 1.0)


def _padded(low: float, high: float, pad: float) -> tuple[float, float]:
    return finite(low - pad), finite(high + pad)


def finite(value: float) -> float:
    """Return a number that a float can hold: what is beyond the largest is the largest."""
    return min(max(value, -sys.float_info.max), sys.float_info.max)


def log_axis(values: Sequence[float]) -> Axis:
    """Return a logarithmic axis over the positive values, with a tick at each power of ten."""
    positive = [value for value in values if value > 1e-300]
    low, high = min(positive, default=0.1), max(positive, default=1.0)
    if high / 10 < low:
        low = high / 10
    exponents = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    step = max(1, math.ceil(len(exponents) / 6))
    return Axis(low, high, tuple(10.0**exponent for exponent in exponents[::step]), log=True)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2 or 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
