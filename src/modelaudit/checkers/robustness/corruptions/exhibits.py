"""What is shown beside a family's numbers: each kind, the severities, and rows whose answer changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelaudit.checkers.robustness.corruptions.arms import MIDDLE
from modelaudit.checkers.robustness.corruptions.effect import Effect, clean_error
from modelaudit.checkers.robustness.corruptions.families import Family
from modelaudit.evidence import (
    Curve,
    Envelope,
    Evidence,
    Example,
    Examples,
    PictureEvidence,
    Series,
    SoundEvidence,
    Table,
)
from modelaudit.media.shown import envelope, png, sheet, wav
from modelaudit.statistics import Estimate

Measure = Callable[[Effect], Estimate]

SHOWN = 3
"""Rows named whose answer changed."""
MOST_TILES = 6


def kinds_table(family: Family, *, speech: bool) -> Table:
    """Return what each kind of the family did."""
    answer, lost = (
        ("transcripts changed", "word errors added, points") if speech else ("answers changed", "accuracy lost, points")
    )
    return Table(
        title="Each kind: what it does to the answers",
        columns=("change", f"{answer} (95% interval)", f"{lost} (95% interval)"),
        rows=tuple((effect.arm.name, _percent(effect.flip), _points(effect.lost)) for effect in family.effects),
    )


def flips_curve(family: Family) -> tuple[Evidence, ...]:
    """Return the share of answers that change by severity, a line for each kind that was asked at several."""
    lines = _lines(family, lambda effect: effect.flip)
    if not lines:
        return ()
    return (
        Curve(
            title="Answers changed by severity",
            x_label="severity",
            y_label=f"share of answers changed in {_asked(family)} rows, with 95% intervals",
            series=lines,
        ),
    )


def errors_curve(family: Family, *, speech: bool) -> tuple[Evidence, ...]:
    """Return the share of wrong answers or words by severity, and of the rows as they are for reference."""
    lines = _lines(family, lambda effect: effect.error)
    if not lines:
        return ()
    clean = clean_error(family.doses[0].sample)
    if clean is None:
        return ()
    level = Series(name="rows as they are", x=(1.0, 5.0), y=(clean, clean), reference=True)
    rows = _asked(family)
    return (
        Curve(
            title="Errors by severity",
            x_label="severity",
            y_label=(
                f"wrong words by words said in {rows} rows, with 95% intervals"
                if speech
                else f"share of wrong answers in {rows} rows, with 95% intervals"
            ),
            series=(*lines, level),
        ),
    )


def changed_rows(effect: Effect, *, speech: bool) -> tuple[Evidence, ...]:
    """Return the first rows of the draw whose answer changed."""
    places = np.flatnonzero(effect.flips).tolist()[:SHOWN]
    if not places:
        return ()
    return (
        Examples(
            title=f"Rows answered otherwise under '{effect.arm.name}'",
            selection=f"The first {len(places)} of {int(effect.flips.sum()):,} rows in the order drawn.",
            items=tuple(_example(effect, place, speech=speech) for place in places),
        ),
    )


def shown_row(family: Family, effect: Effect) -> tuple[Evidence, ...]:
    """Return the first row whose answer changed, as the model was given it; the report drops it unless asked for."""
    changed = np.flatnonzero(effect.flips)
    if not len(changed):
        return ()
    row = effect.sample.rows[int(changed[0])]
    if row.picture is not None:
        arms = [each.arm for each in family.effects[:MOST_TILES]]
        copies = [arm.of(row).picture for arm in arms]
        tiles = sheet([row.picture.pixels(), *(copy.pixels() for copy in copies if copy is not None)])
        return (
            PictureEvidence(
                title="A picture and its changed copies",
                row=row.id,
                caption=f"As it is, then by the kinds of '{family.name}' in the order of the table, severity {MIDDLE}.",
                png=png(tiles),
            ),
        )
    sound = effect.arm.of(row).sound
    if sound is None:
        return ()
    samples = sound.samples()
    low, high = envelope(samples)
    return (
        SoundEvidence(
            title="A changed sound",
            row=row.id,
            caption=f"Changed by '{effect.arm.name}'.",
            seconds=sound.seconds,
            envelope=Envelope(low=low, high=high),
            wav=wav(samples, sound.rate),
        ),
    )


def _asked(family: Family) -> str:
    """Return how many rows all severities were asked of."""
    return f"{len(family.doses[0].errors):,}"


def _lines(family: Family, measure: Measure) -> tuple[Series, ...]:
    lines = []
    for effect in family.effects:
        points = [(each.arm.severity, measure(each)) for each in family.by_severity(effect)]
        measured = [(float(severity), found) for severity, found in points if found.bounds]
        if len(measured) > 1:
            lines.append(
                Series(
                    name=effect.arm.kind.name,
                    x=tuple(severity for severity, _ in measured),
                    y=tuple(found.value or 0.0 for _, found in measured),
                    low=tuple(found.interval()[0] for _, found in measured),
                    high=tuple(found.interval()[1] for _, found in measured),
                )
            )
    return tuple(lines)


def _example(effect: Effect, place: int, *, speech: bool) -> Example:
    row, before, after = effect.sample.rows[place], effect.sample.clean.shown[place], effect.after.shown[place]
    if speech:
        return Example(row=row.id, before=before, after=after, change=effect.arm.name)
    return Example(row=row.id, change=effect.arm.name, outcome=f"{before} became {after}")


def _percent(estimate: Estimate) -> str | None:
    if estimate.value is None or not estimate.bounds:
        return None
    low, high = estimate.interval()
    return f"{estimate.value:.1%} ({low:.1%} to {high:.1%})"


def _points(estimate: Estimate) -> str | None:
    if estimate.value is None or not estimate.bounds:
        return None
    low, high = estimate.interval()
    return f"{_tenth(estimate.value):+.1f} ({_tenth(low):+.1f} to {_tenth(high):+.1f})"


def _tenth(share: float) -> float:
    """Return a share in points to the first decimal, without a sign before 0."""
    return round(100 * share, 1) + 0.0
