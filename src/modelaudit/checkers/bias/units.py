"""What is sampled: rows, or the documents that several rows come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

from modelaudit.checkers.bias.scoring.score import Answer
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clopper_pearson, mean_difference, mean_influence

LEAST_ROWS = 30
LEAST_DOCUMENTS = 20

ByRow = dict[str, list[Answer]]


@dataclass(frozen=True, slots=True)
class Units:
    """The unit of each row, by row id, and what a unit is."""

    of: Mapping[str, str]
    noun: Literal["rows", "documents"]

    def labels(self, rows: Iterable[str]) -> list[str]:
        """Return the unit of each row."""
        return [self.of[row] for row in rows]

    def count(self, rows: Iterable[str]) -> int:
        """Return how many units the rows come from."""
        return len({self.of[row] for row in rows})

    def checked(self, estimate: Estimate) -> Estimate:
        """Return the estimate, without an interval where its documents are too few to show their spread."""
        if self.noun == "rows" or not estimate.bounds or estimate.n >= LEAST_DOCUMENTS:
            return estimate
        reason = f"The rows come from {estimate.n} documents, and {LEAST_DOCUMENTS} are the least for an interval."
        return replace(estimate, bounds=(), smallest_detectable=None, reason=reason)


def units_of(rows: ByRow) -> Units:
    """Return the units of the rows that were answered: documents where any row names its own.

    Questions that are put to one context are of one document.
    """
    asked = {name: found[0].variant.source.row for name, found in rows.items()}
    units = {name: _unit(name, row) for name, row in asked.items()}
    alone = all(row.group is None for row in asked.values()) and len(set(units.values())) == len(units)
    return Units({name: f"row {name}" for name in asked}, "rows") if alone else Units(units, "documents")


def _unit(name: str, row: Row) -> str:
    if row.group is not None:
        return f"group {row.group}"
    if row.answers is None:
        return f"row {name}"
    # By its digest: units are named in what is kept of an audit, and texts are not.
    return f"context {blake2b(row.text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def mean_of(
    values: Sequence[float], rows: Sequence[str], units: Units, *, reach: float | Sequence[float] = 1.0
) -> Estimate:
    """Return the mean of one value a row, none beyond its `reach` in size, with its interval over units."""
    if units.noun == "rows":
        return mean_difference(values, reach=reach).keyed(units.labels(rows))
    labels = units.labels(rows)
    estimate = mean_difference(values, clusters=labels, reach=reach)
    return replace(estimate, n=units.count(rows)).keyed(sorted(set(labels)))


def change_in(values: Sequence[float], rows: Sequence[str], units: Units) -> Estimate:
    """Return the mean of one change a row, 0 to 1, with its interval over units: a share where all are 0 or 1."""
    if set(values) <= {0.0, 1.0}:
        return share_of([value == 1.0 for value in values], rows, units)
    return _not_below_zero(mean_of(values, rows, units))


def share_of(hits: Sequence[bool], rows: Sequence[str], units: Units) -> Estimate:
    """Return the share of rows that were hit, with its interval over units."""
    if units.noun == "rows":
        influence = mean_influence(hits, reach=1.0)
        return replace(clopper_pearson(sum(hits), len(rows)), influence=influence).keyed(units.labels(rows))
    if len(set(hits)) < 2:
        count = units.count(rows)
        return clopper_pearson(count if any(hits) else 0, count)
    return _not_below_zero(mean_of([float(hit) for hit in hits], rows, units))


def _not_below_zero(estimate: Estimate) -> Estimate:
    return replace(estimate, bounds=tuple((level, max(low, 0.0), high) for level, low, high in estimate.bounds))
