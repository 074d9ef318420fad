"""What an arm did to the answers: how many changed, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.corruptions.answers import Answered, Flags, Sample
from modelaudit.checkers.robustness.corruptions.arms import Arm
from modelaudit.checkers.robustness.corruptions.trial import Trial
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
        sample, after: the rows that can be compared, as they are and changed.
        errors: float64 (rows that were asked,), those of the changed rows; NaN where not known, or not compared.
        flips: bool (rows,), where the answer is another one.
        flip: share of answers that changed.
        lost: share of answers, or of words, that are wrong after the change less that before it.
        error: share of answers, or of words, that are wrong after the change.
    """

    arm: Arm
    sample: Sample
    after: Answered
    errors: Floats
    flips: Flags
    flip: Estimate
    lost: Estimate
    error: Estimate

    @classmethod
    def of(cls, trial: Trial) -> Effect:
        """Compare the answers row by row, of the rows that can be compared."""
        sample, after, fair = trial.sample, trial.after, trial.fair
        errors = np.where(fair, after.errors, np.nan)
        if not fair.all():
            places = np.flatnonzero(fair).tolist()
            sample, after = sample.at(places), after.at(places)
        pairs = zip(sample.clean.said, after.said, strict=True)
        flips = np.array([one != other for one, other in pairs], dtype=np.bool_)
        flip = clustered_proportion(flips, sample.units).keyed(unit_keys(sample.rows, sample.units))
        lost, error = _lost(sample, after.errors), _error(sample, after.errors)
        return cls(trial.arm, sample, after, errors, flips, flip, lost, error)


def mean_error(sample: Sample, effects: Sequence[Effect]) -> Estimate:
    """Return the share of answers, or of words, that are wrong after a change, averaged over arms of one sample."""
    errors = np.stack([effect.errors for effect in effects])
    counts = (~np.isnan(errors)).sum(axis=0)
    means = np.divide(np.nansum(errors, axis=0), counts, out=np.full(errors.shape[1], np.nan), where=counts > 0)
    return _error(sample, means)


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
    before, after, (units, rows) = sample.clean.errors[known], after[known], _of(sample, known)
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
    known = ~np.isnan(after)
    if not known.any():
        return unknown()
    units, rows = _of(sample, known)
    if sample.speech:
        found = error_rate(error_counts(after[known], sample.totals[known], clusters=units))
    else:
        found = _share(mean_difference(after[known], clusters=units, reach=1.0))
    return found.keyed(unit_keys(rows, units))


def _of(sample: Sample, chosen: Flags) -> tuple[NDArray[np.int64] | None, list[Row]]:
    """Return some of the rows with their units."""
    rows = [row for row, one in zip(sample.rows, chosen, strict=True) if one]
    return None if sample.units is None else sample.units[chosen], rows


def _share(estimate: Estimate) -> Estimate:
    """Return the estimate of a share, which is never below 0: its interval is cut there."""
    bounds = tuple((level, max(low, 0.0), max(high, 0.0)) for level, low, high in estimate.bounds)
    return replace(estimate, method=f"mean of rows, {estimate.method}", bounds=bounds)


def unknown() -> Estimate:
    """Return the estimate of what can't be known where no row has a truth."""
    return Estimate(value=None, n=0, method="paired difference", reason=NO_TRUTH)
