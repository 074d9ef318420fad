"""A finished audit, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelaudit.audit_report import AuditReport
from modelaudit.destinations import check_place, check_writable, write_report
from modelaudit.errors import InputError, ModelAuditError, RiskGateError
from modelaudit.framing import framed
from modelaudit.plugins import Plugins
from modelaudit.reports.words import speaking

if TYPE_CHECKING:
    from modelaudit.subject.subject import Subject


class AuditOutcome:
    """A finished audit: its report, and what can be done with it.

    Args:
        report: the record.
        plugins: where renderers come from.
        read: files and folders that the audit read; `save` writes over none of them.
        language: of what is written for a reader, `en` or `zh`.
        subject: what was audited, where the audit was run in this process; `save_rows` asks it.
    """

    def __init__(
        self,
        report: AuditReport,
        plugins: Plugins | None = None,
        *,
        read: Sequence[Path] = (),
        language: str = "en",
        subject: Subject | None = None,
    ) -> None:
        self.report = report
        self._plugins = plugins or Plugins()
        self._read = tuple(read)
        self._language = language
        self._subject = subject

    def save(self, *paths: str | Path) -> None:
        """Write the report to each path; the end of its name picks the format (docs/formats.md lists them).

        Raises:
            OutputError: an unknown suffix, or a place that can't be written. No half-written file is left.
            PluginError: a renderer failed. The other files are written.
        """
        for path in paths:
            check_writable(path, self._plugins, read=self._read)
        failures: list[ModelAuditError] = []
        for path in paths:
            try:
                with speaking(self._language):
                    write_report(path, self.report, self._plugins)
            except ModelAuditError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def save_rows(self, path: str | Path, key_file: str | Path | None = None) -> None:
        """Write what the model answered to each row, by keyed hashes and without text, to compare audits row by row.

        Args:
            path: where to write; see docs/compare.md.
            key_file: file with the key, by default the environment's MODELAUDIT_ROW_KEY.

        Raises:
            InputError: there is no key, or the report was read from a file.
            OutputError: the place can't be written.
        """
        from modelaudit.monitoring import RowKey, row_outcomes, write_row_file

        if self._subject is None:
            raise InputError("rows can be saved right after an audit alone, and this report was read from a file")
        check_place(Path(path), read=self._read)
        write_row_file(path, row_outcomes(self._subject, RowKey.read(key_file)), self.report)

    def gate(self) -> None:
        """Return quietly where the policy's gate holds.

        Raises:
            RiskGateError: a checker failed (4), a limit is exceeded (1), or a required check is missing (3).
        """
        gate = self.report.judgement.gate
        if gate.exit_code:
            raise RiskGateError(gate.exit_code, gate.reasons)

    def _repr_html_(self) -> str:
        with speaking(self._language):
            page = self._plugins.render(".html", self.report)
        return framed(str(page), title=self.report.subject.model.name)
