"""The findings of an adversarial search: numbers, the sentence that says them, and what they do not show."""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.checkers.robustness.attack.kind import Kind
from modelaudit.checkers.robustness.attack.measures import FEWEST, LEAST_RIGHT, Measures
from modelaudit.evidence import Evidence
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

NO_LABELS = "None of the rows has a true label, so there is no accuracy to compare."
METHOD = "clopper-pearson"


def measured(
    kind: Kind, measures: Measures, evidence: tuple[Evidence, ...], caveats: tuple[str, ...], *, by_entity: bool
) -> Iterator[Finding]:
    """Yield what a kind of edit cost in accuracy where the truth is known, and how often a flip was found."""
    caveats = (*_caveats(kind, measures), *caveats)
    if measures.labelled:
        drop = measures.accuracy_drop
        low, high = drop.interval()
        yield Finding(
            metric=_drop_metric(kind, drop, by_entity=by_entity, smallest=measures.smallest_drop),
            statement=(
                f"Within {measures.queries:,} queries a row, {kind.name} that this search found take "
                f"{100 * (drop.value or 0.0):.1f} points of {_score(by_entity)} (95% interval {100 * low:.1f} to "
                f"{100 * high:.1f} points) over {measures.rows:,} rows, {measures.attacked:,} of which were answered "
                "rightly before."
            ),
            evidence=evidence,
            caveats=caveats,
        )
        yield _accuracy(kind, measures, caveats, by_entity=by_entity)
    low, high = measures.success_rate.interval()
    yield Finding(
        metric=_rate_metric(kind, measures.success_rate),
        statement=(
            f"Within {measures.queries:,} queries a row, this search found {kind.name} that change the answer to "
            f"{measures.found:,} of the {measures.attacked:,} rows that it attacked (95% interval {low:.1%} to "
            f"{high:.1%})."
        ),
        evidence=evidence[:2] if measures.labelled else evidence,
        caveats=caveats,
    )


def unmeasured(kind: Kind, reason: str, *, by_entity: bool) -> Finding:
    """Return the judged metric without a value, so that what was not measured never looks like a pass."""
    missing = Estimate(value=None, n=0, method=METHOD, reason=reason)
    return Finding(
        metric=_drop_metric(kind, missing, by_entity=by_entity),
        statement=f"What {kind.name} cost in {_score(by_entity)} was not measured. {reason}",
        caveats=(_rule(kind),),
    )


def without_labels(*, by_entity: bool) -> Finding:
    """Return the one finding that stands for the accuracy under every kind of edit where no row has a label."""
    missing = Estimate(value=None, n=0, method=METHOD, reason=NO_LABELS)
    return Finding(
        metric=_drop_metric(None, missing, by_entity=by_entity),
        statement=f"What an attack costs in {_score(by_entity)} was not measured. {NO_LABELS}",
        remedies=("Give the rows a column of true labels, and audit again.",),
    )


def too_few(measures: Measures) -> str | None:
    """Return why nothing is said of so few rows, or None."""
    if measures.attacked >= max(FEWEST, LEAST_RIGHT * measures.rows):
        return None
    if measures.rows >= FEWEST:
        return (
            f"Of the {measures.rows:,} rows with a word to edit the model answers {measures.attacked} rightly. A wrong "
            f"answer has nothing to lose; {FEWEST} right ones, and one row in ten, are the least."
        )
    return f"The edits find a word to edit in {measures.rows} rows; {FEWEST} are the least."


def _accuracy(kind: Kind, measures: Measures, caveats: tuple[str, ...], *, by_entity: bool) -> Finding:
    estimate = measures.robust_accuracy
    low, high = estimate.interval()
    return Finding(
        metric=Metric.of(
            estimate,
            id="robust_accuracy",
            title="Sentences that keep all true entities under attack" if by_entity else "Accuracy under attack",
            unit="share of rows",
            better="higher",
            group=kind.name,
        ),
        statement=(
            f"{estimate.value:.1%} of the rows are answered rightly and keep their answer under all {kind.name} that "
            f"this search tried within {measures.queries:,} queries a row (95% interval {low:.1%} to {high:.1%}); "
            f"without an attack it is {measures.attacked / measures.rows:.1%}."
        ),
        caveats=caveats,
    )


def _drop_metric(kind: Kind | None, estimate: Estimate, *, by_entity: bool, smallest: float | None = None) -> Metric:
    return Metric.of(
        estimate,
        id="accuracy_drop",
        title="Sentences with all true entities lost to the attack" if by_entity else "Accuracy lost to the attack",
        unit="share of rows",
        better="lower",
        group=None if kind is None else kind.name,
        primary=kind is None or kind.judged,
        smallest_detectable=smallest,
    )


def _rate_metric(kind: Kind, estimate: Estimate) -> Metric:
    return Metric.of(
        estimate,
        id="success_rate",
        title="Attacked rows whose answer was changed",
        unit="share of attacked rows",
        better="lower",
        group=kind.name,
    )


def _score(by_entity: bool) -> str:
    return "sentences all of whose true entities are found" if by_entity else "accuracy"


def _rule(kind: Kind) -> str:
    return f"Label rule ({kind.tier}): {kind.rule}"


def _caveats(kind: Kind, measures: Measures) -> tuple[str, ...]:
    found = [
        _rule(kind),
        f"This is what this search found within {measures.queries:,} queries a row: a lower bound of what an attacker "
        "can do. Few flips found, or a verdict within the limit, are no proof that there are no more.",
    ]
    if not kind.judged:
        found.append("A stress, shown for context and not judged: the edit may change what the right answer is.")
    return tuple(found)
