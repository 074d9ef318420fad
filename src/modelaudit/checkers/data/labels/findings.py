"""The findings on wrong labels: their estimated share, those that are contradicted with confidence, and the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.data.drawing import shown
from modelaudit.checkers.data.labels.confident import Contradictions, contradictions, log_odds
from modelaudit.checkers.data.labels.witness import Witness
from modelaudit.evidence import Evidence, Example, Examples, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, clustered_proportion, design_effect, sample
from modelaudit.statistics.label_noise import LabelNoise, label_noise

SHOWN = 20
BANDS = 5
MOST_CLASSES = 30


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a witness says of its rows, and how far it can be believed.

    Attributes:
        noise: the estimated share of wrong labels, or None where the witness is no better than the commonest label.
        useless: why there is no estimate, or None.
    """

    witness: Witness
    contradictions: Contradictions
    depth: np.ndarray
    differs: np.ndarray
    noise: LabelNoise | None
    useless: str | None


def reading_of(witness: Witness) -> Reading:
    """Hold the labels against the witness."""
    depth, best = log_odds(witness.probabilities)
    differs = best != witness.given
    found = contradictions(witness.probabilities, witness.given)
    classes = witness.probabilities.shape[1]
    commonest = float(np.bincount(witness.given).max() / len(witness.given))
    agreeing = 1.0 - float(differs.mean())
    if classes < 2 or agreeing <= commonest:
        useless = (
            f"It agrees with {agreeing:.1%} of the labels, and the commonest label alone agrees with {commonest:.1%}: "
            "what knows no more than that is no witness."
        )
        return Reading(witness, found, depth, differs, None, useless)
    noise = label_noise(depth, differs, best, classes=classes, detectable=witness.documents is None)
    if witness.documents is not None:
        code = np.unique(witness.documents, return_inverse=True)[1].reshape(-1).astype(np.intp)
        effect = design_effect(sample(differs - noise.fitted, clusters=code))
        noise = label_noise(depth, differs, best, classes=classes, design_effect=effect)
    return Reading(witness, found, depth, differs, noise, None)


def error_rate(reading: Reading) -> Finding:
    """Return the estimated share of wrong labels; judged."""
    witness = reading.witness
    if reading.noise is None:
        estimate = Estimate(
            value=None, n=len(witness.rows), method="lapse-profile-likelihood", reason=reading.useless or ""
        )
        statement = f"How many labels of the {witness.table} are wrong can't be told by {witness.said}."
        return Finding(metric=_rate_metric(estimate, witness.table), statement=statement)
    estimate = reading.noise.estimate
    low, high = estimate.interval()
    return Finding(
        metric=_rate_metric(estimate, witness.table),
        statement=(
            f"An estimated {estimate.value:.1%} of the labels of {len(witness.rows):,} {witness.table} are wrong (95% "
            f"interval {low:.1%} to {high:.1%}): they are contradicted by {witness.said} however sure it is, where its "
            "own mistakes become rarer."
        ),
        evidence=(_bands(reading), *_suspects(reading)),
        caveats=_caveats(estimate),
    )


def _caveats(estimate: Estimate) -> tuple[str, ...]:
    always = (
        "Rows on which the witness is confidently wrong can't be told from rows whose label is wrong, and count as "
        "such."
    )
    if estimate.smallest_detectable is None:
        return always, "This witness is seldom sure: no share of wrong labels could be told from its own mistakes."
    return (always,)


def contradicted(reading: Reading) -> Finding:
    """Return the share of rows whose label is contradicted with confidence, as confident learning counts; context."""
    witness, found = reading.witness, reading.contradictions.contradicted
    share = clustered_proportion(found, witness.documents)
    low, high = share.interval()
    return Finding(
        metric=Metric.of(
            share,
            id="contradicted_labels",
            title="Labels that are contradicted with confidence",
            unit="share of rows",
            better="neither",
            group=witness.table,
        ),
        statement=(
            f"{found.sum():,} of {len(found):,} labels of the {witness.table} ({share.value:.1%}; 95% interval "
            f"{low:.1%} to {high:.1%}) are contradicted by {witness.said}: another class reaches the threshold at "
            "which its own rows are recognised on average. Mistakes of the witness are among them."
        ),
        evidence=(_classes(reading),),
    )


