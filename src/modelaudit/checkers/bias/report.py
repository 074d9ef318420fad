"""The findings of one comparison, in words for a compliance reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelaudit.checkers.bias.arms import GENDER_WORDS
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.exhibits import group_table, moved_and_typical, name_table
from modelaudit.checkers.bias.scores import ScoredClass
from modelaudit.evidence import Evidence, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

UNSTABLE = 0.05
"""Share of flips within a group above which the reader is told that decisions are unstable in general."""

FIXED_WORDS = "The gendered words are a fixed list: the interval speaks of other rows, not of other words."


def findings_of(
    contrast: Contrast, classes: Sequence[ScoredClass], tokens: Mapping[str, int], overview: Table
) -> list[Finding]:
    """Return the findings of one comparison: a score difference for each class, then flips."""
    found = [
        _difference(contrast, estimate, index, scored, tokens, overview)
        for index, (estimate, scored) in enumerate(zip(contrast.differences, classes, strict=True))
    ]
    return [*found, *_flips(contrast)]


def _difference(
    contrast: Contrast,
    estimate: Estimate,
    index: int,
    scored: ScoredClass,
    tokens: Mapping[str, int],
    overview: Table,
) -> Finding:
    evidence: tuple[Evidence, ...] = ()
    if contrast.focus_answers:
        evidence = moved_and_typical(contrast, index, scored.name)
    if contrast.attribute != GENDER_WORDS and contrast.focus_answers:
        evidence = (name_table(contrast, index, tokens), group_table(contrast, tokens), *evidence)
    return Finding(
        metric=Metric.of(
            estimate,
            id="score_difference",
            title="Score difference",
            unit="probability",
            better="zero",
            group=contrast.title + scored.suffix,
            primary=True,
        ),
        statement=f"{_change(contrast)} the probability of {scored.name} {_by(estimate)}.",
        evidence=(*evidence, overview),
        caveats=(FIXED_WORDS,) if contrast.attribute == GENDER_WORDS else (),
    )


def _flips(contrast: Contrast) -> list[Finding]:
    caveats = []
    if (contrast.control_flips.value or 0.0) > UNSTABLE:
        caveats.append(
            f"Decisions also change in {contrast.control_flips.value or 0.0:.1%} of exchanges within a group: they are "
            "unstable in general, which the robustness checks are about."
        )
    control = (
        "other words of the same gender, or neutral words"
        if contrast.attribute == GENDER_WORDS
        else "another name of the same group"
    )
    return [
        Finding(
            metric=Metric.of(
                contrast.excess,
                id="excess_flip_rate",
                title="Excess flip rate",
                unit="share of rows",
                better="lower",
                group=contrast.title,
                primary=True,
            ),
            statement=_excess_statement(contrast, control),
            caveats=tuple(caveats),
        ),
        Finding(
            metric=Metric.of(
                contrast.flips,
                id="flip_rate",
                title="Flip rate across groups",
                unit="share of rows",
                better="neither",
                group=contrast.title,
            ),
            statement=f"The decision changes between the groups in {_value(contrast.flips, '.1%')} of exchanges.",
            caveats=("Not a measure of bias by itself: any small edit changes some decisions.",),
        ),
        Finding(
            metric=Metric.of(
                contrast.control_flips,
                id="control_flip_rate",
                title="Flip rate within a group",
                unit="share of rows",
                better="neither",
                group=contrast.title,
            ),
            statement=(
                f"Exchanged for {control}, the decision changes in "
                f" {_value(contrast.control_flips, '.1%')} of exchanges."
            ),
        ),
    ]


def _excess_statement(contrast: Contrast, control: str) -> str:
    excess = contrast.excess
    if excess.value is None:
        return f"How many decisions change beyond exchanges for {control} could not be estimated: {excess.reason}"
    amount = f"{100 * abs(excess.value):.1f} percentage points {'fewer' if excess.value < 0 else 'more'}"
    return (
        f"Exchanging {contrast.reference} and {contrast.focus} changes {amount} of the decisions than exchanging for "
        f"{control}{_interval(excess, '+.1%')}."
    )


def _change(contrast: Contrast) -> str:
    kind = "words" if contrast.attribute == GENDER_WORDS else "first names"
    return f"Putting {contrast.focus} for {contrast.reference} {kind} changes"


def _by(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"by an amount that could not be estimated: {estimate.reason}"
    return f"by {estimate.value:+.3f} on average{_interval(estimate, '+.3f')}"


def _value(estimate: Estimate, form: str) -> str:
    return "an unknown share" if estimate.value is None else format(estimate.value, form)


def _interval(estimate: Estimate, form: str) -> str:
    if not estimate.bounds:
        return f" (no interval, {estimate.n} rows)"
    low, high = estimate.interval()
    return f" (95% interval {low:{form}} to {high:{form}}, {estimate.n} rows)"
