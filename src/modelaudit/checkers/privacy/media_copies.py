"""Copies among pictures and sounds: the same one encoded, resized or amplified anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.privacy.duplicates import NearCopies
from modelaudit.checkers.privacy.folds import drawn
from modelaudit.media.likeness import lookalikes
from modelaudit.rows import Row

MOST_KNOWN = 5_000
"""Rows of a table that others are held against, drawn by content: each must be decoded."""


def media_copies(
    asked: Sequence[Row], *, training: Sequence[Row], heldout: Sequence[Row], seed: int
) -> tuple[NearCopies, bool]:
    """Return which asked pictures or sounds nearly equal another one of either table, and whether all were compared.

    Near copies look or sound alike and have no different labels. What is equal sample by sample is one and the same,
    and no copy of itself.
    """
    tables = [{row.medium.digest: row for row in table if row.medium is not None} for table in (training, heldout)]
    whole = all(len(table) <= MOST_KNOWN for table in tables)
    known = [drawn(list(table.values()), MOST_KNOWN, seed=seed) for table in tables]
    media = {row.medium.digest: row.medium for row in (*asked, *known[0], *known[1]) if row.medium is not None}
    labels: dict[str, set[object]] = {name: set() for name in media}
    for row in (*asked, *training, *heldout):
        if row.medium is not None and row.label is not None and row.medium.digest in labels:
            labels[row.medium.digest].add(row.label)
    names = sorted(media)
    place = {name: number for number, name in enumerate(names)}
    left, right = lookalikes([media[name] for name in names], [labels[name] for name in names]).copies
    found = np.zeros((2, len(names)), dtype=np.bool_)
    for at, table in enumerate(known):
        stands = np.zeros(len(names), dtype=np.bool_)
        stands[[place[row.medium.digest] for row in table if row.medium is not None]] = True
        found[at, left[stands[right]]] = True
        found[at, right[stands[left]]] = True
    back = np.array([place[row.medium.digest] for row in asked if row.medium is not None], dtype=np.int64)
    return NearCopies(found[0][back], found[1][back]), whole
