"""Kinship of rows that are more than one text, or none: of pairs of texts, of pictures and of sounds.

A copy of a pair is a pair of which both texts are copies: a question put to the same context as another is none. Copies
of pictures and sounds look or sound alike (`media.likeness`) and have no different labels. Kinship is passed on: what
nearly equals a copy of a row is its kin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.likeness import Lookalikes
from modelaudit.text.near_duplicates import NearTwins, near_twins

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def near_media(alike: Lookalikes, tables: Flags) -> NearTwins:
    """Return the near twins among pictures or sounds, all different; `tables` says which stands where, bool (t, n)."""
    return _by_family(_linked(*alike.copies, len(alike.labels)), tables)


def near_pairs(pairs: Sequence[tuple[str, str]], tables: Flags) -> NearTwins:
    """Return the near twins among pairs of texts, all different: pairs of which both texts are equal or kin."""
    parts = [families([pair[place] for pair in pairs]) for place in (0, 1)]
    _, code = np.unique(np.stack(parts), axis=1, return_inverse=True)
    code = code.reshape(-1)
    first = np.full(int(code.max(initial=-1)) + 1, len(pairs), dtype=np.int64)
    np.minimum.at(first, code, np.arange(len(pairs)))
    return _by_family(first[code], tables)


def families(texts: Sequence[str]) -> Places:
    """Return for each text a number that it shares with its equals and its kin. int64 (n,)"""
    different = sorted(set(texts))
    place = {text: number for number, text in enumerate(different)}
    family = near_twins(different, np.ones((1, len(different)), dtype=np.bool_)).family
    return np.array([family[place[text]] for text in texts], dtype=np.int64)


def _by_family(family: Places, tables: Flags) -> NearTwins:
    """Return who has kin where: another of its family in the table."""
    found = np.zeros(tables.shape, dtype=np.bool_)
    for of, stands in enumerate(tables):
        sizes = np.bincount(family[stands], minlength=len(family) + 1)
        found[of] = sizes[family] > stands
    return NearTwins(found, family)


def _linked(left: Places, right: Places, size: int) -> Places:
    """Return the families of what is linked, each called by its first member."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left)), (left, right)), shape=(size, size))
    _, code = connected_components(graph, directed=False)
    first = np.full(size, size, dtype=np.int64)
    np.minimum.at(first, code, np.arange(size))
    return np.asarray(first[code])
