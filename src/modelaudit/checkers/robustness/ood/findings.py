"""The findings on texts from outside: how well they are told, and how sure the model is of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.robustness.ood.scores import CONFIDENCE, Floats
from modelaudit.evidence import Bars, Histogram, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, clopper_pearson, delong

SURE = 0.9
EVERY = "generated texts"
DETECTED = 0.95
BINS = 20
NOT_JUDGED = "Shown for context and not judged: nobody can say how much of what comes in is like these texts."


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The scores of the model's own rows and of texts from outside, by name of the score (each (texts,))."""

    kind: str
    own: Mapping[str, Floats]
    theirs: Mapping[str, Floats]

    @property
    def size(self) -> int:
        """How many texts from outside there are."""
        return len(self.theirs[CONFIDENCE])

    def auc(self, score: str) -> Estimate:
        """Return how often a row of the data scores higher than a text from outside."""
        own, theirs = _known(self.own[score]), _known(self.theirs[score])
        if not len(own) or not len(theirs):
            return Estimate(value=None, n=0, method="delong-logit", reason="One side has no answers at all.")
        return delong(own, theirs)

    def missed(self, score: str) -> float | None:
        """Return the share of texts from outside that pass where 95% of the rows of the data do (FPR95)."""
        own, theirs = _known(self.own[score]), _known(self.theirs[score])
        if not len(own) or not len(theirs):
            return None
        return float((theirs >= np.quantile(own, 1.0 - DETECTED)).mean())


def findings(told: Sequence[Told], declared: Told | None, *, documents: int = 0) -> Iterator[Finding]:
    """Yield the findings on generated texts, for context, and on declared ones, which are judged.

    `documents` is how many documents or persons the model's own rows come from, 0 where that is not known.
    """
    every = Told(
        EVERY,
        told[0].own,
        {score: np.concatenate([each.theirs[score] for each in told]) for score in told[0].own},
    )
    yield _detection(every, [*told, every], documents, primary=False)
    yield _confident(every, told)
    if declared is not None:
        yield _detection(declared, [declared], documents, primary=True)
        yield _confident(declared, [declared])


def _detection(told: Told, shown: Sequence[Told], documents: int, *, primary: bool) -> Finding:
    caveats = [] if primary else [NOT_JUDGED]
    if documents:
        caveats.append(
            f"The rows come from {documents:,} documents or persons. The interval treats rows as independent; where "
            "rows of one are alike it is too narrow."
        )
    auc = told.auc(CONFIDENCE)
    return Finding(
        metric=Metric.of(
            auc,
            # A name of its own, so that a limit on declared texts is none on generated ones.
            id="detection_auc" if primary else "generated_auc",
            title="Own data told from outside by the confidence",
            unit="AUC",
            better="higher",
            n_unit="texts",
            group=told.kind,
            primary=primary,
        ),
        statement=_detection_statement(told, auc),
        evidence=(_by_score(shown), _histogram(told)),
        caveats=tuple(caveats),
    )


def _detection_statement(told: Told, auc: Estimate) -> str:
    if not auc.bounds:
        return f"Whether the confidence tells {told.kind} was not measured. {auc.reason}"
    low, high = auc.interval()
    named = {score: value for score in told.own if (value := told.auc(score).value) is not None}
    best = max(named, key=lambda score: named[score])
    return (
        f"The model is surer of a row of the data than of one of {told.size:,} {told.kind} in {auc.value:.1%} of "
        f"pairs, ties counted half (95% interval {low:.1%} to {high:.1%}; 50% would be chance). Of all scores, {best} "
        f"tells them best, in {named[best]:.1%} of pairs on these rows."
    )


def _confident(told: Told, shown: Sequence[Told]) -> Finding:
    sure = _sure(told.theirs)
    return Finding(
        metric=Metric.of(
            sure,
            id="confident_share",
            title="Texts from outside that the model is sure of",
            unit="share of texts",
            better="lower",
            n_unit="texts",
            group=told.kind,
        ),
        statement=_confident_statement(told, sure, _sure(told.own)),
        evidence=(_by_kind(shown),),
    )


def _confident_statement(told: Told, sure: Estimate, own: Estimate) -> str:
    if not sure.bounds:
        return f"How often the model is sure of {told.kind} was not measured: it has no answer to any of them."
    low, high = sure.interval()
    beside = "" if own.value is None else f", and to {own.value:.1%} of the data's rows"
    return (
        f"The model is more than {SURE:.0%} sure of its answer to {sure.value:.1%} of {sure.n:,} {told.kind} "
        f"(95% interval {low:.1%} to {high:.1%}){beside}."
    )


def _sure(scores: Mapping[str, Floats]) -> Estimate:
    known = _known(scores[CONFIDENCE])
    return clopper_pearson(int((known > SURE).sum()), len(known))


def _by_score(told: Sequence[Told]) -> Table:
    rows = []
    for score in told[0].own:
        for each in told:
            auc, missed = each.auc(score), each.missed(score)
            low, high = auc.interval() if auc.bounds else (0.0, 1.0)
            rows.append(
                (
                    score,
                    each.kind,
                    each.size,
                    None if auc.value is None else round(auc.value, 3),
                    f"{low:.3f} to {high:.3f}" if auc.bounds else None,
                    None if missed is None else f"{missed:.1%}",
                )
            )
    return Table(
        title="Each score and each kind of text",
        columns=("score", "texts", "number", "AUC", "95% interval", "pass where 95% of the data do"),
        rows=tuple(rows),
    )


def _by_kind(told: Sequence[Told]) -> Table:
    rows = []
    for each in told:
        sure = _sure(each.theirs)
        low, high = sure.interval() if sure.bounds else (0.0, 1.0)
        share = None if sure.value is None else f"{sure.value:.1%}"
        rows.append((each.kind, each.size, share, f"{low:.1%} to {high:.1%}"))
    return Table(
        title=f"Texts that the model is more than {SURE:.0%} sure of",
        columns=("texts", "number", "share", "95% interval"),
        rows=tuple(rows),
    )


def _histogram(told: Told) -> Histogram:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    counts = [np.histogram(np.clip(_known(each[CONFIDENCE]), 0.0, 1.0), edges)[0] for each in (told.own, told.theirs)]
    return Histogram(
        title="Confidence",
        x_label="confidence",
        edges=tuple(edges.tolist()),
        groups=tuple(
            Bars(name=name, counts=tuple(int(count) for count in each))
            for name, each in zip(("rows of the data", told.kind), counts, strict=True)
        ),
    )


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]
