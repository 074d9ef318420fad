"""Means of quantities that cannot pass a bound: an interval that allows for large values too rare to be in the sample.

The t interval takes its width from the sample's spread alone. Where 3% of rows change by .9 and 30 are drawn, four
samples in ten hold no such row, and the interval shuts around 0; where one or two are drawn it is still too short, for
a count so small is skewed. Two allowances mend that, both of one and a half units:

- for large values that were seen, the size of those that make up the spread, sum |d|^3 / sum d^2 over the deviations d
  of units, is added to the standard error. For a count it is the term z^2 / 4 of the score interval (Wilson 1927); for
  ordinary noise it is nothing beside the standard error.
- for those that were not seen, the interval reaches 3 / units of the largest value possible to either side at the
  least, at 95%: the rule of three (Hanley and Lippman-Hand 1983, JAMA 249:1743).

So the interval is the t interval where that is longer than the rule of three, and covers more than it says where the
rule decides, at a standard error below 1.4 / units of the reach. There it is the price of not knowing: no shorter
interval covers both a sample without rare changes and a sample that missed them. Exact coverage of rare changes of .5
to 1 in 20 to 4,000 units is 93.2% at the least, where the t interval's falls to 2%.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from .arrays import Codes, Vector
from .confidence import Estimate, on_grid

ADDED_UNITS = 1.5
DIFFERING = 0.5
"""Standard deviation of an effect between units as a share of its mean: that of a shift of log-odds with an SD of 2."""


def bounded_normal(
    values: Vector, se: float, reach: Vector, unit: Codes, *, n: int, method: str, df: float
) -> Estimate:
    """Return mean +- max(hypot(t se, t' 1.5 s), t' 1.5 u), clipped to what the mean can be.

    `values` are averaged, `reach` has the largest size possible of each and `unit` its unit (shapes [rows]); `se` is
    the standard error of the mean, from whatever is sampled beside the units as well. s and u are what one unit adds
    to the mean: the size of those seen to stand out, and of the largest possible (each unit drawn in proportion to its
    reach, as in Kish's effective number; reach / units where all are alike). t has `df` degrees of freedom, t' units
    less 1. The smallest detectable effect is one that units share, not a rare large one; it brings a spread of its own
    (`DIFFERING`), which counts where little was seen.
    """
    value, most = float(values.mean()), float(reach.mean())
    sums = np.bincount(unit, weights=reach)
    unseen = ADDED_UNITS * float(sums @ sums) / float(reach.sum()) / len(reach)
    apart = np.abs(np.bincount(unit, weights=values - value))
    spread = float(apart @ apart)
    seen = ADDED_UNITS * float(apart**2 @ apart) / spread / len(reach) if spread > 0.0 else 0.0

    def half(level: float) -> float:
        tail = (1.0 + level) / 2.0
        t, t_units = float(stdtrit(df, tail)), float(stdtrit(len(sums) - 1, tail))
        return max(math.hypot(t * se, t_units * seen), t_units * unseen)

    reached = half(0.95)
    differing = math.hypot(se, DIFFERING * reached / math.sqrt(len(sums)))
    smallest = min(most, reached + float(stdtrit(df, 0.8)) * differing)
    bounds = on_grid(lambda level: (value - half(level), value + half(level)), support=(-most, most))
    return Estimate(value=value, n=n, method=f"{method}-bounded", bounds=bounds, smallest_detectable=smallest)


def reaches(values: Vector, name: str, reach: ArrayLike) -> Vector:
    """Return the reach of each value; ValueError where one is not positive, or a value is beyond its own."""
    found = np.broadcast_to(np.asarray(reach, dtype=np.float64), values.shape)
    if not np.isfinite(found).all() or not (found > 0.0).all():
        raise ValueError(f"The reach of {name} is the largest size possible, so it is positive and finite.")
    beyond = np.abs(values) > found * (1.0 + 1e-9)
    if beyond.any():
        raise ValueError(f"{name} holds {values[beyond][0]}, which is beyond its reach of {found[beyond][0]}.")
    return found
