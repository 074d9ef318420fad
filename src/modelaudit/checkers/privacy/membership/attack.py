"""One membership attack: the scores of members and of non-members, and what they find at a low false-alarm rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.evidence import Bars, Curve, Histogram, Series
from modelaudit.statistics import Estimate, clopper_pearson_interval, clustered_proportion, tpr_at_fpr, z_sum

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
BINS = 40
POINTS = 80
FEWEST_TO_CHECK = 100
"""Fresh non-members that the false-alarm rate is checked on."""


@dataclass(frozen=True, slots=True, eq=False)
class Attack:
    """Scores of one attack, higher for members; NaN where a record has none.

    Attributes:
        name: as the report shows it.
        members: (n1,). nonmembers: (n0,).
        control: shown beside the suite and no part of it.
    """

    name: str
    members: Vector
    nonmembers: Vector
    control: bool = False

    @property
    def scored(self) -> tuple[Flags, Flags]:
        """Which members and which non-members have a score."""
        return np.isfinite(self.members), np.isfinite(self.nonmembers)

    @property
    def usable(self) -> bool:
        """Whether at least two records of each side have a score."""
        return min(int(side.sum()) for side in self.scored) >= 2

    @property
    def values(self) -> tuple[Vector, Vector]:
        """The scores that there are."""
        inside, outside = self.scored
        return self.members[inside], self.nonmembers[outside]


@dataclass(frozen=True, slots=True, eq=False)
class AtFpr:
    """What an attack finds at one false-alarm rate.

    Attributes:
        fpr: the rate that the threshold is meant for.
        tpr: share of members found. realised: share of fresh non-members wrongly found.
        threshold: None where there are too few non-members to set it.
        hits: bool (n1,), members found, of those that have a score.
        held: non-members that could set the threshold; needed: how many it takes.
        units: (n1,) documents or persons of these members, or None.
    """

    fpr: float
    tpr: Estimate
    realised: Estimate
    threshold: float | None
    hits: Flags
    held: int
    needed: int
    units: NDArray[Any] | None


def threshold_size(nonmembers: int, *, fpr: float) -> int:
    """Return how many non-members set the threshold: half, or the 10 / fpr that it takes where enough are left."""
    needed = round(10 / fpr)
    return max(nonmembers // 2, needed if nonmembers >= needed + FEWEST_TO_CHECK else 0)


def at_fpr(attack: Attack, fpr: float, *, order: NDArray[np.int64], units: NDArray[Any] | None) -> AtFpr:
    """Return what an attack finds with a threshold that is set on one fold of the non-members and checked on the rest.

    Args:
        attack: on n1 members and n0 non-members.
        fpr: the false-alarm rate, averaged over such folds (conformal).
        order: (n0,), the place of each non-member in a draw that hangs on content alone; the first set the threshold.
        units: (n1,) documents or persons of the members, or None.
    """
    inside, outside = attack.scored
    members, nonmembers = attack.values
    place = np.argsort(np.argsort(order[outside], kind="stable"), kind="stable")
    fold = place < threshold_size(len(nonmembers), fpr=fpr)
    found = tpr_at_fpr(members, nonmembers[fold], nonmembers[~fold], fpr=fpr)
    kept = None if units is None else units[inside]
    hits = np.zeros(len(members), dtype=np.bool_)
    tpr = found.tpr
    if found.threshold is not None:
        hits = members > found.threshold
        tpr = share_found(hits, fpr=fpr, units=kept)
    return AtFpr(fpr, tpr, found.realised_fpr, found.threshold, hits, int(fold.sum()), round(10 / fpr), kept)


def share_found(hits: Flags, *, fpr: float, units: NDArray[Any] | None, family: int = 1) -> Estimate:
    """Return the share of members found, its interval for so many attacks at once, and what could have been shown."""
    share = clustered_proportion(hits, units, family=family)
    smallest = min(1.0, fpr + z_sum(alpha=0.05 / family) * (fpr * (1.0 - fpr) / max(len(hits), 1)) ** 0.5)
    return Estimate(
        value=share.value,
        n=share.n,
        method=share.method,
        bounds=share.bounds,
        smallest_detectable=smallest if share.bounds else None,
        reason=share.reason,
        influence=share.influence,
    )


def roc_evidence(attacks: list[tuple[str, Vector, Vector]], *, title: str) -> Curve:
    """Return ROC curves on logarithmic axes, the first with a 95% band, and the chance line.

    Each entry is (name, scores of members, scores of non-members). The band is Clopper-Pearson's for the members at
    each threshold; it leaves the threshold's own noise out.
    """
    least = 1.0 / max(len(nonmembers) for _, _, nonmembers in attacks)
    grid = np.geomspace(least, 1.0, POINTS)
    series = [
        _roc_series(name, members, nonmembers, grid, band=place == 0)
        for place, (name, members, nonmembers) in enumerate(attacks)
    ]
    x = tuple(float(value) for value in grid)
    series.append(Series(name="blind guess", x=x, y=x, reference=True))
    return Curve(
        title=title,
        x_label="share of non-members wrongly called members (false-positive rate, log scale)",
        y_label="share of members found (true-positive rate, log scale)",
        series=tuple(series),
        x_log=True,
        y_log=True,
    )


def histogram(attack: Attack) -> Histogram:
    """Return the counts of both sides' scores over common bins; the outer bins hold what lies beyond 0.5% and 99.5%."""
    sides = attack.values
    every = np.concatenate(sides)
    low, high = np.quantile(every, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    bars = tuple(
        Bars(name=name, counts=tuple(int(count) for count in np.histogram(np.clip(side, low, edges[-1]), edges)[0]))
        for name, side in zip(("training rows", "held-out rows"), sides, strict=True)
    )
    return Histogram(
        title=f"Scores of the {attack.name}",
        x_label="score of the attack; higher speaks for a training row",
        edges=tuple(float(edge) for edge in edges),
        groups=bars,
    )


def _roc_series(name: str, members: Vector, nonmembers: Vector, grid: Vector, *, band: bool) -> Series:
    ordered = np.sort(nonmembers)[::-1]
    # At most floor(fpr n0) non-members may lie strictly above the threshold.
    allowed = np.minimum(np.floor(grid * len(ordered) + 1e-9).astype(np.int64), len(ordered))
    thresholds = np.where(allowed < len(ordered), ordered[np.minimum(allowed, len(ordered) - 1)], -np.inf)
    found = len(members) - np.searchsorted(np.sort(members), thresholds, side="right")
    intervals = [clopper_pearson_interval(int(hits), len(members)) for hits in found] if band else []
    return Series(
        name=name,
        x=tuple(float(value) for value in grid),
        y=tuple(float(hits) / len(members) for hits in found),
        low=tuple(low for low, _ in intervals) if band else None,
        high=tuple(high for _, high in intervals) if band else None,
    )
