"""The findings on names: the difference of the arms, each arm by itself, and how it grows with times seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.privacy.blind_guard import BlindGuard
from modelaudit.checkers.privacy.entities.arms import DOSES, Arm
from modelaudit.checkers.privacy.wording import could_be_shown, rounded
from modelaudit.evidence import Bars, Histogram, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, exposure_cap

BINS = 10
FEW = 100
"""Names an arm below which no verdict is given."""
NAMED = {"exposed": "names of the training rows", "fresh": "names that the model never saw"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: the arms that are compared, the exposed names drawn in addition, and the design.

    `counts` are names by what became of them, in words; `alike` says whether names seen equally often are compared.
    """

    exposed: Arm
    fresh: Arm
    more: Arm
    decoys: int
    frames: int
    counts: dict[str, int]
    alike: bool


def confounded_by(found: Estimate, measured: Measured, guard: BlindGuard, *, margin: float) -> str | None:
    """Say why the difference can't be read as memory, or why it is too early for a verdict; else None."""
    return "; ".join(filter(None, (_differ(guard, margin=margin), _few(found, measured)))) or None


def _few(found: Estimate, measured: Measured) -> str | None:
    exposed, fresh = len(measured.exposed.names), len(measured.fresh.names)
    if min(exposed, fresh) >= FEW:
        return None
    smallest = found.smallest_detectable
    shown = "" if smallest is None else f"; a difference of {100 * smallest:.1f} points could have been shown"
    return (
        f"there are only {exposed:,} names of training rows and {fresh:,} that the model never saw, and {FEW} of each "
        f"are the least for a verdict{shown}. Provide more rows with names"
    )


def _differ(guard: BlindGuard, *, margin: float) -> str | None:
    """Say that the names of the two sides differ by themselves, or that this could not be checked."""
    if guard.auc.value is None:
        return (
            "whether the names of the training rows and those of the held-out rows differ by themselves could not be "
            f"checked ({(guard.auc.reason or '').rstrip('.')}), so the difference can't be read as memory. Provide "
            "rows with more names"
        )
    if not guard.fooled(margin=margin):
        return None
    low, high = guard.auc.interval()
    return (
        "the names of the training rows and those of the held-out rows differ by themselves: a classifier that never "
        f"saw the model tells them apart by their spelling (AUC {guard.auc.value:.3f}, 95% interval {low:.3f} to "
        f"{high:.3f}), so the difference can't be read as memory. Provide held-out rows from the same source and time, "
        "split off at random"
    )


def exposure_finding(found: Estimate, measured: Measured, *, confounded: str | None, caveats: Sequence[str]) -> Finding:
    """Return the judged number: the win rate of exposed names less that of fresh ones."""
    here, there = (float(arm.win_rates.mean()) for arm in (measured.exposed, measured.fresh))
    low, high = found.interval()
    value, smallest = found.value or 0.0, found.smallest_detectable
    between = "Between names seen equally often the" if measured.alike else "The"
    statement = (
        f"A name from the training rows is recognised more surely than {here:.1%} of the made-up names that "
        f"are like it; for a name that the model never saw it is {there:.1%}. {between} "
        f"difference is {100 * value:+.1f} points (95% interval {100 * low:+.1f} to {100 * high:+.1f}; "
        f"{len(measured.exposed.names):,} and {len(measured.fresh.names):,} names, {measured.decoys} made-up names "
        "each). Without memory of names it is 0."
        + could_be_shown(None if smallest is None else 100 * smallest, "A difference of {:.1f} points", "names")
    )
    return Finding(
        metric=Metric.of(
            found,
            id="entity_exposure",
            title="Exposure of names",
            unit="difference of win rates",
            better="lower",
            n_unit="names",
            primary=True,
        ),
        statement=statement,
        evidence=(_histogram(measured), _doses(measured), _counts(measured)),
        confounded=confounded,
        caveats=tuple(caveats),
    )


