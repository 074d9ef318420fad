"""The findings of the drift check: each number with a sentence that says what came out, and what is shown beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.data.drawing import documents, medium_of
from modelaudit.checkers.data.drift.classes import FEW, Counts, compared, differences, mirrored
from modelaudit.checkers.data.drift.exhibits import (
    class_table,
    length_histogram,
    profile_table,
    shift_table,
    target_table,
    words_table,
)
from modelaudit.checkers.data.drift.profile import Profile, Shift, main_language, worded
from modelaudit.checkers.data.drift.sides import Sides
from modelaudit.checkers.data.drift.targets import Gap
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    clustered_proportion,
    largest_of,
    size_of,
    total_variation,
    z_sum,
)

NONE, SMALL, MEDIUM = 0.55, 0.65, 0.80
"""Where the bands of the AUC begin: below the first no drift worth the name, above the last a large one."""
Words = tuple[list[tuple[str, float]], list[tuple[str, float]]]


def drift_finding(sides: Sides, found: Estimate, shifts: Sequence[Shift], words: Words, *, seen: str) -> Finding:
    """Return how well the two tables are told apart. `seen` says what the classifier saw."""
    caveats = (
        f"The classifier saw {seen}, not the audited model: a model that knows its training rows by heart may take "
        "them differently although they come from one source.",
        *_copies(sides),
    )
    low, high = found.interval()
    apart = [each.name for each in shifts if each.p <= 0.05]
    return Finding(
        metric=_drift_metric(found, medium_of(sides.rows)),
        statement=(
            f"A classifier that looks at one training row and one evaluation row tells which is which with a chance of "
            f"{_number(found):.1%} (AUC; 50% is a guess; 95% interval {low:.1%} to {high:.1%}): {_band(low, high)}. "
            f"{_measures(apart)}"
        ),
        evidence=(shift_table(shifts), *([words_table(words)] if any(words) else []), length_histogram(sides)),
        caveats=caveats,
    )


def no_drift_finding(reason: str, medium: str) -> Finding:
    """Return the finding of a drift that was not measured; it has no value, so that it is never taken for a pass."""
    return Finding(
        metric=_drift_metric(Estimate(value=None, n=0, method="classifier two-sample test", reason=reason), medium),
        statement=f"Whether the evaluation rows are like the training rows was not assessed: {reason}",
    )


def class_finding(training: Counts, evaluation: Counts) -> list[Finding]:
    """Return the largest change of a class's share, and the change of all of them together."""
    pairs = compared(training, evaluation)
    each = differences(pairs)
    places = list(pairs)[:1] if mirrored(training, evaluation) else list(pairs)
    found, which = largest_of([size_of(each[place]) for place in places], support=(0.0, 1.0))
    together = total_variation(list(pairs.values()))
    if found.value is None or not found.bounds or not together.bounds:
        return []
    place = places[which]
    low, high = found.interval()
    whole = together.interval()
    smallest = max(each[place].smallest_detectable or 0.0 for place in places) * _for_all(len(places))
    unit = training.unit
    return [
        Finding(
            metric=Metric.of(
                found,
                id="class_share_shift",
                title="Largest change of a class's share",
                unit="share of rows" if unit == "rows" else f"share of {unit}",
                better="lower",
                primary=True,
                smallest_detectable=min(1.0, smallest),
            ),
            statement=(
                f"The class whose share differs most is {training.names[place]}: {training.share(place).value:.1%} of "
                f"{_of(training)} in training, {evaluation.share(place).value:.1%} of {_of(evaluation)} in evaluation, "
                f"{_number(found) * 100:.1f} points apart (95% interval {low * 100:.1f} to {high * 100:.1f})."
            ),
            evidence=(class_table(evaluation, training, each),),
            caveats=_unlabelled(training, evaluation),
        ),
        Finding(
            metric=Metric.of(
                together,
                id="class_variation",
                title="Share that would have to change its class",
                unit="share of rows" if unit == "rows" else f"share of {unit}",
                better="lower",
            ),
            statement=(
                f"Over all classes, an estimated {_number(together):.1%} would have to change class for the shares of "
                f"the two tables to be equal (95% interval {whole[0]:.1%} to {whole[1]:.1%})."
            ),
        ),
    ]


