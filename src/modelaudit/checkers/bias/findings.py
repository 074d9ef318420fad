"""The findings of one comparison."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.checkers.bias import wording
from modelaudit.checkers.bias.attributes.attribute import ALL_OTHERS
from modelaudit.checkers.bias.comparison import Flips
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.exhibits import (
    Lengths,
    changed_decisions,
    class_table,
    group_table,
    moved_and_typical,
    name_effects,
)
from modelaudit.checkers.bias.largest import largest_difference
from modelaudit.checkers.bias.scoring.score import Score
from modelaudit.evidence import Evidence, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

UNSTABLE = 0.05
"""Share of flips within a group above which the reader is told that decisions are unstable in general."""

FIXED_WORDS = "The words of a group are a fixed list: the interval speaks of other rows, not of other words."
UPPER_END = (
    "Neutral words are not matched to the words exchanged as names are to names, so the control can show that "
    "decisions depend on the group, but not that few do: the upper end of the interval is that of the flip rate itself."
)
NO_BIAS_BY_ITSELF = "Not a measure of bias by itself: any small edit changes some decisions."
LARGEST = "The largest of several differences is above 0 by chance alone; its interval allows for their number."


def findings_of(contrast: Contrast, lengths: Lengths, overview: Table) -> list[Finding]:
    """Return the findings of one comparison: differences of scores, then flips.

    Where several classes are followed the largest difference is the one that is judged. A comparison that could not be
    made has its judged metrics alone, without a value.
    """
    pairs = list(zip(contrast.scores, contrast.estimates.differences, strict=True))
    judged = [pair for pair in pairs if pair[0].primary]
    if len(judged) > 1:
        found = [_largest(contrast, lengths, overview)]
    else:
        shown = pairs if contrast.focus_answers else judged
        found = [_difference(contrast, score, estimate, lengths, overview) for score, estimate in shown]
    flips = contrast.estimates.flips
    return found if flips is None else [*found, _excess(contrast, flips), *_rates(contrast, flips)]


def absent(attribute: str, scores: Sequence[Score], reason: str, *, n: int, overview: Table) -> Finding:
    """Return the finding that an attribute could not be assessed."""
    several = sum(score.primary for score in scores) > 1
    estimate = Estimate(value=None, n=n, method="none", reason=reason)
    metric = _judged(estimate, scores[0], group=attribute, n_unit="rows", several=several)
    return Finding(metric=metric, statement=f"Not assessed, {attribute}: {reason}", evidence=(overview,))


def _judged(estimate: Estimate, score: Score, *, group: str, n_unit: str, several: bool) -> Metric:
    """Return the metric of a difference, or of the largest of several."""
    title = f"Largest {score.title[:1].lower()}{score.title[1:]}" if several else score.title
    return Metric.of(
        estimate,
        id=f"largest_{score.metric}" if several else score.metric,
        title=title,
        unit=score.unit,
        better="lower" if several else "zero",
        n_unit=n_unit,
        group=group,
        primary=score.primary,
    )


def _difference(contrast: Contrast, score: Score, estimate: Estimate, lengths: Lengths, overview: Table) -> Finding:
    measured = bool(contrast.focus_answers)
    evidence = _evidence(contrast, contrast.scores.index(score), lengths) if measured and score.primary else ()
    return Finding(
        metric=_judged(estimate, score, group=contrast.title, n_unit=contrast.n_unit, several=False),
        statement=wording.difference(contrast, estimate, score),
        evidence=(*evidence, overview) if score.primary else (),
        caveats=(FIXED_WORDS,) if measured and contrast.planned.fixed and score.primary else (),
    )


def _largest(contrast: Contrast, lengths: Lengths, overview: Table) -> Finding:
    estimate, which = largest_difference(contrast.estimates.differences)
    estimate = estimate.of_choice(contrast.scores[which].name)
    score, measured = contrast.scores[which], bool(contrast.focus_answers)
    evidence = (class_table(contrast), *_evidence(contrast, which, lengths)) if measured else ()
    caveats = [LARGEST, *([FIXED_WORDS] if contrast.planned.fixed else [])]
    if score.unfollowed:
        caveats.append(
            f"{score.unfollowed} classes, those that the model decides on least often, are not followed: how far their "
            "probabilities move is not known."
        )
    return Finding(
        metric=_judged(estimate, score, group=contrast.title, n_unit=contrast.n_unit, several=True),
        statement=wording.largest(contrast, estimate, contrast.estimates.differences[which], score),
        evidence=(*evidence, overview),
        caveats=tuple(caveats) if measured else (),
    )


def _evidence(contrast: Contrast, scored: int, lengths: Lengths) -> tuple[Evidence, ...]:
    examples = moved_and_typical(contrast, scored)
    if contrast.planned.fixed:
        return examples
    # The names of a cell stand in the comparison by gender already, each with its effect.
    if contrast.planned.reference == ALL_OTHERS:
        return (group_table(contrast, lengths), examples[0])
    return (*name_effects(contrast, scored, lengths), group_table(contrast, lengths), *examples)


def _excess(contrast: Contrast, flips: Flips) -> Finding:
    caveats = [UPPER_END] if contrast.planned.fixed else []
    change = flips.change
    if (flips.within.value or 0.0) > UNSTABLE:
        unstable = change.unstable.format(share=f"{flips.within.value or 0.0:.1%}")
        caveats.append(f"{unstable}, which the robustness checks are about.")
    return Finding(
        metric=Metric.of(
            flips.excess,
            id=change.excess[0],
            title=change.excess[1],
            unit=change.unit,
            better="lower",
            n_unit=contrast.n_unit,
            group=contrast.title,
            primary=True,
        ),
        statement=wording.excess(contrast, flips),
        evidence=(changed_decisions(contrast, change),),
        caveats=tuple(caveats),
    )


def _rates(contrast: Contrast, flips: Flips) -> list[Finding]:
    across, within = wording.rates(contrast, flips)
    return [
        _rate(contrast, flips.across, flips.change.across, flips.change.unit, across, (NO_BIAS_BY_ITSELF,)),
        _rate(contrast, flips.within, flips.change.within, flips.change.unit, within),
    ]


def _rate(
    contrast: Contrast,
    estimate: Estimate,
    named: tuple[str, str],
    unit: str,
    statement: str,
    caveats: Sequence[str] = (),
) -> Finding:
    return Finding(
        metric=Metric.of(
            estimate,
            id=named[0],
            title=named[1],
            unit=unit,
            better="neither",
            n_unit=contrast.n_unit,
            group=contrast.title,
        ),
        statement=statement,
        caveats=tuple(caveats),
    )
