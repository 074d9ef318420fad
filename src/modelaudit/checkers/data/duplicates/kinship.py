"""Kinship of rows that are more than one text, or none: of pairs of texts, of pictures and of sounds.

A copy of a pair is a pair of which both texts are copies: a question put to the same context as another is none. Copies
of pictures and sounds are found by their hashes and settled by how they look or sound (`media.likeness`). Kinship is
passed on: what nearly equals a copy of a row is its kin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.likeness import bits_apart, codes_of, copies, look_of
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.text.near_duplicates import NearTwins, near_twins

NEAR = 7
"""Bits of 64 in which the hashes of copies differ at the most, so that one of eight bytes is the same."""
NEIGHBOURS = 64
"""Hashes with a byte in common that each is compared with, the next ones in order."""
BYTES = 8

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def near_media(media: Sequence[Picture | Sound], tables: Flags) -> NearTwins:
    """Return the near twins among pictures or sounds, all different; `tables` says which stands where, bool (t, n).

    Each is decoded once. Up to some 16,000 all pairs of which the hashes share a byte are compared.
    """
    if not media:
        return _by_family(np.empty(0, dtype=np.int64), tables)
    looks = np.stack([look_of(each) for each in media])
    codes = codes_of(looks)
    left, right = [], []
    for turn in range(BYTES):
        bits = np.uint64(8 * turn)
        # The shared byte comes first, and the rest decides who stands next to whom.
        turned = (codes << bits) | (codes >> (np.uint64(64) - bits)) if turn else codes
        order = np.argsort(turned, kind="stable")
        first = (turned >> np.uint64(56))[order]
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            same = np.flatnonzero(first[step:] == first[:-step])
            if not len(same):
                break
            one, other = order[same], order[same + step]
            close = bits_apart(codes[one], codes[other]) <= NEAR
            one, other = one[close], other[close]
            alike = copies(looks[one], looks[other])
            left.append(one[alike])
            right.append(other[alike])
    none = np.empty(0, dtype=np.int64)
    return _by_family(_linked(np.concatenate([none, *left]), np.concatenate([none, *right]), len(media)), tables)


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
