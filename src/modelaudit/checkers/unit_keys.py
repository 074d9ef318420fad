"""What rows are known by in another audit of them: their id, or the document or person that they belong to."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from hashlib import blake2b

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
    """Return the document or person of a row, the context that a question is put to, or the row by itself."""
    if row.group is not None:
        return "group", row.group
    return ("row", row.id) if row.answers is None else ("context", _digest(row.text))


def _digest(text: str) -> str:
    # Another audit draws other questions first; a context is too long to be kept as a key.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
