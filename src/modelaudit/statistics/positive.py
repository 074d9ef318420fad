"""An interval on the log scale for a positive quantity whose few large contributions decide it: losses, areas.

Of a model that is mostly right the mean loss is small, and a few wrong answers make most of it. The plain t interval
then ends below the truth too often (11% of samples with the area under a risk-coverage curve of .04 and 100 answers).
Three things mend that:

- the t interval is taken on the log scale, where the estimate is nearly symmetric;
- for large contributions that were seen, one and a half times the size of those that make up the spread are added to
  the standard error, as in `bounded_normal`;
- for those that were not seen, the interval reaches as far to either side as the rule of three there, where the
  largest size of each contribution is known.
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import Codes, Vector
from .bounded import ADDED_UNITS
from .confidence import Estimate, on_grid, quantile

FARTHEST = 40.0
"""Of the log scale; beyond e^40 either way an interval says no more."""


def positive_estimate(
    value: float, influence: Vector, code: Codes, groups: int, *, method: str, most: float, reach: Vector | None = None
) -> Estimate:
    """Return a value of 0 or more with its interval, as the module's text describes, clipped to 0 and `most`.

    Args:
        influence: what each answer adds to n times the error of `value`, with mean 0, [n].
        code: the row or document of each answer, 0 to `groups` - 1, [n].
        reach: the largest contribution that each answer could have made, [n]; None where that says nothing.
    """
    n = len(influence)
    if groups < 2:
        return Estimate(value=value, n=n, method=method, reason="One row or document shows no spread; two are needed.")
    sums = np.abs(np.bincount(code, weights=influence, minlength=groups))
    squares = float(sums @ sums)
    se = math.sqrt(groups / (groups - 1) * squares) / n
    seen = ADDED_UNITS * float(sums**2 @ sums) / squares / n if squares > 0.0 else 0.0
    unseen = 0.0
    if reach is not None and reach.any():
        together = np.bincount(code, weights=reach, minlength=groups)
        unseen = ADDED_UNITS * float(together @ together) / float(reach.sum()) / n

    def interval(level: float) -> tuple[float, float]:
        t = quantile(level, df=groups - 1)
        half = min(t * math.hypot(se, seen) / value, FARTHEST) if value > 0.0 else 0.0
        return min(value * math.exp(-half), value - t * unseen), max(value * math.exp(half), value + t * unseen)

    return Estimate(value=value, n=n, method=method, bounds=on_grid(interval, support=(0.0, most)))
