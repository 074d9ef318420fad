"""How often each class stands in the training rows and in the evaluation rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Row
from modelaudit.checkers.data.drawing import shown
from modelaudit.statistics import Estimate, Trials, group_rate, rate_difference, trials
from modelaudit.text.tags import OUTSIDE

MOST_CLASSES = 200
"""Classes that are compared: the commonest of both tables together."""
FEW = 30
"""Rows of a class below which what a check says of the class hangs on a few rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each class stands in each row of one table.

    Attributes:
        hits: float64 (rows, classes). totals: float64 (rows,), what the hits are a share of.
        groups: the document of each row, or None.
        unlabelled: rows without a label, which are left out.
        unit: what is counted.
    """

    names: tuple[str, ...]
    hits: NDArray[np.float64]
    totals: NDArray[np.float64]
    groups: tuple[str | None, ...]
    unlabelled: int
    unit: str

    @property
    def rows(self) -> int:
        """How many labelled rows there are."""
        return len(self.totals)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """How many rows, or words of entities, each class has (classes,)."""
        return np.asarray(np.rint(self.hits.sum(axis=0)), dtype=np.int64)

    def share(self, place: int) -> Estimate:
        """Return the share of one class with its interval, robust to likeness within rows and documents."""
        [clusters] = _codes([self])
        return group_rate(trials(self.hits[:, place], self.totals, clusters=clusters))


def counts_of(rows: Sequence[Row], labels: Sequence[str]) -> Counts | None:
    """Return the counts of the labelled rows; None where no row has a class (unlabelled rows, numbers, free text)."""
    labelled = [row for row in rows if row.label is not None or row.label_set is not None or row.tags is not None]
    if not labelled or not labels:
        return None
    # Sums over documents may differ in the last bit with the order of their rows.
    labelled.sort(
        key=lambda row: (row.group is None, row.group or "", row.label or 0, row.label_set or (), row.tags or ())
    )
    tagged = labelled[0].tags is not None
    types = [_type(label) for label in labels] if tagged else list(labels)
    names = tuple(name for name in dict.fromkeys(types) if not (tagged and name == OUTSIDE))
    place = {name: number for number, name in enumerate(names)}
    hits = np.zeros((len(labelled), len(names)))
    for row, line in zip(labelled, hits, strict=True):
        held = row.tags if row.tags is not None else row.label_set if row.label_set is not None else (row.label,)
        for label in held:
            if label is not None and (number := place.get(types[label])) is not None:
                line[number] += 1.0
    totals = hits.sum(axis=1) if tagged else np.ones(len(labelled))
    unit = "words of entities" if tagged else "rows"
    shown_names = tuple(shown(name) for name in names)
    groups = tuple(row.group for row in labelled)
    return Counts(shown_names, hits, totals, groups, len(rows) - len(labelled), unit)


def compared(training: Counts, evaluation: Counts) -> dict[int, tuple[Trials, Trials]]:
    """Return the trials of each compared class, evaluation first; classes that neither table has are passed over."""
    together = training.hits.sum(axis=0) + evaluation.hits.sum(axis=0)
    order = np.argsort(-together, kind="stable")[:MOST_CLASSES]
    theirs, ours = _codes([training, evaluation])
    return {
        int(place): (
            trials(evaluation.hits[:, place], evaluation.totals, clusters=ours),
            trials(training.hits[:, place], training.totals, clusters=theirs),
        )
        for place in order
        if together[place] > 0.0
    }


def differences(pairs: dict[int, tuple[Trials, Trials]]) -> dict[int, Estimate]:
    """Return the share in the evaluation rows less that in the training rows, class by class."""
    return {place: rate_difference(a, b) for place, (a, b) in pairs.items()}


def mirrored(training: Counts, evaluation: Counts) -> bool:
    """Tell whether there are two classes of which each row has just one: one changes by as much as the other."""
    return len(training.names) == 2 and all(
        np.all(side.hits.sum(axis=1) == side.totals) for side in (training, evaluation)
    )


def _codes(tables: Sequence[Counts]) -> list[NDArray[np.intp] | None]:
    """Return the document of each row as a code that the tables share; None where all trials are independent."""
    names = [
        [(-1, group) if group is not None else (table, str(place)) for place, group in enumerate(counts.groups)]
        for table, counts in enumerate(tables)
    ]
    every = [name for part in names for name in part]
    code = {name: place for place, name in enumerate(dict.fromkeys(every))}
    if len(code) == len(every) and all(np.all(counts.totals == 1.0) for counts in tables):
        return [None for _ in tables]
    return [np.array([code[name] for name in part], dtype=np.intp) for part in names]


def _type(label: str) -> str:
    """Return the entity type of a tag, without what says where in the entity its word stands."""
    head, _, rest = label.partition("-")
    return rest if rest and len(head) == 1 else label
