"""Copies among pictures and sounds: the same one encoded, resized or amplified anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.duplicates import NearCopies
from modelaudit.checkers.privacy.folds import drawn
from modelaudit.checkers.privacy.media_traits import signature
from modelaudit.rows import Row

ALIKE_PICTURES, ALIKE_SOUNDS = 0.99, 0.97
"""Correlation from which on two are copies; strangers among photographs and among voices stay well below."""
MOST_KNOWN = 5_000
"""Rows of a table that others are held against, drawn by content: each must be decoded."""
BATCH = 512


def media_copies(
    asked: Sequence[Row], *, training: Sequence[Row], heldout: Sequence[Row], seed: int
) -> tuple[NearCopies, bool]:
    """Return which asked pictures or sounds nearly equal another one of either table, and whether all were compared.

    What is equal sample by sample is one and the same, and no copy of itself.
    """
    tables = [_drawn(table, seed) for table in (training, heldout)]
    whole = all(len(table) < MOST_KNOWN for table in tables)
    known = {digest: row for table in tables for digest, row in table.items()}
    ours = {row.medium.digest: row for row in asked if row.medium is not None}
    signatures = {digest: signature(row) for digest, row in (known | ours).items()}
    names, others = sorted(ours), sorted(known)
    found = np.zeros((2, len(names)), dtype=np.bool_)
    if not names or not others:
        return NearCopies(*np.zeros((2, len(asked)), dtype=np.bool_)), whole
    theirs = np.stack([signatures[name] for name in others])
    belongs = np.array([[name in table for name in others] for table in tables], dtype=np.bool_)
    least = ALIKE_SOUNDS if asked[0].sound is not None else ALIKE_PICTURES
    for start in range(0, len(names), BATCH):
        some = names[start : start + BATCH]
        alike = np.stack([signatures[name] for name in some]) @ theirs.T >= least
        alike &= ~_same(some, others)
        found[:, start : start + BATCH] = [(alike & table).any(axis=1) for table in belongs]
    place = {name: number for number, name in enumerate(names)}
    back = [place[row.medium.digest] for row in asked if row.medium is not None]
    return NearCopies(found[0][back], found[1][back]), whole


def _drawn(rows: Sequence[Row], seed: int) -> dict[str, Row]:
    distinct = {row.medium.digest: row for row in rows if row.medium is not None}
    return {row.medium.digest: row for row in drawn(list(distinct.values()), MOST_KNOWN, seed=seed) if row.medium}


def _same(some: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    return np.asarray(np.array(some)[:, None] == np.array(others)[None, :])
