"""What is shown beside a perturbation's numbers: counts, and rows chosen by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.robustness.arms import Arm
from modelaudit.checkers.robustness.effects import Effect
from modelaudit.evidence import Evidence, Example, Examples, Table
from modelaudit.rows import Row

SHOWN = 3


def counts_table(effect: Effect) -> Table:
    """Return what became of the rows that an arm changed."""
    rows = (
        *effect.counts,
        ("answer identical to the last bit", effect.identical),
        ("no longer within the model's length", effect.cut),
        ("changed rows that could not be compared", effect.left_out),
    )
    return Table(title="What became of the changed rows", columns=("outcome", "count"), rows=rows)


def examples(arm: Arm, effect: Effect, rows: Sequence[Row]) -> tuple[Evidence, ...]:
    """Return the rows whose confidence moved most, and rows whose confidence moved as much as the median row's."""
    change = np.abs(effect.after - effect.before)
    # Ties keep the order of the draw, which depends on content; ids would make it depend on the order of the file.
    by_size = sorted(range(len(change)), key=lambda number: -round(float(change[number]), 12))
    median = float(np.median(change))
    by_typicality = sorted(range(len(change)), key=lambda number: round(abs(float(change[number]) - median), 12))
    return tuple(
        Examples(
            title=title,
            selection=f"{selection} Scores are the confidence in what was predicted for the original.",
            items=tuple(_example(arm, effect, rows, number) for number in chosen[:SHOWN]),
        )
        for title, selection, chosen in (
            ("Largest changes", f"The {SHOWN} rows whose confidence changed most.", by_size),
            ("Typical rows", f"The {SHOWN} rows whose change in confidence is nearest to the median.", by_typicality),
        )
    )


def _example(arm: Arm, effect: Effect, rows: Sequence[Row], number: int) -> Example:
    trial = effect.trials[number]
    row = rows[trial.place]
    return Example(
        row=row.id,
        before=row.text,
        after=trial.edited.text,
        change=f"{arm.name}: {trial.edits:,} edits",
        outcome=effect.outcomes[number],
        before_score=float(effect.before[number]),
        after_score=float(effect.after[number]),
    )
