"""Pieces of texts: the short runs of characters by which two texts are compared, as 64-bit numbers.

A piece is five characters, or two where it begins with a Chinese, Japanese or Korean one, which is about a word either
way. A text too short for a piece is a piece of its own. Numbers of different pieces agree with a chance of 2^-64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]

LONG, SHORT = 5, 2
BATCH = 2**18
"""Characters that are cut at a time, if no single text has more."""
_SYLLABIC = np.array(
    [(0x2E80, 0x2FE0), (0x3005, 0x3008), (0x3040, 0x3130), (0x31A0, 0x3200), (0x3400, 0x4DC0), (0x4E00, 0xA000),
     (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0x20000, 0x33480)]
)  # fmt: skip
"""First code point, and the one after the last: Han with its radicals, kana, bopomofo extended, Hangul syllables."""
_FILLER = 0x110000


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The pieces of some texts, one after the other: text i has `numbers[offsets[i]:offsets[i + 1]]`, at least one."""

    numbers: Numbers
    offsets: NDArray[np.int64]


def scrambled(numbers: Numbers) -> Numbers:
    """Return each number under a fixed one-to-one map that looks random (the finaliser of SplitMix64)."""
    found = numbers + np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Numbers = found ^ (found >> np.uint64(31))
    return result


_FACTORS = scrambled(np.arange(LONG + SHORT, dtype=np.uint64)) | np.uint64(1)


def pieces(text: str) -> Numbers:
    """Return the different pieces of one text, ascending; an empty text has one."""
    return np.unique(_cut([text]).numbers)


def batches(texts: Sequence[str]) -> Iterator[tuple[int, Cut]]:
    """Yield the pieces of all texts in batches, each with the place of its first text; pieces may repeat in a text."""
    start, size = 0, 0
    for place, text in enumerate(texts):
        if size and size + len(text) > BATCH:
            yield start, _cut(texts[start:place])
            start, size = place, 0
        size += len(text)
    if start < len(texts):
        yield start, _cut(texts[start:])


def _cut(texts: Sequence[str]) -> Cut:
    filled = "".join(text + " " * LONG for text in texts)
    code = np.frombuffer(filled.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    sizes = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    starts = np.concatenate([[0], np.cumsum(sizes + LONG)[:-1]])
    owner = np.repeat(np.arange(len(texts)), sizes + LONG)
    left = sizes[owner] - (np.arange(len(code)) - starts[owner])
    code[left <= 0] = _FILLER
    short = np.searchsorted(_SYLLABIC.ravel(), code.astype(np.int64), side="right") % 2 == 1
    fits = left >= np.where(short, SHORT, LONG)
    # A text in which no piece fits is one piece, filled up.
    none = np.bincount(owner, weights=fits, minlength=len(texts)) == 0.0
    fits[starts[none]] = True
    places = np.flatnonzero(fits)
    number = np.zeros(len(places), dtype=np.uint64)
    for step in range(LONG):
        number += code[places + step] * _FACTORS[step]
    brief = short[places] & ~none[owner[places]]
    number[brief] = 0
    for step in range(SHORT):
        number[brief] += code[places[brief] + step] * _FACTORS[LONG + step]
    counts = np.bincount(owner[places], minlength=len(texts))
    return Cut(scrambled(number), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