def no_class_finding(reason: str) -> Finding:
    """Return the finding of class shares that were not compared; it has no value, so that it is never a pass."""
    return Finding(
        metric=Metric(
            id="class_share_shift",
            title="Largest change of a class's share",
            value=None,
            unit="share of rows",
            better="lower",
            n=0,
            method="newcombe",
            primary=True,
            reason=reason,
        ),
        statement=f"Whether classes have the shares that they have in training was not assessed. {reason}",
    )


def balance_finding(evaluation: Counts, *, alone: bool) -> Finding:
    """Return the share of the smallest class; with the table of all where no training rows are shown beside it."""
    numbers = evaluation.numbers
    ascending = np.argsort(numbers, kind="stable")
    place, largest = int(ascending[0]), int(ascending[-1])
    share = evaluation.share(place)
    few = [name for name, number in zip(evaluation.names, numbers, strict=True) if number < FEW]
    listed = ", ".join(few[:10]) + (f" and {len(few) - 10} more" if len(few) > 10 else "")
    verb = "has" if len(few) == 1 else "have"
    return Finding(
        metric=Metric.of(
            share,
            id="smallest_class_share",
            title="Share of the smallest class",
            unit="share of rows" if evaluation.unit == "rows" else f"share of {evaluation.unit}",
            better="neither",
        ),
        statement=(
            f"The smallest of {len(numbers)} classes in the evaluation rows is {evaluation.names[place]} with "
            f"{numbers[place]:,} of {_of(evaluation)}; the largest is {evaluation.names[largest]} "
            f"with {numbers.max():,}. "
            + (f"{listed} {verb} fewer than {FEW}: what is said of so small a class hangs on a few." if few else "")
        ).strip(),
        evidence=(class_table(evaluation),) if alone else (),
    )


def profile_finding(rows: Sequence[Row], profile: Profile, *, repeats: int) -> Finding:
    """Return the share of the commonest language, with lengths and scripts beside it."""
    name, share = main_language(rows, profile)
    bare = int(profile.of("no letter at all").sum())
    words = profile.of("words")
    return Finding(
        metric=Metric.of(
            share,
            id="main_language_share",
            title="Share of the commonest language",
            unit="share of rows",
            better="neither",
            n_unit=f"rows of different {medium_of(rows)}s",
        ),
        statement=(
            f"Of {len(rows):,} evaluation rows of different {medium_of(rows)}s {_number(share):.1%} are {name}. The "
            f"median row has {np.median(words):,.0f} words, one in twenty {np.quantile(words, 0.95):,.0f} or more; "
            f"{bare:,} rows have no letter."
        ),
        evidence=(profile_table(profile),),
        caveats=_repeated(rows, repeats),
    )


def form_finding(rows: Sequence[Row], profile: Profile, *, repeats: int) -> Finding:
    """Return the share of pictures of the commonest size, or of sounds of the commonest rate, with the measures."""
    if rows[0].picture is not None:
        form, values = "size", profile.values[:, :2]
        middle = f"The median brightness is {np.median(profile.of('brightness (0 to 255)')):.0f} of 255."
    else:
        form, values = "sampling rate", profile.of("samples a second")[:, None]
        middle = f"The median sound lasts {np.median(profile.of('seconds')):.3g} seconds."
    forms, code = np.unique(values, axis=0, return_inverse=True)
    commonest = int(np.bincount(code.reshape(-1)).argmax())
    share = clustered_proportion(code.reshape(-1) == commonest, documents(rows))
    named = " x ".join(f"{value:,.0f}" for value in forms[commonest])
    return Finding(
        metric=Metric.of(
            share,
            id="main_form_share",
            title=f"Share of the commonest {form}",
            unit="share of rows",
            better="neither",
            n_unit=f"rows of different {medium_of(rows)}s",
        ),
        statement=(
            f"Of {len(rows):,} different {medium_of(rows)}s {_number(share):.1%} have the commonest {form}, {named}. "
            f"{middle}"
        ),
        evidence=() if worded(rows) else (profile_table(profile),),
        caveats=_repeated(rows, repeats),
    )


