"""Which cues give the label away: searched on one half of the rows, confirmed on the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from modelaudit.checkers.data.shortcuts.cues import Cue
from modelaudit.statistics import Estimate, benjamini_hochberg, clopper_pearson

FEWEST_ROWS = 10
"""Rows of either half that a cue must stand in."""
LEAST_LIFT = 0.10
"""Points above the label's own share that the label must have among the rows with the cue, in the half searched."""
SEARCHED_P = 0.01
MOST_CANDIDATES = 200
Q = 0.05
UNASSOCIATED_P = 0.2
"""A cue with a larger p for every label in both halves is taken for one that tells nothing."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Giveaway:
    """A cue that gives a label away, as the half of the rows shows that it was not found in.

    Attributes:
        label: index of the label. share: of the rows with the cue, those with the label. prior: of all rows.
        p: one-sided, Fisher's exact test. q: after Benjamini and Hochberg over all candidates.
    """

    cue: Cue
    label: int
    share: Estimate
    prior: float
    p: float
    q: float


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """What became of the search.

    Attributes:
        confirmed: the strongest first. tried: cues that stand in enough rows. candidates: those put to the other half.
        often: share of all rows that have each of these. neutral: those that tell nothing in either half.
        best: of each cue that stands in enough rows the label that it goes with most, in the half searched.
    """

    confirmed: tuple[Giveaway, ...]
    tried: int
    candidates: int
    often: dict[Cue, float]
    neutral: frozenset[Cue]
    best: dict[Cue, int]


def associated(rows: Sequence[frozenset[Cue]], labels: NDArray[np.int64], searched: Bools) -> Association:
    """Search the cues of half of the rows (`searched`, bool) and confirm the candidates on the others.

    A pair of words is a candidate only where neither of its words is: else it would repeat what they say.
    """
    classes = int(labels.max(initial=0)) + 1
    here, there = (_Half.of(rows, labels, half, classes) for half in (searched, ~searched))
    cues = sorted(cue for cue, total in here.totals.items() if total >= FEWEST_ROWS)
    p = here.p(cues)
    best = p.argmin(axis=1) if cues else np.empty(0, dtype=np.int64)
    usual = {cue: int(label) for cue, label in zip(cues, best, strict=True)}
    chosen = [
        (float(p[place, usual[cue]]), cue)
        for place, cue in enumerate(cues)
        if p[place, usual[cue]] <= SEARCHED_P
        and here.share(cue, usual[cue]) - here.prior(usual[cue]) >= LEAST_LIFT
        and there.totals.get(cue, 0) >= FEWEST_ROWS
    ]
    known = {cue.key for _, cue in chosen if cue.form == "word"}
    kept = [cue for _, cue in sorted(chosen) if cue.form != "pair" or not known.intersection(cue.key.split(" "))][
        :MOST_CANDIDATES
    ]
    confirmed = _confirmed(kept, usual, there)
    unlike = there.p(cues)
    often = {cue: (here.totals[cue] + there.totals.get(cue, 0)) / max(len(rows), 1) for cue in cues}
    neutral = frozenset(
        cue
        for place, cue in enumerate(cues)
        if p[place].min() > UNASSOCIATED_P and unlike[place].min() > UNASSOCIATED_P
    )
    return Association(confirmed, len(cues), len(kept), often, neutral, usual)


def _confirmed(candidates: Sequence[Cue], usual: dict[Cue, int], half: _Half) -> tuple[Giveaway, ...]:
    if not candidates:
        return ()
    table = half.p(candidates)
    p = np.array([table[place, usual[cue]] for place, cue in enumerate(candidates)])
    q = benjamini_hochberg(p)
    found = [
        Giveaway(
            cue,
            usual[cue],
            clopper_pearson(int(half.counts[cue][usual[cue]]), half.totals[cue]),
            half.prior(usual[cue]),
            float(one),
            float(other),
        )
        for cue, one, other in zip(candidates, p, q, strict=True)
        if other <= Q
    ]
    return tuple(sorted(found, key=lambda each: (each.p, each.cue)))


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """One half: rows of each label, and of each cue the rows that have it, in all and by label."""

    sizes: NDArray[np.int64]
    totals: dict[Cue, int]
    counts: dict[Cue, NDArray[np.int64]]

    @classmethod
    def of(cls, rows: Sequence[frozenset[Cue]], labels: NDArray[np.int64], half: Bools, classes: int) -> _Half:
        counts: dict[Cue, NDArray[np.int64]] = {}
        for cues, label, inside in zip(rows, labels, half, strict=True):
            if inside:
                for cue in cues:
                    counts.setdefault(cue, np.zeros(classes, dtype=np.int64))[label] += 1
        sizes = np.bincount(labels[half], minlength=classes)
        return cls(sizes, {cue: int(each.sum()) for cue, each in counts.items()}, counts)

    def p(self, cues: Iterable[Cue]) -> NDArray[np.float64]:
        """Return the one-sided p of each cue and label (cues, classes): as many rows with the label, or more."""
        listed = list(cues)
        nothing = np.zeros(len(self.sizes), dtype=np.int64)
        hits = np.array([self.counts.get(cue, nothing) for cue in listed]).reshape(len(listed), len(self.sizes))
        totals = hits.sum(axis=1, keepdims=True)
        found = hypergeom.sf(hits - 1, self.sizes.sum(), self.sizes[None, :], totals)
        return np.asarray(found, dtype=np.float64)

    def share(self, cue: Cue, label: int) -> float:
        return float(self.counts[cue][label]) / self.totals[cue]

    def prior(self, label: int) -> float:
        return float(self.sizes[label]) / max(int(self.sizes.sum()), 1)
