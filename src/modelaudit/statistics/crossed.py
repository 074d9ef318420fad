"""Means over rows crossed with a sample of names.

A score of row i with name k of group g is modelled as mu_i + delta_g + u_ig + b_k + e: rows are crossed with groups,
names are nested in them, and both are samples. Tests that average the names first, or resample rows only, take chance
offsets of the names for an effect of the group in most audits of a fair model. Here the variance of the mean is

    V = V_rows + sum_g s_g^2 c_g

where V_rows is the variance of the row values (it holds rows, slopes, noise, and names as if each row drew afresh),
s_g^2 is the variance of names within a group, and c_g is what the recurrence of names across rows adds. The name
variance is estimated inside rows, where mu and u cancel, by two quadratic forms with exact expectations under any
incomplete design (Henderson's method 3 for the intra-block analysis), so V is unbiased under the model.
Degrees of freedom are Satterthwaite's (1946).

Where rows belong to documents (`units`: the unit of each row label), rows still count equally, and V_rows is the
cluster-robust variance over documents (CR1); the names in it then count as if each document drew afresh.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Codes, Vector, codes, vector
from .bounded import bounded_normal, reaches
from .confidence import Estimate, normal, on_grid
from .influence import MOST_UNITS, Crossed, Influence, mean_influence
from .power import detectable_mean
from .proportions import clopper_pearson_interval

METHOD = "crossed-rows-names"
SHOWN = 5.5
"""Changed rows to be expected for four to be found in 80% of samples: the fewest whose t interval is above 0."""


Units = Mapping[Any, Any]


@dataclass(frozen=True)
class NamePart:
    """What a group's names add to the variance of a mean: the addition, the whole name term, and how many they are."""

    added: float
    gross: float
    names: int


def crossed_mean(values: ArrayLike, rows: Any, names: Any, *, units: Units | None = None) -> Estimate:
    """Return the mean of values of rows crossed with names, each row counting equally.

    `values`, `rows` and `names` have one entry an observation (shape [n]); the design may be incomplete. `n` of the
    estimate counts rows, or units where they are given. With fewer than two of them or two names there is a value and
    no interval.
    """
    scores = vector(values, "values")
    if len(scores) == 0:
        return Estimate(value=None, n=0, method=METHOD, reason="There are no observations.")
    row, n_rows = codes(rows, "rows", length=len(scores))
    name, n_names = codes(names, "names", length=len(scores))
    unit = unit_codes(rows, units)
    means = row_means(scores, row, n_rows)
    value = float(means.mean())
    part = name_part(scores, scores - value, row, unit, name, n_names)
    return crossed_estimate(value, means, unit, (part,))


def crossed_difference(
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    rows_a: Any,
    rows_b: Any,
    names_a: Any,
    names_b: Any,
    *,
    units: Units | None = None,
    reach: float | None = None,
) -> Estimate:
    """Return delta: the mean score under names of group b minus that under names of group a, in the scores' unit.

    Each group has one entry an observation (shapes [n_a] and [n_b]): its score, its row and its name; the same row
    labels stand on both sides, and names belong to one group each. Rows seen under one group only are left out, and
    `n` counts the rows compared, or the units where they are given. Names are a sample: with one name a group there is
    a value and no interval. Scores that are all 0 or 1 are decisions: where no row's rate differs, `nothing_changed`
    bounds what was not seen. With `reach` (the largest difference possible: 1 for probabilities) the interval allows
    for rows with a large difference that are too rare to be seen, as in `bounded_normal`, though not for names;
    without it scores that never differ give a degenerate interval at 0.
    """
    a, b = vector(scores_a, "scores_a"), vector(scores_b, "scores_b")
    labels_a, labels_b = np.asarray(rows_a), np.asarray(rows_b)
    codes(labels_a, "rows_a", length=len(a))
    codes(labels_b, "rows_b", length=len(b))
    keep_a, keep_b = np.isin(labels_a, labels_b), np.isin(labels_b, labels_a)
    if not keep_a.any():
        return Estimate(value=None, n=0, method=METHOD, reason="No row was scored under both groups.")
    a, b = a[keep_a], b[keep_b]
    row_a, n_rows = codes(labels_a[keep_a], "rows_a", length=len(a))
    row_b, _ = codes(labels_b[keep_b], "rows_b", length=len(b))
    name_a, n_a = codes(np.asarray(names_a)[keep_a], "names_a", length=len(a))
    name_b, n_b = codes(np.asarray(names_b)[keep_b], "names_b", length=len(b))
    unit = unit_codes(labels_a[keep_a], units)
    means_a, means_b = row_means(a, row_a, n_rows), row_means(b, row_b, n_rows)
    differences = means_b - means_a
    if not differences.any() and np.isin(a, (0.0, 1.0)).all() and np.isin(b, (0.0, 1.0)).all():
        return nothing_changed(int(unit.max()) + 1)
    value = float(differences.mean())
    # Against the other group's mean of the same row the row's level is gone, for rows that hold one name only.
    part_a = name_part(a, a - means_b[row_a] + value, row_a, unit, name_a, n_a)
    part_b = name_part(b, b - means_a[row_b] - value, row_b, unit, name_b, n_b)
    estimate = crossed_estimate(value, differences, unit, (part_a, part_b), reach=reach)
    sides = (
        (means_b[row_a] - a - value, row_a, np.asarray(names_a)[keep_a]),
        (b - means_a[row_b] - value, row_b, np.asarray(names_b)[keep_b]),
    )
    influence = crossed_influence(differences, unit, sides, unit_keys(labels_a[keep_a], units), reach=reach)
    return replace(estimate, influence=influence)


