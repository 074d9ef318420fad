"""Which rows are drawn: decided by seed and content, never by order in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from modelaudit.rows import Row


def drawn(rows: Sequence[Row], size: int, *, seed: int) -> list[Row]:
    """Return at most `size` rows, a pseudo-random draw in an order that depends on seed, content and id alone."""
    return sorted(rows, key=lambda row: (_digest(row, seed), row.id))[:size]


def _digest(row: Row, seed: int) -> bytes:
    words = [row.text] if row.words is None else ["words", *row.words]
    keyed = "\x1f".join([str(seed), "robustness", *words])
    return hashlib.blake2b(keyed.encode("utf-8", "surrogatepass"), digest_size=16).digest()
