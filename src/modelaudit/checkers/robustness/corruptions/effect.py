"""What an arm did to the answers: how many changed, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.corruptions.answers import Answered, Sample
from modelaudit.checkers.robustness.corruptions.arms import Arm
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    clustered_proportion,
    error_counts,
    error_rate,
    error_rate_change,
    mean_difference,
    mean_influence,
    paired_difference,
)

NO_TRUTH = "No row has a true answer."

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """One arm's answers beside those to the rows as they are.

    Attributes:
        flips: bool (rows,), where the answer is another one.
        flip: share of answers that changed.
        lost: share of answers, or of words, that are wrong after the change less that before it.
        error: share of answers, or of words, that are wrong after the change.
    """

    arm: Arm
    sample: Sample
    after: Answered
    flips: NDArray[np.bool_]
    flip: Estimate
    lost: Estimate
    error: Estimate

    @classmethod
    def of(cls, arm: Arm, sample: Sample, after: Answered) -> Effect:
        """Compare the answers row by row."""
        pairs = zip(sample.clean.said, after.said, strict=True)
        flips = np.array([one != other for one, other in pairs], dtype=np.bool_)
        flip = clustered_proportion(flips, sample.units).keyed(unit_keys(sample.rows, sample.units))
        return cls(arm, sample, after, flips, flip, _lost(sample, after.errors), _error(sample, after.errors))


def mean_error(effects: Sequence[Effect]) -> Estimate:
    """Return the share of answers, or of words, that are wrong after a change, averaged over arms of one sample."""
    return _error(effects[0].sample, np.mean([effect.after.errors for effect in effects], axis=0))


def clean_error(sample: Sample) -> float | None:
    """Return the share of answers, or of words, that are wrong in the rows as they are; None without a truth."""
    known = sample.known
    if not sample.totals[known].sum():
        return None
    return float(sample.clean.errors[known].sum() / sample.totals[known].sum())


def _lost(sample: Sample, after: Floats) -> Estimate:
    known = sample.known
    if not known.any():
        return unknown()
    before, after, (units, rows) = sample.clean.errors[known], after[known], _labelled(sample)
    if sample.speech:
        found = error_rate_change(error_counts(before, sample.totals[known], clusters=units), after)
    elif units is None:
        lost, gained = int((after > before).sum()), int((after < before).sum())
        influence = mean_influence(after - before, reach=1.0)
        found = replace(paired_difference(lost, gained, len(before)), influence=influence)
    else:
        found = mean_difference(after - before, clusters=units, reach=1.0)
    return found.keyed(unit_keys(rows, units))


def _error(sample: Sample, after: Floats) -> Estimate:
    known = sample.known
    if not known.any():
        return unknown()
    units, rows = _labelled(sample)
    if sample.speech:
        found = error_rate(error_counts(after[known], sample.totals[known], clusters=units))
    else:
        found = _share(mean_difference(after[known], clusters=units, reach=1.0))
    return found.keyed(unit_keys(rows, units))


def _labelled(sample: Sample) -> tuple[NDArray[np.int64] | None, list[Row]]:
    """Return the labelled rows with their units."""
    rows = [row for row, known in zip(sample.rows, sample.known, strict=True) if known]
    return None if sample.units is None else sample.units[sample.known], rows


def _share(estimate: Estimate) -> Estimate:
    """Return the estimate of a share, which is never below 0: its interval is cut there."""
    bounds = tuple((level, max(low, 0.0), max(high, 0.0)) for level, low, high in estimate.bounds)
    return replace(estimate, method=f"mean of rows, {estimate.method}", bounds=bounds)


def unknown() -> Estimate:
    """Return the estimate of what can't be known where no row has a truth."""
    return Estimate(value=None, n=0, method="paired difference", reason=NO_TRUTH)
