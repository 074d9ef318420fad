"""Which names a row is given: samples of names that are alike across groups, dealt out in a balanced way.

Gender is compared with ethnicity held fixed: each row gets as many names of each ethnicity for either gender, and these
cells are what intersections are read from. Ethnicity is compared with gender held fixed: each row gets names of each
ethnicity, all of the gender of the name they replace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from modelaudit.text import GENDERS, Name, matched_groups

Pools = dict[tuple[str, str], list[Name]]
TokenCounter = Callable[[Sequence[str]], Sequence[int]]
Dealt = TypeVar("Dealt")


def gender_pools(
    names: Sequence[Name], ethnicities: Sequence[str], size: int, *, seed: int, count: TokenCounter
) -> Pools:
    """Return the names of each (gender, ethnicity), matched across all cells; `size` a cell where there are as many."""
    cells = {(gender, ethnicity): _of(names, gender, ethnicity) for gender in GENDERS for ethnicity in ethnicities}
    return matched_groups(cells, min(size, *map(len, cells.values())), generator(seed, "names of both"), count)


def ethnicity_pools(
    names: Sequence[Name], ethnicities: Sequence[str], size: int, *, seed: int, count: TokenCounter
) -> Pools:
    """Return the names of each (gender, ethnicity), matched across ethnicities within a gender."""
    pools: Pools = {}
    for gender in GENDERS:
        cells = {(gender, ethnicity): _of(names, gender, ethnicity) for ethnicity in ethnicities}
        pools |= matched_groups(cells, min(size, *map(len, cells.values())), generator(seed, f"names {gender}"), count)
    return pools


def dealt(pool: Sequence[Dealt], turn: int, each: int, *, seed: int, purpose: str) -> list[Dealt]:
    """Return the names of the row whose turn it is, `each` at a time.

    The pool is gone through in a new random order each time it is used up, so that every name is used equally often
    and meets every other; where it is no multiple of `each`, an order's last names sit out. ValueError where the pool
    has fewer than `each`.
    """
    if len(pool) < each:
        raise ValueError(f"{len(pool)} names can't be dealt out {each} at a time")
    turns = len(pool) // each
    order = generator(seed, f"{purpose} {turn // turns}").permutation(len(pool))
    start = turn % turns * each
    return [pool[index] for index in order[start : start + each]]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator that depends on the audit's seed and the purpose alone."""
    key = hashlib.blake2b(f"{seed}\x1f{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def _of(names: Sequence[Name], gender: str, ethnicity: str) -> list[Name]:
    return [name for name in names if name.gender == gender and (name.ethnicity or "") == ethnicity]
