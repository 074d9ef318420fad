"""The findings on membership inference: numbers, the sentence that says them, and what is shown beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.privacy.blind_guard import BlindGuard
from modelaudit.checkers.privacy.membership.attack import AtFpr, Attack, histogram, roc_evidence
from modelaudit.checkers.privacy.membership.signals import LOSS
from modelaudit.checkers.privacy.membership.suite import LARGEST, Suite
from modelaudit.checkers.privacy.wording import could_be_shown, p_words, rounded
from modelaudit.evidence import Cell, Evidence, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, SuiteP, paired_delong

RATES = ((0.01, "tpr_at_1pct_fpr", "1%"), (0.001, "tpr_at_0_1pct_fpr", "0.1%"))


def largest_auc_finding(
    suite: Suite,
    estimate: Estimate,
    p: SuiteP,
    blind: BlindGuard,
    *,
    size: str,
    evidence: Sequence[Evidence],
    confounded: str | None,
    caveats: Sequence[str],
) -> Finding:
    """Return the judged finding: how well the best of all attacks ranks training rows above held-out rows."""
    shown = {suite.headline: suite.first} | {attack.name: attack for attack in suite.attacks if attack.name == LOSS}
    curves = [(name, *attack.values) for name, attack in shown.items()]
    if len(blind.members):
        curves.append(("blind classifier, which never saw the model", blind.members, blind.nonmembers))
    count = len(suite.family)
    return Finding(
        metric=_auc_metric(estimate, group=LARGEST, primary=True),
        statement=(
            f"Shown one training row and one held-out row, the best of {_attacks(count)} picks the training row in "
            f"{estimate.value:.1%} of pairs ({_interval(estimate)}{', for all of them at once' if count > 1 else ''}); "
            f"guessing picks it in 50%. They compared {size}; random relabelling of the rows does as well with "
            f"p {p_words(p.family)}." + could_be_shown(estimate.smallest_detectable, "An AUC of {:.3f}", "rows")
        ),
        evidence=(
            roc_evidence(curves, title="How many training rows the attacks find"),
            suite_table(suite, p),
            histogram(suite.first),
            *evidence,
        ),
        confounded=confounded,
        caveats=tuple(caveats),
    )


def suite_table(suite: Suite, p: SuiteP) -> Table:
    """Return all attacks side by side: AUC, what they find at low false-alarm rates, and p adjusted for all."""
    adjusted = {attack.name: float(value) for attack, value in zip(suite.family, p.adjusted, strict=True)}
    rows: list[tuple[Cell, ...]] = []
    for attack in suite.attacks:
        if not attack.usable:
            rows.append((attack.name, *(None,) * 7, "no score on one side"))
            continue
        estimate = suite.auc(attack)
        rates = [suite.at_fpr(attack, rate).tpr.value for rate, _, _ in RATES]
        twin = suite.same_ranking(attack)
        role = (
            "control, not counted" if attack.control
            else "too few rows, not counted" if suite.sparse(attack)
            else f"ranks as the {twin}, not counted again" if twin
            else "headline" if attack.name == suite.headline
            else "counted"
        )  # fmt: skip
        bounds = estimate.interval() if estimate.bounds else (None, None)
        n = sum(int(side.sum()) for side in attack.scored)
        rows.append((attack.name, n, *map(rounded, (estimate.value, *bounds, *rates, adjusted.get(attack.name))), role))
    return Table(
        title="The suite: every attack that was made",
        columns=(
            "attack", "rows", "AUC", "lower 95% bound", "upper 95% bound", "found at 1% false alarms",
            "found at 0.1% false alarms", "p, for all attacks", "part",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def auc_finding(suite: Suite, attack: Attack, *, confounded: str | None) -> Finding:
    """Return how well one attack by itself ranks training rows above held-out rows."""
    estimate = suite.auc(attack)
    members, nonmembers = attack.values
    return Finding(
        metric=_auc_metric(estimate, group=attack.name, primary=False),
        statement=(
            f"The {attack.name} by itself picks the training row in {estimate.value:.1%} of pairs "
            f"({_interval(estimate)}), on {len(members):,} training rows and {len(nonmembers):,} held-out rows."
            + could_be_shown(estimate.smallest_detectable, "An AUC of {:.3f}", "rows")
        ),
        confounded=confounded,
        caveats=("One of several attacks: the largest of them is above .5 by chance alone, so judge the suite.",),
    )


def suite_p_finding(suite: Suite, p: SuiteP, *, confounded: str | None) -> Finding:
    """Return the family-wise p of the suite."""
    estimate = Estimate(
        value=p.family,
        n=len(suite.first.members) + len(suite.first.nonmembers),
        method="permutation of the largest AUC (Westfall and Young 1993)",
        reason="A p-value has no interval.",
    )
    return Finding(
        metric=Metric.of(
            estimate, id="suite_p", title="Chance of such a result without any memory", unit="p-value", better="neither"
        ),
        statement=(
            "Where training rows and held-out rows are relabelled at random, the best of "
            f"{_attacks(len(suite.family))} does as well as here with p {p_words(p.family)} ({p.draws:,} relabellings, "
            "put to all attacks alike)."
        ),
        confounded=confounded,
    )


def largest_tpr_finding(
    suite: Suite, *, fpr: float, id: str, said: str, primary: bool, confounded: str | None, caveats: Sequence[str]
) -> Finding:
    """Return the largest share of training rows that an attack of the suite picks out at a false-alarm rate."""
    estimate, best = suite.largest_tpr(fpr)
    at = suite.at_fpr(suite.first if best is None else best, fpr)
    if best is None or estimate.value is None:
        statement = (
            f"How many training rows can be picked out at {said} false alarms can't be estimated: {at.held:,} held-out "
            f"rows could set the threshold and {at.needed:,} are needed."
        )
    else:
        statement = (
            f"With a threshold meant to raise a false alarm for {said} of held-out rows, the best of "
            f"{_attacks(len(suite.family))}, the {best.name}, picks out {estimate.value:.1%} of {estimate.n:,} "
            f"training rows ({_interval(estimate)}, for all of them at once). {_threshold_words(at)}"
            + could_be_shown(estimate.smallest_detectable, "A share of {:.1%}", "training rows")
        )
    return Finding(
        metric=_tpr_metric(estimate, id=id, said=said, group=LARGEST, primary=primary),
        statement=statement,
        evidence=() if best is None else (_prior_table(at),),
        confounded=confounded,
        caveats=(
            f"The interval holds for these thresholds; where the realised false-alarm rate differs from {said}, read "
            "the share of training rows beside that rate.",
            *caveats,
        ),
    )


def tpr_finding(suite: Suite, *, fpr: float, id: str, said: str, confounded: str | None) -> Finding:
    """Return the share of training rows that the headline attack picks out at a false-alarm rate."""
    at = suite.at_fpr(suite.first, fpr)
    if at.tpr.value is None:
        statement = f"The {suite.headline} by itself can't be read at {said} false alarms: too few held-out rows."
    else:
        statement = (
            f"The {suite.headline} by itself picks out {at.tpr.value:.1%} of {at.tpr.n:,} training rows "
            f"({_interval(at.tpr)}) at a threshold for {said} false alarms. {_threshold_words(at)}"
        )
    return Finding(
        metric=_tpr_metric(at.tpr, id=id, said=said, group=suite.headline, primary=False),
        statement=statement,
        confounded=confounded,
    )


def realised_finding(suite: Suite, *, fpr: float, said: str) -> Finding:
    """Return the false-alarm rate that the headline attack's threshold showed on fresh held-out rows."""
    rate = suite.at_fpr(suite.first, fpr).realised
    statement = (
        "No threshold could be set, so there is no realised false-alarm rate."
        if rate.value is None
        else f"The threshold for {said} false alarms raised one for {rate.value:.1%} of {rate.n:,} fresh held-out rows."
    )
    return Finding(
        metric=Metric.of(
            rate,
            id="realised_fpr",
            title="Realised false-positive rate",
            unit="share of held-out rows",
            better="neither",
            n_unit="held-out rows",
            group=suite.headline,
        ),
        statement=statement,
    )


