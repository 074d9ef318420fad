"""What is shown beside a family's numbers: each change, the dose, and rows chosen by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.checkers.robustness.perturbation.members import Family, Member
from modelaudit.checkers.robustness.perturbation.wording import Wording
from modelaudit.evidence import Curve, Evidence, Example, Examples, Series, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate

SHOWN = 3


def answers_table(family: Family, wording: Wording) -> Table:
    """Return what each change of the family did to the answers, or why it was not measured."""
    return Table(
        title="Each change: how many answers it changes",
        columns=("change", "tier", "rows compared", "same model input", wording.changed, "95% interval", "remark"),
        rows=tuple(_answer_cells(member) for member in family.members),
    )


def accuracy_table(family: Family, wording: Wording) -> Table:
    """Return what each change of the family costs where rows have true labels."""
    score, unit = wording.score, wording.right
    relative = ("share of right answers lost", "its 95% interval") if wording.counted else ()
    wrong = () if wording.graded else (f"right {unit} made wrong", "wrong made right")
    also = () if wording.also is None else (wording.also, "95% interval of that")
    return Table(
        title=f"Each change: what it costs in {score}",
        columns=("change", f"{score} lost, points", "95% interval", *relative, *wrong, *also),
        rows=tuple(
            (member.arm.name, *_lost_cells(member.effect, wording)) for member in family.measured if member.effect
        ),
    )


def _lost_cells(effect: Effect, wording: Wording) -> tuple[str | None, ...]:
    relative = _percent(effect.relative), _interval(effect.relative, points=False)
    wrong = _percent(effect.harm), _percent(effect.repair)
    also = None if effect.also is None else _points(effect.also), _interval(effect.also, points=True)
    return (
        _points(effect.drop),
        _interval(effect.drop, points=True),
        *(relative if wording.counted else ()),
        *(() if wording.graded else wrong),
        *(() if wording.also is None else also),
    )


def dose_curve(family: Family) -> tuple[Evidence, ...]:
    """Return how the share of changed answers grows with the severity, a line for each graded change that has doses."""
    lines = []
    for member in family.measured:
        others = [dose for dose in family.doses if dose.arm.perturbation is member.arm.perturbation and dose.effect]
        if not others:
            continue
        points = sorted([member, *others], key=lambda each: each.arm.level)
        flips = [(each.arm.level, each.effect.flip) for each in points if each.effect and each.effect.flip.bounds]
        lines.append(
            Series(
                name=member.arm.perturbation.name,
                x=tuple(float(level) for level, _ in flips),
                y=tuple(flip.value or 0.0 for _, flip in flips),
                low=tuple(flip.interval()[0] for _, flip in flips),
                high=tuple(flip.interval()[1] for _, flip in flips),
            )
        )
    if not lines:
        return ()
    return (
        Curve(
            title="Changed answers by severity",
            x_label="severity",
            y_label="share of answers changed, with 95% intervals",
            series=tuple(lines),
        ),
    )


def counts_table(member: Member) -> Table:
    """Return what became of the rows that one arm changed."""
    effect = member.effect
    assert effect is not None
    rows = (
        *effect.counts,
        ("given to the model as the same input", effect.same_input),
        ("answer identical to the last bit", effect.identical),
        ("no longer within the model's length", effect.cut),
        ("changed rows that could not be compared", effect.left_out),
    )
    return Table(
        title=f"What became of the rows changed by '{member.arm.name}'", columns=("outcome", "count"), rows=rows
    )


def examples(member: Member, rows: Sequence[Row], wording: Wording) -> tuple[Evidence, ...]:
    """Return the rows whose answer moved most, and rows whose answer moved as much as the median row's."""
    effect = member.effect
    if effect is None or effect.untouched:
        return ()
    change = np.abs(effect.after - effect.before)
    # Ties keep the order of the draw, which depends on content; ids would make it depend on the order of the file.
    by_size = sorted(range(len(change)), key=lambda number: -round(float(change[number]), 12))
    median = float(np.median(change))
    by_typicality = sorted(range(len(change)), key=lambda number: round(abs(float(change[number]) - median), 12))
    return tuple(
        Examples(
            title=f"{title} under '{member.arm.name}'",
            selection=f"The {SHOWN} rows {selection} {wording.shown}",
            items=tuple(_example(member, effect, rows, number) for number in chosen[:SHOWN]),
        )
        for title, selection, chosen in (
            ("Largest changes", wording.most, by_size),
            ("Typical rows", wording.typical, by_typicality),
        )
    )


def _example(member: Member, effect: Effect, rows: Sequence[Row], number: int) -> Example:
    trial = effect.trials[number]
    row = rows[trial.place]
    return Example(
        row=row.id,
        before=member.arm.side.text(row),
        after=member.arm.side.text(trial.edited),
        change=f"{member.arm.name}: {trial.edits:,} edits",
        outcome=effect.outcomes[number],
        before_score=float(effect.before[number]),
        after_score=float(effect.after[number]),
    )


def _answer_cells(member: Member) -> tuple[str | int | None, ...]:
    tier, effect = member.arm.perturbation.tier, member.effect
    if effect is None:
        return member.arm.name, tier, None, None, None, None, member.reason
    remark = "structurally invariant: the tokenizer removes the change" if effect.invariant else None
    cells = _percent(effect.flip), _interval(effect.flip, points=False)
    return member.arm.name, tier, len(effect.trials), effect.same_input, *cells, remark


def _percent(estimate: Estimate | None) -> str | None:
    return None if estimate is None or estimate.value is None else f"{estimate.value:.1%}"


def _points(estimate: Estimate) -> str | None:
    return None if estimate.value is None else f"{_tenth(100 * estimate.value):+.1f}"


def _interval(estimate: Estimate | None, *, points: bool) -> str | None:
    if estimate is None or not estimate.bounds:
        return None
    low, high = (_tenth(100 * end) for end in estimate.interval())
    return f"{low:+.1f} to {high:+.1f}" if points else f"{low:.1f}% to {high:.1f}%"


def _tenth(percent: float) -> float:
    """Return a number to its first decimal, without a sign before 0."""
    return round(percent, 1) + 0.0
