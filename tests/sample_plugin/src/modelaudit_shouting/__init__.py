"""A sample plugin with one checker: does an exclamation mark change the answer?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, Checker, CheckerInfo, Context, Cost, Risk
from modelaudit.drawing import drawn
from modelaudit.evidence import Note
from modelaudit.hookspecs import hookimpl
from modelaudit.results import Finding, Metric
from modelaudit.statistics import wilson


class Shouting:
    """Adds an exclamation mark to each row and counts the answers that change."""

    info = CheckerInfo(
        id="sample/shouting",
        version="1.2.3",
        risk=Risk.ROBUSTNESS,
        title="Shouting",
        question="Does the answer change when a sentence ends in an exclamation mark?",
        summary="Each row is asked twice, as it is and with an exclamation mark at its end.",
        not_shown=("Any other change of punctuation.",),
        remedies=("Train with and without final punctuation.",),
    )

    def __init__(self, mark: str = "!") -> None:
        self.mark = mark

    def applies(self, subject: SubjectInfo) -> str | None:
        """Only for plain text."""
        return None if subject.task == "text-classification" else f"not made for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Two evaluations a row."""
        rows = min(subject.evaluation.rows, Budget(subject.preset).pick(50, 200, 1000))
        return Cost(2 * rows, int(2 * rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Choose, ask, compare, state."""
        rows = drawn(ctx, ctx.data.evaluation, ctx.budget.pick(50, 200, 1000))
        calm = ctx.model.predict(rows).labels
        loud = ctx.model.predict([row.with_text(row.text + self.mark) for row in rows]).labels
        flips = int(np.sum(calm != loud))
        yield Finding(
            metric=Metric.of(
                wilson(flips, len(rows)),
                id="flip_rate",
                title="Answers changed by an exclamation mark",
                unit="share of rows",
                better="lower",
                primary=True,
            ),
            statement=f"{flips} of {len(rows)} answers changed when {self.mark!r} was added.",
            evidence=(Note(title="Sample", text="This finding comes from a sample plugin."),),
        )


@hookimpl
def modelaudit_checkers() -> list[Checker]:
    """Bring the one checker."""
    return [Shouting()]
