"""A finished audit, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelaudit.audit_report import AuditReport
from modelaudit.destinations import check_writable, write_whole
from modelaudit.errors import ModelAuditError, RiskGateError
from modelaudit.plugins import Plugins


class AuditOutcome:
    """A finished audit: its report, and what can be done with it.

    Args:
        report: the record.
        plugins: where renderers come from.
        read: files and folders that the audit read; `save` writes over none of them.
    """

    def __init__(self, report: AuditReport, plugins: Plugins | None = None, *, read: Sequence[Path] = ()) -> None:
        self.report = report
        self._plugins = plugins or Plugins()
        self._read = tuple(read)

    def save(self, *paths: str | Path) -> None:
        """Write the report to each path; the suffix picks the format (`.html`, `.json`, `.md`).

        Raises:
            OutputError: an unknown suffix, or a place that can't be written. No half-written file is left.
            PluginError: a renderer failed. The other files are written.
        """
        for path in paths:
            check_writable(path, self._plugins, read=self._read)
        failures: list[ModelAuditError] = []
        for path in paths:
            try:
                write_whole(path, self._plugins.render(Path(path).suffix.lower(), self.report))
            except ModelAuditError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def gate(self) -> None:
        """Return quietly where the policy's gate holds.

        Raises:
            RiskGateError: a checker failed (4), a limit is exceeded (1), or a required check is missing (3).
        """
        gate = self.report.judgement.gate
        if gate.exit_code:
            raise RiskGateError(gate.exit_code, gate.reasons)

    def _repr_html_(self) -> str:
        return self._plugins.render(".html", self.report)
