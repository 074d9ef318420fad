"""Rows that say the same: which row of one table has an equal or a nearly equal one in which table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.data.drawing import asks, whole_text
from modelaudit.checkers.data.duplicates.kinship import families, near_media, near_pairs
from modelaudit.media.likeness import Lookalikes, lookalikes
from modelaudit.rows import Row
from modelaudit.text.near_duplicates import NearTwins, near_twins
from modelaudit.text.same_text import same_text

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

EVALUATION, TRAINING, HELDOUT = "evaluation rows", "training rows", "held-out rows"
PARTED = "\x1f"
"""Stands between two texts that are read together; `same_text` leaves it in none."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One table: its rows that say something, and how many say nothing.

    Attributes:
        text: int64 (rows,), place of what each row says among that of all tables.
        conflicting: bool (rows,), whether an equal text of this table has another truth.
    """

    name: str
    rows: tuple[Row, ...]
    empty: int
    text: Places
    conflicting: Flags

    @property
    def labelled(self) -> Flags:
        """Which rows have a truth that can be compared. bool (rows,)"""
        return np.array([_truth(row) is not None for row in self.rows], dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """The tables of an audit, the first of them the evaluation rows, and who equals whom among them.

    Attributes:
        texts: what rows say: folded texts, two of a pair with a sign between them, or digests of pictures and sounds.
        counts: int64 (tables, texts), how often each text stands in each table.
        near: near twins among the texts.
        contexts: int64 (texts,), a number that texts share whose first texts equal or nearly equal one another; None
            where rows are no pairs.
        alike: who looks or sounds like whom, copies or not, with places among the texts; None where rows are texts.
    """

    splits: tuple[Split, ...]
    texts: tuple[str, ...]
    counts: Places
    near: NearTwins
    contexts: Places | None = None
    alike: Lookalikes | None = None

    def exact(self, of: int, among: int) -> Flags:
        """Return which rows of one table equal a row of another, or another row of the same one."""
        least = 2 if of == among else 1
        return np.asarray(self.counts[among, self.splits[of].text] >= least)

    def nearly(self, of: int, among: int) -> Flags:
        """Return which rows have a near twin there, equal ones aside."""
        return np.asarray(self.near.found[among, self.splits[of].text])

    def twinned(self, of: int, among: int) -> Flags:
        """Return which rows have an equal or a near twin there."""
        return np.asarray(self.exact(of, among) | self.nearly(of, among))

    def families(self, of: int) -> Places:
        """Return a number for each row that it shares with its equal and near twins. int64 (rows,)"""
        return np.asarray(self.near.family[self.splits[of].text])

    def sharing(self, of: int, among: int) -> Flags:
        """Return which rows have no twin in another table, but their context, with another question. bool (rows,)"""
        if self.contexts is None:
            return np.zeros(len(self.splits[of].rows), dtype=np.bool_)
        theirs = self.contexts[self.splits[among].text]
        return np.asarray(np.isin(self.contexts[self.splits[of].text], theirs) & ~self.twinned(of, among))

    def units(self, of: int) -> list[str] | None:
        """Return for each row a name that rows share which depend on one another: of a document, or on one context.

        None where no two rows of the table do.
        """
        rows, text = self.splits[of].rows, self.splits[of].text.tolist()
        names = []
        for at, (row, where) in enumerate(zip(rows, text, strict=True)):
            if row.group is not None:
                names.append(f"group {row.group}")
            elif self.contexts is not None and asks(row):
                names.append(f"context {self.contexts[where]}")
            else:
                names.append(f"row {at}")
        return None if len(set(names)) == len(names) else names

    def place(self, name: str) -> int | None:
        """Return the place of a table by its name, or None."""
        return next((place for place, split in enumerate(self.splits) if split.name == name), None)

    def contradicted(self, of: int, among: int) -> Flags:
        """Return which rows equal a row of another table that has another truth. bool (rows,)"""
        theirs = _truths(self.splits[among].rows, self.splits[among].text)
        split = self.splits[of]
        return np.array(
            [
                _truth(row) is not None and bool(theirs.get(_question(row, text), set()) - {_truth(row)})
                for row, text in zip(split.rows, split.text.tolist(), strict=True)
            ],
            dtype=np.bool_,
        )


def twins_of(tables: Sequence[tuple[str, Sequence[Row]]]) -> Twins:
    """Compare all rows of the named tables with one another; rows without a visible character are left out."""
    folded = [[said(row) for row in rows] for _, rows in tables]
    texts = sorted({text for table in folded for text in table if text.strip(PARTED)})
    place = {text: number for number, text in enumerate(texts)}
    splits = []
    counts = np.zeros((len(tables), len(texts)), dtype=np.int64)
    for number, ((name, rows), keys) in enumerate(zip(tables, folded, strict=True)):
        kept = [(row, place[key]) for row, key in zip(rows, keys, strict=True) if key in place]
        text = np.array([where for _, where in kept], dtype=np.int64)
        counts[number] = np.bincount(text, minlength=len(texts))
        own = tuple(row for row, _ in kept)
        splits.append(Split(name, own, len(rows) - len(kept), text, _conflicting(own, text)))
    return Twins(tuple(splits), tuple(texts), counts, *_kin(splits, texts, counts > 0))


def said(row: Row) -> str:
    """Return what a row says, equal for rows that say the same: its folded text or two, or its picture's digest."""
    if row.medium is not None:
        return row.medium.digest
    if row.companion is None:
        return same_text(whole_text(row))
    return PARTED.join([same_text(whole_text(replace(row, companion=None))), same_text(row.companion)])


def _kin(
    splits: Sequence[Split], texts: Sequence[str], tables: Flags
) -> tuple[NearTwins, Places | None, Lookalikes | None]:
    """Return the near twins, where rows are pairs whose first texts are one, and which pictures or sounds are alike."""
    rows = [row for split in splits for row in split.rows]
    text = np.concatenate([split.text for split in splits])
    media = {where: row.medium for row, where in zip(rows, text.tolist(), strict=True) if row.medium is not None}
    if media:
        truths = _truths(rows, text)
        every = range(len(texts))
        alike = lookalikes([media[where] for where in every], [truths.get((where, 0), set()) for where in every])
        return near_media(alike, tables), None, alike
    if not any(PARTED in text for text in texts):
        return near_twins(texts, tables), None, None
    pairs = [(first, second) for first, _, second in (text.partition(PARTED) for text in texts)]
    return near_pairs(pairs, tables), families([first for first, _ in pairs]), None


def _conflicting(rows: Sequence[Row], text: Places) -> Flags:
    truths = _truths(rows, text)
    return np.array(
        [
            _truth(row) is not None and len(truths[_question(row, where)]) > 1
            for row, where in zip(rows, text.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )


def _truths(rows: Sequence[Row], text: Places) -> dict[tuple[int, int], set[object]]:
    """Return the different truths of each text."""
    found: dict[tuple[int, int], set[object]] = defaultdict(set)
    for row, where in zip(rows, text.tolist(), strict=True):
        if (truth := _truth(row)) is not None:
            found[_question(row, where)].add(truth)
    return dict(found)


def _question(row: Row, text: int) -> tuple[int, int]:
    # Tags can only be compared where the text is cut into as many words.
    return text, 0 if row.tags is None else len(row.tags)


def _truth(row: Row) -> object:
    """Return what is said to be true of the row, where that is a class or classes; else None."""
    if row.label is not None:
        return row.label
    return row.tags if row.tags is not None else row.label_set
