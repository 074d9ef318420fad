"""The findings of one grouping, in words for a compliance reader: each group against the reference, then the range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from modelaudit.checkers.bias.groups.answers import Answers, Question, Rate, Tally
from modelaudit.checkers.bias.groups.comparison import (
    Units,
    against_reference,
    counts_of,
    score_of,
    trials_of,
)
from modelaudit.checkers.bias.groups.exhibits import exhibits
from modelaudit.checkers.bias.groups.grouping import FEWEST_ROWS, LEAST_SHARE, NAMED_FROM, Grouping
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, NullRange, Trials, largest_difference, null_range, smallest_ratio

FEW = 5
"""Hits or misses below which the reader is told that a rate rests on a handful of rows."""
FOUR_FIFTHS = 0.8

Better = Literal["higher", "zero", "neither"]


def findings_of(within: Grouping, answers: Answers, units: Units, *, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield the findings of a column, or of two columns crossed; the first one carries the tables."""
    shown = exhibits(within, answers, units)
    for finding in _every(within, answers, units, rng):
        yield finding.model_copy(update={"evidence": (*finding.evidence, *shown)})
        shown = ()


def _every(within: Grouping, answers: Answers, units: Units, rng: np.random.Generator) -> Iterator[Finding]:
    asked = [question for question in answers.questions if not within.crossed or question.crossed is not None]
    for question in asked:
        for group in within.compared:
            yield _pair(question, answers, within, group, units)
    if within.small and asked and asked[0].primary and not within.crossed:
        yield _small(asked[0], answers, within, units)
    yield from _ranges(within, answers, units, rng)


def _pair(question: Question, answers: Answers, within: Grouping, group: int, units: Units) -> Finding:
    estimate = against_reference(question, answers, within, group, units)
    rate, tally = answers.rates.get(question.of), answers.tallies.get(question.of)
    caveats = () if tally is None else tally.caveats
    better: Better = "zero" if question.form == "difference" else "higher" if rate is not None else "neither"
    return Finding(
        metric=Metric.of(
            estimate,
            id=question.metric,
            title=_title(question, answers),
            unit=_unit(question, answers),
            better=better,
            n_unit=units.name,
            group=within.pair(group),
            primary=bool(question.crossed) if within.crossed else question.primary,
        ),
        statement=_said(question, answers, within, group, units, estimate),
        caveats=caveats if rate is None else _caveats(rate, answers, within, group, units),
    )


def _said(question: Question, answers: Answers, within: Grouping, group: int, units: Units, estimate: Estimate) -> str:
    if rate := answers.rates.get(question.of):
        return _rates_said(question, rate, answers, within, group, units, estimate)
    if tally := answers.tallies.get(question.of):
        return _tally_said(question, tally, within, group, units, estimate)
    return _scores_said(question, answers, within, group, units, estimate)


def _title(question: Question, answers: Answers) -> str:
    title = answers.title_of(question.of)
    if question.form == "parity ratio":
        return f"{title}: the lower by the higher"
    return f"{title}: {'ratio' if question.form == 'ratio' else 'difference'} to the reference group"


def _unit(question: Question, answers: Answers) -> str:
    if question.form != "difference":
        return "ratio"
    if tally := answers.tallies.get(question.of):
        return f"share of {tally.unit}"
    return "share" if question.of in answers.rates else answers.scores[question.of].unit


def _rates_said(
    question: Question, rate: Rate, answers: Answers, within: Grouping, group: int, units: Units, estimate: Estimate
) -> str:
    a, b = (trials_of(rate, within, one, units, clustered=answers.clustered) for one in (group, within.reference))
    both = (
        f"{rate.title} ({rate.said}): {_share(a)} of {a.n:,.0f} {rate.unit} for {within.names[group]}, {_share(b)} of "
        f"{b.n:,.0f} for {within.names[within.reference]}"
    )
    if estimate.value is None:
        return f"{both}. They could not be compared: {estimate.reason}"
    if question.form == "parity ratio":
        lower = group if a.rate < b.rate else within.reference
        said = "The rates are equal" if a.rate == b.rate else f"{within.names[lower]} has the lower rate"
        return (
            f"{both}. {said}: the lower is {estimate.value:.2f} of the higher{_interval(estimate, '.2f')}. Equal rates "
            f"give 1; the four-fifths rule looks below {FOUR_FIFTHS:g}."
        )
    return f"{both}: {_points(estimate)}. Equal rates give 0."


