"""chrF: the F-score of character n-grams, of one text or of many together (Popovic 2015, WMT; 2016 for beta 2).

As sacreBLEU 2 reckons it: n-grams of 1 to 6 characters, white space left out, precision and recall averaged over the
lengths that both texts have, recall counting twice as much; here between 0 and 1 and not 100.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

LONGEST = 6
BETA = 2.0

Counts = NDArray[np.int64]


def chrf(answer: str, truth: str) -> float:
    """Return the chrF of one text against another; 1 where both are empty, so that nothing is left to say."""
    counts = chrf_counts(answer, truth)
    return corpus_chrf(counts[None]) if counts.any() else 1.0


def chrf_counts(answer: str, truth: str) -> Counts:
    """Return (6, 3) counts for n-grams of each length: in the answer, in the truth, and shared."""
    said, true = "".join(answer.split()), "".join(truth.split())
    counts = np.zeros((LONGEST, 3), dtype=np.int64)
    for size in range(1, LONGEST + 1):
        ours, theirs = _grams(said, size), _grams(true, size)
        counts[size - 1] = ours.total(), theirs.total(), (ours & theirs).total()
    return counts


def corpus_chrf(counts: Counts) -> float:
    """Return the chrF of many texts together from their counts (texts, 6, 3); it is not the mean of the texts' own."""
    said, true, shared = counts.sum(axis=0).T.astype(np.float64)
    both = (said > 0) & (true > 0)
    if not both.any():
        return 0.0
    precision, recall = float((shared[both] / said[both]).mean()), float((shared[both] / true[both]).mean())
    if precision + recall == 0.0:
        return 0.0
    return (1.0 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
