"""A sample plugin whose checker raises while it runs."""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Checker, CheckerInfo, Context, Cost, Risk
from modelaudit.hookspecs import hookimpl
from modelaudit.results import Finding


class Failing:
    """Asks the model once and then raises."""

    info = CheckerInfo(
        id="sample/failing",
        version="0.0.1",
        risk=Risk.ROBUSTNESS,
        title="Failing",
        question="What does the report say when a checker fails?",
        summary="It raises while it runs.",
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Always."""
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """One row."""
        return Cost(1, 16)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask, then raise."""
        ctx.model.predict(ctx.data.evaluation[:1])
        raise ZeroDivisionError("this checker fails while it runs")
        yield


@hookimpl
def modelaudit_checkers() -> list[Checker]:
    """Bring the failing checker."""
    return [Failing()]
