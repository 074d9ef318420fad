"""Proper scores of the stated probabilities of all classes: Brier score and negative log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelaudit.checkers.robustness.calibration.answers import Answers
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import BrierParts, brier_parts, brier_score, negative_log_likelihood


def score_findings(answers: Answers) -> Iterator[Finding]:
    """Yield the Brier score with its parts, and the negative log-likelihood."""
    yield _brier(answers)
    yield _likelihood(answers)


def _brier(answers: Answers) -> Finding:
    estimate = brier_score(answers.probabilities, answers.truth, clusters=answers.units)
    parts = brier_parts(answers.probabilities, answers.truth)
    low, high = estimate.interval()
    return Finding(
        metric=Metric.of(
            estimate,
            id="brier_score",
            title="Brier score",
            unit="squared distance",
            better="lower",
            n_unit=answers.unit,
        ),
        statement=(
            f"The Brier score of all classes' probabilities is {estimate.value:.3f} (95% interval {low:.3f} to "
            f"{high:.3f}); 0 is perfect and 2 the worst there is. Stating the shares of the classes for each of "
            f"{estimate.n:,} {answers.unit} would score {parts.uncertainty:.3f}."
        ),
        evidence=(_table(parts),),
        caveats=("Of two classes it is twice the score that libraries print which count the second class alone.",),
    )


def _table(parts: BrierParts) -> Table:
    return Table(
        title="Parts of the Brier score: reliability - resolution + uncertainty + within bins",
        columns=("part", "value", "what it says"),
        rows=(
            ("reliability", round(parts.reliability, 4), "distance of probabilities from shares; 0 is calibrated"),
            ("resolution", round(parts.resolution, 4), "how far answers are told apart; more is better"),
            ("uncertainty", round(parts.uncertainty, 4), "of the classes alone; no merit or fault of the model"),
            ("within bins", round(parts.within, 4), "differences that bins of a tenth of the answers do not show"),
        ),
    )


def _likelihood(answers: Answers) -> Finding:
    estimate = negative_log_likelihood(answers.logits, answers.truth, clusters=answers.units)
    shares = np.bincount(answers.truth) / len(answers)
    known = shares[shares > 0.0]
    entropy = max(0.0, -float(known @ np.log(known)))
    low, high = estimate.interval()
    return Finding(
        metric=Metric.of(
            estimate,
            id="negative_log_likelihood",
            title="Negative log-likelihood",
            unit="nats",
            better="lower",
            n_unit=answers.unit,
        ),
        statement=(
            f"The negative log-likelihood of the true classes is {estimate.value:.3f} nats (95% interval {low:.3f} to "
            f"{high:.3f}). Stating the shares of the classes for each of {estimate.n:,} {answers.unit} would have "
            f"{entropy:.3f}."
        ),
    )
