"""Likeness of two texts by their letters, so that no model has to say what reads alike."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise


class Likeness:
    """The cosine between a text's counts of letters and pairs of letters and those of another text, 0 to 1.

    One letter changed in a word of five that stands alone leaves about .73; in a sentence hardly anything is lost.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._counts = _counts(text)
        self._length = _length(self._counts)

    def of(self, text: str) -> float:
        """Return the likeness of another text with this one."""
        if text == self._text:
            return 1.0
        counts = _counts(text)
        shared = sum(self._counts[gram] * count for gram, count in counts.items() if gram in self._counts)
        lengths = self._length * _length(counts)
        return shared / lengths if lengths else 0.0


def _counts(text: str) -> Counter[str | tuple[str, str]]:
    counts: Counter[str | tuple[str, str]] = Counter(text)
    # The space at either end makes the first and the last letter one of a pair as well.
    counts.update(pairwise(f" {text} "))
    return counts


def _length(counts: Counter[str | tuple[str, str]]) -> float:
    return math.sqrt(sum(count * count for count in counts.values()))