def unit_codes(rows: Any, units: Units | None) -> Codes:
    """Return the unit of each distinct row label, in sorted order of the labels, as codes; the row itself by default.

    ValueError for a row without a unit.
    """
    distinct = np.unique(np.asarray(rows))
    if units is None:
        return np.arange(len(distinct))
    missing = [label for label in distinct.tolist() if label not in units]
    if missing:
        raise ValueError(f"units has no entry for the row {missing[0]!r}; give every row its unit.")
    return codes([units[label] for label in distinct.tolist()], "units", length=len(distinct))[0]


def unit_keys(rows: Any, units: Units | None) -> list[Any]:
    """Return the labels of the units in the order of their codes: of the rows by default."""
    distinct = np.unique(np.asarray(rows))
    return list(distinct if units is None else np.unique([units[label] for label in distinct.tolist()]))


def crossed_influence(
    row_values: Vector,
    unit: Codes,
    sides: Sequence[tuple[Vector, Codes, Any]],
    keys: Sequence[Any],
    *,
    reach: float | None = None,
) -> Influence | None:
    """Return the influence of a mean of row values, by unit and by name.

    `sides` has for each group what every observation differs by from what its name should do (centred), its row, and
    its name. Names of the groups are told apart, and each group's values carry names / (names - 1) of its variance.
    """
    found = mean_influence(row_values, unit, reach=reach)
    if found is None or sum(len(values) for values, _, _ in sides) > MOST_UNITS:
        return None
    parts, places, labels = [], [], []
    for side, (values, row, names) in enumerate(sides):
        many = len(np.unique(names))
        factor = math.sqrt(many / max(many - 1, 1)) / len(row_values)
        parts.append(factor * values / np.bincount(row)[row])
        places.append(unit[row])
        labels += [(side, name) for name in names.tolist()]
    crossed = Crossed(np.concatenate(parts), np.concatenate(places), tuple(labels))
    return replace(found.keyed(keys), crossed=crossed)


def row_means(scores: Vector, row: Codes, n_rows: int) -> Vector:
    """Return the mean score of each row, shape [rows]."""
    return np.bincount(row, weights=scores, minlength=n_rows) / np.bincount(row, minlength=n_rows)


def crossed_estimate(
    value: float, row_values: Vector, unit: Codes, parts: tuple[NamePart, ...], *, reach: float | None = None
) -> Estimate:
    """Return the estimate of a mean of row values (shape [rows]) and the parts that names add to its variance."""
    n_rows, n_units, n_names = len(row_values), int(unit.max()) + 1, min(part.names for part in parts)
    if min(n_units, n_names) < 2:
        reason = f"An interval over rows and names needs two of each; there are {n_units} row(s), {n_names} name(s)."
        return Estimate(value=value, n=n_units, method=METHOD, reason=reason)
    sums = np.bincount(unit, weights=row_values - row_values.mean(), minlength=n_units)
    rows = n_units / (n_units - 1) * float(sums @ sums) / n_rows**2
    variance = rows + sum(part.added for part in parts)
    spread = rows**2 / (n_units - 1) + sum(part.gross**2 / (part.names - 1) for part in parts)
    df = max(1.0, variance**2 / spread) if spread > 0.0 else float(n_units - 1)
    se = math.sqrt(max(variance, 0.0))
    if reach is None:
        return normal(value, se, n=n_units, method=METHOD, df=df, smallest_detectable=detectable_mean(se, df=df))
    possible = reaches(row_values, "the difference of rows", reach)
    return bounded_normal(row_values, se, possible, unit, n=n_units, method=METHOD, df=df)


