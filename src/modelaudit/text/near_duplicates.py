"""Texts that nearly equal one another, found without comparing all pairs.

Two texts are near twins where the Jaccard index of their pieces (`pieces`) is at least .8: of all pieces, and of those
that are not common. A piece is common where more than one text in twenty has it, and more than twenty have: a form's
own words make no copy.

Candidates are found by MinHash (Broder 1997) on the pieces that are not common: 128 numbers a text, in 25 bands of 5;
two texts of Jaccard index s agree in some band with the chance 1 - (1 - s^5)^25, which is .9999 at .8. Candidates are
then compared piece by piece, so none is a twin by chance.

Where more than 32 texts share a band, each is compared with the 32 that come next when the texts are put in order of
the numbers behind the band, and with the first text of each table. So a thousand versions of one text take a thousand
times 32 comparisons; that a text has a twin is then found with near certainty, but not every pair is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.text.pieces import Numbers, batches, pieces, scrambled

JACCARD = 0.8
PERMUTATIONS, BANDS, BAND = 128, 25, 5
NEIGHBOURS = 32
COMMON, FEWEST_COMMON = 0.05, 20
COUNTED = 2_000
"""Texts that the common pieces are counted in, where there are more."""
_LIKELY = 0.65
"""Share of the 128 numbers that agree, below which a candidate is not compared: 4 standard errors below .8."""
_ORDERED = 6
"""Numbers behind a band by which its texts are put in order."""
_KEPT = 5_000_000
"""Pieces that are remembered while candidates are compared."""

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NearTwins:
    """For n texts in t tables: who has a near twin where, and which texts hang together.

    Attributes:
        found: bool (t, n), whether another text that stands in the table nearly equals this one.
        family: int64 (n,), a number that texts share which are linked by near twins.
    """

    found: Flags
    family: Places


def near_twins(texts: Sequence[str], tables: Flags) -> NearTwins:
    """Return the near twins among texts, all different and folded alike; `tables` says which stands where, bool (t, n).

    What is found does not hang on the order of the texts, but for the choice of neighbours in large families; give them
    in sorted order. Takes time in proportion to their characters.
    """
    common = _common(texts)
    marks, bare = _marks(texts, common)
    search = _Search(texts, tables, common)
    for band in range(BANDS):
        for left, right in _candidates(marks, bare, tables, band):
            search.compare(left, right)
    return search.twins()


def jaccard(one: Numbers, other: Numbers) -> float:
    """Return the Jaccard index of two ascending sets of pieces; 0 where both are empty."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    every = len(one) + len(other) - shared
    return shared / every if every else 0.0


def _common(texts: Sequence[str]) -> Numbers:
    """Return the pieces, ascending, that more than one text in twenty has."""
    counted = texts
    if len(texts) > COUNTED:
        counted = sorted(texts, key=lambda text: hashlib.blake2b(text.encode("utf-8", "surrogatepass")).digest())
        counted = counted[:COUNTED]
    if not counted:
        return np.empty(0, dtype=np.uint64)
    number, count = np.unique(np.concatenate([pieces(text) for text in counted]), return_counts=True)
    # Among a part of the texts the least number shrinks with them.
    fewest = FEWEST_COMMON * len(counted) / len(texts)
    found: Numbers = number[count > max(COMMON * len(counted), fewest)]
    return found


def _marks(texts: Sequence[str], common: Numbers) -> tuple[NDArray[np.uint32], Flags]:
    """Return the MinHash numbers (128, n), and which texts have common pieces only."""
    marks = np.zeros((PERMUTATIONS, len(texts)), dtype=np.uint32)
    bare = np.zeros(len(texts), dtype=np.bool_)
    factor = scrambled(np.arange(1_000, 1_000 + PERMUTATIONS, dtype=np.uint64)) | np.uint64(1)
    shift = scrambled(np.arange(2_000, 2_000 + PERMUTATIONS, dtype=np.uint64))
    for start, cut in batches(texts):
        rare = ~_among(cut.numbers, common)
        kept = np.add.reduceat(rare, cut.offsets[:-1], dtype=np.int64)
        held = np.flatnonzero(kept)
        bare[start : start + len(kept)] = kept == 0
        if not len(held):
            continue
        numbers = cut.numbers[rare]
        offsets = np.concatenate([[0], np.cumsum(kept[held])[:-1]])
        for place in range(PERMUTATIONS):
            drawn = (numbers * factor[place] + shift[place]) >> np.uint64(32)
            marks[place, start + held] = np.minimum.reduceat(drawn, offsets)
    return marks, bare


