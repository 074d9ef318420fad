"""What the confidence is good for: does it put wrong answers last, and how sure were they?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from modelaudit.checker import Row
from modelaudit.checkers.robustness.calibration.answers import Answers
from modelaudit.checkers.robustness.calibration.division import shown
from modelaudit.evidence import Curve, Evidence, Example, Examples, Series, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import (
    Estimate,
    Kept,
    aurc,
    clustered_proportion,
    confidence_auroc,
    excess_aurc,
    kept_from,
    risk_coverage,
    widest,
)

RISKS = (0.05, 0.01)
"""Shares of wrong answers that a threshold is looked for."""
SURE = 0.9
POINTS = 200
EXAMPLES = 5


def selection_findings(answers: Answers, rows: Sequence[Row], labels: Sequence[str]) -> Iterator[Finding]:
    """Yield the area under the risk-coverage curve, its excess, the AUROC, and how sure wrong answers were."""
    yield _area(answers)
    yield _excess(answers)
    yield _order(answers)
    yield _sure_and_wrong(answers, rows, labels)


def _area(answers: Answers) -> Finding:
    estimate = aurc(answers.confidence, answers.correct, clusters=answers.units)
    kept = kept_from(answers.confidence, answers.correct, clusters=answers.units)
    return Finding(
        metric=Metric.of(
            estimate,
            id="aurc",
            title="Area under the risk-coverage curve",
            unit="share wrong",
            better="lower",
            n_unit=answers.unit,
        ),
        statement=(
            f"Kept from the surest down, {_percent(estimate)} of the {answers.unit} are wrong on average over all "
            f"shares kept; {float((~answers.correct).mean()):.1%} are wrong with all of them kept. "
            + " ".join(_at(kept, risk) for risk in RISKS)
        ),
        evidence=(_curve(answers), _thresholds(kept)),
        caveats=(
            f"{len(kept)} thresholds were fixed beforehand, and the bounds on the shares of wrong {answers.unit} "
            "hold for all of them at once with 95% confidence, so the one that keeps the most may be chosen, for "
            "data like the evaluation rows.",
        ),
    )


def _at(kept: Sequence[Kept], risk: float) -> str:
    found = widest(kept, risk)
    if found is None:
        return f"For no threshold can it be shown that {risk:.0%} at most are wrong."
    return (
        f"With a confidence of {found.threshold:g} or more, {found.share.value:.1%} are kept, and {risk:.0%} at most "
        f"of those are wrong (bound {found.most_wrong:.2%})."
    )


def _curve(answers: Answers) -> Curve:
    found = risk_coverage(answers.confidence, answers.correct)
    chosen = np.unique(np.linspace(0, len(found.coverage) - 1, POINTS).round().astype(np.intp))
    error = float((~answers.correct).mean())
    at = np.linspace(0.01, 1.0, 100)
    best = np.maximum(0.0, (at - (1.0 - error)) / at)
    return Curve(
        title="Risk-coverage curve",
        x_label="share kept, the surest first",
        y_label="share wrong among those kept",
        series=(
            Series(name="model", x=tuple(found.coverage[chosen].tolist()), y=tuple(found.risk[chosen].tolist())),
            Series(name="all wrong answers last", x=tuple(at.tolist()), y=tuple(best.tolist()), reference=True),
            Series(name="kept at random", x=(0.0, 1.0), y=(error, error), reference=True),
        ),
    )


def _thresholds(kept: Sequence[Kept]) -> Table:
    return Table(
        title="What a threshold on the confidence keeps (95% bounds for all thresholds at once, Bonferroni)",
        columns=("confidence from", "kept", "share kept (interval)", "wrong among those", "at most wrong"),
        rows=tuple(
            (
                one.threshold,
                one.n,
                _percent(one.share),
                "none kept" if one.wrong is None else f"{one.wrong:.2%}",
                f"{one.most_wrong:.2%}",
            )
            for one in kept
        ),
    )


def _excess(answers: Answers) -> Finding:
    estimate = excess_aurc(answers.confidence, answers.correct, clusters=answers.units)
    area = aurc(answers.confidence, answers.correct).value or 0.0
    best = area - (estimate.value or 0.0)
    return Finding(
        metric=Metric.of(
            estimate,
            id="excess_aurc",
            title="Excess area under the risk-coverage curve",
            unit="share wrong",
            better="lower",
            n_unit=answers.unit,
        ),
        statement=(
            f"Were each wrong answer less sure than all right ones, the area would be {best:.1%}; it is larger by "
            f"{_percent(estimate)}."
        ),
    )


def _order(answers: Answers) -> Finding:
    estimate = confidence_auroc(answers.confidence, answers.correct, clusters=answers.units)
    return Finding(
        metric=Metric.of(
            estimate,
            id="confidence_auroc",
            title="AUROC of confidence for correctness",
            unit="AUC",
            better="higher",
            n_unit=answers.unit,
        ),
        statement=(
            f"A right answer is surer than a wrong one in {_percent(estimate)} of pairs; without any sense of its "
            "errors the model would have 50%."
            if estimate.value is not None
            else f"Whether right answers are surer than wrong ones can't be said: {estimate.reason}"
        ),
    )


def _sure_and_wrong(answers: Answers, rows: Sequence[Row], labels: Sequence[str]) -> Finding:
    confidence, wrong = answers.confidence, ~answers.correct
    sure = confidence > SURE
    many = int(wrong.sum())
    estimate = (
        clustered_proportion(sure[wrong], None if answers.units is None else answers.units[wrong])
        if many
        else Estimate(value=None, n=0, method="clopper-pearson", reason="No answer was wrong.")
    )
    doubt = 1.0 - confidence
    expected = float(doubt @ sure / doubt.sum()) if doubt.any() else 0.0
    return Finding(
        metric=Metric.of(
            estimate,
            id="confident_errors",
            title=f"Wrong answers with a confidence above {SURE:.0%}",
            unit="share of wrong answers",
            better="lower",
            n_unit=f"wrong {answers.unit}",
        ),
        statement=(
            f"Of {many:,} wrong {answers.unit}, {int((wrong & sure).sum()):,} were given with a confidence above "
            f"{SURE:.0%}: {_percent(estimate)}. A model that is right as often as it says would have {expected:.1%} "
            f"of its errors there. The wrong {answers.unit} are {float(confidence[wrong].mean()):.1%} sure on average."
            if many
            else f"None of {len(answers):,} {answers.unit} was answered wrong."
        ),
        evidence=_examples(answers, rows, labels),
    )


def _examples(answers: Answers, rows: Sequence[Row], labels: Sequence[str]) -> tuple[Evidence, ...]:
    confidence, predicted = answers.confidence, answers.predicted
    wrong = np.flatnonzero(~answers.correct & (confidence > SURE)).tolist()
    # Ties keep the order of the draw, which depends on content; ids would make it depend on the order of the file.
    chosen = sorted(wrong, key=lambda one: -round(float(confidence[one]), 12))[:EXAMPLES]
    if not chosen:
        return ()
    items = tuple(
        Example(
            row=rows[answers.row[one]].id,
            before=rows[answers.row[one]].text,
            outcome=f"{shown(labels[predicted[one]])} was predicted, {shown(labels[answers.truth[one]])} is the label",
            before_score=float(confidence[one]),
        )
        for one in chosen
    )
    selection = f"The {len(items)} wrong {answers.unit} of the highest confidence, which is the score."
    return (Examples(title="Surest wrong answers", selection=selection, items=items),)


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return "an unknown share"
    if not estimate.bounds:
        return f"{estimate.value:.1%} (no interval)"
    low, high = estimate.interval()
    return f"{estimate.value:.1%} (95% interval {low:.1%} to {high:.1%})"
