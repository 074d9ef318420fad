"""Whether the numbers are of the audited model at all, and how far they hang on how it was asked.

Answers that do not repeat, values that differ from brute force, that have not settled, that another way to hide words
ranks otherwise, or that a model without any training has as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.opacity.baseline import IN_THEIR_PLACE, OtherBaseline
from modelaudit.checkers.opacity.exhibits import convergence_table
from modelaudit.checkers.opacity.explanation import Explanation
from modelaudit.checkers.opacity.parts import Parts
from modelaudit.checkers.opacity.randomised import Randomised
from modelaudit.checkers.opacity.self_check import SelfCheck
from modelaudit.checkers.opacity.shap_bridge import CrossCheck
from modelaudit.checkers.opacity.stability import Edit
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, mean_difference

MOST_GAP = 0.01
"""Log-odds by which masked and plain answers may differ before the explanation is of another function."""

GOOD_ERROR = 0.15
"""Relative standard error up to which the values of a row count as settled."""

MOST_RANDOM = 0.5
"""Rank correlation with the values of a random model that the interval must reach down to."""

MOST_DEVIATION = 1e-3
"""Log-odds by which a value may differ from brute force before something in the audit is wrong."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What was asked beside the explanations: after edits, with words hidden otherwise, of random weights, by brute
    force, and by shap.
    """

    edits: Sequence[Edit]
    other: OtherBaseline | None
    randomised: Randomised | None
    check: SelfCheck
    crossed: CrossCheck | None


def fault(gap: float, beside: Beside, unit: str, size: float, parts: Parts) -> str | None:
    """Return why the numbers are of another function than the audited one, or None; `size` is that of one unit."""
    if gap > MOST_GAP * size:
        return (
            f"answers to the same row differ by up to {gap:.2g} {unit} between the plain and the masked path, so the "
            "explained function is not the audited one"
        )
    if beside.check.deviation > MOST_DEVIATION * size:
        return f"values differ from brute force by up to {beside.check.deviation:.2g} {unit}, so answers do not repeat"
    if beside.randomised is not None:
        found = _agreement(beside.randomised)
        if found.bounds and found.interval()[0] > MOST_RANDOM:
            return (
                f"explanations of the model with random weights rank the {parts.many} alike (rank correlation "
                f"{found.value or 0.0:.2f}), so they are not of what it learnt; check that the audited model is "
                "the trained one"
            )
    return None


def gap_finding(explanations: Sequence[Explanation], gap: float, unit: str) -> Finding:
    """State how far base and values are from the output on the unmasked row."""
    return Finding(
        metric=_largest(
            "additivity_gap",
            "Largest additivity gap",
            gap,
            unit,
            n=len({each.game.row.id for each in explanations}),
            method="maximum over rows of |base + sum of values - output on the unmasked row|",
        ),
        statement=f"Base and values of a row add up to the model's own output to within {_distance(gap, unit)}.",
        caveats=(
            "The sum holds by construction: a gap shows a fault or an output that is not repeatable, and no gap does "
            "not show that the values have settled.",
        ),
    )


def sampling_finding(explanations: Sequence[Explanation], error: Estimate) -> Finding:
    """State how far the values have settled."""
    exact = sum(each.shapley.errors is None for each in explanations)
    return Finding(
        metric=Metric.of(
            error,
            id="sampling_error",
            title="Sampling error of the values",
            unit="share of the attribution",
            better="neither",
        ),
        statement=(
            f"In the median row the standard errors add up to {error.value or 0.0:.0%} of the attribution; "
            f"{exact} of {len(explanations)} explanations are exact."
        ),
        evidence=(convergence_table(explanations),),
    )


def self_check_finding(check: SelfCheck, unit: str, parts: Parts) -> Finding:
    """State the largest deviation from brute force."""
    return Finding(
        metric=_largest(
            "self_check",
            "Largest deviation from brute force",
            check.deviation,
            unit,
            n=check.rows,
            method=f"maximum over {parts.many} of |value - mean over all orders by definition|",
        ),
        statement=(
            f"On {check.rows} short rows ({check.words} {parts.many}) the values agree with brute force to within "
            f"{_distance(check.deviation, unit)}."
        ),
    )


def baseline_finding(other: OtherBaseline, parts: Parts) -> Finding:
    """State how values from another way to hide parts rank these."""
    found = mean_difference(other.agreements, clusters=other.clusters, reach=1.0)
    return Finding(
        metric=Metric.of(
            found,
            id="baseline_agreement",
            title=f"Agreement with values from another way to hide {parts.many}",
            unit="rank correlation",
            better="neither",
        ),
        statement=(
            f"Where hidden {parts.many} are shown to the model otherwise ({IN_THEIR_PLACE[other.hide]}), the order of "
            f"the values correlates with theirs at {found.value or 0.0:.2f} on average ({found.n} rows)."
        ),
        caveats=(f"A low number says that the values depend on what an absent {parts.one} is taken for.",),
    )


def _agreement(randomised: Randomised) -> Estimate:
    return mean_difference(randomised.agreements, clusters=randomised.clusters, reach=1.0)


def randomised_finding(randomised: Randomised) -> Finding:
    """State how the values of a model without training rank the words."""
    found = _agreement(randomised)
    return Finding(
        metric=Metric.of(
            found,
            id="randomised_agreement",
            title="Agreement with values of the model with random weights",
            unit="rank correlation",
            better="neither",
        ),
        statement=(
            "Where all weights are drawn anew, the order of the values correlates with that of the audited model at "
            f"{found.value or 0.0:.2f} on average ({found.n} rows): near 0, explanations hang on what the model learnt."
        ),
        caveats=("One draw of the weights may agree or disagree by chance; far from 0 it is a lead, not a proof.",),
    )


def cross_check_finding(crossed: CrossCheck, unit: str, parts: Parts) -> Finding:
    """State how far the values are from those of shap."""
    sampled = (
        ""
        if crossed.sampled is None
        else f" On longer rows its sampled values lie {crossed.sampled:.1f} of our standard errors away in the median."
    )
    return Finding(
        metric=_largest(
            "shap_deviation",
            "Largest deviation from the library shap",
            crossed.exact,
            unit,
            n=crossed.rows,
            method=f"maximum over {parts.many} of |value - shap.ExactExplainer|",
        ),
        statement=(
            f"On {crossed.rows} short rows the values agree with shap's own to within {_distance(crossed.exact, unit)}."
            f"{sampled}"
        ),
    )


def _distance(value: float, unit: str) -> str:
    return "rounding" if value < 1e-9 else f"{value:.2g} {unit}"


def _largest(identity: str, title: str, value: float, unit: str, *, n: int, method: str) -> Metric:
    return Metric(
        id=identity,
        title=title,
        value=value,
        unit=unit,
        better="neither",
        n=n,
        method=method,
        reason="a maximum over the rows at hand has no interval",
    )
