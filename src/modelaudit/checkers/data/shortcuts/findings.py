"""The findings of the shortcut check. Words of rows stand in tables that are marked for it, and in no sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.data.drawing import shown
from modelaudit.checkers.data.shortcuts.asking import Asked
from modelaudit.checkers.data.shortcuts.association import Association, Giveaway
from modelaudit.checkers.data.shortcuts.insertion import Insertion
from modelaudit.checkers.data.shortcuts.kinds import Kind
from modelaudit.checkers.data.shortcuts.reliance import Tried, detectable_loss
from modelaudit.evidence import Cell, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, largest_of

SHOWN = 60
"""Characters of a cue in a table."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One cue that was put into rows: its kind, the label that it goes with (None for any), and what came of it."""

    insertion: Insertion
    kind: Kind
    label: int | None
    tried: Tried


def reliance_finding(judged: Sequence[Judged], labels: Sequence[str], left_out: int) -> Finding:
    """Return the largest accuracy that a cue costs, over all that were put in."""
    found, which = largest_of([each.tried.loss for each in judged], support=(-1.0, 1.0))
    worst = judged[which]
    low, high = found.interval()
    smallest = max(detectable_loss(len(each.tried.rows), each.tried.background, family=len(judged)) for each in judged)
    value = 0.0 if found.value is None else found.value
    which_rows = (
        "rows of any label" if worst.label is None else f"rows of another label than {shown(labels[worst.label])}"
    )
    caveats = [
        "A cue of a suspect kind can be a reason for a label (a question mark where questions are told from answers): "
        "name it in the option legitimate.",
    ]
    if left_out:
        caveats.append(f"{left_out} suspect cues are not judged, for want of rows, of right answers or of places.")
    return Finding(
        metric=Metric.of(
            found,
            id="shortcut_reliance",
            title="Accuracy lost to the worst shortcut",
            unit="share of rows",
            better="lower",
            n_unit="rows with the cue put in",
            primary=True,
            smallest_detectable=smallest,
        ),
        statement=(
            f"Of {len(judged)} cues that should not decide a label, one of the kind {worst.kind} costs most: put into "
            f"{found.n:,} {which_rows}, it costs {value * 100:.1f} points of accuracy more than a "
            f"control that tells nothing (95% interval {low * 100:.1f} to {high * 100:.1f})."
        ),
        evidence=(_tried_table(judged, labels),),
        caveats=tuple(caveats),
        remedies=(
            "Read rows with the cue; balance it over the labels in the training rows, or take it out of them.",
            "Add training rows of other labels that have the cue, and audit again.",
        ),
    )


def no_reliance_finding(reason: str) -> Finding:
    """Return the finding where no cue could be put into enough rows; it has no value and is no pass."""
    return Finding(
        metric=Metric(
            id="shortcut_reliance",
            title="Accuracy lost to the worst shortcut",
            value=None,
            unit="share of rows",
            better="lower",
            n=0,
            method="tango-score",
            primary=True,
            reason=reason,
        ),
        statement=f"Whether the model leans on shortcuts was not assessed: {reason}",
    )


def association_finding(
    found: Association,
    listed: Sequence[tuple[Giveaway, Kind, Estimate | None]],
    asked: Asked,
    labels: Sequence[str],
    *,
    source: str,
) -> Finding:
    """Return the label share of the cue that gives most away, with the table of the strongest."""
    lifts = [_lift(giveaway) for giveaway, _, _ in listed]
    largest, which = largest_of(lifts, support=(-1.0, 1.0))
    giveaway, kind, _ = listed[which]
    low, high = largest.interval()
    value = 0.0 if largest.value is None else largest.value
    return Finding(
        metric=Metric.of(
            largest,
            id="label_lift",
            title="Most that a cue gives a label away",
            unit="share of rows",
            better="neither",
            n_unit=f"{source} with the cue",
        ),
        statement=(
            f"Of {found.tried:,} cues in the {source}, {found.candidates:,} looked telling in one half and "
            f"{len(found.confirmed):,} were confirmed in the other. The most telling one listed, of the kind {kind}, "
            f"raises the share of {shown(labels[giveaway.label])} by {value * 100:.1f} points over its "
            f"{giveaway.prior:.1%} (95% interval {low * 100:.1f} to {high * 100:.1f})."
        ),
        evidence=(_association_table(listed, asked, labels),),
        caveats=(
            "A word that gives the label away may be the very reason for it; this check can't know. Content words are "
            "listed and not judged.",
        ),
    )


