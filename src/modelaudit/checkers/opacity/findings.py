"""What the Shapley checker states about a set of explanations, one finding a question."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from modelaudit.checkers.opacity.axes import Axis, additive_fidelity, normalised_faithfulness, stability, weakest
from modelaudit.checkers.opacity.bands import orientation
from modelaudit.checkers.opacity.exhibits import (
    additivity_shares,
    chosen_attributions,
    concentration_curve,
    removal_curve,
)
from modelaudit.checkers.opacity.explanation import Explanation, by_row
from modelaudit.checkers.opacity.global_words import global_table
from modelaudit.checkers.opacity.median import median
from modelaudit.checkers.opacity.parts import WORDS, Parts
from modelaudit.checkers.opacity.stability import reliability
from modelaudit.checkers.opacity.targets import Scale
from modelaudit.checkers.opacity.validity import (
    GOOD_ERROR,
    Beside,
    baseline_finding,
    cross_check_finding,
    fault,
    gap_finding,
    randomised_finding,
    sampling_finding,
    self_check_finding,
)
from modelaudit.evidence import Note, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, mean_difference

GOOD_RELIABILITY = 0.8
"""Agreement of the values with themselves from which on they can be compared with others."""


def findings_of(explanations: Sequence[Explanation], beside: Beside, scale: Scale, *, card: Table) -> Iterable[Finding]:
    """Yield the findings on a model that reacts to hidden words; `card` says how all of it was done."""
    gap = max(each.additivity_gap for each in explanations)
    errors, _ = by_row(explanations, lambda each: each.shapley.relative_error)
    error = median(errors, least=0.0, most=max(1.0, *errors))
    axes = (
        additive_fidelity(explanations, scale.parts),
        normalised_faithfulness(explanations, scale.parts),
        stability(beside.edits, scale.parts),
    )
    size = statistics.median(each.shapley.spread for each in explanations) if scale.relative else 1.0
    wrong = fault(gap, beside, scale.unit, size, scale.parts)
    yield _quality(axes, wrong or _unsettled(explanations, error, scale.parts), scale)
    yield _faithfulness(explanations, error, wrong, scale)
    yield _axis(
        axes[1], "normalised_faithfulness", "Faithfulness between chance and the best order found", _FAITHFUL, scale
    )
    many = scale.parts.many
    yield _additivity(explanations, scale.parts)
    yield _axis(
        axes[0],
        "additive_fidelity",
        f"Variation that the best list of {many} accounts for",
        f"{scale.parts.unusual}: part of what is missing may be how the model takes it.",
        scale,
    ).model_copy(update={"evidence": (additivity_shares(explanations, scale.parts),)})
    yield _axis(axes[2], "stability", _EDITED[scale.parts is WORDS], _STABLE, scale, of="edits")
    if beside.other is not None:
        yield baseline_finding(beside.other, scale.parts)
    if beside.randomised is not None:
        yield randomised_finding(beside.randomised)
    yield _concentration(explanations, scale.parts)
    yield _cancellation(explanations, scale.parts)
    if any(each.own_share is not None for each in explanations):
        yield _context(explanations)
    yield gap_finding(explanations, gap, scale.unit)
    yield sampling_finding(explanations, error)
    yield self_check_finding(beside.check, scale.unit, scale.parts).model_copy(update={"evidence": (card,)})
    if beside.crossed is not None:
        yield cross_check_finding(beside.crossed, scale.unit, scale.parts)


_FAITHFUL = "0 is an order at random, 1 the best that a greedy search found; the search may have missed a better one."
_EDITED = {
    True: "Agreement of explanations after edits that change no word",
    False: "Agreement of explanations after changes that nobody notices",
}
_STABLE = "Agreement is corrected for sampling noise, and of edits only those count that leave the prediction as it is."


def _unsettled(explanations: Sequence[Explanation], error: Estimate, parts: Parts) -> str | None:
    """Return why the values have not converged, or None."""
    if (error.value or 0.0) > GOOD_ERROR:
        return (
            f"the values have not settled: their median relative standard error is {error.value:.0%}; give more pairs"
        )
    found = [value for each in explanations if (value := reliability(each.shapley)) is not None]
    if found and statistics.median(found) < GOOD_RELIABILITY:
        return (
            f"the values have not settled: two halves of the permutations rank {parts.many} differently; "
            "give more pairs"
        )
    return None


def _quality(axes: Sequence[Axis], why_not: str | None, scale: Scale) -> Finding:
    measured = [axis for axis in axes if axis.estimate.bounds]
    unknown = [axis for axis in axes if not axis.estimate.bounds]
    lacking = [f"{axis.name} could not be measured: {axis.estimate.reason}" for axis in unknown]
    reason = why_not or (None if measured else "; ".join(lacking))
    if reason is not None:
        found = Estimate(value=None, n=0, method="lowest of the axes", reason=f"Inconclusive: {reason}.")
        statement = f"How far explanations can be trusted is not known: {reason}."
    else:
        lowest, found = weakest(measured)
        low, high = found.interval()
        others = ", ".join(f"{axis.name} {axis.estimate.value:.2f}" for axis in measured)
        statement = (
            f"Explanations are limited by {lowest.limit}: {lowest.name} is {lowest.estimate.value:.2f}, the lowest of "
            f"the axes ({others}; 95% interval of the lowest {low:.2f} to {high:.2f})."
        )
    return Finding(
        metric=Metric.of(
            found,
            id="explanation_quality",
            title=f"Quality of {scale.parts.one}-by-{scale.parts.one} explanations: the weakest axis",
            unit="1 is the best",
            better="higher",
        ),
        statement=statement,
        caveats=(
            *(f"It is at most this, since {each}" for each in lacking if reason is None),
            *(orientation("explanation_quality") if reason is None and scale.paneled else ()),
            "Opacity is not error: an answer may be easy to explain and wrong, or right and hard to explain.",
        ),
    )


def _axis(axis: Axis, identity: str, title: str, caveat: str, scale: Scale, *, of: str = "rows") -> Finding:
    found = axis.estimate
    said = f"is not known: {found.reason}" if found.value is None else f"is {found.value:.2f} ({found.n} {of})."
    if found.value is not None and not found.bounds:
        said += f" It has no interval, so it is left out of the quality: {found.reason}"
    return Finding(
        metric=Metric.of(found, id=identity, title=title, unit="1 is the best", better="higher", n_unit=of),
        statement=f"The axis {axis.name} {said}",
        caveats=(caveat, *(orientation(identity) if found.value is not None and scale.paneled else ())),
    )


def _faithfulness(explanations: Sequence[Explanation], error: Estimate, fault: str | None, scale: Scale) -> Finding:
    falls, clusters = by_row(explanations, lambda each: each.faithfulness.gain)
    gains = mean_difference(falls, clusters=clusters)
    low, high = gains.interval()
    settled = "have settled" if (error.value or 0.0) <= GOOD_ERROR else "have not settled; more pairs would help"
    return Finding(
        metric=Metric.of(
            gains,
            id="faithfulness_gain",
            title="Faithfulness of explanations above chance",
            unit=scale.fall,
            better="higher",
            primary=True,
        ),
        statement=(
            f"Hiding the {scale.parts.many} that the explanation names first lowers {scale.level} by "
            f"{gains.value or 0.0:.3f} more than hiding random {scale.parts.many} "
            f"(95% interval {low:.3f} to {high:.3f}, {gains.n} rows)."
        ),
        evidence=(
            removal_curve(explanations, scale),
            *chosen_attributions(explanations, scale),
            *((global_table(explanations, scale.unit),) if scale.parts is WORDS else ()),
            Note(
                title="Convergence",
                text=f"The median relative standard error is {error.value or 0.0:.0%}: the values {settled}. "
                "On average, noise in the values lowers the faithfulness that is measured.",
            ),
        ),
        confounded=fault,
        caveats=("The gain depends on how sure the model is, so it does not rank one model against another.",)
        if not scale.relative
        else ("The gain is in the unit of the output, so it does not rank one model against another.",),
    )


def _additivity(explanations: Sequence[Explanation], parts: Parts) -> Finding:
    residuals, _ = by_row(explanations, lambda each: each.shapley.residual_share)
    shares = [1.0 - residual for residual in residuals]
    found = median(shares, least=min(0.0, *shares), most=1.0)
    low, high = found.interval()
    return Finding(
        metric=Metric.of(
            found,
            id="additive_share",
            title=f"Share of the answer's variation that the list of {parts.many} accounts for",
            unit="share of variation",
            better="higher",
            primary=True,
        ),
        statement=(
            f"In the median row, the sum of the {parts.many}' values gives back {found.value or 0.0:.0%} of how the "
            f"output varies as {parts.many} are hidden (95% interval {low:.0%} to {high:.0%}, {found.n} rows). The "
            f"best list of {parts.many} may account for more (additive fidelity); what that leaves is {parts.many} "
            "acting together."
        ),
        caveats=(
            "Below 0% the list says less than the mean output alone would.",
            f"{parts.unusual}: part of the rest may be how the model takes it.",
        ),
    )


def _concentration(explanations: Sequence[Explanation], parts: Parts) -> Finding:
    most = max(len(each.game.units) for each in explanations)
    counts, _ = by_row(explanations, lambda each: each.concentration)
    words = median(counts, least=1.0, most=float(most))
    carry = _parts(words.value, parts) if words.value is not None else f"no {parts.many} carry"
    return Finding(
        metric=Metric.of(
            words,
            id=f"{parts.many}_for_80pct",
            title=f"{parts.title} that carry 80% of the attribution",
            unit=parts.many,
            better="neither",
        ),
        statement=f"In the median row {carry} 80% of the attribution ({len(counts)} rows with any).",
        evidence=(concentration_curve(explanations, parts),) if counts else (),
        caveats=(
            f"Longer rows need more {parts.many}, and a model that leans on one shortcut {parts.one} is the most "
            "concentrated.",
        ),
    )


def _cancellation(explanations: Sequence[Explanation], parts: Parts) -> Finding:
    ratios, _ = by_row(explanations, lambda each: each.cancellation)
    found = median(ratios, least=1.0, most=max(1.0, *ratios, 1.0))
    return Finding(
        metric=Metric.of(found, id="cancellation", title="Evidence for and against", unit="ratio", better="neither"),
        statement=(
            f"In the median row the sizes of the values add up to {found.value or 0.0:.1f} times their sum: at 1 all "
            f"{parts.many} pull one way, above it {parts.many} for and against cancel."
        ),
    )


def _context(explanations: Sequence[Explanation]) -> Finding:
    shares, _ = by_row(explanations, lambda each: None if each.own_share is None else 1.0 - each.own_share)
    found = median(shares, least=0.0, most=1.0)
    return Finding(
        metric=Metric.of(
            found,
            id="context_share",
            title="Attribution that lies on other words than the entity's own",
            unit="share of the attribution",
            better="neither",
        ),
        statement=(
            f"In the median row {found.value or 0.0:.0%} of what makes the model tag an entity lies on words beside it "
            f"({found.n} rows)."
        ),
        caveats=("Context is what a good tagger reads; a share near 0 may mean a list of names learnt by heart.",),
    )


def _parts(count: float, parts: Parts) -> str:
    return f"one {parts.one} carries" if count == 1 else f"{count:g} {parts.many} carry"
