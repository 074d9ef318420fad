"""The two sides of the comparison: training and evaluation rows of different texts, without those that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.data.drawing import distinct, likeness, medium_of, unit
from modelaudit.drawing import digest
from modelaudit.rows import Row

FEWEST = 50
"""Rows of different texts that either side needs for a comparison."""
FEWEST_UNITS = 20
"""Documents that either side's rows must come from."""
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The rows to compare, one of each text, in an order that seed and content decide.

    `shared` counts the different texts that stand in both tables; they are on neither side.
    """

    training: tuple[Row, ...]
    evaluation: tuple[Row, ...]
    shared: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, training rows first."""
        return (*self.training, *self.evaluation)

    @property
    def too_few(self) -> str | None:
        """Why the two can't be compared, or None."""
        for name, side in (("training", self.training), ("evaluation", self.evaluation)):
            units = len({unit(row) for row in side})
            if len(side) < FEWEST or units < FEWEST_UNITS:
                return (
                    f"{len(side):,} {name} rows of {units:,} documents have a {medium_of(side)} of their own that the "
                    f"other table does not have, and {FEWEST} rows of {FEWEST_UNITS} documents are the least"
                )
        return None


def sides_of(training: Sequence[Row], evaluation: Sequence[Row], size: int, *, seed: int) -> Sides:
    """Return at most `size` rows a side.

    A text that stands in both tables would make them look alike, whatever the other rows are: it is left out of both.
    Of a text that stands in one table several times one row is taken.
    """
    texts = [{likeness(row) for row in rows} for rows in (training, evaluation)]
    both = texts[0] & texts[1]
    own = [
        tuple(row for row in distinct(rows, seed=seed) if likeness(row) not in both)[:size]
        for rows in (training, evaluation)
    ]
    return Sides(own[0], own[1], len(both))


def folds_of(sides: Sides, *, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row, training rows first (shape [rows]).

    Documents are dealt out whole and side by side, so that folds have about equal parts of both; a document with rows
    on both sides stands in one fold.
    """
    units = [unit(row) for row in sides.rows]
    first = set(units[: len(sides.training)])
    order = sorted(set(units), key=lambda name: (name in first, digest(name, seed=seed, purpose="folds"), name))
    fold = {name: place % FOLDS for place, name in enumerate(order)}
    return np.array([fold[name] for name in units], dtype=np.int64)
