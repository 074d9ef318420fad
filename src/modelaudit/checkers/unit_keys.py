"""What rows are known by in another audit of them: their id, or the document or person that they belong to."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.rows import Row


def unit_keys(rows: Sequence[Row], code: NDArray[np.integer] | None = None) -> list[Hashable]:
    """Return the key of each unit: of each row, or by `code`, where rows with one number are one unit."""
    if code is None:
        return [row.id for row in rows]
    first = np.unique(code, return_index=True)[1]
    return [key_of(rows[place]) for place in first.tolist()]


def key_of(row: Row) -> Hashable:
    """Return the document or person of a row, or the row by itself."""
    return ("row", row.id) if row.group is None else ("group", row.group)
