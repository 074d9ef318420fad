"""Estimates: each group's rates and scores, and each group held against the reference."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.bias.groups.answers import Answers, Chances, Question, Rate, Score, Tally
from modelaudit.checkers.bias.groups.grouping import Grouping
from modelaudit.statistics import (
    ErrorCounts,
    Estimate,
    Sample,
    Trials,
    clustered_ece,
    design_effect,
    error_counts,
    error_rate,
    error_rate_difference,
    error_rate_ratio,
    group_mean,
    group_mean_difference,
    group_mean_ratio,
    group_rate,
    parity_ratio,
    rate_difference,
    sample,
    trials,
)

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is independent of what: the document of each row (rows,), or None where rows are on their own.

    `keys` has what each row, or its document, is known by in another audit; empty where nothing is to be paired.
    """

    documents: Codes | None
    name: str
    keys: tuple[Hashable, ...] = ()

    def of(self, chosen: NDArray[np.bool_], *, clustered: bool = False) -> NDArray[np.intp] | None:
        """Return the codes of some rows; where `clustered`, a row without a document is one of its own."""
        if self.documents is not None:
            return self.documents[chosen].astype(np.intp)
        return np.flatnonzero(chosen) if clustered else None

    def keys_of(self, first: NDArray[np.bool_], second: NDArray[np.bool_], *, clustered: bool) -> list[Hashable]:
        """Return the keys of the units of two groups of rows, in the order in which statistics number them."""
        places = np.concatenate([np.flatnonzero(first), np.flatnonzero(second)])
        if self.documents is not None or clustered:
            code = places if self.documents is None else self.documents[places]
            places = places[np.unique(code, return_index=True)[1]]
        return [self.keys[place] for place in places.tolist()]


def trials_of(rate: Rate, within: Grouping, group: int, units: Units, *, clustered: bool) -> Trials:
    """Return the trials of one group."""
    inside = within.code == group
    return trials(rate.hits[inside], rate.totals[inside], clusters=units.of(inside, clustered=clustered))


def sample_of(score: Score, within: Grouping, group: int, units: Units) -> Sample:
    """Return the values of one group."""
    inside = (within.code == group) & ~np.isnan(score.values)
    return sample(score.values[inside], clusters=units.of(inside))


def counts_of(tally: Tally, within: Grouping, group: int, units: Units) -> ErrorCounts:
    """Return the errors of one group; a row that is not judged has none, and nothing to get right."""
    inside = (within.code == group) & _judged(tally)
    return error_counts(tally.errors[inside], tally.totals[inside], clusters=units.of(inside))


def against_reference(question: Question, answers: Answers, within: Grouping, group: int, units: Units) -> Estimate:
    """Return what is asked of a group and the reference."""
    if question.of in answers.rates:
        a, b = (
            trials_of(answers.rates[question.of], within, one, units, clustered=answers.clustered)
            for one in (group, within.reference)
        )
        found = parity_ratio(a, b) if question.form == "parity ratio" else rate_difference(a, b)
        counted, clustered = answers.rates[question.of].totals > 0.0, answers.clustered
    elif question.of in answers.tallies:
        tally = answers.tallies[question.of]
        counts = [counts_of(tally, within, one, units) for one in (group, within.reference)]
        found = error_rate_ratio(*counts) if question.form == "ratio" else error_rate_difference(*counts)
        counted, clustered = _judged(tally), False
    else:
        score = answers.scores[question.of]
        first, second = (sample_of(score, within, one, units) for one in (group, within.reference))
        if question.form == "ratio":
            return group_mean_ratio(first, second)
        found = group_mean_difference(first, second, reach=score.reach)
        counted, clustered = ~np.isnan(score.values), False
    if not units.keys:
        return found
    sides = ((within.code == one) & counted for one in (group, within.reference))
    return found.keyed(units.keys_of(*sides, clustered=clustered))


def tally_of(tally: Tally, within: Grouping, group: int, units: Units) -> Estimate:
    """Return the error rate of one group."""
    return error_rate(counts_of(tally, within, group, units))


def rate_of(rate: Rate, within: Grouping, group: int, units: Units, *, clustered: bool) -> Estimate:
    """Return one rate of one group."""
    return group_rate(trials_of(rate, within, group, units, clustered=clustered))


def score_of(score: Score, within: Grouping, group: int, units: Units) -> Estimate:
    """Return one mean of one group."""
    return group_mean(sample_of(score, within, group, units), reach=score.reach)


def _judged(tally: Tally) -> NDArray[np.bool_]:
    """Return the rows with anything to get right or wrong (rows,)."""
    return np.asarray((tally.totals > 0.0) | (tally.errors > 0.0), dtype=np.bool_)


def calibration_error_of(chances: Chances, within: Grouping, group: int, units: Units) -> Estimate:
    """Return one group's calibration error, allowing for its own bias and for likeness within documents."""
    inside = (within.code == group) & ~np.isnan(chances.true)
    stated, true = np.clip(chances.stated[inside], 0.0, 1.0), chances.true[inside]
    if not inside.any():
        return Estimate(value=None, n=0, method="bias-aware-ece", reason="No row of the group has a label.")
    effect = design_effect(sample(stated - true, clusters=units.of(inside)))
    return clustered_ece(stated, true, design_effect=effect)