def arm_findings(measured: Measured) -> list[Finding]:
    """Return win rate and exposure in bits of each arm."""
    found = []
    cap, chance = exposure_cap(measured.decoys), chance_bits(measured.decoys)
    for side, arm in (("exposed", measured.exposed), ("fresh", measured.fresh)):
        rate, bits = arm.mean(arm.win_rates, reach=1.0), arm.mean(arm.bits, reach=cap)
        found.append(
            Finding(
                metric=Metric.of(
                    rate,
                    id=f"{side}_win_rate",
                    title=f"Made-up names that are beaten, {NAMED[side]}",
                    unit="share of made-up names",
                    better="neither",
                    n_unit="names",
                ),
                statement=(
                    f"Of {NAMED[side]}, each is recognised more surely than {rate.value:.1%} of its "
                    f"{measured.decoys} made-up names on average ({_interval(rate, '.1%')}); 50% is chance."
                ),
            )
        )
        found.append(
            Finding(
                metric=Metric.of(
                    bits,
                    id=f"{side}_bits",
                    title=f"Exposure among made-up names, {NAMED[side]}",
                    unit="bits",
                    better="neither",
                    n_unit="names",
                ),
                statement=(
                    f"Of {NAMED[side]}, the mean exposure is {bits.value:.2f} bits ({_interval(bits, '.2f')}); with "
                    f"{measured.decoys} made-up names no more than {cap:.2f} can be shown, and chance gives "
                    f"{chance:.2f}."
                ),
            )
        )
    return found


def guard_finding(guard: BlindGuard, margin: float) -> Finding:
    """Return how well the names of the two sides are told apart without the model."""
    if guard.auc.value is None:
        statement = f"The guard that never sees the model could not be run. {guard.auc.reason}"
    else:
        outcome = (
            "they differ by themselves, and the difference between the arms is not judged."
            if guard.fooled(margin=margin)
            else "no difference was found that would explain exposure by itself."
        )
        statement = (
            "A classifier that never saw the model tells the names of the training rows from those of the held-out "
            f"rows by their spelling with an AUC of {guard.auc.value:.3f} ({_interval(guard.auc, '.3f')}): {outcome}"
            + could_be_shown(guard.auc.smallest_detectable, "An AUC of {:.3f}", "names")
        )
    return Finding(
        metric=Metric.of(
            guard.auc,
            id="blind_name_auc",
            title="AUC of names without the model (guard)",
            unit="AUC",
            better="neither",
            n_unit="names",
        ),
        statement=statement,
    )


def chance_bits(decoys: int) -> float:
    """Return the mean exposure in bits of names that stand anywhere among so many decoys."""
    ranks = np.arange(1, decoys + 2)
    return float(exposure_cap(decoys) - np.log2(ranks).mean())


def _interval(estimate: Estimate, form: str) -> str:
    if not estimate.bounds:
        return "no interval"
    low, high = estimate.interval()
    return f"95% interval {low:{form}} to {high:{form}}"


def _histogram(measured: Measured) -> Histogram:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    return Histogram(
        title="How many of its made-up names each name beats",
        x_label="share of its made-up names that a name beats; .5 is chance",
        edges=tuple(float(edge) for edge in edges),
        groups=tuple(
            Bars(name=NAMED[side], counts=tuple(int(count) for count in np.histogram(arm.win_rates, bins=edges)[0]))
            for arm, side in ((measured.exposed, "exposed"), (measured.fresh, "fresh"))
        ),
    )


def _doses(measured: Measured) -> Table:
    together = Arm(
        [*measured.exposed.names, *measured.more.names], [*measured.exposed.standings, *measured.more.standings]
    )
    rows: list[tuple[str, str, int, float | None, float | None, float | None]] = []
    for side, whole in (("exposed", together), ("fresh", measured.fresh)):
        for title, least, most in DOSES:
            arm = whole.seen(least, most)
            rate = arm.mean(arm.win_rates, reach=1.0)
            low, high = rate.interval() if rate.bounds else (None, None)
            rows.append((NAMED[side], title, len(arm.names), rounded(rate.value), rounded(low), rounded(high)))
    return Table(
        title="Win rate by the number of documents, or different rows, that hold the name",
        columns=("names", "times", "number of names", "win rate", "lower 95% bound", "upper 95% bound"),
        rows=tuple(rows),
    )


def _counts(measured: Measured) -> Table:
    return Table(
        title="Names that were found, and what became of them",
        columns=("names", "number"),
        rows=(
            *measured.counts.items(),
            ("frames that each stood in, at the most", measured.frames),
            ("made-up names for each", measured.decoys),
        ),
    )