def _lift(giveaway: Giveaway) -> Estimate:
    share, prior = giveaway.share, giveaway.prior
    return Estimate(
        value=None if share.value is None else share.value - prior,
        n=share.n,
        method=f"{share.method}, less the label's own share",
        bounds=tuple((level, low - prior, high - prior) for level, low, high in share.bounds),
        reason=share.reason,
    )


def _association_table(
    listed: Sequence[tuple[Giveaway, Kind, Estimate | None]], asked: Asked, labels: Sequence[str]
) -> Table:
    lines: list[tuple[Cell, ...]] = []
    for giveaway, kind, drop in listed:
        low, high = giveaway.share.interval()
        with_cue = asked.having(giveaway.cue)
        other = asked.labels != giveaway.label
        lines.append(
            (
                giveaway.cue.title[:SHOWN],
                kind,
                shown(labels[giveaway.label]),
                giveaway.share.n,
                f"{giveaway.share.value or 0.0:.1%} ({low:.1%} to {high:.1%})",
                f"{giveaway.prior:.1%}",
                "< 0.001" if giveaway.q < 0.001 else f"{giveaway.q:.3f}",
                _accuracy(asked.right[with_cue & other]),
                _accuracy(asked.right[~with_cue & other]),
                _log_odds(drop),
            )
        )
    return Table(
        title="Cues that give the label away, confirmed in rows that they were not found in",
        columns=(
            *("cue", "kind", "label", "rows with it", "of these, share with the label (95% interval)"),
            *("share of the label", "q", "accuracy where it misleads", "accuracy on the same labels without it"),
            "log-odds lost where it is hidden, beyond other words (95% interval)",
        ),
        rows=tuple(lines),
        holds_text=True,
    )


def _tried_table(judged: Sequence[Judged], labels: Sequence[str]) -> Table:
    order = sorted(judged, key=lambda each: (-(each.tried.loss.value or 0.0), each.insertion.cue))
    lines: list[tuple[Cell, ...]] = []
    for each in order:
        low, high = each.tried.loss.interval()
        control = each.insertion.control
        lines.append(
            (
                each.insertion.cue.title[:SHOWN],
                each.kind,
                "any" if each.label is None else f"not {shown(labels[each.label])}",
                len(each.tried.rows),
                "the row as it is" if control is None else control.title[:SHOWN],
                f"{each.tried.control_right.mean():.1%}",
                f"{each.tried.cue_right.mean():.1%}",
                f"{(each.tried.loss.value or 0.0) * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})",
            )
        )
    return Table(
        title="Cues put into rows that lack them",
        columns=(
            *("cue", "kind", "label of the rows", "rows", "control", "right with the control", "right with the cue"),
            "accuracy lost (95% interval)",
        ),
        rows=tuple(lines),
        holds_text=True,
    )


def _accuracy(right: np.ndarray) -> str:
    return f"{right.mean():.1%} of {len(right):,}" if len(right) else "no rows"


def _log_odds(drop: Estimate | None) -> str:
    if drop is None or drop.value is None:
        return "not measured"
    if not drop.bounds:
        return f"{drop.value:+.2f} (no interval)"
    low, high = drop.interval()
    return f"{drop.value:+.2f} ({low:+.2f} to {high:+.2f})"