def _tally_said(
    question: Question, tally: Tally, within: Grouping, group: int, units: Units, estimate: Estimate
) -> str:
    a, b = (counts_of(tally, within, one, units) for one in (group, within.reference))
    rates = [f"{one.rate:.1%}" if one.totals.sum() else "none" for one in (a, b)]
    both = (
        f"{tally.title} ({tally.said}): {rates[0]} of {a.totals.sum():,.0f} {tally.unit} for {within.names[group]}, "
        f"{rates[1]} of {b.totals.sum():,.0f} for {within.names[within.reference]}"
    )
    if estimate.value is None:
        return f"{both}. They could not be compared: {estimate.reason}"
    if question.form == "ratio":
        return f"{both}: {estimate.value:.2f} times as many{_interval(estimate, '.2f')}. Equal groups give 1."
    return f"{both}: {_points(estimate)}. Equal rates give 0."


def _scores_said(
    question: Question, answers: Answers, within: Grouping, group: int, units: Units, estimate: Estimate
) -> str:
    score = answers.scores[question.of]
    a, b = (score_of(score, within, one, units).value for one in (group, within.reference))
    percent = score.unit == "probability"
    means = [
        "not known" if mean is None else f"{100 * mean:+.1f} points" if percent else f"{mean:.3g}" for mean in (a, b)
    ]
    both = (
        f"{score.title} ({score.said}): {means[0]} for {within.names[group]}, {means[1]} for "
        f"{within.names[within.reference]}"
    )
    if estimate.value is None:
        return f"{both}. They could not be compared: {estimate.reason}"
    if question.form == "ratio":
        return f"{both}: {estimate.value:.2f} times as large{_interval(estimate, '.2f')}. Equal groups give 1."
    if percent:
        return f"{both}: {_points(estimate)}. Equal groups give 0."
    return f"{both}: a difference of {estimate.value:+.2f}{_interval(estimate, '+.2f')}. Equal groups give 0."


def _caveats(rate: Rate, answers: Answers, within: Grouping, group: int, units: Units) -> tuple[str, ...]:
    found = []
    for one in (group, within.reference):
        held = trials_of(rate, within, one, units, clustered=answers.clustered)
        hits = float(held.hits.sum())
        if min(hits, held.n - hits) < FEW:
            found.append(
                f"Of {held.n:,.0f} {rate.unit} of {within.names[one]}, {hits:,.0f} count for the rate and "
                f"{held.n - hits:,.0f} against it: it rests on fewer than {FEW}, and the interval is wide for that."
            )
    return tuple(found)


def _small(question: Question, answers: Answers, within: Grouping, units: Units) -> Finding:
    """Return what is not judged: no number, and the groups with their counts."""
    sizes, groups = within.sizes, within.small
    listed = [f"{within.names[group]} ({sizes[group]:,})" for group in groups if sizes[group] >= NAMED_FROM]
    few = [group for group in groups if sizes[group] < NAMED_FROM]
    if len(listed) > 10:
        listed = [*listed[:10], f"{len(listed) - 10} more"]
    if few:
        listed.append(f"values of fewer than {NAMED_FROM} rows each ({sum(int(sizes[group]) for group in few):,})")
    rows = sum(int(sizes[group]) for group in groups)
    reason = (
        f"A group needs {FEWEST_ROWS} rows and {LEAST_SHARE:.0%} of the rows whose value is known to be judged; these "
        f"have fewer: {', '.join(listed)}."
    )
    return Finding(
        metric=Metric(
            id=question.metric,
            title=_title(question, answers),
            value=None,
            unit=_unit(question, answers),
            better="zero" if question.form == "difference" else "higher",
            n=rows,
            method="none",
            group=f"{within.title}: small groups",
            primary=True,
            reason=reason,
        ),
        statement=f"{within.title}: {rows:,} rows of small groups are counted and not judged. {reason}",
        remedies=("Collect more rows of these groups, or judge them together where that makes sense.",),
    )


