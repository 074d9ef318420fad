"""The findings on membership inference: numbers, the sentence that says them, and what is shown beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.privacy.attack import Attack, histogram, roc_evidence
from modelaudit.checkers.privacy.blind_guard import BlindGuard
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, TprAtFpr


def confounded_by(guard: BlindGuard, *, margin: float) -> str | None:
    """Say why the attack can't be read as memory, where the guard was fooled or could not be run; else None."""
    if guard.auc.value is None:
        return (
            "whether the training rows and the held-out rows differ by themselves could not be checked "
            f"({(guard.auc.reason or '').rstrip('.')}), so the attack's number, high or low, can't be read as memory. "
            "Provide rows from more documents or persons"
        )
    if not guard.fooled(margin=margin):
        return None
    low, high = guard.auc.interval()
    return (
        "the training rows and the held-out rows differ by themselves: a classifier that never saw the model tells "
        f"them apart (AUC {guard.auc.value:.3f}, 95% interval {low:.3f} to {high:.3f}), so the attack's success can't "
        "be read as memory. Provide held-out rows from the same source and time, split off at random"
    )


def _interval(estimate: Estimate) -> str:
    low, high = estimate.interval()
    return f"95% interval {low:.1%} to {high:.1%}"


def _sizes(attack: Attack) -> str:
    return f"{len(attack.members):,} training rows and {len(attack.nonmembers):,} held-out rows"


def auc_finding(
    attack: Attack,
    guard: BlindGuard,
    rng: np.random.Generator,
    *,
    primary: bool,
    confounded: str | None,
    caveats: Sequence[str],
) -> Finding:
    """Return how well one attack ranks training rows above held-out rows."""
    estimate = attack.auc()
    p = attack.permutation_p(rng)
    curves = [(attack.name, attack.members, attack.nonmembers)]
    if len(guard.members):
        curves.append(("blind classifier, which never saw the model", guard.members, guard.nonmembers))
    axis = "negative loss (nats)" if attack.name == "loss attack" else "log-odds of the true label"
    evidence = (
        roc_evidence(curves, title=f"How many training rows the {attack.name} finds"),
        histogram(attack, x_label=f"{axis}; higher speaks for a training row"),
    )
    return Finding(
        metric=Metric.of(
            estimate,
            id="membership_auc",
            title="Membership inference AUC",
            unit="AUC",
            better="lower",
            group=attack.name,
            primary=primary,
        ),
        statement=(
            f"Shown one training row and one held-out row, the {attack.name} picks the training row in "
            f"{estimate.value:.1%} of pairs ({_interval(estimate)}); guessing picks it in 50%. It compared "
            f"{_sizes(attack)}; random relabelling of the rows does as well with p {_p(p)}."
        ),
        evidence=evidence if primary else evidence[1:],
        confounded=confounded,
        caveats=tuple(caveats),
    )


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def tpr_finding(attack: Attack, at: TprAtFpr, *, confounded: str | None, caveats: Sequence[str]) -> Finding:
    """Return the share of training rows that can be picked out at 1% false alarms, or why it can't be estimated."""
    held = int(attack.sets_threshold.sum())
    if at.tpr.value is None:
        statement = (
            "How many training rows can be picked out at 1% false alarms can't be estimated: "
            f"{held:,} held-out rows could set the threshold and 1,000 are needed."
        )
    else:
        low, high = at.realised_fpr.interval()
        statement = (
            f"With a threshold meant to raise a false alarm for 1% of held-out rows, the {attack.name} picks out "
            f"{at.tpr.value:.1%} of {at.tpr.n:,} training rows ({_interval(at.tpr)}). The threshold was set on "
            f"{held:,} held-out rows; on the other {at.realised_fpr.n:,} it raised a false alarm for "
            f"{at.realised_fpr.value:.1%} ({low:.1%} to {high:.1%})."
        )
    return Finding(
        metric=Metric.of(
            at.tpr,
            id="tpr_at_1pct_fpr",
            title="Training rows found at 1% false alarms",
            unit="share of training rows",
            better="lower",
            n_unit="training rows",
            group=attack.name,
            primary=True,
        ),
        statement=statement,
        confounded=confounded,
        caveats=(
            "The interval holds for this threshold; where the realised false-alarm rate differs from 1%, read the "
            "share of training rows beside that rate.",
            *caveats,
        ),
    )


def realised_finding(attack: Attack, at: TprAtFpr) -> Finding:
    """Return the false-alarm rate that the threshold showed on fresh held-out rows."""
    rate = at.realised_fpr
    statement = (
        "No threshold could be set, so there is no realised false-alarm rate."
        if rate.value is None
        else f"The threshold for 1% false alarms raised one for {rate.value:.1%} of {rate.n:,} fresh held-out rows."
    )
    return Finding(
        metric=Metric.of(
            rate,
            id="realised_fpr",
            title="Realised false-positive rate",
            unit="share of held-out rows",
            better="neither",
            n_unit="held-out rows",
            group=attack.name,
        ),
        statement=statement,
    )


def guard_finding(guard: BlindGuard, margin: float) -> Finding:
    """Return how well training rows are told from held-out rows without the model."""
    limit = 0.5 + margin
    if guard.auc.value is None:
        statement = f"The guard that never sees the model could not be run. {guard.auc.reason}"
        outcome = "not run"
    else:
        fooled = guard.fooled(margin=margin)
        low, high = guard.auc.interval()
        outcome = "the two sides differ by themselves" if fooled else "no difference found"
        statement = (
            "A classifier that never saw the model tells training rows from held-out rows with an AUC of "
            f"{guard.auc.value:.3f} (95% interval {low:.3f} to {high:.3f}): "
            + (
                "they differ by themselves, and the attack's numbers are not judged."
                if fooled
                else "no difference between the two sides was found that would explain the attack by itself."
            )
        )
    bound = guard.auc.interval()[0] if guard.auc.bounds else None
    table = Table(
        title="Guard against sides that differ by themselves",
        columns=("guard", "rows", "AUC", "lower 95% bound", "limit of the bound", "outcome"),
        rows=(
            (
                "words, characters, length and labels, cross-validated",
                guard.auc.n,
                _rounded(guard.auc.value),
                _rounded(bound),
                limit,
                outcome,
            ),
        ),
    )
    return Finding(
        metric=Metric.of(
            guard.auc, id="blind_auc", title="AUC without the model (guard)", unit="AUC", better="neither"
        ),
        statement=statement,
        evidence=(table,),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
