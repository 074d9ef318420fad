"""Splitting: rows that are held back from training, drawn by a seeded lot."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.drawing import folded
from modelaudit.rows import Row


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Rows that stay together, since they share a group or a text.

    Attributes:
        lot: which decides when it is drawn. places: of its rows. stratum: class of most of its rows, or -1.
        labels: how many of its rows have each label.
    """

    lot: bytes
    places: tuple[int, ...]
    stratum: int
    labels: Counter[int]


def held_back(rows: Sequence[Row], *, share: float, seed: int) -> frozenset[int]:
    """Return the places of the rows to hold back, about `share` of them.

    The lot hangs on what a row says and on the seed, not on where the row stands. Rows of one group, and rows whose
    text is the same, stay on one side. Classes are drawn from in proportion. Every label keeps at least one row to
    train on, so fewer rows than asked for may be held back, or none.
    """
    if share <= 0 or len(rows) < 2:
        return frozenset()
    bundles = sorted(_bundles(rows, seed), key=lambda bundle: bundle.lot)
    left = Counter(label for row in rows for label in labels_of(row))
    remaining = len(rows)
    found: set[int] = set()

    def spared(bundle: _Bundle) -> bool:
        return len(bundle.places) < remaining and all(left[label] > n for label, n in bundle.labels.items())

    for stratum, quota in _quotas(bundles, max(1, round(share * len(rows)))).items():
        held = 0
        for bundle in (bundle for bundle in bundles if bundle.stratum == stratum):
            size = len(bundle.places)
            if size < 2 * (quota - held) and spared(bundle):
                found.update(bundle.places)
                left -= bundle.labels
                held, remaining = held + size, remaining - size
    if not found:
        # Groups that are all larger than asked for: the smallest, where it leaves more than it takes.
        small = [bundle for bundle in bundles if 2 * len(bundle.places) < len(rows) and spared(bundle)]
        found.update(min(small, key=lambda bundle: len(bundle.places)).places if small else ())
    return frozenset(found)


def _bundles(rows: Sequence[Row], seed: int) -> list[_Bundle]:
    texts = [folded(row.text) for row in rows]
    parents = list(range(len(rows)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, row in enumerate(rows):
        keys = [("text", texts[place]), *([("group", row.group)] if row.group is not None else [])]
        for key in keys:
            parents[root(place)] = root(first.setdefault(key, place))
    members: dict[int, list[int]] = {}
    for place in range(len(rows)):
        members.setdefault(root(place), []).append(place)
    return [_bundle(rows, places, sorted({texts[place] for place in places}), seed) for places in members.values()]


def _bundle(rows: Sequence[Row], places: list[int], texts: list[str], seed: int) -> _Bundle:
    digest = hashlib.blake2b(str(seed).encode(), digest_size=16)
    for text in texts:
        digest.update(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest())
    labels = Counter(label for place in places for label in labels_of(rows[place]))
    tagged = rows[places[0]].label is None
    stratum = -1 if tagged else min(labels, key=lambda label: (-labels[label], label))
    return _Bundle(digest.digest(), tuple(places), stratum, labels)


def labels_of(row: Row) -> frozenset[int]:
    """Return the labels that a row teaches: its class, or its tags."""
    return frozenset(row.tags or ()) if row.label is None else frozenset({row.label})


def _quotas(bundles: Sequence[_Bundle], target: int) -> dict[int, int]:
    """How many rows to hold back of each stratum, `target` in all, in proportion by largest remainders."""
    sizes: Counter[int] = Counter()
    for bundle in bundles:
        sizes[bundle.stratum] += len(bundle.places)
    exact = {stratum: target * size / sizes.total() for stratum, size in sorted(sizes.items())}
    quotas = {stratum: math.floor(value) for stratum, value in exact.items()}
    short = target - sum(quotas.values())
    for stratum in sorted(exact, key=lambda stratum: quotas[stratum] - exact[stratum])[:short]:
        quotas[stratum] += 1
    return quotas
