"""What one temperature would mend: by what to divide the logits, and the error that is left, cross-fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from modelaudit.checkers.robustness.calibration.answers import FOLDS, Answers, error_of
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, cross_fitted, log_losses, temperature_estimate

Floats = NDArray[np.float64]


def temperature_finding(answers: Answers) -> Finding:
    """Return the temperature that all answers fit, and what the other folds' temperature makes of each answer."""
    estimate = temperature_estimate(answers.logits, answers.truth, clusters=answers.units)
    scaled, temperatures = cross_fitted(answers.logits, answers.truth, answers.fold)
    return Finding(
        metric=Metric.of(
            estimate,
            id="temperature",
            title="Best temperature",
            unit="factor",
            better="neither",
            n_unit=answers.unit,
        ),
        statement=_said(estimate, temperatures),
        evidence=(_table(answers, scaled, temperatures),),
        remedies=(_advice(estimate),) if _helps(estimate) else (),
        caveats=(
            f"Each of {FOLDS} parts was scaled with the temperature that the others fit, whole rows and documents "
            "together, so the error after scaling is not flattered. One temperature moves no answer, only its "
            "confidence.",
        ),
    )


def _helps(estimate: Estimate) -> bool:
    if not estimate.bounds:
        return False
    low, high = estimate.interval()
    return not low <= 1.0 <= high


def _advice(estimate: Estimate) -> str:
    return f"Divide the logits by {estimate.value:.2f} before the softmax, and audit again on other rows."


def _said(estimate: Estimate, temperatures: Floats) -> str:
    spread = f"the parts' own fits run from {temperatures.min():.2f} to {temperatures.max():.2f}"
    if not estimate.bounds:
        return f"No temperature can be recommended: {estimate.reason}"
    low, high = estimate.interval()
    interval = f"95% interval {low:.2f} to {high:.2f}; {spread}"
    if not _helps(estimate):
        return f"The best temperature is {estimate.value:.2f} ({interval}): none other than 1 was shown to help."
    large = (estimate.value or 1.0) > 1.0
    return (
        f"Divide the logits by {estimate.value:.2f} ({interval}): they are too {'large' if large else 'small'} for how "
        "often the answers are right."
    )


def _table(answers: Answers, scaled: Floats, temperatures: Floats) -> Table:
    after = np.minimum(softmax(scaled, axis=1).max(axis=1), 1.0)
    fits = ", ".join(f"{one:.3g}" for one in temperatures)
    rows = tuple(
        (name, divided, _error(error_of(stated, answers.correct, answers.cluster)), round(float(losses.mean()), 4))
        for name, divided, stated, losses in (
            ("as audited", "1", answers.confidence, log_losses(answers.logits, answers.truth)),
            ("scaled, cross-fitted", fits, after, log_losses(scaled, answers.truth)),
        )
    )
    return Table(
        title="Before and after one temperature",
        columns=("answers", "divided by", "calibration error (95% interval)", "negative log-likelihood, nats"),
        rows=rows,
    )


def _error(estimate: Estimate) -> str:
    if not estimate.bounds:
        return "too few"
    low, high = estimate.interval()
    return f"{estimate.value:.1%} ({low:.1%} to {high:.1%})"
