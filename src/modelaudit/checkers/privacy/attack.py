"""One membership attack: the scores of members and of non-members, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.evidence import Bars, Curve, Histogram, Series
from modelaudit.statistics import (
    Estimate,
    TprAtFpr,
    auc_permutation_p,
    clopper_pearson_interval,
    delong,
    tpr_at_fpr,
)

Vector = NDArray[np.float64]
BINS = 40
POINTS = 80


@dataclass(frozen=True, slots=True, eq=False)
class Attack:
    """Scores of one attack, higher for members; NaN where a record has none.

    Attributes:
        name: as the report shows it.
        members: shape (n1,). nonmembers: shape (n0,).
        sets_threshold: bool (n0,), the non-members that set the threshold of the true-positive rate.
    """

    name: str
    members: Vector
    nonmembers: Vector
    sets_threshold: NDArray[np.bool_]

    @property
    def scored(self) -> Attack:
        """The attack on the records that have a score."""
        inside, outside = ~np.isnan(self.members), ~np.isnan(self.nonmembers)
        return Attack(self.name, self.members[inside], self.nonmembers[outside], self.sets_threshold[outside])

    def auc(self) -> Estimate:
        """Return the AUC with DeLong's interval."""
        return delong(self.members, self.nonmembers)

    def tpr(self, *, fpr: float) -> TprAtFpr:
        """Return the true-positive rate at a false-positive rate whose threshold is set on a fold of its own."""
        fold = self.sets_threshold
        return tpr_at_fpr(self.members, self.nonmembers[fold], self.nonmembers[~fold], fpr=fpr)

    def permutation_p(self, rng: np.random.Generator) -> float:
        """Return the one-sided p of "members score no higher", over random relabellings of the same scores."""
        scores = np.concatenate([self.members, self.nonmembers])
        return auc_permutation_p(scores, np.arange(len(scores)) < len(self.members), rng=rng, draws=1000)


def threshold_size(nonmembers: int, *, fpr: float) -> int:
    """Return how many non-members set the threshold: half, or the 10 / fpr that it takes where that leaves 100."""
    needed = round(10 / fpr)
    return max(nonmembers // 2, needed if nonmembers >= needed + 100 else 0)


def roc_evidence(attacks: list[tuple[str, Vector, Vector]], *, title: str) -> Curve:
    """Return ROC curves over a logarithmic axis, the first with a 95% band, and the chance line.

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
        y_label="share of members found (true-positive rate)",
        series=tuple(series),
        x_log=True,
    )


def histogram(attack: Attack, *, x_label: str) -> Histogram:
    """Return the counts of both sides' scores over common bins; the outer bins hold what lies beyond 0.5% and 99.5%."""
    every = np.concatenate([attack.members, attack.nonmembers])
    low, high = np.quantile(every, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    bars = tuple(
        Bars(name=name, counts=tuple(int(count) for count in np.histogram(np.clip(side, low, edges[-1]), edges)[0]))
        for name, side in (("training rows", attack.members), ("held-out rows", attack.nonmembers))
    )
    return Histogram(
        title=f"Scores of the {attack.name}",
        x_label=x_label,
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
