"""Members and non-members of one audit: which rows are asked about, and how they hang together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.checkers.privacy.folds import digest, drawn, unit
from modelaudit.checkers.privacy.membership.duplicates import NearDuplicates, near_duplicates
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row

FEWEST = 2
"""Rows a side below which nothing can be computed."""
FEW = 100
"""Rows a side below which no verdict is given."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The rows of both sides, drawn by content.

    Attributes:
        members, nonmembers: without near-copies of training rows among the latter.
        copies: what was found of such copies.
        times: how often the text of each member stands in the whole training table.
    """

    members: list[Row]
    nonmembers: list[Row]
    copies: NearDuplicates
    times: NDArray[np.int64]

    @property
    def rows(self) -> list[Row]:
        """All rows, members first."""
        return [*self.members, *self.nonmembers]

    @property
    def size(self) -> str:
        """How many rows each side has, in words."""
        return f"{len(self.members):,} training rows and {len(self.nonmembers):,} held-out rows"

    @property
    def few(self) -> bool:
        """Whether a side has too few rows for a verdict."""
        return min(len(self.members), len(self.nonmembers)) < FEW

    @property
    def grouped(self) -> bool:
        """Whether rows belong to documents or persons."""
        return any(row.group is not None for row in self.rows)

    def units(self) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """Return the documents or persons of members and of non-members as strings; None where no row has one."""
        if not self.grouped:
            return None, None
        names = [np.array([_unit_key(row) for row in side]) for side in (self.members, self.nonmembers)]
        return names[0], names[1]

    def order(self, *, seed: int) -> NDArray[np.int64]:
        """Return the place of each non-member in a draw by content; those of one unit stand together."""
        keys = [(digest(unit(row), seed=seed, purpose="threshold"), row.id) for row in self.nonmembers]
        places = np.empty(len(keys), dtype=np.int64)
        places[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        return places


def choose_sides(ctx: Context, *, size: int) -> Sides:
    """Draw at most `size` rows a side, and leave out held-out rows that nearly equal a training row.

    NotAssessable where a side is left with fewer than two rows.
    """
    heldout = ctx.data.evaluation if ctx.data.heldout is None else ctx.data.heldout
    members, nonmembers = (
        _labelled(ctx, name, rows) for name, rows in (("training", ctx.data.members or ()), ("held-out", heldout))
    )
    _enough(ctx, "training", members)
    _enough(ctx, "held-out", nonmembers)
    outside = drawn(nonmembers, size, seed=ctx.seed)
    copies = near_duplicates([row.text for row in outside], [row.text for row in ctx.data.members or ()])
    kept = [row for row, copy in zip(outside, copies.is_copy, strict=True) if not copy]
    if len(kept) < len(outside):
        ctx.note(
            f"{len(outside) - len(kept):,} held-out rows are near-copies of training rows and were left out of the "
            "attack."
        )
    _enough(ctx, "held-out", kept)
    inside = drawn(members, size, seed=ctx.seed)
    counts = Counter(" ".join(row.text.casefold().split()) for row in members)
    times = np.array([counts[" ".join(row.text.casefold().split())] for row in inside], dtype=np.int64)
    return Sides(inside, kept, copies, times)


def _unit_key(row: Row) -> str:
    # A numpy string can't hold lone surrogates safely, nor two names apart that end in NUL; the digest can.
    return digest(unit(row), seed=0, purpose="unit").hex()


def _labelled(ctx: Context, name: str, rows: tuple[Row, ...]) -> list[Row]:
    if ctx.subject.task == "text-generation":
        return list(rows)
    labelled = [row for row in rows if row.label is not None or row.tags is not None]
    if len(labelled) < len(rows):
        ctx.note(f"{len(rows) - len(labelled):,} {name} rows have no label and were left out.")
    return labelled


def _enough(ctx: Context, name: str, rows: list[Row]) -> None:
    if len(rows) >= FEWEST:
        return
    table = ctx.subject.members if name == "training" else ctx.subject.heldout
    aside = table.set_aside.items() if table else ()
    lost = "; ".join(f"{count:,} {reason}" for reason, count in aside if "left out" in reason)
    raise NotAssessable(
        f"there are {len(rows)} {name} rows to attack and {FEWEST} are the least"
        + (f" (of the table as it came, {lost})" if lost else "")
        + f"; provide more {name} rows (some 2,000 a side let a small leak be seen)"
    )
