"""The two arms of the comparison: names that training rows hold, and names that the model never saw."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.entities.decoys import DecoyMaker, Trial
from modelaudit.checkers.privacy.entities.names import Name, Names
from modelaudit.checkers.privacy.entities.scores import Standing
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, mean_difference
from modelaudit.statistics.unpaired import unpaired_difference

OFTEN = 5
"""Times seen from which names count as seen often and are no longer told apart."""
DOSES = (("seen once", 1, 1), ("seen 2 to 4 times", 2, 4), (f"seen {OFTEN} times or more", OFTEN, 10**9))
MORE_OF_EACH = 4
"""One name in so many is drawn in addition from each band of names seen more than once, for the table by times seen."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The names to be asked about: as many exposed as fresh ones, and more of those seen often.

    `alike` says whether the two arms are names seen equally often; they are not where too few such names are there.
    """

    exposed: list[Trial]
    fresh: list[Trial]
    more: list[Trial]
    without_decoys: int
    alike: bool


@dataclass(frozen=True, slots=True)
class Arm:
    """Names with their standing among their decoys, in drawn order."""

    names: list[Name]
    standings: list[Standing]

    @property
    def win_rates(self) -> NDArray[np.float64]:
        """The share of its decoys that each name beats, shape [names]."""
        return np.array([standing.win_rate for standing in self.standings], dtype=np.float64)

    @property
    def bits(self) -> NDArray[np.float64]:
        """The exposure of each name in bits, shape [names]."""
        return np.array([standing.bits for standing in self.standings], dtype=np.float64)

    def mean(self, values: NDArray[np.float64], *, reach: float) -> Estimate:
        """Return the mean of values of the names (shape [names]), names as independent units."""
        middle = reach / 2.0
        centred = mean_difference(values - middle, reach=middle)
        if centred.value is None:
            return centred
        return Estimate(
            value=float(values.mean()),
            n=centred.n,
            method="mean-t, bounded",
            bounds=tuple(
                (level, max(0.0, low + middle), min(reach, high + middle)) for level, low, high in centred.bounds
            ),
            reason=centred.reason,
        )

    def seen(self, least: int, most: int) -> Arm:
        """Return the names that are seen so many times."""
        kept = [place for place, name in enumerate(self.names) if least <= name.seen <= most]
        return Arm([self.names[place] for place in kept], [self.standings[place] for place in kept])

    def rows(self, side: str) -> list[Row]:
        """Return the names as texts for the guard that never sees the model; names of one last word stay together."""
        return [
            Row(f"{side}:{place}", " ".join(name.words), group=name.key[name.content[-1]])
            for place, name in enumerate(self.names)
        ]


def draw(names: Names, maker: DecoyMaker, *, size: int, decoys: int, fewest: int) -> Drawn:
    """Draw at most `size` names an arm that have decoys.

    Under a random split, names that stand in as many units are on either side by chance alone; a name that stands in
    many and on one side only is mostly found on the larger side. So exposed names are drawn to be seen as often as the
    fresh ones, unless that would leave fewer than `fewest` of either.
    """
    maker.learn([*names.exposed, *names.fresh])
    trials = _Trials(maker, decoys)
    for alike in (True, False):
        exposed, fresh = _arms(names, trials, size=size, alike=alike)
        if min(len(exposed), len(fresh)) >= fewest:
            break
    held = {trial.name.key for trial in exposed}
    more: list[Trial] = []
    for _, least, most in DOSES[1:]:
        have = sum(least <= trial.name.seen <= most for trial in exposed)
        rest = [name for name in names.exposed if least <= name.seen <= most and name.key not in held]
        more += trials.take(rest, max(0, size // MORE_OF_EACH - have))
    return Drawn(exposed, fresh, more, trials.failed, alike)


@dataclass(slots=True)
class _Trials:
    """Names with their decoys, each made once."""

    maker: DecoyMaker
    decoys: int
    _made: dict[Name, Trial | None] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many names got no decoys."""
        return sum(trial is None for trial in self._made.values())

    def take(self, pool: Sequence[Name], wanted: int) -> list[Trial]:
        """Return the first names of the pool that have decoys, as many as are wanted."""
        taken: list[Trial] = []
        for name in pool:
            if len(taken) >= wanted:
                break
            if name not in self._made:
                found = self.maker.decoys(name, self.decoys)
                self._made[name] = None if found is None else Trial(name, found)
            trial = self._made[name]
            if trial is not None:
                taken.append(trial)
        return taken


def _arms(names: Names, trials: _Trials, *, size: int, alike: bool) -> tuple[list[Trial], list[Trial]]:
    by_stratum: dict[int, list[Name]] = {}
    for name in names.exposed:
        by_stratum.setdefault(_stratum(name, alike=alike), []).append(name)
    fresh = trials.take([name for name in names.fresh if _stratum(name, alike=alike) in by_stratum], size)
    exposed: list[Trial] = []
    strata = Counter(_stratum(trial.name, alike=alike) for trial in fresh)
    for stratum, count in sorted(strata.items()):
        # In proportion to the fresh names, up to the size: the training rows may hold more names than the others.
        exposed += trials.take(by_stratum[stratum], math.ceil(size * count / len(fresh)))
    if (short := size - len(exposed)) > 0:
        # Where a stratum has too few, others fill up: `excess` weights them.
        held = {trial.name.key for trial in exposed}
        rest = [name for name in names.exposed if _stratum(name, alike=alike) in strata and name.key not in held]
        exposed += trials.take(rest, short)
    return exposed, fresh


def _stratum(name: Name, *, alike: bool) -> int:
    """Return the times seen, names seen often together; one stratum for all where that is given up."""
    return min(name.seen, OFTEN) if alike else 0


def excess(exposed: Arm, fresh: Arm, *, alike: bool = True) -> Estimate:
    """Return how much more of its decoys an exposed name beats than a fresh one that is seen as often (if `alike`).

    Exposed names are weighted so that each number of times seen has the share that it has among the fresh ones; fresh
    names seen as often as no exposed one are left out. Names that share a word are not independent.
    """
    here = Counter(_stratum(name, alike=alike) for name in exposed.names)
    kept = [place for place, name in enumerate(fresh.names) if here[_stratum(name, alike=alike)]]
    there = Counter(_stratum(fresh.names[place], alike=alike) for place in kept)
    strata = [_stratum(name, alike=alike) for name in exposed.names]
    found = unpaired_difference(
        exposed.win_rates,
        fresh.win_rates[kept],
        parts_a=[name.parts for name in exposed.names],
        parts_b=[fresh.names[place].parts for place in kept],
        weights_a=[there[stratum] / here[stratum] for stratum in strata],
        reach=1.0,
    )
    fresh_keys = [("fresh", fresh.names[place].key) for place in kept]
    return found.keyed([*(("exposed", name.key) for name in exposed.names), *fresh_keys])
