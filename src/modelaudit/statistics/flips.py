"""Excess flips: how much more often a decision changes across groups than between two names of one group.

The raw flip rate of a fair model is far from 0, for every name moves the decision a little. The same-group rate is the
control. In row i with decisions of group a and b, over pairs of different names,

    x_i = P(a differs from b) - (P(a differs from a') + P(b differs from b')) / 2

which is the squared distance between the two groups' decision rates and has mean 0 where names of both groups come
from one distribution.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .arrays import Codes, Vector, codes
from .confidence import Estimate
from .crossed import (
    METHOD,
    Units,
    crossed_estimate,
    crossed_influence,
    name_part,
    nothing_changed,
    row_means,
    unit_codes,
    unit_keys,
)

Labels = NDArray[Any]

FLIPPED = 0.5
"""The excess of a row in which the groups differ, on average; 1 where every name of a group gets one decision."""


def crossed_excess(
    decisions_a: Any,
    decisions_b: Any,
    rows_a: Any,
    rows_b: Any,
    names_a: Any,
    names_b: Any,
    *,
    units: Units | None = None,
) -> Estimate:
    """Return the excess flip rate of group b against group a, with rows and names as crossed samples.

    Each group has one entry an observation: the decision (any label), its row and its name, as in
    `crossed_difference`; a row holds a name once. Rows need two names of each group and are left out otherwise; `n`
    counts the rows compared, or their units (documents) where they are given. The excess has no direction: put
    `crossed_difference` of the favourable decision beside it. Chance puts it below 0 as well. Where no decision ever
    changes, `nothing_changed` bounds what was not seen. `p_above` holds its level throughout; the two-sided interval
    covers 91% to 99% in the project's study, least for a small excess.
    """
    sides = [
        (np.asarray(d), np.asarray(r), np.asarray(k))
        for d, r, k in ((decisions_a, rows_a, names_a), (decisions_b, rows_b, names_b))
    ]
    for decisions, rows, names in sides:
        codes(rows, "rows", length=len(decisions))
        codes(names, "names", length=len(decisions))
    usable = np.intersect1d(_held_twice(sides[0][1]), _held_twice(sides[1][1]))
    if len(usable) == 0:
        return Estimate(value=None, n=0, method=METHOD, reason="No row holds two names of each group.")
    (a, row_a, name_a), (b, row_b, name_b) = ([part[np.isin(side[1], usable)] for part in side] for side in sides)
    label, n_labels = codes(np.concatenate([a, b]), "decisions", length=len(a) + len(b))
    label_a, label_b = label[: len(a)], label[len(a) :]
    code_a, n_rows = codes(row_a, "rows_a", length=len(a))
    code_b, _ = codes(row_b, "rows_b", length=len(b))
    counts_a, counts_b = _label_counts(label_a, code_a, n_labels), _label_counts(label_b, code_b, n_labels)
    excess_a = _excess(label_a, code_a, counts_a, counts_b)
    excess_b = _excess(label_b, code_b, counts_b, counts_a)
    row_values = (row_means(excess_a, code_a, n_rows) + row_means(excess_b, code_b, n_rows)) / 2.0
    unit = unit_codes(row_a, units)
    if not excess_a.any() and not excess_b.any():
        return nothing_changed(int(unit.max()) + 1)
    value = float(row_values.mean())
    group_a, n_a = codes(name_a, "names_a", length=len(a))
    group_b, n_b = codes(name_b, "names_b", length=len(b))
    # Each name's share of the cross and of the control rate is its first-order influence on the row's value.
    parts = (
        name_part(excess_a, excess_a, code_a, unit, group_a, n_a),
        name_part(excess_b, excess_b, code_b, unit, group_b, n_b),
    )
    control = float(1.0 - (_agreement(label_a, code_a, counts_a) + _agreement(label_b, code_b, counts_b)) / 2.0)
    estimate = upper_end_widened(crossed_estimate(value, row_values, unit, parts))
    centred = (
        (excess_a - row_means(excess_a, code_a, n_rows).mean(), code_a, name_a),
        (excess_b - row_means(excess_b, code_b, n_rows).mean(), code_b, name_b),
    )
    influence = crossed_influence(row_values, unit, centred, unit_keys(row_a, units), reach=FLIPPED)
    curved = None if influence is None else replace(influence, curved=True)
    return with_detectable(replace(estimate, influence=curved), control, min(n_a, n_b))


def with_detectable(estimate: Estimate, control: float, names: int) -> Estimate:
    """Return the estimate with the excess that such a sample shows to be above 0 about four times in five.

    The variance grows with the excess x as A + B x, where A is the variance found. B is about `FLIPPED` over the rows,
    for the rows in which the groups differ, and 2 control / names for the chance offset of `names` names a group: half
    of the variance between names behind the flips within groups (`control`) moves a row's rate, margins being spread
    evenly.
    """
    if estimate.value is None or not estimate.bounds:
        return estimate
    a = ((estimate.value - estimate.interval(0.95)[0]) / float(ndtri(0.975))) ** 2
    b = FLIPPED / estimate.n + 2.0 * control / names
    seen = _root(0.0, a, b, float(ndtri(0.975)))
    return replace(estimate, smallest_detectable=min(1.0, _root(seen, a, b, float(ndtri(0.8)))))


def _root(start: float, a: float, b: float, z: float) -> float:
    """Return the x that lies z sqrt(a + b x) above the start."""
    half = start + z**2 * b / 2.0
    return half + math.sqrt(half**2 - start**2 + z**2 * a)


def upper_end_widened(estimate: Estimate) -> Estimate:
    """Return the estimate with upper ends that allow for the variance growing with the excess, as a square's does.

    The end u solves u - value = reach sqrt(u / m), with `reach` the symmetric one and m the value, or the reach at 95%
    where that is larger; so the ends of an excess of 0 stay as they are.
    """
    if estimate.value is None or not estimate.bounds:
        return estimate
    value = estimate.value
    start, least = max(value, 0.0), max(value, estimate.interval(0.95)[1] - value)
    bounds = []
    for level, low, high in estimate.bounds:
        root = (high - value) / math.sqrt(least) if least > 0.0 else 0.0
        bounds.append((level, low, max(high, (root + math.sqrt(root**2 + 4.0 * start)) ** 2 / 4.0)))
    return replace(estimate, bounds=tuple(bounds))


def _held_twice(rows: Labels) -> Labels:
    distinct, counts = np.unique(rows, return_counts=True)
    return distinct[counts >= 2]


def _label_counts(label: Codes, row: Codes, n_labels: int) -> Vector:
    """Return how often each row holds each decision, shape [rows, labels]."""
    n_rows = int(row.max()) + 1
    return np.bincount(row * n_labels + label, minlength=n_rows * n_labels).reshape(n_rows, n_labels).astype(np.float64)


def _agreement(label: Codes, row: Codes, own: Vector) -> float:
    """Return how often two names of one group get the same decision in a row, averaged over observations."""
    return float(((own[row, label] - 1.0) / (own.sum(axis=1)[row] - 1.0)).mean())


def _excess(label: Codes, row: Codes, own: Vector, other: Vector) -> Vector:
    """Return, for each observation, how much more often it differs from the other group's than from its own."""
    own_size, other_size = own.sum(axis=1)[row], other.sum(axis=1)[row]
    across = 1.0 - other[row, label] / other_size
    within = 1.0 - (own[row, label] - 1.0) / (own_size - 1.0)
    return np.asarray(across - within, dtype=np.float64)
