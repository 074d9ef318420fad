"""What the verdicts come to: the state of each family of risk, and the gate with its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from modelaudit.results import CheckResult, Risk
from modelaudit.verdicts import FamilyState, Gate, Limit, Policy, Verdict, in_force, unserved


def family_state(risk: Risk, verdicts: Sequence[Verdict], results: Sequence[CheckResult]) -> FamilyState:
    """Sum up one family. A failed, inconclusive or unassessed member keeps it from being within its limits."""
    errored = {result.checker.id for result in results if result.status == "errored"}
    own = [verdict for verdict in verdicts if verdict.risk == risk]
    counts = Counter[str](verdict.state for verdict in own if verdict.checker not in errored)
    failed = sum(result.checker.id in errored for result in results if result.checker.risk == risk)
    incomplete = bool(counts["inconclusive"] or counts["not assessed"] or failed)
    if counts["exceeds limit"]:
        state = "exceeds limit"
    elif failed or counts["inconclusive"] or (counts["not assessed"] and len(counts) > 1):
        state = "incomplete"
    elif counts["accepted risk"]:
        state = "accepted risk"
    else:
        state = "within limit" if counts["within limit"] else "not assessed"
    tallies = {name: count for name, count in sorted(counts.items()) if count} | ({"failed": failed} if failed else {})
    return FamilyState.model_validate({"risk": risk, "state": state, "incomplete": incomplete, "counts": tallies})


def gate(
    verdicts: Sequence[Verdict], results: Sequence[CheckResult], policy: Policy, *, use_case: str | None = None
) -> Gate:
    """Return the exit code, the gravest first, with its reasons.

    Where the declared use case is none of the policy's, what their limits require is missing: a misspelt name must not
    let it disappear.
    """
    failed = tuple(f"{result.checker.id} failed: {result.reason}" for result in results if result.status == "errored")
    exceeded = tuple(
        f"{_name(verdict)} exceeds its limit ({verdict.limit})"
        for verdict in verdicts
        if verdict.state == "exceeds limit"
    )
    missing = tuple(
        f"{_name(verdict)} is required but {verdict.state}"
        for verdict in verdicts
        if verdict.required and verdict.state in ("inconclusive", "not assessed")
    ) + tuple(
        f"{limit.name} is required but did not run"
        for limit in in_force(policy.limit, use_case)
        if limit.required and not any(_answers(verdict, limit) for verdict in verdicts)
    )
    missing += tuple(
        f"{limit.name} is required but {_undeclared(use_case)}" for limit in unserved(policy.limit, use_case)
    )
    judged = {verdict.checker for verdict in verdicts if verdict.limit is not None or verdict.metric is None}
    inapplicable = {result.checker.id for result in results if result.status == "not applicable"}
    missing += tuple(
        f"{requirement.checker} is required but {_unanswered(requirement.checker, results)}"
        for requirement in policy.require
        if requirement.checker not in judged | (inapplicable if requirement.where_applicable else set())
    )
    reasons = failed + exceeded + missing
    if failed:
        return Gate(exit_code=4, reasons=reasons)
    if exceeded:
        return Gate(exit_code=1, reasons=reasons)
    return Gate(exit_code=3 if missing else 0, reasons=reasons)


def _unanswered(checker: str, results: Sequence[CheckResult]) -> str:
    """Say why a required check has no verdict at all."""
    result = next((result for result in results if result.checker.id == checker), None)
    if result is None:
        return "is no check of this audit"
    return "none of its metrics has a limit" if result.status == "completed" else f"is {result.status}: {result.reason}"


def _undeclared(use_case: str | None) -> str:
    """Say that no use case of the policy is declared; a name is cut, as it may be of any length."""
    if use_case is None:
        return "no use case is declared"
    return f"the policy knows no use case called {use_case[:80]}"


def _answers(verdict: Verdict, limit: Limit) -> bool:
    """Tell whether a verdict says something of what a limit is on, be it that its check has no answer."""
    if verdict.checker != limit.checker:
        return False
    return verdict.metric is None or (verdict.metric == limit.metric and limit.group in (None, verdict.group))


def _name(verdict: Verdict) -> str:
    parts = [verdict.checker, verdict.metric or "", f"({verdict.group})" if verdict.group else ""]
    return " ".join(part for part in parts if part)


def called_for(policy: Policy, checker: str) -> bool:
    """Tell whether the policy requires that a check gives an answer."""
    return any(requirement.checker == checker for requirement in policy.require)
