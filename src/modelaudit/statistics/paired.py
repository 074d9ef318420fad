"""The same rows judged twice: before and after a change, or under two models."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import bdtr, ndtri

from .arrays import check_counts, check_level, codes, vector
from .bounded import bounded_normal, reaches
from .confidence import Estimate, normal, on_grid
from .influence import mean_influence
from .power import detectable_mean, detectable_proportion_difference

PAIRED = "tango-score"
"""Method of a difference of paired proportions."""

Alternative = Literal["two-sided", "lost", "gained"]


def mcnemar_p(gained: int, lost: int, *, alternative: Alternative = "two-sided", mid_p: bool = False) -> float:
    """Return McNemar's exact p-value: under the null each row that changed was as likely gained as lost.

    `alternative` names what was expected to be the larger ("lost": more rows were lost than gained). `mid_p` counts
    the observed table half (Fagerland et al. 2013): less conservative, and no longer exact.

    Raises:
        ValueError: `alternative` is none of the three.
    """
    if alternative not in ("two-sided", "lost", "gained"):
        raise ValueError(f"The alternative is two-sided, lost or gained, not {alternative!r}.")
    changed = gained + lost
    check_counts(gained, changed)
    if changed == 0:
        return 1.0
    few = {"two-sided": min(gained, lost), "lost": gained, "gained": lost}[alternative]
    tail = float(bdtr(few, changed, 0.5))
    if mid_p:
        below = float(bdtr(few - 1, changed, 0.5)) if few else 0.0
        tail = (tail + below) / 2.0
    return min(1.0, 2.0 * tail) if alternative == "two-sided" else tail


def paired_difference(lost: int, gained: int, n: int) -> Estimate:
    """Return (lost - gained) / n, the net share of rows lost, with Tango's score interval (1998).

    `lost` of n rows had the outcome only before, `gained` only after. The score interval holds its level with few
    discordant rows, where the bootstrap and Wald's interval fall to a third of it. The smallest detectable effect
    takes the rows that differ both ways alike, twice the fewer of the two, for its background.
    """
    check_counts(lost + gained, n)
    check_counts(lost, n)
    method = PAIRED
    if n == 0:
        return Estimate(value=None, n=0, method=method, reason="There are no paired rows: n is 0.")
    bounds = on_grid(lambda level: tango_interval(lost, gained, n, level), support=(-1.0, 1.0))
    smallest = detectable_proportion_difference(n, 2 * min(lost, gained) / n)
    return Estimate(value=(lost - gained) / n, n=n, method=method, bounds=bounds, smallest_detectable=smallest)


def relative_loss(lost: int, gained: int, right: int, n: int) -> Estimate:
    """Return 1 - a1 / a0, the share of the right answers that is lost in net, with a log-ratio interval.

    Of `n` rows `right` were right before; `lost` of these no longer are, and `gained` others have become so. The
    standard error of log(a1 / a0) is sqrt((lost + gained) / (right before x right after)), with one discordant row at
    the least (Nam and Blackwelder 2002, Statistics in Medicine 21:689): a percentile bootstrap covers a third of what
    it says where few rows are discordant.
    """
    check_counts(lost + gained, n)
    check_counts(lost, right)
    check_counts(gained, n - right)
    method, after = "log-ratio", right - lost + gained
    if right == 0:
        return Estimate(value=None, n=n, method=method, reason="No answer was right before, so none could be lost.")
    if after == 0:
        return Estimate(value=1.0, n=n, method=method, reason="No answer is right any more: a ratio of 0 has no log.")
    ratio, se = after / right, math.sqrt(max(lost + gained, 1) / (right * after))

    def interval(level: float) -> tuple[float, float]:
        half = float(ndtri((1.0 + level) / 2.0)) * se
        return 1.0 - ratio * math.exp(half), 1.0 - ratio * math.exp(-half)

    return Estimate(value=1.0 - ratio, n=n, method=method, bounds=on_grid(interval, support=(-math.inf, 1.0)))


def tango_interval(lost: int, gained: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the differences that the score test would not reject (Tango 1998, Statistics in Medicine 17:891)."""
    check_level(level)
    check_counts(lost + gained, n)
    z = float(ndtri((1.0 + level) / 2.0))
    observed = (lost - gained) / n

    def score(difference: float) -> float:
        # The root of the constrained likelihood equation for P(gained), given P(lost) - P(gained) = difference.
        b = (2.0 * n - lost + gained) * difference - lost - gained
        c = -gained * difference * (1.0 - difference)
        rate = (math.sqrt(max(b * b - 8.0 * n * c, 0.0)) - b) / (4.0 * n)
        variance = n * (2.0 * rate + difference * (1.0 - difference))
        return (lost - gained - n * difference) / math.sqrt(max(variance, 1e-300))

    low = -1.0 if observed == -1.0 else float(brentq(lambda d: score(d) - z, -1.0, observed, xtol=1e-12))
    high = 1.0 if observed == 1.0 else float(brentq(lambda d: score(d) + z, observed, 1.0, xtol=1e-12))
    return low, high


def mean_difference(d: ArrayLike, *, clusters: Any | None = None, reach: ArrayLike | None = None) -> Estimate:
    """Return the mean of paired differences with a t interval.

    `d` has one difference a row (shape [n]). With `clusters` (one label a row: the document, the source item) the
    standard error is cluster-robust (CR1) with clusters - 1 degrees of freedom, and `n` still counts rows. With `reach`
    (the largest difference possible, of all rows or of each: 1 for probabilities) the interval allows for large
    differences too rare to be seen, as in `bounded_normal`; ValueError where a difference is beyond it. Without it,
    differences that are all equal give a degenerate interval; for 0/1 outcomes use `paired_difference`, which has no
    such edge.
    """
    values = vector(d, "d")
    n = len(values)
    method = "paired-t" if clusters is None else "cluster-robust-t"
    if n == 0:
        return Estimate(value=None, n=0, method=method, reason="There are no paired rows: n is 0.")
    value = float(values.mean())
    code, groups = (np.arange(n), n) if clusters is None else codes(clusters, "clusters", length=n)
    if groups < 2:
        unit = "row" if clusters is None else "cluster"
        return Estimate(value=value, n=n, method=method, reason=f"One {unit} shows no spread; two are the least.")
    sums = np.bincount(code, weights=values - value, minlength=groups)
    se = math.sqrt(groups / (groups - 1) * float(sums @ sums)) / n
    if np.all(values == values[0]):
        se = 0.0
    influence = mean_influence(values, code, reach=reach)
    if reach is None:
        smallest = detectable_mean(se, df=groups - 1)
        return normal(value, se, n=n, method=method, df=groups - 1, smallest_detectable=smallest, influence=influence)
    found = bounded_normal(values, se, reaches(values, "d", reach), code, n=n, method=method, df=groups - 1)
    return replace(found, influence=influence)
