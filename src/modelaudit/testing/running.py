"""One checker on one subject: for a notebook, for a plugin's tests, for a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modelaudit.audit import Audit
from modelaudit.audit_report import AuditReport, Preset
from modelaudit.checker import Checker
from modelaudit.errors import PluginError
from modelaudit.hookspecs import hookimpl
from modelaudit.plugins import Plugins, registered
from modelaudit.results import CheckResult
from modelaudit.testing.contract.watch import Watch, Watched
from modelaudit.testing.defect import Defect, Subject
from modelaudit.testing.fake_model import FakeModel
from modelaudit.verdicts import Policy


def run_checker(checker: Checker, subject: Subject, *, seed: int = 0, preset: Preset = "quick") -> CheckResult:
    """Return the result of a checker on a subject, as an audit records it.

    Args:
        checker: an instance, registered or not.
        subject: the keyword arguments of `modelaudit.Audit`: `model` and `data`, and what goes with them. The model may
            be a `FakeModel`, and its rows dicts or `Row`s.
        preset: how much to spend.

    Raises:
        InputError: the subject can't be audited; the message says what, where and what to do next.
        PluginError: the checker lacks a part of the contract.
    """
    report = audited(checker, subject, seed=seed, preset=preset)
    return next(result for result in report.results if result.checker.id == checker.info.id)


def alarmed(checker: Checker, subject: Subject, defect: Defect, *, seed: int = 0, preset: Preset = "quick") -> bool:
    """Tell whether the audit of a subject finds that a limit of the checker's metrics is exceeded.

    The limits are the starter policy's and the defect's own, the metrics those that speak for the defect. A check that
    did not complete raises no alarm; ask `run_checker` for its reason.
    """
    return raises_alarm(
        audited(checker, subject, seed=seed, preset=preset, policy=defect.policy(checker.info.id)), checker, defect
    )


def raises_alarm(report: AuditReport, checker: Checker, defect: Defect) -> bool:
    """Tell whether a report says that a limit of the metrics which speak for the defect is exceeded."""
    return any(
        verdict.state == "exceeds limit"
        for verdict in report.judgement.verdicts
        if verdict.checker == checker.info.id and defect.metric in (None, verdict.metric)
    )


def audited(
    checker: Checker,
    subject: Subject,
    *,
    seed: int = 0,
    preset: Preset = "quick",
    policy: Policy | None = None,
    beside: Sequence[Checker] = (),
    watch: Watch | None = None,
) -> AuditReport:
    """Return the report of an audit by one checker, and by others before it; of no plugin that is installed.

    With a `watch`, it sees what the checker does to its surroundings while it runs.

    Raises:
        InputError, PluginError: as `run_checker` does.
    """
    checkers = (checker, *beside)
    bundled = {item.info.id: item.plugin for item in Plugins(installed=False).checkers()}
    strange = [each for each in checkers if each.info.id not in bundled]
    plugins = Plugins(extra={"given": _Bringing(strange)}, installed=False)
    if broken := next((record.reason for record in plugins.records() if record.status == "failed"), None):
        raise PluginError(broken)
    audit = _audit(subject, seed=seed, preset=preset, policy=policy, plugins=plugins)
    # One of a bundled kind may have options of its own.
    own, *others = (registered(each, bundled.get(each.info.id, "given")) for each in checkers)
    if watch is not None:
        own = replace(own, checker=Watched(own.checker, watch))
    audit.checkers = [*others, own]
    return audit.run().report


def _audit(subject: Subject, *, seed: int, preset: Preset, policy: Policy | None, plugins: Plugins) -> Audit:
    given: dict[str, Any] = {"project_file": False, "device": "cpu", **subject}
    fake = subject.get("model")
    if isinstance(fake, FakeModel):
        own = {name: value for name, value in subject.items() if value is not None}
        given = {"model": fake, "data": [], "project_file": False}
    audit = Audit(**given, seed=seed, preset=preset, policy=policy, plugins=plugins)
    if isinstance(fake, FakeModel):
        from modelaudit.testing.fake_subject import fake_subject

        # A fake model is no source that could be opened: it takes the place of the opened one.
        audit._subject = fake_subject(own, seed=seed, preset=preset)
    return audit


class _Bringing:
    """A plugin that brings these checkers."""

    def __init__(self, checkers: Sequence[Checker]) -> None:
        self._checkers = checkers

    @hookimpl
    def modelaudit_checkers(self) -> Sequence[Checker]:
        """Bring them."""
        return self._checkers
