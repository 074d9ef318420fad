"""An assertion on a report: what does not lie within its limits, in the words of the report."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.audit_report import AuditReport
from modelaudit.errors import InputError
from modelaudit.gating import gate
from modelaudit.outcome import AuditOutcome
from modelaudit.results import Risk
from modelaudit.verdicts import Gate, Verdict


class LimitsExceeded(AssertionError):
    """A report does not lie within its limits; `verdicts` are those that do not, the gravest first."""

    def __init__(self, message: str, verdicts: tuple[Verdict, ...]) -> None:
        self.verdicts = verdicts
        super().__init__(message)


def assert_within_limits(audited: AuditOutcome | AuditReport, *names: str, answered: bool = False) -> None:
    """Return quietly where no limit is exceeded and no check failed.

    Args:
        audited: an outcome, or a report that was loaded.
        names: families and checker ids that count, by default all. One that is not in the report is an error, since a
            misspelt name would hold for ever.
        answered: whether an inconclusive or unassessed verdict fails as well. What the policy requires an answer to
            does in either case, be it that its check did not run or is none of the audit's.

    Raises:
        LimitsExceeded: an AssertionError that lists what exceeds its limit, failed or gave no answer, with interval
            and limit.
        InputError: a name is neither a family nor a check of the report.
    """
    report = audited.report if isinstance(audited, AuditOutcome) else audited
    _check_names(report, names)
    failing = [
        verdict
        for verdict in report.judgement.verdicts
        if _counts(verdict.checker, verdict.risk, names) and _fails(verdict, answered=answered)
    ]
    held = _gate(report, names)
    if not failing and not held.exit_code:
        return
    failing.sort(key=lambda verdict: (verdict.state != "exceeds limit", -verdict.grade))
    # What the gate alone knows: a check that failed, and an answer that is required and has no verdict at all.
    lines = [reason for reason in held.reasons if not any(_named(verdict, reason) for verdict in failing)]
    lines += [_line(verdict) for verdict in failing]
    head = f"{report.subject.model.name}: {len(lines)} of the policy's limits ({report.policy.id}) do not hold"
    raise LimitsExceeded("\n  ".join([head, *lines]), tuple(failing))


def _check_names(report: AuditReport, names: Sequence[str]) -> None:
    known = {risk.value for risk in Risk} | {result.checker.id for result in report.results}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            f"{unknown[0]!r:.60} is neither a family nor a check of this report: {', '.join(sorted(known))}"
        )


def _gate(report: AuditReport, names: Sequence[str]) -> Gate:
    """The gate of the report, or what it would be if the families and checks that are named were all."""
    if not names:
        return report.judgement.gate
    results = [result for result in report.results if _counts(result.checker.id, result.checker.risk, names)]
    checkers = {result.checker.id for result in results}
    policy = report.policy.model_copy(
        update={
            "limit": tuple(limit for limit in report.policy.limit if limit.checker in checkers),
            "require": tuple(each for each in report.policy.require if each.checker in checkers),
        }
    )
    verdicts = [verdict for verdict in report.judgement.verdicts if verdict.checker in checkers]
    return gate(verdicts, results, policy, use_case=report.subject.declared.use_case)


def _named(verdict: Verdict, reason: str) -> bool:
    """Whether a reason of the gate is on this verdict."""
    group = f" ({verdict.group})" if verdict.group else ""
    return reason.startswith(f"{verdict.checker} {verdict.metric}{group} ")


def _counts(checker: str, risk: Risk, names: Sequence[str]) -> bool:
    return not names or checker in names or risk.value in names


def _fails(verdict: Verdict, *, answered: bool) -> bool:
    unanswered = verdict.state in ("inconclusive", "not assessed")
    return verdict.state == "exceeds limit" or (unanswered and (answered or verdict.required))


def _line(verdict: Verdict) -> str:
    name = " · ".join(part for part in (verdict.checker, verdict.metric, verdict.group) if part)
    severity = f" ({verdict.severity})" if verdict.severity else ""
    interval = "" if verdict.interval is None else f": {verdict.interval[0]:.3g} to {verdict.interval[1]:.3g}"
    limit = "" if verdict.limit is None else f", limit {verdict.limit}"
    why = "" if verdict.state == "exceeds limit" else f". {verdict.reason}"
    return f"{verdict.state}{severity}: {name}{interval}{limit}{why}"
