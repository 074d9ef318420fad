"""Near-duplicates: held-out texts that nearly equal a training text, found exactly and without comparing all pairs.

Two texts are near-copies where the Jaccard index of their sets of 5-character pieces is at least .8. Two such sets
share one of the rarest fifth of either's pieces (the prefix filter of Chaudhuri, Ganti and Kaushik 2006), so only pairs
that do are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

PIECE = 5
JACCARD = 0.8
BUCKETS = 2**20
BATCH = 512
"""Held-out texts compared at a time; bounds the memory of the candidates."""
MOST_CHARACTERS = 2_000
"""Of a text; two that are equal so far are taken for copies."""


@dataclass(frozen=True, slots=True, eq=False)
class NearDuplicates:
    """Which of n asked texts nearly equal one of the known texts: bool (n,)."""

    is_copy: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many do."""
        return int(self.is_copy.sum())


def near_duplicates(asked: Sequence[str], known: Sequence[str]) -> NearDuplicates:
    """Return which asked texts are near-copies of a known one; white space and case do not count."""
    found = np.zeros(len(asked), dtype=np.bool_)
    if not len(asked) or not len(known):
        return NearDuplicates(found)
    # Equal texts are one text here: a table of one sentence a thousand times costs as much as the sentence.
    folded = [_folded(text) for text in asked]
    distinct, back = np.unique(np.array(folded, dtype=object), return_inverse=True)
    those = np.unique(np.array([_folded(text) for text in known], dtype=object))
    pieces = HashingVectorizer(
        analyzer="char", ngram_range=(PIECE, PIECE), n_features=BUCKETS, norm=None, binary=True, alternate_sign=False,
        lowercase=False,
    )  # fmt: skip
    ours, theirs = (_ordered(pieces.transform(texts)) for texts in (distinct, those))
    common = np.asarray(ours.sum(axis=0)).ravel() + np.asarray(theirs.sum(axis=0)).ravel()
    rare = _rarest(ours, common), _rarest(theirs, common).T.tocsc()
    sizes = np.diff(ours.indptr), np.diff(theirs.indptr)
    copies = np.zeros(len(distinct), dtype=np.bool_)
    for start in range(0, len(distinct), BATCH):
        candidates = (rare[0][start : start + BATCH] @ rare[1]).tocoo()
        left, right = candidates.row + start, candidates.col
        # Sets of very different sizes can't be alike.
        fits = np.minimum(sizes[0][left], sizes[1][right]) >= JACCARD * np.maximum(sizes[0][left], sizes[1][right])
        left, right = left[fits], right[fits]
        for some in range(0, len(left), 20_000):
            one, other = left[some : some + 20_000], right[some : some + 20_000]
            shared = np.asarray(ours[one].multiply(theirs[other]).sum(axis=1)).ravel()
            alike = shared >= JACCARD * (sizes[0][one] + sizes[1][other] - shared)
            copies[one[alike]] = True
    found[:] = copies[back.reshape(-1)]
    return NearDuplicates(found)


def _folded(text: str) -> str:
    # Lone surrogates can't be hashed; they count as one sign. Short texts are filled up, so that they have a piece.
    plain = " ".join(text[:MOST_CHARACTERS].casefold().split()).encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) >= PIECE else plain.ljust(PIECE, "\x02")


def _ordered(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    matrix.sort_indices()
    return matrix


def _rarest(matrix: sparse.csr_matrix, common: NDArray[np.float64]) -> sparse.csr_matrix:
    """Keep of each row of s pieces the s - ceil(.8 s) + 1 rarest ones."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, common[matrix.indices], row))
    sizes = np.diff(matrix.indptr)
    place = np.arange(len(row)) - np.repeat(matrix.indptr[:-1], sizes)
    kept = np.where(sizes > 0, sizes - np.ceil(JACCARD * sizes - 1e-9) + 1, 0).astype(np.int64)
    chosen = order[place < np.repeat(kept, sizes)]
    data = np.ones(len(chosen), dtype=np.float64)
    return sparse.csr_matrix((data, (row[chosen], matrix.indices[chosen])), shape=matrix.shape)
