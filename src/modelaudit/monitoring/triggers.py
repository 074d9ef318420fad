"""Triggers: what makes the audit that a watch leans on out of date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from modelaudit.audit_report import AuditReport, ModelInfo
from modelaudit.frameworks import frameworks
from modelaudit.monitoring.live_rows import LiveRow
from modelaudit.monitoring.look import Trigger
from modelaudit.monitoring.watched_model import changed_parts


def triggers_of(
    report: AuditReport, model: ModelInfo | None, rows: Sequence[LiveRow], *, today: dt.date
) -> tuple[Trigger, ...]:
    """Return the reasons to audit again, but for an alarm.

    Args:
        model: what was asked at this look, or None. rows: the live rows, whose times are read where they have some.
    """
    found = []
    if model is not None and (parts := changed_parts(model, report.subject.model)):
        found.append(
            Trigger(kind="model", reason=f"The model's {' and '.join(parts)} are not those of the audited model.")
        )
    if older := _older(report, rows):
        found.append(
            Trigger(kind="data", reason=f"{older:,} live rows are older than the audit, so they are no rows after it.")
        )
    expired = [waiver for waiver in report.policy.waiver if waiver.expires < today]
    found += [
        Trigger(kind="waiver", reason=f"Waiver {each.id[:60]} of {each.owner[:60]} expired on {each.expires}.")
        for each in expired
    ]
    outdated = [each.id for each in frameworks() if each.outdated(today)]
    if outdated:
        found.append(
            Trigger(kind="mapping", reason=f"Past the day to be read anew: the mappings of {', '.join(outdated)}.")
        )
    return tuple(found)


def _older(report: AuditReport, rows: Sequence[LiveRow]) -> int:
    """Return how many live rows bear a time before the audit began."""
    try:
        began = dt.datetime.fromisoformat(report.run.started)
    except ValueError:
        return 0
    began = began if began.tzinfo else began.replace(tzinfo=dt.UTC)
    return sum(row.when is not None and row.when < began for row in rows)
