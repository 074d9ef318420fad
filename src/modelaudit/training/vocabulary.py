"""The pieces of a WordPiece vocabulary, learned from word counts; equal counts give equal pieces.

The trainers of the tokenizers library break ties by the order of a hash table, which changes from process to
process, so a model made from them can't be made again. Here ties go to the pair that sorts first.
"""

from __future__ import annotations

import heapq
import itertools
import string
from collections import Counter, defaultdict
from collections.abc import Mapping

INSIDE = "##"
_ALWAYS = string.ascii_letters + string.digits

Pair = tuple[str, str]


def learn_pieces(counts: Mapping[str, int], size: int) -> list[str]:
    """Return at most `size` pieces: every character of the words first, then merges, most frequent first.

    Byte-pair merging (Sennrich, Haddow & Birch 2016) with WordPiece's mark `##` on pieces inside a word. ASCII
    letters and digits are always there, so that a misspelt word falls into characters and not into [UNK]. A pair
    that occurs once is not merged.

    Args:
        counts: how often each word occurs.
        size: the most pieces; all characters are kept even where they are more.
    """
    words = [(_characters(word), counts[word]) for word in sorted(counts) if word]
    alphabet = {character for pieces, _ in words for character in pieces}
    alphabet |= {form for character in _ALWAYS for form in (character, INSIDE + character)}
    pieces = sorted(alphabet)
    known = set(pieces)
    occurrences, places = _pairs(words)
    heap = [(-count, pair) for pair, count in occurrences.items()]
    heapq.heapify(heap)
    while heap and len(pieces) < size:
        negative, pair = heapq.heappop(heap)
        count = occurrences[pair]
        if count != -negative:
            if count > 1:
                heapq.heappush(heap, (-count, pair))
            continue
        if count < 2:
            break
        merged = pair[0] + pair[1].removeprefix(INSIDE)
        if merged not in known:
            known.add(merged)
            pieces.append(merged)
        for changed in _merge(pair, merged, words, occurrences, places):
            if occurrences[changed] > 1:
                heapq.heappush(heap, (-occurrences[changed], changed))
    return pieces


def _characters(word: str) -> list[str]:
    return [word[0], *(INSIDE + character for character in word[1:])]


def _pairs(words: list[tuple[list[str], int]]) -> tuple[Counter[Pair], defaultdict[Pair, set[int]]]:
    """Return how often each neighbouring pair occurs, and in which words."""
    occurrences: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, (pieces, count) in enumerate(words):
        for pair in itertools.pairwise(pieces):
            occurrences[pair] += count
            places[pair].add(index)
    return occurrences, places


def _merge(
    pair: Pair,
    merged: str,
    words: list[tuple[list[str], int]],
    occurrences: Counter[Pair],
    places: defaultdict[Pair, set[int]],
) -> list[Pair]:
    """Join the pair in every word that has it, in place; return the pairs whose counts changed, sorted."""
    changed: set[Pair] = set()
    for index in places.pop(pair):
        pieces, count = words[index]
        for old in itertools.pairwise(pieces):
            occurrences[old] -= count
            changed.add(old)
        joined = _joined(pieces, pair, merged)
        words[index] = (joined, count)
        for new in itertools.pairwise(joined):
            occurrences[new] += count
            places[new].add(index)
            changed.add(new)
    return sorted(changed)


def _joined(pieces: list[str], pair: Pair, merged: str) -> list[str]:
    joined: list[str] = []
    position = 0
    while position < len(pieces):
        if position + 1 < len(pieces) and (pieces[position], pieces[position + 1]) == pair:
            joined.append(merged)
            position += 2
        else:
            joined.append(pieces[position])
            position += 1
    return joined
