"""The findings on task performance: each score, and the gain over each baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, cast

from modelaudit.checkers.performance.baselines import Baseline
from modelaudit.checkers.performance.scores import Comparable, Score, Scores
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

ENTITY_F1 = "entity_f1"


def plain_findings(scores: Scores) -> Iterator[Finding]:
    """Yield the model's scores where nothing simple is held against it."""
    headline = scores.headline
    yield Finding(
        metric=_metric(headline), statement=_sentence(headline), evidence=scores.evidence, caveats=headline.caveats
    )
    yield from _others(scores)


def findings(scores: Comparable, baselines: Sequence[Baseline]) -> Iterator[Finding]:
    """Yield the model's scores, then what it gains over each baseline in the headline score."""
    compared = _side_by_side(scores, baselines)
    # A page shows two tables of a finding. A tagger's two must not be taken for each other, so both are shown; what its
    # baselines score stands with their own findings too.
    tagger = scores.headline.id == ENTITY_F1
    yield Finding(
        metric=_metric(scores.headline),
        statement=_sentence(scores.headline),
        evidence=(*scores.evidence, compared) if tagger else (compared, *scores.evidence),
        caveats=scores.headline.caveats,
    )
    yield from _others(scores)
    for baseline in baselines:
        yield _gain(scores, baseline)


def _others(scores: Scores) -> Iterator[Finding]:
    for score in scores.others:
        yield Finding(metric=_metric(score), statement=_sentence(score), caveats=score.caveats)


def _gain(scores: Comparable, baseline: Baseline) -> Finding:
    gain, headline = scores.gain(baseline.answers), scores.headline
    named = headline.title[:1].lower() + headline.title[1:]
    return Finding(
        metric=Metric.of(
            gain,
            id=baseline.metric,
            title=baseline.title,
            unit=headline.unit,
            better="higher",
            primary=True,
        ),
        statement=_compared(named, scores.of_baseline(baseline.answers), baseline.said, gain),
    )


def _compared(named: str, theirs: float, said: str, gain: Estimate) -> str:
    if gain.value is None:
        return f"What the model gains over {said} was not measured. {gain.reason}"
    size = f"{abs(gain.value):.3f}"
    way = f"ahead by {size}" if gain.value > 0 else f"behind by {size}" if gain.value < 0 else "level with it"
    sentence = f"On the same rows, {named} of this baseline is {theirs:.3f}: {said}. The model is {way}"
    if not gain.bounds:
        return f"{sentence}; there is no interval. {gain.reason}"
    low, high = gain.interval()
    return f"{sentence} (95% interval of the gain {low:+.3f} to {high:+.3f})."


def _metric(score: Score) -> Metric:
    better = cast("Literal['lower', 'higher']", score.better)
    return Metric.of(score.estimate, id=score.id, title=score.title, unit=score.unit, better=better)


def _sentence(score: Score) -> str:
    if not score.estimate.bounds:
        return f"{score.title} was not measured. {score.estimate.reason}"
    low, high = score.estimate.interval()
    shown = ".1%" if score.unit.startswith("share") else ".3g"
    return f"{score.said} (95% interval {low:{shown}} to {high:{shown}})."


def _side_by_side(scores: Comparable, baselines: Sequence[Baseline]) -> Table:
    own = scores.headline.estimate.value
    rows: list[tuple[str, float | None]] = [("the model", None if own is None else round(own, 4))]
    rows += [(baseline.said, round(scores.of_baseline(baseline.answers), 4)) for baseline in baselines]
    return Table(
        title="The model and simple answers, on the same rows",
        columns=("answer", scores.headline.title),
        rows=tuple(rows),
    )
