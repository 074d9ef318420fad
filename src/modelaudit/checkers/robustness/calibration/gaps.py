"""Confidence against accuracy over all answers: the calibration error, and whether it leans to either side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelaudit.checkers.robustness.calibration.answers import Answers, error_of
from modelaudit.evidence import Curve, Series, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import CalibrationBin, CalibrationError, clopper_pearson_interval, ece_estimate
from modelaudit.statistics.row_outcomes import design_effect, signed_gap


def gap_findings(answers: Answers, *, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield the calibration error with its null and diagram, and the signed gap."""
    result = ece_estimate(answers.confidence, answers.correct, rng=rng)
    yield _error(answers, result)
    yield _gap(answers)


def _error(answers: Answers, result: CalibrationError) -> Finding:
    estimate = error_of(answers.confidence, answers.correct, answers.cluster)
    estimate = estimate if answers.keys is None else estimate.keyed(answers.keys)
    low, high = estimate.interval()
    return Finding(
        metric=Metric.of(
            estimate,
            id="calibration_error",
            title="Calibration error",
            unit="probability",
            better="lower",
            n_unit=answers.unit,
            primary=True,
        ),
        statement=(
            f"Over {estimate.n:,} {answers.unit} the model's confidence differs from its accuracy by an estimated "
            f"{estimate.value:.1%} on average (95% interval {low:.1%} to {high:.1%})."
        ),
        evidence=(_diagram(result.bins), _plain_error(result)),
        caveats=_caveats(answers, result),
    )


def _caveats(answers: Answers, result: CalibrationError) -> tuple[str, ...]:
    caveats = [
        f"A perfectly calibrated model would show an uncorrected error of {result.plain:.3f} or more on as many "
        f"independent {answers.unit} with p {'< 0.001' if result.null_p < 0.001 else f'= {result.null_p:.3f}'}."
    ]
    if answers.units is not None:
        effect = design_effect(answers.confidence - answers.correct, answers.cluster)
        caveats.append(
            f"The {answers.unit} come from {answers.clusters:,} rows or documents, and those of one may be alike: the "
            f"interval takes the variance as {effect:.2f} times that of independent {answers.unit} (design effect of "
            "the signed gap)."
        )
    return tuple(caveats)


def _gap(answers: Answers) -> Finding:
    signed = signed_gap(answers.confidence, answers.correct, answers.cluster)
    low, high = signed.interval()
    mean, accuracy = float(answers.confidence.mean()), float(answers.correct.mean())
    reading = (
        "on average it is surer than it is right"
        if low > 0
        else "on average it is right more often than it is sure"
        if high < 0
        else "no over- or underconfidence on average was found"
    )
    return Finding(
        metric=Metric.of(
            signed,
            id="confidence_gap",
            title="Mean confidence minus accuracy",
            unit="probability",
            better="neither",
            n_unit=answers.unit,
        ),
        statement=(
            f"The model is {mean:.1%} sure on average and right in {accuracy:.1%} of {signed.n:,} {answers.unit}: "
            f"{reading} (difference {signed.value:+.1%}, 95% interval {low:+.1%} to {high:+.1%})."
        ),
    )


def _diagram(bins: tuple[CalibrationBin, ...]) -> Curve:
    intervals = [clopper_pearson_interval(round(item.accuracy * item.n), item.n) for item in bins]
    return Curve(
        title="Reliability diagram",
        x_label="confidence of the predicted class",
        y_label="share that is right",
        series=(
            Series(
                name="model, with 95% intervals",
                x=tuple(item.mean_confidence for item in bins),
                y=tuple(item.accuracy for item in bins),
                low=tuple(low for low, _ in intervals),
                high=tuple(high for _, high in intervals),
            ),
            Series(name="perfect calibration", x=(0.0, 1.0), y=(0.0, 1.0), reference=True),
        ),
    )


def _plain_error(result: CalibrationError) -> Table:
    return Table(
        title="Uncorrected calibration error, and what a perfectly calibrated model would show",
        columns=("uncorrected error, 15 bins", "95th percentile of a calibrated model", "p"),
        rows=((round(result.plain, 4), round(result.null_q95, 4), round(result.null_p, 4)),),
    )
