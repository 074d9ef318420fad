"""Reweighing: the loss of rows weighted so that group and label are independent in the training rows.

Kamiran & Calders 2012, "Data preprocessing techniques for classification without discrimination".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from modelaudit.checkers.bias.groups.grouping import grouping
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.training.examples import Step, TrainingData

GROUP = "group"
"""Name of the rows' own group where no column is called so."""
AGE_BANDS = (40.0,)
"""Ages that are numbers are parted here, as the check of groups does."""
LEAST_ROWS = 2
"""Rows of a group on average, below which the column tells rows apart and no groups."""
LARGE = 10.0


def reweighed(data: TrainingData, *, column: str) -> TrainingData:
    """Return the data with each row weighted by P(group) P(label) / P(group, label), the mean weight being 1.

    Probabilities are shares of the original rows; a copy weighs what its original does. Cells are read as the check
    of groups reads them: case, width and white space make no difference, and what is missing is a group of its own.

    Args:
        column: of the table, or `group` for the group column.

    Raises:
        DataInputError: the task is a token classification; the column is not there, has one group, or as good as a
            value for each row.
    """
    if data.task != "text-classification":
        raise DataInputError(
            "reweighing needs one label a row, and a token classification has one a word; leave --reweigh out"
        )
    originals = [example.row for example in data.examples if example.origin is None]
    group_of = _groups(originals, column)
    pairs = Counter((group_of[row.id], row.label) for row in originals)
    groups: Counter[int] = Counter()
    labels: Counter[int | None] = Counter()
    for (group, label), count in pairs.items():
        groups[group] += count
        labels[label] += count
    factor = {
        (group, label): groups[group] * labels[label] / (len(originals) * count)
        for (group, label), count in pairs.items()
    }
    weights = [factor[group_of[example.origin or example.row.id], example.row.label] for example in data.examples]
    mean = sum(weights) / len(weights)
    examples = [replace(example, weight=weight / mean) for example, weight in zip(data.examples, weights, strict=True)]
    counts = {"groups": len(groups), "rows weighted": len(examples)}
    if groups[-1]:
        counts["rows without a group, weighted as a group of their own"] = groups[-1]
    notes = _notes([weight / mean for weight in weights], empty=len(groups) * len(labels) - len(pairs))
    return data.after(Step("reweighing", counts, notes), examples)


def _groups(rows: list[Row], column: str) -> dict[str, int]:
    """Return the group of each row by its id, -1 where it is missing."""
    if not any(column in row.columns for row in rows):
        if column != GROUP or all(row.group is None for row in rows):
            raise DataInputError(_missing(rows, column))
        rows = [replace(row, columns={column: row.group}) for row in rows]
    found = grouping(rows, column, age_bands=AGE_BANDS)
    number = len(found.names) + (found.unknown > 0)
    if number < 2:
        raise DataInputError(
            f"column {column!r:.60} has one group, so there is nothing to weigh; name the column of a group that "
            "rows differ in"
        )
    if len(found.names) * LEAST_ROWS > found.known:
        raise DataInputError(
            f"column {column!r:.60} has {len(found.names):,} values in {found.known:,} rows: it tells rows apart, not "
            "groups; name a column of groups"
        )
    return {row.id: int(code) for row, code in zip(rows, found.code, strict=True)}


def _missing(rows: list[Row], column: str) -> str:
    there = sorted({name for row in rows for name in row.columns})
    listed = ", ".join(f"{name!r:.40}" for name in there[:10]) or "no columns besides text, label and group"
    more = f" and {len(there) - 10:,} more" if len(there) > 10 else ""
    return f"the training rows have no column {column!r:.60} to weigh by; they have {listed}{more}"


def _notes(weights: list[float], *, empty: int) -> tuple[str, ...]:
    largest = max(weights)
    notes = [f"Weights run from {min(weights):.2f} to {largest:.2f}."]
    if largest > LARGE:
        rows = sum(weight > LARGE for weight in weights)
        notes.append(f"{rows:,} rows weigh more than {LARGE:g}: few rows carry much, and training may be unsteady.")
    if empty:
        notes.append(
            f"{empty:,} pairs of group and label have no row, so weights can't make group and label independent."
        )
    return tuple(notes)
