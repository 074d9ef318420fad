"""The edit distance and the longest common subsequence of two sequences, a column of the table at a time.

A column is held in the bits of one whole number, so that Python's own arithmetic moves it on at once: Myers 1999
(Journal of the ACM 46:395) as Hyyro 2003 has it for the distance, Hyyro 2004 for the subsequence. Time grows as the
length of the shorter sequence times that of the longer one by 30; nothing of the size of their product is kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the fewest items to insert, delete or replace to turn one sequence into the other (Levenshtein 1966)."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    size = len(longer)
    if not shorter:
        return size
    places, none = _places(longer, shorter), 0
    every, last = (1 << size) - 1, 1 << (size - 1)
    rises, falls, distance = every, 0, size
    for item in shorter:
        here = places.get(item, none) | falls
        same = (((here & rises) + rises) ^ rises) | here
        up = falls | (every & ~(same | rises))
        down = same & rises
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1) | 1, down << 1
        rises = (down | ~(same | up)) & every
        falls = up & same & every
    return distance


def longest_common_subsequence(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the length of the longest sequence of items that both hold in this order, not always side by side."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    if not shorter:
        return 0
    places, none = _places(longer, shorter), 0
    every = (1 << len(longer)) - 1
    left = every
    for item in shorter:
        here = left & places.get(item, none)
        left = ((left + here) | (left - here)) & every
    return len(longer) - left.bit_count()


def _places(longer: Sequence[Hashable], shorter: Sequence[Hashable]) -> dict[Hashable, int]:
    """Return for each item of the shorter sequence the places of the longer one where it stands, as bits."""
    code: dict[Hashable, int] = {}
    for item in shorter:
        code.setdefault(item, len(code))
    stands = np.array([code.get(item, -1) for item in longer], dtype=np.int64)
    order = np.argsort(stands, kind="stable")
    ends = np.searchsorted(stands[order], np.arange(len(code) + 1))
    bits = {}
    for item, number in code.items():
        held = np.zeros(len(longer), dtype=np.uint8)
        held[order[ends[number] : ends[number + 1]]] = 1
        bits[item] = int.from_bytes(np.packbits(held, bitorder="little").tobytes(), "little")
    return bits