def nothing_changed(n_rows: int) -> Estimate:
    """Return 0 with the exact bound on the share of rows (or units) that change, of which none did among `n_rows`.

    About 3.7 / n_rows at 95%. A standard error of 0 would claim that no row ever changes.
    """

    def interval(level: float) -> tuple[float, float]:
        reach = clopper_pearson_interval(0, n_rows, level)[1]
        return -reach, reach

    smallest = min(1.0, SHOWN / n_rows)
    return Estimate(
        value=0.0, n=n_rows, method="exact-unchanged-rows", bounds=on_grid(interval), smallest_detectable=smallest
    )


def name_part(scores: Vector, levelled: Vector, row: Codes, unit: Codes, name: Codes, n_names: int) -> NamePart:
    """Return what the names of one group add to the variance of the mean of row means; `unit` has one entry a row.

    Rows with several names compare them with one another (`scores`, blocks = rows). Where no row does, names are
    compared across rows on `levelled` scores, in one block.
    """
    n_rows, n_units = len(unit), int(unit.max()) + 1
    if min(n_units, n_names) < 2:
        return NamePart(added=0.0, gross=0.0, names=n_names)
    counts = np.bincount(row, minlength=n_rows)
    share = _table(row, name, 1.0 / counts[row], (n_rows, n_names))
    within = bool(((share > 0).sum(axis=1) > 1).any())
    block = row if within else np.zeros_like(row)
    variance, noise = _name_variance(scores if within else levelled, block, name, n_names)
    mean_share = share.mean(axis=0)
    whole = float(mean_share @ mean_share)
    apart = np.zeros((n_units, n_names))
    np.add.at(apart, unit, (share - mean_share) / n_rows)
    afresh = n_units / (n_units - 1) * float((apart**2).sum())
    return NamePart(added=variance * (whole - afresh), gross=(variance + noise) * whole, names=n_names)


def _table(row: Codes, column: Codes, weights: Vector, shape: tuple[int, int]) -> Vector:
    """Return the sums of weights by row and column."""
    flat = np.bincount(row * shape[1] + column, weights=weights, minlength=shape[0] * shape[1])
    return np.asarray(flat, dtype=np.float64).reshape(shape)


def _name_variance(scores: Vector, block: Codes, name: Codes, n_names: int) -> tuple[float, float]:
    """Return the variance of names, and that of the noise with which one name's offset is estimated.

    With r the scores less their block's mean and q its sums by name, E[q'q] = s_b^2 tr(CC) + s_e^2 tr(C) and
    E[r'r] = s_b^2 tr(C) + s_e^2 (n - blocks), where C is the names' information matrix of the block design.
    """
    n_blocks = int(block.max()) + 1
    sizes = np.bincount(block, minlength=n_blocks)
    incidence = _table(block, name, np.ones(len(name)), (n_blocks, n_names))
    information = np.diag(incidence.sum(axis=0)) - incidence.T @ (incidence / sizes[:, None])
    residual = scores - row_means(scores, block, n_blocks)[block]
    sums = np.bincount(name, weights=residual, minlength=n_names)
    between, total = float(sums @ sums), float(residual @ residual)
    squared, trace, free = float((information**2).sum()), float(np.trace(information)), len(scores) - n_blocks
    determinant = squared * free - trace**2
    # Unbalanced to the point that names and noise can't be told apart: everything counts as names.
    if determinant <= 1e-9 * squared * max(free, 1):
        return (total / trace if trace > 0.0 else 0.0), 0.0
    variance = (between * free - total * trace) / determinant
    noise = max((total * squared - between * trace) / determinant, 0.0)
    return max(variance, 0.0), noise * trace / squared
