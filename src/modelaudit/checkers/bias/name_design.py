"""Which names a row is given: samples of names that are alike across groups, dealt out in a balanced way.

Gender is compared with ethnicity held fixed: each row gets one name of each ethnicity for either gender. Ethnicity is
compared with gender held fixed: each row gets four names of each ethnicity, all of the gender of the name they replace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from modelaudit.text import ETHNICITIES, GENDERS, Name, matched_groups, name_groups

NAMES_PER_ROW = 4
NAMES_PER_CELL = 20
"""Names of one gender and one ethnicity: with two genders 40 a group."""

Pools = dict[tuple[str, str], list[Name]]
TokenCounter = Callable[[Sequence[str]], Sequence[int]]


def ethnicity_pools(*, seed: int, n_tokens: TokenCounter) -> Pools:
    """Return the names of each (gender, ethnicity), matched across ethnicities within a gender."""
    pools: Pools = {}
    for gender in GENDERS:
        cells = name_groups(genders=(gender,))
        size = _whole(min(NAMES_PER_CELL, *(len(names) for names in cells.values())), NAMES_PER_ROW)
        pools |= matched_groups(cells, size, generator(seed, f"names {gender}"), n_tokens)
    return pools


def gender_pools(*, seed: int, n_tokens: TokenCounter) -> Pools:
    """Return the names of each (gender, ethnicity), matched across genders within an ethnicity; half as many a cell."""
    pools: Pools = {}
    for ethnicity in ETHNICITIES:
        cells = name_groups(ethnicities=(ethnicity,))
        size = min(NAMES_PER_CELL // 2, *(len(names) for names in cells.values()))
        pools |= matched_groups(cells, size, generator(seed, f"names {ethnicity}"), n_tokens)
    return pools


def dealt(pool: Sequence[Name], turn: int, each: int, *, seed: int, purpose: str) -> list[Name]:
    """Return the names of the row whose turn it is, `each` at a time.

    The pool is gone through in a new random order each time it is used up, so that every name is used equally often
    and meets every other. Raises ValueError unless the pool is a multiple of `each`.
    """
    if len(pool) % each:
        raise ValueError(f"{len(pool)} names can't be dealt out {each} at a time")
    turns = len(pool) // each
    order = generator(seed, f"{purpose} {turn // turns}").permutation(len(pool))
    start = turn % turns * each
    return [pool[index] for index in order[start : start + each]]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator that depends on the audit's seed and the purpose alone."""
    key = hashlib.blake2b(f"{seed}\x1f{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def _whole(size: int, each: int) -> int:
    return size - size % each
