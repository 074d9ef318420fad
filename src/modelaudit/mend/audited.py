"""An audit made for a comparison: its report, and what came of each row."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modelaudit.audit import Audit
from modelaudit.audit_report import AuditReport, SubjectInfo
from modelaudit.comparison import Comparison
from modelaudit.mend.located import Located
from modelaudit.monitoring import RowKey, RowOutcomes, compare, row_outcomes
from modelaudit.outcome import AuditOutcome
from modelaudit.runner import Listener

SAME = 1e-9
"""Two values of one number differ by no more where the audit came out the same."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One finished audit. `model` is what was audited."""

    outcome: AuditOutcome
    rows: RowOutcomes
    model: str | Path

    @property
    def report(self) -> AuditReport:
        """The record."""
        return self.outcome.report


def audit(
    model: str | Path,
    located: Located,
    *,
    only: tuple[str, ...] | None,
    language: str,
    key: RowKey,
    check: Callable[[SubjectInfo], None] | None = None,
    listener: Listener | None = None,
) -> Audited:
    """Audit a model as the report's was; `check` looks at what was opened before anything is asked."""
    made = Audit(
        model,
        located.data,
        train_data=located.members,
        heldout_data=located.heldout_data,
        base_model=located.base_model,
        language=language,
        project_file=False,
        **{**located.columns, **located.settings},
    )
    if check is not None:
        check(made.subject.info)
    outcome = made.run(only=only, listener=listener)
    return Audited(outcome, row_outcomes(made.subject, key), model)


def difference(before: Audited, after: Audited) -> Comparison:
    """Return what changed from one audit to the other; rows, and what risks rest on, are paired."""
    return compare(before.report, after.report, before.rows, after.rows)


def differing(report: AuditReport, again: AuditReport) -> tuple[int, tuple[str, ...]]:
    """Return how many judged numbers a report has, and the names of those that came out otherwise when done again."""
    first, second = _numbers(report), _numbers(again)
    other = [
        " · ".join(part for part in key if part)
        for key, value in first.items()
        if key not in second or not _alike(value, second[key])
    ]
    return len(first), tuple(other)


def _numbers(report: AuditReport) -> dict[tuple[str, str, str | None], float | None]:
    return {
        (result.checker.id, finding.metric.id, finding.metric.group): finding.metric.value
        for result in report.results
        for finding in result.findings
        if finding.metric.primary
    }


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
