"""Which rows are explained, and which words of a row are the players of its game."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from modelaudit.rows import Row

MOST_UNITS = 64
"""A row with more words is explained in this many groups of neighbouring words."""


@dataclass(frozen=True, slots=True)
class Units:
    """The players of one row: words, or groups of neighbouring words in a long row.

    `unit_of_word` is int64 (words,), ascending from 0; `names` has the words of each unit, joined by a space.
    """

    unit_of_word: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def grouped(self) -> bool:
        """Whether some unit holds more than one word."""
        return len(self.names) < len(self.unit_of_word)

    def words(self, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the words (variants, words) that coalitions of units (variants, units) let be seen."""
        return keep[:, self.unit_of_word]


def units_of(words: Sequence[str], *, most: int = MOST_UNITS) -> Units:
    """Return the units of a row: one a word, or `most` groups of neighbours of nearly equal size."""
    count = min(len(words), most)
    unit_of_word = np.arange(len(words)) * count // max(len(words), 1)
    # Units are whole stretches, so that each is found once.
    starts = np.searchsorted(unit_of_word, np.arange(count + 1))
    names = tuple(" ".join(words[start:stop]) for start, stop in pairwise(starts.tolist()))
    return Units(unit_of_word.astype(np.int64), names)


def row_key(row: Row, *, seed: int, purpose: str) -> bytes:
    """Return 32 bytes that depend on the seed, the purpose and what the row says: not on where it stands in memory."""
    words = (row.text,) if row.words is None else ("", *row.words)
    if row.medium is not None:
        words = ("medium", row.medium.digest)
    if row.companion is not None or row.turns:
        # What is read beside the text: the same context is put several questions.
        words = (*words, "beside", row.companion or "", *(part for turn in row.turns or () for part in turn))
    content = "\x1f".join([str(seed), purpose, *words]).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=32).digest()


def row_rng(row: Row, *, seed: int, purpose: str) -> np.random.Generator:
    """Return the row's own generator for one purpose."""
    key = int.from_bytes(row_key(row, seed=seed, purpose=purpose)[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


def in_drawn_order(rows: Sequence[Row], *, seed: int) -> tuple[list[Row], int]:
    """Return the rows in the pseudo-random order in which they are taken for explanation, each text once.

    The number is of the rows that were left out because another has the same words.
    """
    keyed = sorted(((row_key(row, seed=seed, purpose="draw"), row.id, row) for row in rows), key=itemgetter(0, 1))
    distinct = [next(same)[2] for _, same in groupby(keyed, key=itemgetter(0))]
    return distinct, len(rows) - len(distinct)
