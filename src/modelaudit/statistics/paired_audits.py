"""The difference of one number in two audits of the same units, from what each unit adds to the error of either.

With psi_i and phi_i the influences of unit i in the first and the second audit, the error of the difference is about
sum_i (phi_i - psi_i): units / (units - 1) times the sum of its squares is the variance (a sandwich), whatever the two
audits share. A unit that one audit left out counts as 0 there. Where names are a sample beside the units, what they add
is taken from the same differences, summed by name less summed by observation (two-way clusters: Cameron, Gelbach and
Miller 2011, Journal of Business & Economic Statistics 29:238).

Differences that are rare are allowed for as `bounded` does: by 1.5 units of those seen, and by the rule of three for
those not seen.

A distance from 0 bends where the number behind it changes its sign. Of normal errors with correlation r, those of two
distances have about r E[sign of the one] E[sign of the other] (Stein's lemma): r where both numbers are far from 0 on
one side, -r where on two, and 0 where the sign of either is a matter of chance. With it the arms of the two folded
intervals are added as Zou and Donner (2008) do for estimates that are correlated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from .arrays import Codes
from .bounded import ADDED_UNITS, DIFFERING
from .confidence import LEVELS, Estimate, on_grid, quantile
from .influence import Influence
from .largest import size_of
from .power import z_sum

PAIRED_BY_UNIT = "paired by unit: sandwich of the differences of influences"
"""Method of a difference of two audits whose units are known."""
LEAST_PAIRED = 20
"""Units of both audits below which nothing is paired: so few hardly show their spread."""


def paired_audits(before: Estimate, after: Estimate, *, sizes: bool = False) -> Estimate | None:
    """Return after less before, of distances from 0 where `sizes` is set; None where the two can't be paired.

    They can where both have an interval and influences with keys, of the same choice, `LEAST_PAIRED` units in common,
    and anything that varies: of two numbers at their boundary nothing is known but their own intervals. `n` counts the
    units in common.
    """
    one, other = before.influence, after.influence
    if before.value is None or after.value is None or one is None or other is None:
        return None
    levels = {tuple(level for level, _, _ in each.bounds) for each in (before, after)}
    if levels != {LEVELS} or one.keys is None or other.keys is None:
        return None
    common = len(set(one.keys) & set(other.keys))
    if one.choice != other.choice or common < LEAST_PAIRED or not (one.values.any() or other.values.any()):
        return None
    signs = [math.copysign(1.0, value) if sizes else 1.0 for value in (before.value, after.value)]
    one, other = one.times(signs[0], folded=one.folded), other.times(signs[1], folded=other.folded)
    apart = _Form.of(one.times(-1.0), other)
    if not apart.spreads:
        return None
    alone = _Form.of(one), _Form.of(other)
    if sizes or one.folded:
        arms = _of_distances(size_of(before), size_of(after), alone, apart)
    elif one.curved:
        arms = _correlated(before, after, apart, _correlation(alone, apart))
    else:
        arms = _symmetric(apart)
    value = signs[1] * after.value - signs[0] * before.value
    gaps = one.gap, other.gap

    def interval(level: float) -> tuple[float, float]:
        down, up = arms(level)
        return value - down - gaps[0], value + up + gaps[1]

    reached = max(arms(0.95)) + max(gaps)
    return Estimate(
        value=value,
        n=common,
        method=PAIRED_BY_UNIT,
        bounds=on_grid(interval),
        smallest_detectable=reached + apart.to_power(reached),
    )


Arms = Callable[[float], tuple[float, float]]
"""How far an interval reaches down and up, by its level."""


def _symmetric(apart: _Form) -> Arms:
    return lambda level: (apart.half(level), apart.half(level))


def _of_distances(before: Estimate, after: Estimate, alone: tuple[_Form, _Form], apart: _Form) -> Arms:
    """Return the arms of a difference of two distances from 0, from their folded intervals."""
    first, second = before.value or 0.0, after.value or 0.0
    settled = [
        float(erf(value / (form.se * math.sqrt(2.0)))) if form.se > 0.0 else 1.0
        for value, form in zip((first, second), alone, strict=True)
    ]
    plain = _correlated(before, after, apart, _correlation(alone, apart) * settled[0] * settled[1])

    def arms(level: float) -> tuple[float, float]:
        (low, high), (low_after, high_after) = before.interval(level), after.interval(level)
        down, up = plain(level)
        # Noise alone keeps a distance of 0 above it. Beside one that is clear, the ends reach to where it is 0.
        if low_after == 0.0 < low:
            down = max(down, second + high - first)
        if low == 0.0 < low_after:
            up = max(up, first + high_after - second)
        return down, up

    return arms


def _correlated(before: Estimate, after: Estimate, apart: _Form, correlation: float) -> Arms:
    """Return the arms of a difference from those of two intervals whose errors are correlated."""
    first, second = before.value or 0.0, after.value or 0.0

    def arm(one: float, other: float, level: float) -> float:
        one, other = max(one, 0.0), max(other, 0.0)
        square = one**2 + other**2 - 2.0 * correlation * one * other
        return apart.allowed(math.sqrt(max(square, 0.0)), level)

    def arms(level: float) -> tuple[float, float]:
        (low, high), (low_after, high_after) = before.interval(level), after.interval(level)
        return arm(second - low_after, high - first, level), arm(high_after - second, first - low, level)

    return arms


def _correlation(alone: tuple[_Form, _Form], apart: _Form) -> float:
    """Return the correlation of two errors, from their variances and that of their difference; 0 where one has none."""
    one, other = (form.se for form in alone)
    if one == 0.0 or other == 0.0:
        return 0.0
    return min(max((one**2 + other**2 - apart.se**2) / (2.0 * one * other), -1.0), 1.0)


@dataclass(frozen=True, slots=True)
class _Form:
    """The error of a sum of two estimates: its standard error, degrees of freedom, units, and one unit's allowances."""

    se: float
    df: float
    units: int
    seen: float
    unseen: float

    @classmethod
    def of(cls, *influences: Influence) -> _Form:
        """Add influences unit by unit; the sign is in their values."""
        codes, units = _codes([each.keys or () for each in influences])
        sums = np.bincount(np.concatenate(codes), weights=np.concatenate([each.values for each in influences]))
        squares, design = float(sums @ sums), max(each.design for each in influences)
        variance = units / (units - 1) * squares * design
        spread = variance**2 / (units - 1)
        added, gross, names = _names(influences, codes)
        if names > 1:
            variance += added
            spread += gross**2 / (names - 1)
        # Where likeness makes the variance d times as large, there are about d times fewer independent units.
        df = variance**2 / spread / design if spread > 0.0 else units - 1.0
        apart = np.abs(sums)
        seen = ADDED_UNITS * float(apart**2 @ apart) / squares if squares > 0.0 else 0.0
        return cls(math.sqrt(variance), max(1.0, df), units, seen, ADDED_UNITS * max(each.reach for each in influences))

    @property
    def spreads(self) -> bool:
        """Whether there is anything that an interval could be made of."""
        return self.se > 0.0 or self.unseen > 0.0

    def half(self, level: float) -> float:
        """Return how far the interval reaches to either side."""
        return self.allowed(quantile(level, df=self.df) * self.se, level)

    def allowed(self, reach: float, level: float) -> float:
        """Return a half width with the allowances for rare differences."""
        t = quantile(level, df=self.units - 1)
        return max(math.hypot(reach, t * self.seen), t * self.unseen)

    def to_power(self, reached: float) -> float:
        """Return what must be added to the half width for a change to be found in 80% of such pairs of audits.

        A change that units share brings a spread of its own, which counts where little was seen.
        """
        return (z_sum() - z_sum(power=0.5)) * math.hypot(self.se, DIFFERING * reached / math.sqrt(self.units))


def _names(influences: Sequence[Influence], units: Sequence[Codes]) -> tuple[float, float, int]:
    """Return what names add to the variance, their sums' squares, and how many they are."""
    parts = [(each.crossed, code) for each, code in zip(influences, units, strict=True) if each.crossed is not None]
    if not parts:
        return 0.0, 0.0, 0
    names, many = _codes([crossed.names for crossed, _ in parts])
    values = np.concatenate([crossed.values for crossed, _ in parts])
    name = np.concatenate(names)
    cell = np.concatenate([code[crossed.unit] for crossed, code in parts]) * many + name
    by_name = np.bincount(name, weights=values, minlength=many)
    by_cell = np.bincount(np.unique(cell, return_inverse=True)[1].reshape(-1), weights=values)
    gross = float(by_name @ by_name)
    return max(0.0, gross - float(by_cell @ by_cell)), gross, many


def _codes(labels: Sequence[Sequence[Hashable]]) -> tuple[list[Codes], int]:
    """Return labels of several lists as numbers that they share, and how many labels there are."""
    known: dict[Hashable, int] = {}
    found = [np.array([known.setdefault(label, len(known)) for label in each], dtype=np.intp) for each in labels]
    return found, len(known)
