"""Which records are drawn, and in which fold each stands: decided by content, never by order in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.record import content
from modelaudit.rows import Row


def drawn(rows: Sequence[Row], size: int, *, seed: int) -> list[Row]:
    """Return at most `size` rows, a pseudo-random draw in an order that depends on seed and content alone."""
    return sorted(rows, key=lambda row: (digest(content(row), seed=seed, purpose="draw"), row.id))[:size]


def unit(row: Row) -> str:
    """Return what no split may tear apart: the row's group, or else its content, so that duplicates stay together."""
    return content(row) if row.group is None else f"group\x1f{row.group}"


def digest(text: str, *, seed: int, purpose: str) -> bytes:
    """Return 16 bytes that depend on the seed, the purpose and the text; lone surrogates are hashed as they are."""
    keyed = f"{seed}\x1f{purpose}\x1f{text}"
    return hashlib.blake2b(keyed.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def cross_folds(members: Sequence[Row], nonmembers: Sequence[Row], folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row, members first (shape [n1 + n0]).

    The units of each side are dealt out in turn, so that folds are of about equal size and mixture; a unit that is on
    both sides stands in one fold.
    """
    of_members = {unit(row) for row in members}
    units = [unit(row) for row in (*members, *nonmembers)]
    keys = {name: (name in of_members, digest(name, seed=seed, purpose="cross-validation")) for name in units}
    order = sorted(keys, key=keys.__getitem__)
    fold = {name: place % folds for place, name in enumerate(order)}
    return np.array([fold[name] for name in units], dtype=np.int64)
