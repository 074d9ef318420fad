"""The findings on corruption: numbers, the sentence that says them, and why a number is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from modelaudit.checkers.robustness.corruptions.answers import Sample
from modelaudit.checkers.robustness.corruptions.arms import MIDDLE
from modelaudit.checkers.robustness.corruptions.effect import NO_TRUTH, Effect, clean_error, mean_error, unknown
from modelaudit.checkers.robustness.corruptions.exhibits import (
    changed_rows,
    errors_curve,
    flips_curve,
    kinds_table,
    shown_row,
)
from modelaudit.checkers.robustness.corruptions.families import Family, largest_loss
from modelaudit.checkers.spoken_errors import error_caveats
from modelaudit.evidence import Evidence
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

MEANT = frozenset({"light and colour", "framing", "loudness", "speed"})
"""Families of what a class may rightly go by."""


def family_findings(family: Family, *, speech: bool) -> Iterator[Finding]:
    """Yield what the worst kind of a family does to the answers and, where rows have a truth, what that costs."""
    flip, flipping = family.largest_flip()
    caveats, table = _caveats(family, speech=speech), kinds_table(family, speech=speech)
    rows = _rows(family, flipping, speech=speech)
    yield Finding(
        metric=_flip_metric(family.name, flip, speech=speech),
        statement=_flip_statement(family, flip, flipping, speech=speech),
        evidence=(table, *flips_curve(family), *rows),
        caveats=caveats,
    )
    lost, losing = family.largest_loss()
    if lost.bounds:
        rows = rows if losing is flipping else _rows(family, losing, speech=speech)
        yield Finding(
            metric=_loss_metric(family.name, lost, speech=speech),
            statement=_loss_statement(family, lost, losing, speech=speech),
            evidence=(table, *errors_curve(family, speech=speech), *rows),
            caveats=(*caveats, *(_of_words(family) if speech else ())),
        )
    elif losing.sample.known.any():
        yield Finding(
            metric=_loss_metric(family.name, lost, speech=speech),
            statement=f"What changes of the kind '{family.name}' cost was not measured. {lost.reason}",
            caveats=caveats,
        )


def without_truth(*, speech: bool) -> Finding:
    """Return the one finding that stands for what every family costs where no row has a truth."""
    return Finding(
        metric=_loss_metric(None, unknown(), speech=speech),
        statement=f"What the changes cost was not measured. {NO_TRUTH}",
        remedies=("Give the rows a column of true labels, and audit again.",),
    )


def overall(sample: Sample, effects: Sequence[Effect]) -> Iterator[Finding]:
    """Yield the mean corruption error and the largest loss of a kind, for context."""
    counted, clean = [effect for effect in effects if effect.arm.published], clean_error(sample)
    if counted and clean is not None:
        yield from _mean_finding(sample, counted, clean)
    lost, losing = largest_loss(effects)
    if lost.bounds:
        yield _worst_finding(lost, losing, len(effects), speech=sample.speech)


def _mean_finding(sample: Sample, counted: Sequence[Effect], clean: float) -> Iterator[Finding]:
    mean, speech = mean_error(sample, counted), sample.speech
    if not mean.bounds:
        return
    what = "words are wrong, by words said" if speech else "answers are wrong"
    low, high = mean.interval()
    yield Finding(
        metric=Metric.of(
            mean,
            id="mean_corruption_error",
            title="Mean corruption error, unnormalised",
            unit="share of words" if speech else "share of rows",
            better="lower",
        ),
        statement=(
            f"On average over {len(counted)} kinds at severity {MIDDLE}, {mean.value:.1%} of {what} (95% interval "
            f"{low:.1%} to {high:.1%}); of the rows as they are, {clean:.1%}."
        ),
        caveats=(
            "The mean corruption error of ImageNet-C is over five severities and divided by that of AlexNet; this one "
            "is at one severity and divided by nothing.",
        ),
    )


def _worst_finding(lost: Estimate, effect: Effect, count: int, *, speech: bool) -> Finding:
    low, high = lost.interval()
    what = "word error rate rises" if speech else "accuracy falls"
    return Finding(
        metric=Metric.of(
            lost,
            id="worst_error_change" if speech else "worst_accuracy_drop",
            title=f"{_title(speech)} under the worst change",
            unit="share of words" if speech else "share of rows",
            better="lower",
        ),
        statement=(
            f"Under the worst of {count} kinds, '{effect.arm.name}', {what} by {100 * (lost.value or 0.0):.1f} points "
            f"(95% interval {100 * low:.1f} to {100 * high:.1f})."
        ),
        caveats=(
            f"Chance alone makes the worst of many look worse than it is; the interval's lower end holds for all "
            f"{count} changes at once.",
        ),
    )


def _flip_metric(group: str, estimate: Estimate, *, speech: bool) -> Metric:
    return Metric.of(
        estimate,
        id="transcripts_changed" if speech else "flip_rate",
        title="Transcripts changed" if speech else "Predicted labels changed",
        unit="share of rows",
        better="lower",
        group=group,
        # One word in a hundred makes another transcript, so of speech the words decide.
        primary=not speech,
    )


def _loss_metric(group: str | None, estimate: Estimate, *, speech: bool) -> Metric:
    return Metric.of(
        estimate,
        id="word_error_change" if speech else "accuracy_drop",
        title=_title(speech),
        unit="share of words" if speech else "share of rows",
        better="lower",
        group=group,
        primary=True,
    )


def _title(speech: bool) -> str:
    return "Word error rate added" if speech else "Accuracy lost"


def _rows(family: Family, effect: Effect, *, speech: bool) -> tuple[Evidence, ...]:
    return *changed_rows(effect, speech=speech), *shown_row(family, effect)


def _flip_statement(family: Family, flip: Estimate, effect: Effect, *, speech: bool) -> str:
    low, high = flip.interval()
    what = "transcripts" if speech else "answers"
    return (
        f"{_under(family, effect)}, {flip.value:.1%} of {what} change (95% interval {low:.1%} to {high:.1%}), over "
        f"{flip.n:,} rows."
    )


def _loss_statement(family: Family, lost: Estimate, effect: Effect, *, speech: bool) -> str:
    value, (low, high) = lost.value or 0.0, lost.interval()
    rate, worse, better = ("the word error rate", "higher", "lower") if speech else ("accuracy", "lower", "higher")
    by = "the same" if value == 0 else f"{100 * abs(value):.1f} points {worse if value > 0 else better}"
    return (
        f"{_under(family, effect)}, {rate} is {by} (95% interval of the loss {100 * low:.1f} to {100 * high:.1f} "
        f"points), over {lost.n:,} labelled rows."
    )


def _under(family: Family, effect: Effect) -> str:
    count = len(family.effects)
    which = f", the worst of {count} of its kind" if count > 1 else ""
    return f"Under the change '{effect.arm.name}'{which}"


def _of_words(family: Family) -> tuple[str, ...]:
    """Return what to bear in mind of the errors under the family's kinds, and of those in the rows as they are."""
    sample = family.effects[0].sample
    told = [(sample, sample.clean), *((effect.sample, effect.after) for effect in family.effects)]
    return error_caveats(
        np.concatenate([answers.errors for _, answers in told]),
        np.concatenate([rows.totals for rows, _ in told]),
        np.concatenate([answers.cut for _, answers in told]),
    )


def _caveats(family: Family, *, speech: bool) -> tuple[str, ...]:
    caveats = []
    if family.name in MEANT and not speech:
        caveats.append(
            "Where a class rightly goes by what is changed here (colour, light, place, loudness or pitch), another "
            "answer is no fault: leave such changes out with the option 'without'."
        )
    if (count := len(family.effects)) > 1:
        caveats.append(
            f"The interval is that of the worst of {count} changes: its lower end holds for all of them at once, its "
            "upper end is the highest of theirs. The table has each change's own."
        )
    units = family.effects[0].sample.units
    if units is not None:
        count = len(set(units.tolist()))
        caveats.append(f"The rows come from {count:,} speakers, persons or documents; the interval allows for that.")
    return tuple(caveats)
