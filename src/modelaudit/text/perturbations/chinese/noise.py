"""How much of a Chinese text a level changes, where, and the exchange of single characters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.words import outside, protected_spans

# Characters a level changes: so many, or this share of the Han characters where that is more (robustness.md 1.3).
AMOUNTS = {1: (1, 0.0), 2: (2, 0.0), 3: (3, 0.05), 4: (4, 0.10), 5: (5, 0.20)}
# A text in which more than one Han character in four is wrong is no longer easy to read.
ONE_IN = 4

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff〇]")


def amount(level: int, n: int) -> int:
    """How many of n units a level changes; never fewer than the level below."""
    count, share = AMOUNTS[level]
    return min(n, max(count, round(share * n)))


def han_positions(document: Document) -> list[int]:
    """Where the Han characters of a document lie that are in no address."""
    places = [match.start() for match in _HAN.finditer(document.text)]
    if barred := protected_spans(document.text):
        places = [start for start, _ in outside([(place, place + 1) for place in places], barred)]
    if document.words is None:
        return places
    return [place for place in places if document.within_word(place, place + 1)]


def apart(places: Sequence[int], n: int, rng: np.random.Generator) -> list[int]:
    """Up to n of ``places``, drawn without replacement, no two of which follow one another; in order."""
    if n <= 0 or not places:
        return []
    taken: set[int] = set()
    for index in rng.permutation(len(places)).tolist():
        place = places[index]
        if place - 1 not in taken and place + 1 not in taken:
            taken.add(place)
            if len(taken) == n:
                break
    return sorted(taken)


def exchanged(
    document: Document, candidates: Mapping[str, Sequence[str]], *, level: int, kind: str, rng: np.random.Generator
) -> list[Edit]:
    """One edit for each chosen character: another of its ``candidates``, each as likely.

    At most one Han character in four changes, so that texts of less than four stay as they are, and never two
    neighbours: a word of two characters keeps one.
    """
    text = document.text
    han = han_positions(document)
    places = [index for index, position in enumerate(han) if text[position] in candidates]
    edits = []
    for place in apart(places, min(amount(level, len(han)), len(han) // ONE_IN), rng):
        position = han[place]
        options = candidates[text[position]]
        edits.append(Edit(position, position + 1, options[int(rng.integers(len(options)))], kind))
    return edits
