"""Near-copies: texts that nearly equal another one, found exactly and without comparing all pairs.

A text is the set of its 5-character pieces, but for those that more than one text in twenty has: a form's own words, or
a prompt that stands before every text, make no copy. Two texts are near-copies where the Jaccard index of their sets is
at least .8. Two such sets share one of the rarest fifth of either's pieces (the prefix filter of Chaudhuri, Ganti and
Kaushik 2006), so only pairs that do are compared.
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
COMMON, FEWEST_COMMON = 0.05, 20
"""A piece counts for nothing where more than this share of all texts has it, and more than so many of them."""
BATCH = 512
"""Asked texts that are compared at a time; bounds the memory of the candidates."""
PAIRS = 20_000
MOST_CHARACTERS = 5_000

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class NearCopies:
    """For n asked texts, whether another text that is not quite equal nearly equals it: in the one table, in the other.

    Attributes:
        in_training: bool (n,). in_heldout: bool (n,).
    """

    in_training: Flags
    in_heldout: Flags


def near_duplicates(asked: Sequence[str], known: Sequence[str]) -> Flags:
    """Return bool (n,): which asked texts equal a known one, but for case and white space, or nearly do."""
    equal = {folded(text) for text in known}
    same = np.array([folded(text) in equal for text in asked], dtype=np.bool_)
    return np.asarray(same | near_copies(asked, training=known, heldout=()).in_training)


def near_copies(asked: Sequence[str], *, training: Sequence[str], heldout: Sequence[str]) -> NearCopies:
    """Return which asked texts nearly equal a text of either table; equal ones, but for case and white space, aside."""
    tables = [{folded(text) for text in table} for table in (training, heldout)]
    wanted = [folded(text) for text in asked]
    every = sorted(tables[0] | tables[1])
    distinct = sorted(set(wanted))
    if not distinct or not every:
        nothing = np.zeros(len(asked), dtype=np.bool_)
        return NearCopies(nothing, nothing)
    belongs = np.array([[text in table for text in every] for table in tables], dtype=np.bool_)
    found = _joined(distinct, every, belongs)
    place = {text: number for number, text in enumerate(distinct)}
    back = np.array([place[text] for text in wanted], dtype=np.int64)
    return NearCopies(found[0][back], found[1][back])


def folded(text: str) -> str:
    """Return what two texts share that differ in case and white space alone; it can be sorted and hashed."""
    return " ".join(text.casefold().split()).encode("utf-8", "replace").decode("utf-8")


def _joined(asked: Sequence[str], every: Sequence[str], belongs: Flags) -> Flags:
    """Return bool (2, asked): which nearly equal another of `every` that belongs to each table."""
    pieces = HashingVectorizer(
        analyzer="char", ngram_range=(PIECE, PIECE), n_features=BUCKETS, norm=None, binary=True, alternate_sign=False,
        lowercase=False,
    )  # fmt: skip
    ours, theirs = (pieces.transform([_cut(text) for text in texts]) for texts in (asked, every))
    often = np.asarray(theirs.sum(axis=0)).ravel()
    rare = often <= max(COMMON * len(every), FEWEST_COMMON)
    ours, theirs = (_ordered(table, rare) for table in (ours, theirs))
    prefixes = _rarest(ours, often), _rarest(theirs, often).T.tocsc()
    sizes = np.diff(ours.indptr), np.diff(theirs.indptr)
    same = {text: number for number, text in enumerate(every)}
    self_of = np.array([same.get(text, -1) for text in asked], dtype=np.int64)
    found = np.zeros((2, len(asked)), dtype=np.bool_)
    for start in range(0, len(asked), BATCH):
        candidates = (prefixes[0][start : start + BATCH] @ prefixes[1]).tocoo()
        left, right = candidates.row + start, candidates.col
        small, large = np.minimum(sizes[0][left], sizes[1][right]), np.maximum(sizes[0][left], sizes[1][right])
        # Sets of very different sizes can't be alike.
        fits = (small >= JACCARD * large) & (self_of[left] != right)
        left, right = left[fits], right[fits]
        for some in range(0, len(left), PAIRS):
            one, other = left[some : some + PAIRS], right[some : some + PAIRS]
            news = (belongs[:, other] & ~found[:, one]).any(axis=0)
            one, other = one[news], other[news]
            shared = np.asarray(ours[one].multiply(theirs[other]).sum(axis=1)).ravel()
            alike = shared >= JACCARD * (sizes[0][one] + sizes[1][other] - shared)
            for table in range(2):
                found[table, one[alike & belongs[table, other]]] = True
    return found


def _cut(text: str) -> str:
    # Texts of fewer characters than a piece are filled up, so that they have one.
    return text[:MOST_CHARACTERS].ljust(PIECE, "\x02")


def _ordered(matrix: sparse.csr_matrix, kept: Flags) -> sparse.csr_matrix:
    """Return the matrix without the columns that are not kept, its indices sorted."""
    chosen = kept[matrix.indices]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[chosen]
    data = np.ones(int(chosen.sum()), dtype=np.float64)
    thinned = sparse.csr_matrix((data, (row, matrix.indices[chosen])), shape=matrix.shape)
    thinned.sort_indices()
    return thinned


def _rarest(matrix: sparse.csr_matrix, often: NDArray[np.float64]) -> sparse.csr_matrix:
    """Keep of each row of s pieces the s - ceil(.8 s) + 1 rarest ones."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, often[matrix.indices], row))
    sizes = np.diff(matrix.indptr)
    place = np.arange(len(row)) - np.repeat(matrix.indptr[:-1], sizes)
    kept = np.where(sizes > 0, sizes - np.ceil(JACCARD * sizes - 1e-9) + 1, 0).astype(np.int64)
    chosen = order[place < np.repeat(kept, sizes)]
    data = np.ones(len(chosen), dtype=np.float64)
    return sparse.csr_matrix((data, (row[chosen], matrix.indices[chosen])), shape=matrix.shape)
