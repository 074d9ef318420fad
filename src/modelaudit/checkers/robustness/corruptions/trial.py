"""A trial: one arm asked of a sample's rows, of which some can't be compared, and what is told of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checker import Context
from modelaudit.checkers.robustness.corruptions.answers import Answered, Flags, Sample, answered
from modelaudit.checkers.robustness.corruptions.arms import Arm

FEWEST = 20
"""Rows below which nothing is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One arm, the rows as they are, and the answers to the changed ones."""

    arm: Arm
    sample: Sample
    after: Answered

    @classmethod
    def of(cls, ctx: Context, arm: Arm, sample: Sample) -> Trial:
        """Ask about the changed rows."""
        return cls(arm, sample, answered(ctx, [arm.of(row) for row in sample.rows]))

    def on(self, few: Sample) -> Trial:
        """Return what was told of the first rows, which are a sample of their own."""
        return Trial(self.arm, few, self.after.at(range(len(few.rows))))

    @property
    def fair(self) -> Flags:
        """Of which rows the model reads as much changed as it reads of them as they are (rows,).

        Of a sound that is too long for the model the end is lost, and more of it once it is played slower.
        """
        if not self.arm.stretches:
            return np.ones(len(self.sample.rows), dtype=np.bool_)
        fair: Flags = ~(self.sample.clean.truncated | self.after.truncated)
        return fair

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to compare."""
        return int(self.fair.sum()) >= FEWEST


def note_trials(ctx: Context, trials: Sequence[Trial]) -> None:
    """Note which rows are not compared in which arms, which arms are not measured for that, and cut transcripts."""
    lost = [(trial, int((~trial.fair).sum())) for trial in trials]
    if told := "; ".join(f"{count:,} of '{trial.arm.name}'" for trial, count in lost if count):
        ctx.note(f"Rows that are longer than the model takes, as they are or changed, are left out: {told}.")
    if names := ", ".join(f"'{trial.arm.name}'" for trial in trials if not trial.enough):
        ctx.note(f"Not measured, since fewer than {FEWEST} rows are left to compare: {names}.")
    if cut := sum(int(trial.after.cut.sum()) for trial in trials):
        ctx.note(f"{cut:,} transcripts of changed rows were cut at the limit on new tokens and count as they are.")
