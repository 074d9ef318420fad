"""Two audits in one process, paired by what each row, document or name adds to either number.

A report in memory knows the influence of every unit on its numbers, and one that was read from a file does not. So the
two audits of a model before and after it was mended are paired without row files.
"""

from __future__ import annotations

from modelaudit.audit_report import AuditReport, TableInfo
from modelaudit.results import CheckResult
from modelaudit.statistics import Estimate, paired_audits

ANOTHER_CHOICE = "; not paired, since another of several was the largest in the second audit"
"""What a method says of a number that is the largest of several, where two were chosen."""


def paired(before: Estimate, after: Estimate, *, sizes: bool) -> Estimate | None:
    """Return the difference taken by unit, of distances from 0 where `sizes` is set; None where it can't be."""
    return paired_audits(before, after, sizes=sizes)


def other_choice(before: Estimate, after: Estimate) -> bool:
    """Tell whether both numbers are known by unit, and are of two choices."""
    one, other = before.influence, after.influence
    return one is not None and other is not None and one.choice != other.choice


def same_units(before: AuditReport, after: AuditReport, result: CheckResult) -> bool:
    """Tell whether rows of one id are one row for a check in both audits.

    Evaluation rows are, or nothing is compared. Training rows may have been changed between the audits.
    """
    if "members" not in result.checker.needs:
        return True
    return _sha(before.subject.members) == _sha(after.subject.members)


def _sha(table: TableInfo | None) -> str | None:
    return None if table is None else table.sha256
