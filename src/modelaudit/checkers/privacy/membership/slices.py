"""Leakage by part of the data: by class, by group, by how often a row stands in the training data, by document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.wording import could_be_shown, rounded
from modelaudit.evidence import Cell, Table
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clustered_auc, holm, p_above
from modelaudit.text.tags import type_of

FEWEST = 20
"""Rows a side below which a slice is counted and not measured."""
MOST = 50
"""Slices that a table holds, the largest first."""
NAMED = 20
"""Groups that are shown by name."""
COLUMNS = ("training rows", "held-out rows", "AUC", "lower 95% bound", "upper 95% bound", "p (Holm)")
OFTEN = {
    "text": "Leakage by how often the text stands in the training data",
    "picture": "Leakage by how often the picture stands in the training data",
    "sound": "Leakage by how often the sound stands in the training data",
}
TIMES = (("once", 1, 1), ("2 to 3 times", 2, 3), ("4 times or more", 4, 10**9))

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A part of both sides, or of the members alone: name, bool (n1,) and bool (n0,)."""

    name: str
    members: Flags
    nonmembers: Flags


def slice_tables(suite: Suite, sides: Sides, labels: Sequence[str]) -> list[Table]:
    """Return the tables that have two slices or more: by class, by group, by number of times in the training data."""
    title = f"{{}} ({suite.headline})"
    tables = (
        _table(suite, title.format("Leakage by class"), "class", _by_class(sides, labels)),
        _table(suite, title.format("Leakage by group"), "group", _by_group(sides)),
        _table(
            suite,
            title.format(OFTEN[sides.medium]),
            "in the training data",
            _by_times(sides),
        ),
    )
    return [table for table in tables if table is not None]


def _by_class(sides: Sides, labels: Sequence[str]) -> list[Slice]:
    """Slices by label; for tagged rows by kind of entity, a row with several being in each."""
    types = [type_of(label) for label in labels]
    held = [[_kinds(row, labels, types) for row in side] for side in (sides.members, sides.nonmembers)]
    return _slices(*held)


def _kinds(row: Row, labels: Sequence[str], types: Sequence[str | None]) -> set[str]:
    if row.label is not None:
        return {labels[row.label]}
    return {kind for tag in row.tags or () if (kind := types[tag]) is not None}


def _by_group(sides: Sides) -> list[Slice]:
    """Slices by the group column; many groups are numbered, since a name of few rows may be that of a person."""
    if sides.groups is None:
        return []
    slices = _slices(*([{str(name)} if name else set() for name in side] for side in sides.groups))
    if len(slices) <= NAMED:
        return slices
    return [Slice(f"group {place + 1}", part.members, part.nonmembers) for place, part in enumerate(slices)][:MOST]


def _slices(members: Sequence[set[str]], nonmembers: Sequence[set[str]]) -> list[Slice]:
    """Slices by what each row holds, the largest first; only what stands on both sides."""
    both: set[str] = set().union(*members) & set().union(*nonmembers)
    slices = [
        Slice(name, *(np.array([name in held for held in side], dtype=np.bool_) for side in (members, nonmembers)))
        for name in sorted(both)
    ]
    slices.sort(key=lambda part: -int(part.members.sum()))
    return slices


def _by_times(sides: Sides) -> list[Slice]:
    every = np.ones(len(sides.nonmembers), dtype=np.bool_)
    slices = [Slice(name, (sides.times >= low) & (sides.times <= high), every) for name, low, high in TIMES]
    return [part for part in slices if part.members.any()]


def _table(suite: Suite, title: str, kind: str, slices: Sequence[Slice]) -> Table | None:
    if len(slices) < 2:
        return None
    parts = [(part, _auc(suite, part)) for part in slices[:MOST]]
    measured = {part.name: estimate for part, estimate in parts if estimate is not None and estimate.bounds}
    if not measured:
        return None
    adjusted = dict(zip(measured, holm([p_above(each.bounds, 0.5) for each in measured.values()]), strict=True))
    rows: list[tuple[Cell, ...]] = []
    for part, _ in parts:
        found = measured.get(part.name)
        numbers = (None,) * 4 if found is None else (found.value, *found.interval(), float(adjusted[part.name]))
        rows.append((part.name, int(part.members.sum()), int(part.nonmembers.sum()), *map(rounded, numbers)))
    return Table(title=title, columns=(kind, *COLUMNS), rows=tuple(rows))


def _auc(suite: Suite, part: Slice) -> Estimate | None:
    attack = suite.first
    inside, outside = attack.scored
    inside, outside = inside & part.members, outside & part.nonmembers
    if min(int(inside.sum()), int(outside.sum())) < FEWEST:
        return None
    units = [
        None if names is None else names[chosen]
        for names, chosen in ((suite.member_units, inside), (suite.nonmember_units, outside))
    ]
    return clustered_auc(attack.members[inside], attack.nonmembers[outside], pos_units=units[0], neg_units=units[1])


def unit_finding(suite: Suite, *, fewest: int, confounded: str | None) -> Finding | None:
    """Return how well whole documents or persons are told apart, by the mean score of their rows; None without groups.

    Documents that stand on both sides were partly seen, and are left out. Below `fewest` a side there is no verdict.
    """
    if suite.member_units is None or suite.nonmember_units is None:
        return None
    attack = suite.first
    inside, outside = attack.scored
    shared = set(suite.member_units) & set(suite.nonmember_units)
    means = [
        _unit_means(scores[known], names[known], shared)
        for scores, names, known in (
            (attack.members, suite.member_units, inside),
            (attack.nonmembers, suite.nonmember_units, outside),
        )
    ]
    sizes = [len(side) for side in means]
    if min(sizes) < 2:
        return None
    estimate = clustered_auc(*means)
    low, high = estimate.interval()
    few = None
    if min(sizes) < fewest:
        few = (
            f"there are only {sizes[0]:,} documents or persons of the training rows and {sizes[1]:,} of the held-out "
            f"rows, and {fewest} a side are the least for a verdict"
        )
    left = f" {len(shared):,} that stand on both sides were left out." if shared else ""
    return Finding(
        metric=Metric.of(
            estimate, id="unit_auc", title="Membership inference AUC by document or person", unit="AUC", better="lower",
            n_unit="documents or persons", group=attack.name, primary=True,
        ),
        statement=(
            f"Shown a document or person of the training rows and one of the held-out rows, the {attack.name} picks "
            f"the first in {estimate.value:.1%} of pairs (95% interval {low:.1%} to {high:.1%}), by the mean of its "
            f"rows' scores; there are {sizes[0]:,} and {sizes[1]:,}.{left}"
            + could_be_shown(estimate.smallest_detectable, "An AUC of {:.3f}", "of them")
        ),
        confounded=confounded or few,
        caveats=("Several rows of one person tell more than one row does; this is the number for persons.",),
    )  # fmt: skip


def _unit_means(scores: NDArray[np.float64], names: NDArray[Any], shared: set[str]) -> NDArray[np.float64]:
    kept = ~np.isin(names, sorted(shared))
    distinct, code = np.unique(names[kept], return_inverse=True)
    total = np.bincount(code.reshape(-1), weights=scores[kept], minlength=len(distinct))
    return np.asarray(total / np.bincount(code.reshape(-1), minlength=len(distinct)), dtype=np.float64)