def beyond_base_finding(ours: Attack, base: Attack, *, grouped: bool, confounded: str | None) -> Finding | None:
    """Return by how much the AUC of one question to the model is above that of the same question to the base model."""
    sides = [(ours.members, base.members), (ours.nonmembers, base.nonmembers)]
    both = [np.isfinite(own) & np.isfinite(theirs) for own, theirs in sides]
    if min(int(known.sum()) for known in both) < 2:
        return None
    (pos_a, pos_b), (neg_a, neg_b) = (
        (own[known], theirs[known]) for (own, theirs), known in zip(sides, both, strict=True)
    )
    estimate = paired_delong(pos_a, neg_a, pos_b, neg_b)
    low, high = estimate.interval()
    return Finding(
        metric=Metric.of(
            estimate,
            id="auc_beyond_base",
            title="Membership inference AUC beyond the base model's",
            unit="difference of AUC",
            better="lower",
            group=ours.name,
        ),
        statement=(
            f"The {ours.name} has an AUC {estimate.value:+.3f} from that of the same question put to the base model "
            f"(95% interval {low:+.3f} to {high:+.3f}): what is above 0 came with fine-tuning, be it memory or another "
            "way of finding one side easier."
        ),
        confounded=confounded,
        caveats=("Rows of one document are taken as independent here.",) if grouped else (),
    )


