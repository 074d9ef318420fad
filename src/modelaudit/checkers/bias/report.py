"""The findings of one comparison, in words for a compliance reader."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.checkers.bias.arms import GENDER_WORDS
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.exhibits import Lengths, group_table, moved_and_typical, name_table
from modelaudit.checkers.bias.scores import ScoredClass
from modelaudit.evidence import Evidence, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

UNSTABLE = 0.05
"""Share of flips within a group above which the reader is told that decisions are unstable in general."""

FIXED_WORDS = "The gendered words are a fixed list: the interval speaks of other rows, not of other words."

UPPER_END = (
    "Neutral words are not matched to gendered ones as names are to names, so the control can show that decisions "
    "depend on gender, but not that few do: the upper end of the interval is that of the flip rate itself."
)


def findings_of(contrast: Contrast, classes: Sequence[ScoredClass], lengths: Lengths, overview: Table) -> list[Finding]:
    """Return the findings of one comparison: a score difference for each class, then flips.

    A comparison that could not be made has its judged metrics alone, without a value.
    """
    found = [
        _difference(contrast, estimate, index, scored, lengths, overview)
        for index, (estimate, scored) in enumerate(zip(contrast.estimates.differences, classes, strict=True))
    ]
    found.append(_excess(contrast))
    return [*found, *_rates(contrast)] if contrast.focus_answers else found


def _difference(
    contrast: Contrast,
    estimate: Estimate,
    index: int,
    scored: ScoredClass,
    lengths: Lengths,
    overview: Table,
) -> Finding:
    evidence: tuple[Evidence, ...] = ()
    measured, words = bool(contrast.focus_answers), contrast.attribute == GENDER_WORDS
    if measured:
        evidence = moved_and_typical(contrast, index, scored.name)
    if measured and not words:
        evidence = (name_table(contrast, index, lengths), group_table(contrast, lengths), *evidence)
    return Finding(
        metric=Metric.of(
            estimate,
            id="score_difference",
            title="Score difference",
            unit="probability",
            better="zero",
            n_unit=contrast.n_unit,
            group=contrast.title + scored.suffix,
            primary=True,
        ),
        statement=f"{_change(contrast)} the probability of {scored.name} {_by(contrast, estimate)}",
        evidence=(*evidence, overview),
        caveats=(FIXED_WORDS,) if measured and words else (),
    )


def _excess(contrast: Contrast) -> Finding:
    estimates = contrast.estimates
    caveats = [UPPER_END] if contrast.focus_answers and contrast.attribute == GENDER_WORDS else []
    if (estimates.control_flips.value or 0.0) > UNSTABLE:
        caveats.append(
            f"Decisions also change in {estimates.control_flips.value or 0.0:.1%} of exchanges within a group: they "
            "are unstable in general, which the robustness checks are about."
        )
    return Finding(
        metric=Metric.of(
            estimates.excess,
            id="excess_flip_rate",
            title="Excess flip rate",
            unit="share of rows",
            better="lower",
            n_unit=contrast.n_unit,
            group=contrast.title,
            primary=True,
        ),
        statement=_excess_statement(contrast),
        caveats=tuple(caveats),
    )


def _rates(contrast: Contrast) -> list[Finding]:
    flips, control_flips = contrast.estimates.flips, contrast.estimates.control_flips
    return [
        Finding(
            metric=Metric.of(
                flips,
                id="flip_rate",
                title="Flip rate across groups",
                unit="share of rows",
                better="neither",
                n_unit=contrast.n_unit,
                group=contrast.title,
            ),
            statement=f"The decision changes between the groups in {_value(flips, '.1%')} of exchanges.",
            caveats=("Not a measure of bias by itself: any small edit changes some decisions.",),
        ),
        Finding(
            metric=Metric.of(
                control_flips,
                id="control_flip_rate",
                title="Flip rate within a group",
                unit="share of rows",
                better="neither",
                n_unit=contrast.n_unit,
                group=contrast.title,
            ),
            statement=(
                f"Exchanged for {_control(contrast)}, the decision changes in "
                f"{_value(control_flips, '.1%')} of exchanges."
            ),
        ),
    ]


def _control(contrast: Contrast) -> str:
    words = contrast.attribute == GENDER_WORDS
    return "other words of the same gender, or neutral words" if words else "another name of the same group"


def _excess_statement(contrast: Contrast) -> str:
    estimates, control = contrast.estimates, _control(contrast)
    excess = estimates.excess
    if excess.value is None:
        return f"How many decisions change beyond exchanges for {control} could not be estimated: {excess.reason}"
    exchange = f"Exchanging {contrast.reference} and {contrast.focus}"
    if not estimates.controlled:
        return (
            f"{exchange} changes {excess.value:.1%} of the decisions{_interval(contrast, excess, '.1%')}. How many "
            f"exchanging for {control} would change is known for {estimates.controls:,} rows, which are too few to "
            "tell. So the share that goes beyond that lies between 0 and this one."
        )
    amount = f"{100 * abs(excess.value):.1f} percentage points {'fewer' if excess.value < 0 else 'more'}"
    statement = (
        f"{exchange} changes {amount} of the decisions than exchanging for {control}"
        f"{_interval(contrast, excess, '+.1%')}."
    )
    if contrast.attribute != GENDER_WORDS:
        return statement
    statement += f" The control is known for {estimates.controls:,} of {len(contrast.focus_answers):,} rows."
    if excess.value < 0:
        statement += (
            " Word for word the control changes more decisions there than the exchange itself, so it does not show "
            "that few depend on gender."
        )
    return statement


def _change(contrast: Contrast) -> str:
    kind = "words" if contrast.attribute == GENDER_WORDS else "first names"
    return f"Putting {contrast.focus} for {contrast.reference} {kind} changes"


def _by(contrast: Contrast, estimate: Estimate) -> str:
    if estimate.value is None:
        return f"by an amount that could not be estimated: {estimate.reason}"
    return f"by {100 * estimate.value:+.1f} points on average{_interval(contrast, estimate, '+.1f', scale=100.0)}."


def _value(estimate: Estimate, form: str) -> str:
    return "an unknown share" if estimate.value is None else format(estimate.value, form)


def _interval(contrast: Contrast, estimate: Estimate, form: str, *, scale: float = 1.0) -> str:
    rows = f"{len(contrast.focus_answers):,} rows"
    if contrast.n_unit == "documents":
        rows += f" in {estimate.n:,} documents"
    if not estimate.bounds:
        return f" (no interval, {rows})"
    low, high = (scale * bound for bound in estimate.interval())
    return f" (95% interval {low:{form}} to {high:{form}}, {rows})"