def _candidates(marks: NDArray[np.uint32], bare: Flags, tables: Flags, band: int) -> Iterator[tuple[Places, Places]]:
    """Yield pairs of texts that share a band and, by all their numbers, are probably alike."""
    texts = np.flatnonzero(~bare)
    if len(texts) < 2:
        return
    first = band * BAND
    key = np.zeros(len(texts), dtype=np.uint64)
    for place in range(first, first + BAND):
        key = scrambled(key ^ marks[place, texts])
    behind = [(first + BAND + step) % PERMUTATIONS for step in range(_ORDERED)]
    order = np.lexsort([*(marks[place, texts] for place in reversed(behind)), key])
    texts, key = texts[order], key[order]
    begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    bucket = np.cumsum(np.concatenate([[False], key[1:] != key[:-1]]))
    for step in range(1, min(NEIGHBOURS, len(texts) - 1) + 1):
        same = np.flatnonzero(bucket[step:] == bucket[:-step])
        if not len(same):
            return
        yield _probable(marks, texts[same], texts[same + step])
    for table in tables:
        places = np.where(table[texts], np.arange(len(texts)), len(texts))
        leader = np.minimum.reduceat(places, begins)[bucket]
        far = np.flatnonzero((leader < len(texts)) & (np.abs(leader - np.arange(len(texts))) > NEIGHBOURS))
        if len(far):
            yield _probable(marks, texts[leader[far]], texts[far])


def _probable(marks: NDArray[np.uint32], left: Places, right: Places) -> tuple[Places, Places]:
    agreeing = np.zeros(len(left), dtype=np.int64)
    for place in range(PERMUTATIONS):
        agreeing += marks[place, left] == marks[place, right]
    likely = agreeing >= _LIKELY * PERMUTATIONS
    return left[likely], right[likely]


class _Search:
    """Compares candidates piece by piece, as long as they could tell something new."""

    def __init__(self, texts: Sequence[str], tables: Flags, common: Numbers) -> None:
        self._texts, self._common = texts, common
        self._shape, self._tables = tables.shape, tables.T.tolist()
        self._found = [[False] * len(tables) for _ in texts]
        self._parent = list(range(len(texts)))
        self._compared: set[tuple[int, int]] = set()
        self._known: dict[int, tuple[Numbers, Numbers]] = {}
        self._held = 0

    def compare(self, left: Places, right: Places) -> None:
        """Look at pairs of texts and remember which are twins."""
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            pair = (min(one, other), max(one, other))
            if pair in self._compared or not self._news(one, other):
                continue
            self._compared.add(pair)
            if self._alike(one, other):
                self._mark(one, other)
                self._mark(other, one)
                low, high = sorted((self._root(one), self._root(other)))
                self._parent[high] = low

    def twins(self) -> NearTwins:
        """Return what was found."""
        found = np.array(self._found, dtype=np.bool_).reshape(self._shape[::-1]).T
        family = np.array([self._root(place) for place in range(len(self._texts))], dtype=np.int64)
        return NearTwins(found, family)

    def _news(self, one: int, other: int) -> bool:
        if self._root(one) != self._root(other):
            return True
        for here, there in ((one, other), (other, one)):
            if any(stands and not known for stands, known in zip(self._tables[there], self._found[here], strict=True)):
                return True
        return False

    def _mark(self, one: int, other: int) -> None:
        self._found[one] = [a or b for a, b in zip(self._found[one], self._tables[other], strict=True)]

    def _alike(self, one: int, other: int) -> bool:
        first, second = self._pieces(one), self._pieces(other)
        return jaccard(first[1], second[1]) >= JACCARD and jaccard(first[0], second[0]) >= JACCARD

    def _pieces(self, place: int) -> tuple[Numbers, Numbers]:
        """Return all pieces of a text, and those that are not common."""
        if place not in self._known:
            if self._held > _KEPT:
                self._known.clear()
                self._held = 0
            every = pieces(self._texts[place])
            self._known[place] = (every, every[~_among(every, self._common)])
            self._held += len(every)
        return self._known[place]

    def _root(self, place: int) -> int:
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place


def _among(numbers: Numbers, ascending: Numbers) -> Flags:
    """Return which numbers stand in an ascending array."""
    if not len(ascending):
        return np.zeros(len(numbers), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ascending, numbers), len(ascending) - 1)
    found: Flags = ascending[place] == numbers
    return found