def tail_gap_finding(estimate: Estimate, *, beta: float) -> Finding:
    """Return the share of held-out rows whose loss lies above almost all training rows'."""
    if estimate.value is None:
        statement = f"Whether held-out rows have a longer tail of high losses can't be estimated: {estimate.reason}"
    else:
        statement = (
            f"{estimate.value:.1%} of held-out rows ({_interval(estimate)}) have a loss above that of {1 - beta:.0%} "
            f"of training rows; {beta:.0%} would, were the two sides alike."
        )
    return Finding(
        metric=Metric.of(
            estimate,
            id="tail_gap",
            title="Held-out rows in the tail of high losses",
            unit="share of held-out rows",
            better="neither",
            n_unit="held-out rows",
        ),
        statement=statement,
        caveats=(
            "A lack of hard rows among the training rows goes with what stronger attacks find at low false-alarm "
            "rates, and costs nothing to see; it is an indicator of the model, and names no row.",
        ),
    )


def _attacks(count: int) -> str:
    return "1 attack" if count == 1 else f"{count} attacks"


def _threshold_words(at: AtFpr) -> str:
    low, high = at.realised.interval()
    return (
        f"The threshold was set on {at.held:,} held-out rows; on the other {at.realised.n:,} it raised a false alarm "
        f"for {at.realised.value:.1%} ({low:.1%} to {high:.1%})."
    )


def _prior_table(at: AtFpr) -> Table:
    """What a flag is worth, by how common members are among those that are asked about."""
    tpr, fpr = at.tpr.value or 0.0, at.realised.value or at.fpr
    rows = tuple(
        (f"{prior:.0%}", round(prior * tpr / max(prior * tpr + (1 - prior) * fpr, 1e-12), 4))
        for prior in (0.5, 0.1, 0.01)
    )
    return Table(
        title="How often a flagged row is a training row",
        columns=("share of training rows among those asked about", "share of flagged rows that are training rows"),
        rows=rows,
    )


def _auc_metric(estimate: Estimate, *, group: str, primary: bool) -> Metric:
    return Metric.of(
        estimate,
        id="membership_auc",
        title="Membership inference AUC",
        unit="AUC",
        better="lower",
        group=group,
        primary=primary,
    )


def _tpr_metric(estimate: Estimate, *, id: str, said: str, group: str, primary: bool) -> Metric:
    return Metric.of(
        estimate,
        id=id,
        title=f"Training rows found at {said} false alarms",
        unit="share of training rows",
        better="lower",
        n_unit="training rows",
        group=group,
        primary=primary,
    )


def _interval(estimate: Estimate) -> str:
    if not estimate.bounds:
        return "no interval"
    low, high = estimate.interval()
    return f"95% interval {low:.1%} to {high:.1%}"