def unwitnessed(witness: Witness) -> Finding:
    """Return the judged number without a value, and why."""
    estimate = Estimate(value=None, n=0, method="lapse-profile-likelihood", reason=witness.missing)
    return Finding(
        metric=_rate_metric(estimate, witness.table),
        statement=f"How many labels of the {witness.table} are wrong can't be told. {witness.missing}",
    )


def _rate_metric(estimate: Estimate, table: str) -> Metric:
    return Metric.of(
        estimate,
        id="label_error_rate",
        title="Estimated share of wrong labels",
        unit="share of rows",
        better="lower",
        group=table,
        primary=True,
    )


def _bands(reading: Reading) -> Table:
    """Return how often labels are contradicted by how sure the witness is, as seen and as fitted."""
    noise = reading.noise
    if noise is None:
        raise ValueError("there is no fit to show")
    order = np.argsort(reading.depth, kind="stable")
    rows = []
    for part in np.array_split(order, BANDS):
        low, high = (1.0 / (1.0 + np.exp(-reading.depth[part[place]])) for place in (0, -1))
        rows.append(
            (
                f"{low:.1%} to {high:.1%}",
                len(part),
                round(float(reading.differs[part].mean()), 4),
                round(float(noise.fitted[part].mean()), 4),
                round(float(noise.without[part].mean()), 4),
            )
        )
    return Table(
        title="Share of labels that the witness contradicts, by how sure it is",
        columns=("stated chance", "rows", "contradicted", "expected with these errors", "expected without any"),
        rows=tuple(rows),
    )


def _suspects(reading: Reading) -> tuple[Evidence, ...]:
    witness, found = reading.witness, reading.contradictions
    if reading.noise is None or not found.contradicted.any():
        return ()
    blamed = reading.noise.blamed
    places = sorted(
        np.flatnonzero(found.contradicted).tolist(), key=lambda place: (found.margin[place], witness.rows[place].text)
    )
    items = []
    for place in places[:SHOWN]:
        given, other = int(witness.given[place]), int(found.suggested[place])
        row = witness.rows[place]
        items.append(
            Example(
                row=row.id,
                before=row.text or None,
                change=f"labelled {shown(witness.names[given])}, more likely {shown(witness.names[other])}",
                outcome=f"chance that the label is wrong, by the fit: {blamed[place]:.0%}",
                before_score=float(witness.probabilities[place, given]),
                after_score=float(witness.probabilities[place, other]),
            )
        )
    return (
        Examples(
            title=f"Suspicious labels of the {witness.table}; scores are the probabilities of label and suggestion",
            selection=f"the {len(items)} with the lowest margin of the label, of {len(places):,} that are contradicted",
            items=tuple(items),
        ),
    )


def _classes(reading: Reading) -> Table:
    witness, found = reading.witness, reading.contradictions
    sizes = np.bincount(witness.given, minlength=len(witness.names))
    often = np.argsort(-sizes, kind="stable")[:MOST_CLASSES]
    rows = []
    for place in sorted(often.tolist()):
        own = witness.given == place
        away = int((found.contradicted & own).sum())
        toward = int((found.contradicted & (found.suggested == place)).sum())
        limit = None if not own.any() else round(float(found.thresholds[place]), 4)
        rows.append((shown(witness.names[place]), int(own.sum()), limit, away, toward))
    return Table(
        title=f"Contradicted labels of the {witness.table}, by class",
        columns=("label", "rows", "threshold", "contradicted", "suggested instead of another label"),
        rows=tuple(rows),
    )
