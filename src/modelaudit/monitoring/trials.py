"""Trials: each measure taken by itself, by a test that holds at any level (see `statistics.exact_two_sample`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from modelaudit.monitoring.alert_rule import AlertRule
from modelaudit.monitoring.measure import Kind, Scope, Trial
from modelaudit.monitoring.tally import NUMBERS, WRONG, median, size
from modelaudit.statistics import clopper_pearson_interval, newcombe_interval, trials
from modelaudit.statistics.exact_two_sample import class_p, class_tail, gap_detectable, largest_gap
from modelaudit.statistics.margins import rise_p
from modelaudit.statistics.mmd import mmd_test
from modelaudit.statistics.power import z_sum

Counts = Mapping[str, int]
Floats = NDArray[np.float64]

RARE = 0.05
"""A share counts as this one at least where it is asked what rows could show: a change takes it away from none."""
MOST_ROWS_ASKED = 10_000_000
MOST_DRAWS = 2_000_000
"""Permutations of one look; a threshold that they can't reach, after some hundred looks, leaves it inconclusive."""
KINDS: dict[str, Kind] = {
    "language": "input drift",
    "length": "input drift",
    "vocabulary": "input drift",
    "embedding": "input drift",
    "prediction": "prediction drift",
    "confidence": "confidence drift",
    "accuracy": "performance",
}
OUTCOMES = ("prediction", "confidence", "accuracy")
"""Measures of what the model makes of the rows; the others are of the rows alone."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a look asks of each of its measures.

    Attributes:
        threshold: the p that a measure needs by itself. change: the change that it should be able to show.
    """

    threshold: float
    change: float


def feature_trial(name: str, scope: Scope, before: Counts, after: Counts, asking: Asking) -> Trial:
    """Compare one feature's tallies; both have rows."""
    if name == "accuracy":
        return _accuracy(scope, before, after, asking)
    return (_number if name in NUMBERS else _classes)(name, scope, before, after, asking)


def rule_trial(rule: AlertRule, scope: Scope, before: Counts, after: Counts, asking: Asking) -> Trial:
    """Test whether an alert rule is met."""
    n, m = size(before), size(after)
    first, hits = before.get(rule.label, 0), after.get(rule.label, 0)
    # A share that falls is that of all other labels rising.
    swapped, margin = ((n - first, n), (m - hits, m)), rule.share
    if rule.kind == "above":
        p, method = float(binom.sf(hits - 1, m, rule.share)), "exact binomial"
    elif rule.kind == "below":
        p, method = float(binom.cdf(hits, m, rule.share)), "exact binomial"
    elif rule.kind == "risen":
        p, method = rise_p((first, n), (hits, m), margin), "exact unconditional, ordered by Newcombe"
    else:
        p, method = rise_p(*swapped, margin), "exact unconditional, ordered by Newcombe"
    against_baseline = rule.kind in {"risen", "fallen"}
    interval = _difference((first, n), (hits, m)) if against_baseline else clopper_pearson_interval(hits, m)
    share = first / n if against_baseline else rule.share

    def detectable(rows: float) -> float:
        edge = min(max(share, RARE), 1.0 - RARE)
        return _share_detectable(edge, n if against_baseline else math.inf, rows, 2.0 * asking.threshold)

    return Trial(
        name=f"alert: {rule.name}",
        kind="alert rule",
        scope=scope,
        rows=m,
        reference_rows=n if against_baseline else 0,
        unit="change of a share" if against_baseline else "share",
        p=min(1.0, p),
        value=hits / m - first / n if against_baseline else hits / m,
        interval=interval,
        before=first / n,
        after=hits / m,
        which=rule.label,
        method=method,
        **_reach(detectable, m, asking),
    )


def embedding_trial(before: Floats, after: Floats, asking: Asking, rng: np.random.Generator) -> Trial:
    """Compare two samples of embeddings (n, H) and (m, H) by the maximum mean discrepancy."""
    most = min(MOST_DRAWS, max(2_000, math.ceil(1.5 / asking.threshold)))
    found = mmd_test(before, after, rng=rng, most=most)
    return Trial(
        name="embedding",
        kind=KINDS["embedding"],
        scope="window",
        rows=len(after),
        reference_rows=len(before),
        unit="squared maximum mean discrepancy",
        p=found.test.p,
        value=found.value,
        before=found.test.band,
        least_p=1.0 / (1.0 + most),
        method=f"MMD, {found.test.draws} permutations; before: what 95% of them stay below",
    )


