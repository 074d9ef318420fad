"""Calibration: is the model right as often as its confidence says?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Predictions, Risk, Row
from modelaudit.checkers.robustness.outcomes import design_effect, signed_gap
from modelaudit.checkers.robustness.sample import drawn
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Curve, Series, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import (
    CalibrationBin,
    CalibrationError,
    Estimate,
    clopper_pearson_interval,
    clustered_ece,
    ece_estimate,
)
from modelaudit.text.tags import OUTSIDE

TASKS = ("text-classification", "token-classification")
FEWEST = 100
"""Answers below which nothing is computed."""
FEWEST_CLUSTERS = 20
"""Rows or documents that the answers must come from at the least."""
LEAST_INSIDE = 0.05
"""Chance of belonging to an entity that the model must give a word, for the word to count."""
EVERY = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers with their confidence, whether they were right, and the row or document of each (all shape (n,))."""

    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    unit: str

    @property
    def clusters(self) -> int:
        """How many rows or documents the answers come from."""
        return len(np.unique(self.cluster))

    @property
    def clustered(self) -> bool:
        """Whether any two answers come from one row or document."""
        return self.clusters < len(self.cluster)


class Calibration:
    """Calibration error of the predicted class, with an interval that allows for the estimate's own bias."""

    info = CheckerInfo(
        id="modelaudit/calibration",
        version="2",
        risk=Risk.ROBUSTNESS,
        title="Calibration",
        question="When the model says that it is 90% sure, is it right nine times in ten?",
        summary=(
            "The confidence of each predicted class is compared with how often such predictions are right. The usual "
            "error is larger than 0 even for a perfect model, so its bias is allowed for in the interval, and a "
            "simulation shows what a perfectly calibrated model would have scored on as many rows. Of a tagger's words "
            "those count to which it gives a chance of 5% or more of belonging to an entity."
        ),
        needs=("labels", "predict"),
        not_shown=(
            "Only the confidence of the predicted class is compared, not that of the other classes.",
            "Confidence that is right on average over these rows may be wrong for a group of them, or on other data.",
            "Entities that a tagger misses while it is more than 95% sure that there is none are counted, not judged.",
        ),
        remedies=(
            "Scale the logits by one temperature, fitted on rows that were not used for training, and audit again.",
            "Do not set a threshold on the stated confidence until it is calibrated.",
        ),
        references=(
            "Guo et al. 2017, On calibration of modern neural networks (arXiv 1706.04599)",
            "Roelofs et al. 2022, Mitigating bias in calibration error estimation (arXiv 2012.08668)",
        ),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row."""
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Compare confidence with correctness; NotAssessable below 100 labelled rows, or 100 answers."""
        labelled = [row for row in ctx.data.evaluation if row.label is not None or row.tags is not None]
        if len(labelled) < len(ctx.data.evaluation):
            ctx.note(f"{len(ctx.data.evaluation) - len(labelled):,} rows have no label and were left out.")
        rows = drawn(ctx, labelled, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} labelled rows of different texts and {FEWEST} are the least; provide more rows"
            )
        answers = _answers(ctx, rows)
        if len(answers.correct) < FEWEST or answers.clusters < FEWEST_CLUSTERS:
            raise NotAssessable(
                f"{len(answers.correct)} {answers.unit} of {answers.clusters} rows or documents can be used; "
                f"{FEWEST} of {FEWEST_CLUSTERS} are the least; provide more rows"
            )
        result = ece_estimate(answers.confidence, answers.correct, rng=ctx.rng)
        gap = answers.confidence - answers.correct
        effect = design_effect(gap, answers.cluster) if answers.clustered else 1.0
        error = clustered_ece(answers.confidence, answers.correct, design_effect=effect)
        yield _error_finding(answers, result, error, _caveats(answers, result, effect))
        yield _gap_finding(answers, signed_gap(answers.confidence, answers.correct, answers.cluster))


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, EVERY)


def _answers(ctx: Context, rows: list[Row]) -> Answers:
    predicted = ctx.model.predict(rows)
    found = predicted.labels
    if predicted.offsets is None:
        truth = np.array([-1 if row.label is None else row.label for row in rows], dtype=np.int64)
        owner, chosen, unit = np.arange(len(rows)), found >= 0, "rows"
    else:
        truth = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
        owner = np.repeat(np.arange(len(rows)), np.diff(predicted.offsets))
        chosen, unit = _in_question(ctx, predicted, truth), "words"
    confidence = predicted.probabilities[chosen].max(axis=1) if chosen.any() else np.empty(0)
    cluster = np.unique(_clusters(rows)[owner[chosen]], return_inverse=True)[1].reshape(-1)
    return Answers(np.minimum(confidence, 1.0), found[chosen] == truth[chosen], cluster, unit)


def _in_question(ctx: Context, predicted: Predictions, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words (shape (words,)) the model itself gives a chance of 5% or more of belonging to an entity.

    Nearly all words are outside and nearly sure to be: with them any tagger would look calibrated. The choice heeds the
    model's answer alone. Chosen by the truth as well, the missed entities would come in without the words that were
    rightly left alone with as much doubt, and a perfectly calibrated tagger would look overconfident.
    """
    answered = predicted.labels >= 0
    if OUTSIDE not in ctx.model.labels:
        return answered
    outside = ctx.model.labels.index(OUTSIDE)
    inside = 1.0 - np.where(answered, predicted.probabilities[:, outside], 1.0)
    chosen = answered & (inside >= LEAST_INSIDE)
    others = answered & ~chosen
    if others.any():
        ctx.note(
            f"{others.sum():,} words that the model gives a chance under 5% of belonging to an entity are left out. "
            f"Its chances make that about {inside[others].sum():,.0f} of them; by the labels it is "
            f"{(truth[others] != outside).sum():,}."
        )
    return chosen


def _clusters(rows: list[Row]) -> NDArray[np.int64]:
    names = [f"row {place}" if row.group is None else f"group {row.group}" for place, row in enumerate(rows)]
    code = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([code[name] for name in names], dtype=np.int64)


def _caveats(answers: Answers, result: CalibrationError, effect: float) -> tuple[str, ...]:
    caveats = [
        f"A perfectly calibrated model would show an uncorrected error of {result.plain:.3f} or more on as many "
        f"independent {answers.unit} with p {'< 0.001' if result.null_p < 0.001 else f'= {result.null_p:.3f}'}."
    ]
    if answers.clustered:
        caveats.append(
            f"The {answers.unit} come from {answers.clusters:,} rows or documents, and those of one may be alike: the "
            f"interval takes the variance as {effect:.2f} times that of independent {answers.unit} (design effect of "
            "the signed gap)."
        )
    return tuple(caveats)


def _error_finding(answers: Answers, result: CalibrationError, estimate: Estimate, caveats: tuple[str, ...]) -> Finding:
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
        caveats=caveats,
    )


def _gap_finding(answers: Answers, signed: Estimate) -> Finding:
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
