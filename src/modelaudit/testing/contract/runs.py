"""The runs: audits of one checker that all checks share, each made when it is first asked for and once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from modelaudit.checker import Checker
from modelaudit.results import CheckResult
from modelaudit.testing.contract.watch import Watch
from modelaudit.testing.defect import Defect, Subject

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport

SEED = 0
TABLE_ROWS = ("data", "train_data", "heldout_data")
"""The tables of rows that a subject may have."""


class Runs:
    """The audits of a checker.

    Args:
        checker: an instance.
        defect: what it is meant to find; by default the standard defect of its family of risk.
        subject: what it is asked about; by default the defect in its full strength.
    """

    def __init__(self, checker: Checker, *, defect: Defect | None = None, subject: Subject | None = None) -> None:
        self.checker = checker
        self.watch = Watch()
        self._defect = defect
        self._given = subject
        self._made: dict[Hashable, AuditReport | Exception] = {}

    @cached_property
    def defect(self) -> Defect | None:
        """The defect that the checker is meant to find; None where none is given and its risk has no standard one."""
        from modelaudit.testing.defects import defect_of

        return self._defect or defect_of(self.checker.info.risk)

    @cached_property
    def subject(self) -> Subject:
        """What the checker is asked about."""
        from modelaudit.testing.defects import BIASED

        return (self.defect or BIASED).defective(SEED) if self._given is None else self._given

    @property
    def has_subject_of_its_own(self) -> bool:
        """Whether the subject was handed in, and is not the defect's."""
        return self._given is not None

    @property
    def report(self) -> AuditReport:
        """The audit of the subject, during which the checker was watched."""
        return self.once("the subject", lambda: self._audited(self.subject, watch=self.watch))

    @property
    def result(self) -> CheckResult:
        """The checker's result on the subject."""
        return self.of(self.report)

    @property
    def completed(self) -> CheckResult:
        """The checker's result on the subject, which it could measure.

        Raises:
            AssertionError: it could not, so that there is nothing to check.
        """
        result = self.result
        if result.status != "completed":
            raise AssertionError(
                f"{result.checker.id} could not measure the subject that it is tried on ({result.status}: "
                f"{result.reason}). Mend that first, or hand in a subject that it can measure: "
                "conformance(checker, subject={'model': ..., 'data': ...})."
            )
        return result

    def audited(self, key: Hashable, subject: Callable[[], Subject], **options: Any) -> AuditReport:
        """Return the audit of another subject; one a key."""
        return self.once(key, lambda: self._audited(subject(), **options))

    def of(self, report: AuditReport) -> CheckResult:
        """Return the checker's own result in a report."""
        return next(result for result in report.results if result.checker.id == self.checker.info.id)

    def once(self, key: Hashable, make: Callable[[], AuditReport]) -> AuditReport:
        """Return what was made under this key, or make it; what could not be made fails again in the same way."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except Exception as error:  # noqa: BLE001  kept, and raised below
                self._made[key] = error
        made = self._made[key]
        if isinstance(made, Exception):
            raise made
        return made

    def _audited(self, subject: Subject, *, watch: Watch | None = None, **options: Any) -> AuditReport:
        from modelaudit.testing.running import audited

        policy = None if self.defect is None else self.defect.policy(self.checker.info.id)
        return audited(self.checker, subject, seed=SEED, policy=policy, watch=watch, **options)


def rows_of(subject: Mapping[str, Any], table: str = "data") -> list[dict[str, Any]]:
    """Return the rows of a table of a subject as dicts.

    Raises:
        AssertionError: they are no list of dicts.
    """
    rows = subject.get(table)
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise AssertionError(
            f"the rows of {table!r} are no list of dicts, so that they can't be changed; hand in "
            "subject={'model': ..., 'data': [{'text': ..., 'label': ...}, ...]}"
        )
    return [dict(row) for row in rows]


def texts_of(subject: Mapping[str, Any], table: str) -> list[str]:
    """Return all texts in the cells of a table of a subject, words joined by one space; none where it has no rows."""
    rows = subject.get(table)
    if not isinstance(rows, list | tuple):
        return []
    cells = [cell for row in rows if isinstance(row, Mapping) for cell in row.values()]
    words = [" ".join(map(str, cell)) if isinstance(cell, list | tuple) else cell for cell in cells]
    return [cell for cell in words if isinstance(cell, str)]
