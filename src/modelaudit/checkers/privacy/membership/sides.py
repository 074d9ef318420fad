"""Members and non-members of one audit: which rows are asked about, and how they hang together.

Both sides follow one rule, so that a random split of one source leaves nothing to tell them apart but the model's
memory. That takes care where texts occur more than once: a held-out text that also stands in the training data was not
unseen, and taking it out of one side alone would leave the other with more of whatever texts get repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.checkers.privacy.duplicates import NearCopies, folded, near_copies
from modelaudit.checkers.privacy.folds import digest, drawn, unit
from modelaudit.checkers.privacy.media_copies import MOST_KNOWN, media_copies
from modelaudit.checkers.privacy.record import ANSWERED, content, copied_text, judged_by, whole_text
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row

FEWEST = 2
"""Rows a side below which nothing can be computed."""
FEW = 100
"""Rows a side below which no verdict is given."""
REPEATS = 0.01
"""Share of held-out rows that have a copy, above which copies are a property of the source and not of the training."""

Names = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The rows of both sides, one row a text, drawn by content.

    Attributes:
        members, nonmembers: their `group` is the document or person, or None.
        copies, looked_at: held-out rows that equal or nearly equal a training row, and how many were looked at.
        times: (n1,) how often the text of each member stands in the training data.
        groups: names of the groups of members and of non-members, where the group column has groups whose rows stand on
            both sides; then no row has a document or person.
        spoken: held-out sounds in which a sentence is said that is said in a training sound, too.
    """

    members: list[Row]
    nonmembers: list[Row]
    copies: int
    looked_at: int
    times: NDArray[np.int64]
    groups: tuple[Names, Names] | None = None
    spoken: int = 0

    @property
    def rows(self) -> list[Row]:
        """All rows, members first."""
        return [*self.members, *self.nonmembers]

    @property
    def size(self) -> str:
        """How many rows each side has, in words."""
        return f"{len(self.members):,} training rows and {len(self.nonmembers):,} held-out rows"

    @property
    def medium(self) -> Literal["text", "picture", "sound"]:
        """What the rows are."""
        first = self.members[0]
        return "picture" if first.picture is not None else "sound" if first.sound is not None else "text"

    @property
    def grouped(self) -> bool:
        """Whether rows belong to documents or persons."""
        return any(row.group is not None for row in self.rows)

    def units(self) -> tuple[Names | None, Names | None]:
        """Return the documents or persons of members and of non-members as strings; None where no row has one."""
        if not self.grouped:
            return None, None
        # A numpy string can't hold lone surrogates, nor tell names apart that end in NUL; a digest can.
        names = [
            np.array([digest(unit(row), seed=0, purpose="unit").hex() for row in side])
            for side in (self.members, self.nonmembers)
        ]
        return names[0], names[1]

    def order(self, *, seed: int) -> NDArray[np.int64]:
        """Return the place of each non-member in a draw by content; those of one unit stand together."""
        keys = [(digest(unit(row), seed=seed, purpose="threshold"), row.id) for row in self.nonmembers]
        places = np.empty(len(keys), dtype=np.int64)
        places[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        return places


def choose_sides(ctx: Context, *, size: int) -> Sides:
    """Draw at most `size` texts a side, and leave out those that have copies where they should not.

    Held-out rows that equal or nearly equal a training row are left out. Where more than 1% of the held-out rows have a
    copy on either side, copies are in the nature of the source: then training rows that have one are left out as well,
    and held-out rows that have one among themselves. Else texts that stand in the training data several times were
    repeated for training, and stay.

    NotAssessable where a side is left with fewer than two rows.
    """
    heldout = ctx.data.evaluation if ctx.data.heldout is None else ctx.data.heldout
    members = _usable(ctx, "training", ctx.data.members or ())
    nonmembers = _usable(ctx, "held-out", heldout)
    members, nonmembers, groups = _groups(members, nonmembers)
    members, nonmembers = _by_context(members, nonmembers)
    texts = [[_said(row) for row in side] for side in (members, nonmembers)]
    counts = [Counter(side) for side in texts]
    inside, outside = (
        drawn(_distinct(side, said), size, seed=ctx.seed)
        for side, said in zip((members, nonmembers), texts, strict=True)
    )
    near = _near(ctx, [*inside, *outside], members, nonmembers)
    in_training, in_heldout = (np.split(found, [len(inside)]) for found in (near.in_training, near.in_heldout))
    times, again = (
        np.array([count[_said(row)] for row in side], dtype=np.int64)
        for count, side in zip(counts, (inside, outside), strict=True)
    )
    copied, repeated = in_training[1] | _of_known_context(outside, members), again > 1
    # What was removed for equality before counts as if it had been drawn with the others.
    removed = round(ctx.data.overlap * len(outside) / max(1, len(nonmembers)))
    copies, looked_at = int(copied.sum()) + removed, len(outside) + removed
    own = [np.ones(len(inside), dtype=np.bool_), ~copied]
    if int((copied | repeated | in_heldout[1]).sum()) + removed > REPEATS * looked_at:
        shared = np.array([row.id in ctx.data.shared for row in inside], dtype=np.bool_)
        own = [(times == 1) & ~shared & ~in_training[0] & ~in_heldout[0], ~copied & ~repeated & ~in_heldout[1]]
    kept = [
        [row for row, stays in zip(side, mask, strict=True) if stays]
        for side, mask in zip((inside, outside), own, strict=True)
    ]
    _tell(ctx, (len(inside) - len(kept[0]), len(outside) - len(kept[1])))
    for name, side in zip(("training", "held-out"), kept, strict=True):
        _enough(ctx, name, side)
    if spoken := _spoken(kept[1], members):
        ctx.note(f"In {spoken:,} of {len(kept[1]):,} held-out sounds a sentence is said that is said in training, too.")
    return Sides(kept[0], kept[1], copies, looked_at, times[own[0]], _names(groups, kept), spoken)


def _said(row: Row) -> str:
    """Return what two rows share that are one record: a text but for case and white space, a picture, a sound."""
    return folded(whole_text(row)) if row.medium is None else f"medium\x1f{row.medium.digest}"


def _near(ctx: Context, asked: Sequence[Row], members: Sequence[Row], nonmembers: Sequence[Row]) -> NearCopies:
    if asked and asked[0].medium is not None:
        near, whole = media_copies(asked, training=members, heldout=nonmembers, seed=ctx.seed)
        if not whole:
            ctx.note(f"Near-copies were looked for among {MOST_KNOWN:,} rows a table, and equal ones among all.")
        return near
    texts = ([copied_text(row) for row in rows] for rows in (asked, members, nonmembers))
    every, training, heldout = texts
    return near_copies(every, training=training, heldout=heldout)


def _of_known_context(rows: Sequence[Row], members: Sequence[Row]) -> NDArray[np.bool_]:
    """Return which questions are put to a context that stands in the training data."""
    known = {folded(row.text) for row in members if row.answers is not None}
    return np.array([row.answers is not None and folded(row.text) in known for row in rows], dtype=np.bool_)


def _spoken(rows: Sequence[Row], members: Sequence[Row]) -> int:
    """Return how many sounds have a transcript that a training sound has as well, spoken by another voice or again."""
    known = {folded(row.answer) for row in members if row.sound is not None and row.answer}
    return sum(row.sound is not None and folded(row.answer or "") in known for row in rows)


def _by_context(members: list[Row], nonmembers: list[Row]) -> tuple[list[Row], list[Row]]:
    """Take the context for the document of a question where no row has one and contexts have several questions."""
    rows = [*members, *nonmembers]
    asked = all(row.answers is not None for row in rows) and all(row.group is None for row in rows)
    if not asked or len({row.text for row in rows}) == len(rows):
        return members, nonmembers
    inside, outside = ([replace(row, group=f"context\x1f{row.text}") for row in side] for side in (members, nonmembers))
    return inside, outside


def _distinct(rows: Sequence[Row], texts: Sequence[str]) -> list[Row]:
    """One row of each text: the first by content and id, so that the order of the table has no part in it."""
    chosen: dict[str, Row] = {}
    for row, text in sorted(zip(rows, texts, strict=True), key=lambda pair: (content(pair[0]), pair[0].id)):
        chosen.setdefault(text, row)
    return list(chosen.values())


def _groups(members: list[Row], nonmembers: list[Row]) -> tuple[list[Row], list[Row], dict[str, str] | None]:
    """Take the group column for groups where most rows' values stand on both sides, else for documents or persons.

    Returns the rows, and of groups the name of each row's by its id.
    """
    sides = [[row for row in side if row.group is not None] for side in (members, nonmembers)]
    both = {row.group for row in sides[0]} & {row.group for row in sides[1]}
    shared = sum(row.group in both for side in sides for row in side)
    if not shared or 2 * shared <= sum(map(len, sides)):
        return members, nonmembers, None
    names = {row.id: str(row.group) for side in sides for row in side}
    plain = [[replace(row, group=None) for row in side] for side in (members, nonmembers)]
    return plain[0], plain[1], names


def _names(groups: dict[str, str] | None, kept: Sequence[Sequence[Row]]) -> tuple[Names, Names] | None:
    if groups is None:
        return None
    found = [np.array([groups.get(row.id, "") for row in side], dtype=object) for side in kept]
    return found[0], found[1]


def _usable(ctx: Context, name: str, rows: tuple[Row, ...]) -> list[Row]:
    usable = [row for row in rows if judged_by(row, ctx.subject.task)]
    if len(usable) < len(rows):
        lost = f"{len(rows) - len(usable):,} {name}"
        if ctx.subject.task in ANSWERED:
            ctx.note(f"{lost} rows have no answer that could be judged and were left out.")
        else:
            ctx.note(f"{lost} rows have no label and were left out.")
    _enough(ctx, name, usable)
    return usable


def _tell(ctx: Context, left: tuple[int, int]) -> None:
    """Say how many rows were left out for their copies."""
    if ctx.data.overlap:
        ctx.note(f"{ctx.data.overlap:,} held-out rows equal a training row and were left out before the attack.")
    if any(left):
        ctx.note(
            f"{left[1]:,} held-out rows and {left[0]:,} training rows have copies, or near-copies, and were left out "
            "of the attack. What the model remembers of texts that occur several times in the source is not measured."
        )


def _enough(ctx: Context, name: str, rows: Sequence[Row]) -> None:
    if len(rows) >= FEWEST:
        return
    table = ctx.subject.members if name == "training" else ctx.subject.heldout
    aside = table.set_aside.items() if table else ()
    lost = "; ".join(f"{count:,} {reason}" for reason, count in aside if "left out" in reason)
    raise NotAssessable(
        f"there are {len(rows)} {name} rows to attack and {FEWEST} are the least"
        + (f" (of the table as it came, {lost})" if lost else "")
        + f"; provide more {name} rows without copies in the other table (some 2,000 a side let a small leak be seen)"
    )