def target_finding(gaps: Sequence[Gap], few: Sequence[str]) -> Finding:
    """Return the largest shortfall against a declared share, over all columns and values."""
    found, which = largest_of([gap.estimate for gap in gaps], support=(-1.0, 1.0))
    worst = gaps[which]
    low, high = found.interval()
    return Finding(
        metric=Metric.of(
            found,
            id="representation_gap",
            title="Largest shortfall against a declared share",
            unit="share of rows",
            better="lower",
            primary=True,
            smallest_detectable=max(gap.detectable for gap in gaps),
        ),
        statement=(
            f"Furthest below its declared share is {worst.target.title}: {worst.hits:,} of {worst.rows:,} evaluation "
            f"rows, {worst.hits / worst.rows:.1%} where {worst.target.share:.1%} was declared; a shortfall of "
            f"{_number(found) * 100:+.1f} points (95% interval {low * 100:+.1f} to {high * 100:+.1f})."
        ),
        evidence=(target_table(gaps),),
        caveats=(f"Too few rows have a known value of: {', '.join(few)}; not assessed.",) if few else (),
        remedies=("Collect evaluation rows of the value that falls short, or declare what the rows stand for.",),
    )


def no_target_finding(few: Sequence[str]) -> Finding:
    """Return the finding of declared shares that no column has enough rows for."""
    reason = f"Too few rows have a known value of the declared columns: {', '.join(few)}."
    return Finding(
        metric=Metric(
            id="representation_gap",
            title="Largest shortfall against a declared share",
            value=None,
            unit="share of rows",
            better="lower",
            n=0,
            method="clopper-pearson",
            primary=True,
            reason=reason,
        ),
        statement=f"Whether the evaluation rows have the declared shares was not assessed. {reason}",
    )


def _drift_metric(found: Estimate, medium: str) -> Metric:
    return Metric.of(
        found,
        id="drift_auc",
        title="Drift from training to evaluation rows",
        unit="AUC",
        better="lower",
        n_unit=f"rows of different {medium}s",
        primary=True,
    )


def _band(low: float, high: float) -> str:
    if low > MEDIUM:
        return "a large drift"
    if low > SMALL:
        return "at least a medium drift"
    if low > NONE:
        return "at least a small drift"
    return "no drift worth the name" if high < NONE else "this data can't tell whether there is a drift"


def _measures(apart: Sequence[str]) -> str:
    if not apart:
        return "None of the measures of the table differs on its own."
    return f"Of the measures of the table, those differ on their own: {', '.join(apart)}."


def _repeated(rows: Sequence[Row], repeats: int) -> tuple[str, ...]:
    return (f"{repeats:,} rows repeat the {medium_of(rows)} of another row and count once.",) if repeats else ()


def _copies(sides: Sides) -> tuple[str, ...]:
    if not sides.shared:
        return ()
    if (medium := medium_of(sides.rows)) != "text":
        return (f"{sides.shared:,} {medium}s stand in both tables and are left out of both.",)
    return (
        f"{sides.shared:,} texts stand in both tables and are left out of both: they would make the tables look alike. "
        "Where texts recur by themselves (short messages), leaving them out makes the tables look a little unlike.",
    )


def _unlabelled(training: Counts, evaluation: Counts) -> tuple[str, ...]:
    if not training.unlabelled and not evaluation.unlabelled:
        return ()
    return (
        f"{training.unlabelled:,} training and {evaluation.unlabelled:,} evaluation rows have no label and are left "
        "out.",
    )


def _of(counts: Counts) -> str:
    return f"{counts.totals.sum():,.0f} {counts.unit}"


def _for_all(count: int) -> float:
    """Return how much larger an effect must be to be found by an interval that holds for so many at once."""
    return z_sum(alpha=0.05 / count) / z_sum()


def _number(estimate: Estimate) -> float:
    return math.nan if estimate.value is None else estimate.value
