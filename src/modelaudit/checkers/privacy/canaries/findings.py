"""The findings on canaries: exposure, the lower bound on epsilon, a claim held against it, and the null check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.wording import could_be_shown, p_words
from modelaudit.evidence import Bars, Histogram, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import (
    NULL_MEAN_EXPOSURE,
    OPEN_END,
    OneRunAudit,
    exposure_cap,
    exposure_p,
    exposures,
    mean_exposure,
)

Vector = NDArray[np.float64]
BINS = 30
ONE_SIDED = (
    f"The interval is one-sided: its upper end of {OPEN_END:,.0f} stands for no upper end. A lower bound can't show "
    "that epsilon is small, so this number can exceed a limit and never lie within one."
)


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Canaries that were planted equally often: scores of those that went in, and of all that were left out."""

    repeats: int
    included: Vector
    excluded: Vector

    @property
    def name(self) -> str:
        """The stratum in words."""
        return "planted once" if self.repeats == 1 else f"planted {self.repeats} times"


def exposure_finding(
    stratum: Stratum, *, score: str, primary: bool, confounded: str | None, caveats: Sequence[str]
) -> Finding:
    """Return how far the model prefers the canaries that it was trained on to those that were left out, in bits."""
    references = len(stratum.excluded)
    bits = exposures(stratum.included, stratum.excluded)
    estimate = mean_exposure(bits, references, shared=True)
    cap = exposure_cap(references)
    p = exposure_p(bits, references, shared=True)
    low, high = estimate.interval()
    at_cap = int((bits >= cap - 1e-9).sum())
    return Finding(
        metric=Metric.of(
            estimate,
            id="canary_exposure",
            title="Exposure of canaries",
            unit="bits",
            better="lower",
            n_unit="planted canaries",
            group=stratum.name,
            primary=primary,
        ),
        statement=(
            f"Canaries {stratum.name} have a mean exposure of {estimate.value:.2f} bits (95% interval {low:.2f} to "
            f"{high:.2f}) among {references:,} that were left out; a model that remembers none shows "
            f"{NULL_MEAN_EXPOSURE:.2f} (p {p_words(p)}). So many references can show {cap:.1f} bits at most, and "
            f"{at_cap:,} of {len(bits):,} canaries reach that."
            + could_be_shown(estimate.smallest_detectable, "A mean of {:.2f} bits", "canaries")
        ),
        evidence=(_spread(stratum, bits, cap), _histogram(stratum, score)),
        confounded=confounded,
        caveats=(f"Each canary is ranked by the {score}.", *caveats),
    )


def bound_finding(audit: OneRunAudit, *, planted: int, confounded: str | None, caveats: Sequence[str]) -> Finding:
    """Return the lower bound on epsilon that this run shows, with the grid that it was read from."""
    m = audit.estimate.n
    bound = audit.bound()
    smallest = audit.estimate.smallest_detectable
    said = (
        f"epsilon is at least {bound:.2f}"
        if bound > 0
        else "no epsilon can be refuted, which does not show that epsilon is small"
    )
    seen = "" if smallest is None else f" An epsilon below {smallest:.2f} would most likely not have shown at all."
    return Finding(
        metric=Metric.of(
            audit.estimate,
            id="epsilon_lower_bound",
            title="Lower bound on epsilon from one run",
            unit="epsilon (nats)",
            better="lower",
            n_unit="canaries",
            primary=True,
        ),
        statement=(
            f"From {m:,} canaries, {planted:,} of them in the training rows by coin toss: at 95% confidence and delta "
            f"{audit.delta:g}, {said}.{seen}"
        ),
        evidence=(_grid_table(audit),),
        confounded=confounded,
        caveats=(ONE_SIDED, *caveats),
    )


def claim_finding(audit: OneRunAudit, claim: float, *, confounded: str | None) -> Finding:
    """Return how far the lower bound lies beyond a claimed epsilon; above 0 the claim is refuted."""
    estimate = audit.beyond(claim)
    refuted = audit.bound() > claim
    verdict = (
        "The claim is refuted: the training can't have had it"
        if refuted
        else "The claim is not refuted, which does not confirm it"
    )
    return Finding(
        metric=Metric.of(
            estimate,
            id="epsilon_beyond_claim",
            title="Lower bound less the claimed epsilon",
            unit="epsilon (nats)",
            better="lower",
            n_unit="canaries",
            primary=True,
        ),
        statement=(
            f"The training is claimed to be differentially private with epsilon {claim:g} at delta {audit.delta:g}; "
            f"the run shows at least {audit.bound():.2f} at 95% confidence. {verdict}."
        ),
        confounded=confounded,
        caveats=(ONE_SIDED,),
        remedies=(
            "Withdraw the claim until the cause is known: look for noise that is not added, clipping by batch in place "
            "of by example, sampling that is not what the accountant assumes, and rows that stand in the data twice.",
        ),
    )


def null_finding(audit: OneRunAudit, what: str) -> Finding:
    """Return the same bound where there is nothing to find, which has to be 0."""
    bound = audit.bound()
    return Finding(
        metric=Metric.of(
            audit.estimate,
            id="null_epsilon_bound",
            title="Lower bound where there is nothing to find",
            unit="epsilon (nats)",
            better="neither",
            n_unit="canaries",
        ),
        statement=(
            f"Null check on {what}: the same audit gives a lower bound of {bound:.2f} at 95% confidence, where nothing "
            "can be remembered"
            + ("." if bound == 0 else "; such a bound comes by chance in at most 5 of 100 audits.")
            + could_be_shown(audit.estimate.smallest_detectable, "An epsilon of {:.2f}", "canaries")
        ),
        caveats=(ONE_SIDED,),
    )


def _spread(stratum: Stratum, bits: Vector, cap: float) -> Table:
    quantiles = np.quantile(bits, [0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
    names = ("10%", "25%", "50%", "75%", "90%", "largest")
    shares = (0.9, 0.75, 0.5, 0.25, 0.1, None)
    rows = tuple(
        (name, round(float(value), 3), None if share is None else round(min(cap, -float(np.log2(share))), 3))
        for name, value, share in zip(names, quantiles, shares, strict=True)
    )
    return Table(
        title=f"Exposure of canaries {stratum.name}",
        columns=("share of canaries up to", "exposure (bits)", "a model that remembers none (bits)"),
        rows=rows,
    )


def _histogram(stratum: Stratum, score: str) -> Histogram:
    every = np.concatenate([stratum.included, stratum.excluded])
    low, high = float(every.min()), float(every.max())
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    sides = (("in the training rows", stratum.included), ("left out", stratum.excluded))
    return Histogram(
        title=f"Scores of canaries {stratum.name}",
        x_label=f"{score}; higher speaks for a canary that was trained on",
        edges=tuple(float(edge) for edge in edges),
        groups=tuple(
            Bars(name=name, counts=tuple(int(count) for count in np.histogram(side, edges)[0])) for name, side in sides
        ),
    )


def _grid_table(audit: OneRunAudit) -> Table:
    return Table(
        title="Guesses of the audit, fixed before it by the number of canaries alone",
        columns=("guessed in", "guessed out", "right", "right by chance", "lower bound at 95%, corrected"),
        rows=tuple(
            (cell.guessed_in, cell.guessed_out, cell.correct, cell.guesses / 2, round(cell.bound, 4))
            for cell in audit.cells
        ),
    )