def _accuracy(scope: Scope, before: Counts, after: Counts, asking: Asking) -> Trial:
    """Test whether the share of wrong answers has risen."""
    n, m = size(before), size(after)
    wrong, now = before.get(WRONG, 0), after.get(WRONG, 0)
    p = float(class_tail([n - wrong, wrong], [m - now, now], above=True)[1])
    low, high = _difference((wrong, n), (now, m))
    share = min(max(wrong / n, RARE), 1.0 - RARE)
    return Trial(
        name="accuracy",
        kind=KINDS["accuracy"],
        scope=scope,
        rows=m,
        reference_rows=n,
        unit="change of the share of right answers",
        p=p,
        value=wrong / n - now / m,
        interval=(-high, -low),
        before=1.0 - wrong / n,
        after=1.0 - now / m,
        method="Fisher's exact test, one-sided",
        **_reach(lambda rows: _share_detectable(share, n, rows, 2.0 * asking.threshold), m, asking),
    )


def _classes(name: str, scope: Scope, before: Counts, after: Counts, asking: Asking) -> Trial:
    """Test whether the share of any class has changed, and name the class that has changed most clearly."""
    names = sorted({*before, *after})
    first, second = ([side.get(each, 0) for each in names] for side in (before, after))
    n, m = size(before), size(after)
    alone = class_p(first, second)
    shift = np.array(second) / m - np.array(first) / n
    place = min(range(len(names)), key=lambda at: (alone[at], -abs(shift[at]), names[at]))
    # Of two classes one changes by as much as the other: that is one test.
    tests = max(1, len(names) - 1) if len(names) < 3 else len(names)
    share = min(max((first[place] + second[place]) / (n + m), RARE), 1.0 - RARE)
    return Trial(
        name=name,
        kind=KINDS[name],
        scope=scope,
        rows=m,
        reference_rows=n,
        unit="change of a share",
        p=min(1.0, tests * float(alone[place])),
        value=float(shift[place]),
        interval=_difference((first[place], n), (second[place], m)),
        before=first[place] / n,
        after=second[place] / m,
        which=names[place],
        method=f"Fisher's exact test of {len(names)} classes, times {tests}",
        **_reach(lambda rows: _share_detectable(share, n, rows, asking.threshold / tests), m, asking),
    )


def _number(name: str, scope: Scope, before: Counts, after: Counts, asking: Asking) -> Trial:
    """Test whether the distribution of a number has changed."""
    bins = sorted({*before, *after}, key=int)
    n, m = size(before), size(after)
    gap = largest_gap([before.get(each, 0) for each in bins], [after.get(each, 0) for each in bins])
    return Trial(
        name=name,
        kind=KINDS[name],
        scope=scope,
        rows=m,
        reference_rows=n,
        unit="largest gap of the distribution functions; before and after: medians",
        p=gap.p,
        value=gap.value,
        before=median(name, before),
        after=median(name, after),
        method="Kolmogorov-Smirnov, exact with ties",
        **_reach(lambda rows: gap_detectable(n, round(rows), alpha=asking.threshold), m, asking),
    )


def _difference(before: tuple[int, int], after: tuple[int, int]) -> tuple[float, float]:
    """Return Newcombe's 95% interval of the share after less the share before."""
    sides = [trials(np.arange(rows) < hits) for hits, rows in (after, before)]
    return newcombe_interval(sides[0], sides[1])


def _share_detectable(share: float, n: float, m: float, alpha: float) -> float:
    """Return about the change of a share that n and m rows show with power 80%, two-sided at `alpha`."""
    return min(1.0, z_sum(alpha=min(alpha, 0.5)) * math.sqrt(share * (1.0 - share) * (1.0 / n + 1.0 / m)))


def _reach(detectable: Callable[[float], float], m: int, asking: Asking) -> dict[str, Any]:
    """Return what m rows could have shown, and how many rows it takes to show the change that was asked for."""
    found: dict[str, Any] = {"smallest_detectable": detectable(m)}
    if detectable(MOST_ROWS_ASKED) > asking.change:
        return found
    few, enough = 1, MOST_ROWS_ASKED
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (middle, enough) if detectable(middle) > asking.change else (few, middle)
    return {**found, "rows_needed": enough}