def _ranges(within: Grouping, answers: Answers, units: Units, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield the numbers over all groups at once, as fairlearn defines them; supporting, for the pairs are judged."""

    def groups(rate: Rate) -> list[Trials]:
        return [trials_of(rate, within, one, units, clustered=False) for one in within.judged]

    chosen = [answers.rates["selection rate"]] if "selection rate" in answers.rates else list(answers.classes)
    if chosen:
        found = [groups(rate) for rate in chosen]
        of = "of the selection rate" if len(chosen) == 1 else "of the selection rate of a class"
        yield _range("demographic_parity_difference", "Demographic-parity difference", of, found, within, units, rng)
    if len(chosen) == 1:
        yield _lowest(smallest_ratio(groups(chosen[0])), within, units)
    if "TPR" in answers.rates:
        found = [groups(answers.rates[name]) for name in ("TPR", "FPR")]
        of = "of the true positive rate or the false positive rate, whichever is larger"
        if any(sum(group.n > 0 for group in each) > 1 for each in found):
            yield _range("equalized_odds_difference", "Equalized-odds difference", of, found, within, units, rng)


def _range(
    metric: str,
    title: str,
    of: str,
    found: list[list[Trials]],
    within: Grouping,
    units: Units,
    rng: np.random.Generator,
) -> Finding:
    estimate, null = largest_difference(found), null_range(found, rng=rng)
    value = "not known" if estimate.value is None else f"{100 * estimate.value:.1f} points"
    return Finding(
        metric=Metric.of(
            estimate, id=metric, title=title, unit="share", better="lower", n_unit=units.name, group=within.title
        ),
        statement=(
            f"{title}: the largest difference between two of {len(within.judged)} groups {of} is {value}"
            f"{_interval(estimate, '.1f', scale=100.0, unit=' points')}. {_by_chance(null, len(within.judged))}"
        ),
        caveats=("The interval holds for all pairs of groups at once. Ideal is 0.",),
    )


def _by_chance(null: NullRange, groups: int) -> str:
    p = "< 0.001" if null.p < 0.001 else f"= {null.p:.3f}"
    return (
        f"With group labels dealt out at random {groups} groups of these sizes differ by {100 * null.mean:.1f} points "
        f"on average, and by as much as was found with p {p}."
    )


def _lowest(estimate: Estimate, within: Grouping, units: Units) -> Finding:
    value = "not known" if estimate.value is None else f"{estimate.value:.2f}"
    return Finding(
        metric=Metric.of(
            estimate,
            id="demographic_parity_ratio",
            title="Demographic-parity ratio",
            unit="ratio",
            better="higher",
            n_unit=units.name,
            group=within.title,
        ),
        statement=(
            f"The lowest selection rate of {len(within.judged)} groups by the highest is {value}"
            f"{_interval(estimate, '.2f')}. Equal rates give 1."
        ),
        caveats=(
            "The lowest of several rates by the highest is below 1 where all groups are alike, the more so the more "
            "groups there are; the interval holds for all pairs of groups at once.",
        ),
    )


def _share(group: Trials) -> str:
    return f"{group.rate:.1%}" if group.n else "none"


def _points(estimate: Estimate) -> str:
    value = estimate.value or 0.0
    way = "higher" if value > 0 else "lower"
    said = "no difference" if value == 0 else f"{100 * abs(value):.1f} points {way} than the reference"
    return f"{said}{_interval(estimate, '+.1f', scale=100.0)}"


def _interval(estimate: Estimate, form: str, *, scale: float = 1.0, unit: str = "") -> str:
    if not estimate.bounds:
        return " (no interval)"
    low, high = (scale * bound for bound in estimate.interval())
    return f" (95% interval {low:{form}} to {high:{form}}{unit})"
