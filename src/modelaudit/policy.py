"""Policy: reads the user's limits and judges results by them.

Checkers measure; this module is the only place that decides whether a number is a risk. Every verdict rests on an
interval: *within* where the whole interval lies inside the limit, *exceeds* where the whole
interval lies beyond it after Benjamini-Hochberg over all primary metrics of the audit, *inconclusive* otherwise.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from pydantic import ValidationError
from scipy.stats import norm

from modelaudit.errors import PolicyError
from modelaudit.results import CheckResult, Finding, Metric, Risk
from modelaudit.statistics import (
    benjamini_hochberg,
    fcr_level,
    interval_at,
    p_above,
    p_below,
)
from modelaudit.verdicts import FamilyState, Gate, Judgement, Limit, Policy, Severity, State, Verdict, Waiver


def load_policy(path: str | Path | None = None) -> Policy:
    """Read a policy file (TOML), or the starter policy where none is given.

    Raises:
        PolicyError: the file can't be read, is no TOML, or has an unknown key or a missing value.
    """
    if path is None:
        raw = resources.files("modelaudit").joinpath("policies", "starter.toml").read_bytes()
        where = "the starter policy"
    else:
        where = f"policy {path}"
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise PolicyError(f"{where} can't be read: {error.strerror}. Give the path of a TOML file.") from error
    return parse_policy(raw, where=where)


def parse_policy(raw: bytes, *, where: str) -> Policy:
    """Parse and check the bytes of a policy file; `where` names it in errors."""
    try:
        content = tomllib.loads(raw.decode())
        if "sha256" in content:
            raise PolicyError(f"{where}: unknown key 'sha256'. Remove it: the hash is computed.")
        policy = Policy.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{where} is not valid TOML: {error}. Mend that line.") from error
    except ValidationError as error:
        raise PolicyError(f"{where}: {_first_fault(error)}") from error
    keys = Counter((limit.checker, limit.metric, limit.group) for limit in policy.limit)
    doubled = [f"{checker} {metric}" for (checker, metric, _), count in keys.items() if count > 1]
    if doubled:
        raise PolicyError(f"{where} sets two limits on {doubled[0]}. Keep one, or give them different groups.")
    return policy.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})


def _first_fault(error: ValidationError) -> str:
    faults = error.errors()
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key '{place}'. Correct its spelling or remove it; docs/policy.md lists the keys."
    if fault["type"] == "missing":
        return f"'{place}' is missing. Add it; docs/policy.md lists the keys."
    return f"'{place}': {fault['msg']}. docs/policy.md lists the keys."


def judge(results: Sequence[CheckResult], policy: Policy, *, today: dt.date | None = None) -> Judgement:
    """Judge all results of one audit together.

    The family that multiplicity is controlled over is every primary metric of the audit that has a limit and an
    interval and is not confounded. Intervals of exceeded limits are shown at the level 1 - q·R/m as well
    (Benjamini and Yekutieli 2005), where R of m limits are exceeded.
    """
    today = today or dt.datetime.now(tz=dt.UTC).date()
    primaries = [
        (result, finding, limit_for(policy, result.checker.id, finding.metric))
        for result in results
        for finding in result.findings
        if finding.metric.primary
    ]
    tested = [limit is not None and testable(finding) for _, finding, limit in primaries]
    p_values = [
        p_value(finding.metric, limit)
        for (_, finding, limit), test in zip(primaries, tested, strict=True)
        if test and limit is not None
    ]
    q_values = [float(q) for q in benjamini_hochberg(p_values)] if p_values else []
    exceeded = sum(q <= policy.q for q in q_values)
    adjusted_level = fcr_level(exceeded, len(p_values), q=policy.q) if p_values else policy.level
    chances = iter(zip(p_values, q_values, strict=True))
    verdicts = [
        _verdict(result, finding, limit, policy, next(chances) if test else None, adjusted_level, len(p_values), today)
        for (result, finding, limit), test in zip(primaries, tested, strict=True)
    ]
    verdicts += [_unassessed(result, policy) for result in results if result.status in ("skipped", "errored")]
    verdicts.sort(key=lambda verdict: (list(Risk).index(verdict.risk), verdict.checker))
    families = tuple(
        family_state(risk, verdicts, results) for risk in Risk if any(r.checker.risk == risk for r in results)
    )
    return Judgement(
        verdicts=tuple(verdicts),
        families=families,
        gate=gate(verdicts, results, policy),
        level=policy.level,
        q=policy.q,
        family_size=len(p_values),
        exceeded=exceeded,
        judged_on=today if policy.waiver else None,
    )


def limit_for(policy: Policy, checker: str, metric: Metric) -> Limit | None:
    """Return the limit on a metric: the one that names its group where there is one, else the general one."""
    matching = [limit for limit in policy.limit if (limit.checker, limit.metric) == (checker, metric.id)]
    exact = [limit for limit in matching if limit.group is not None and limit.group == metric.group]
    general = [limit for limit in matching if limit.group is None]
    return next(iter(exact + general), None)


def testable(finding: Finding) -> bool:
    """Tell whether a finding can be held against a limit at all."""
    return finding.confounded is None and finding.metric.value is not None and bool(finding.metric.bounds)


def p_value(metric: Metric, limit: Limit) -> float:
    """Return the two-sided p of the metric against its limit, from the grid of intervals.

    It is at most 1 - level exactly where the interval at that level lies wholly beyond the limit, so that no metric is
    said to exceed a limit that its printed interval still touches.
    """
    if limit.max is not None:
        beyond = p_above(metric.grid, limit.max)
    elif limit.min is not None:
        beyond = p_below(metric.grid, limit.min)
    else:
        width = limit.within or 0.0
        beyond = min(p_above(metric.grid, width), p_below(metric.grid, -width))
    return min(1.0, 2.0 * beyond)


def separable(interval: tuple[float, float], limit: Limit, level: float) -> float:
    """Return the value from which this data tells the metric from its limit with 80% power, by its interval's width."""
    z = float(norm.ppf((1 + level) / 2))
    distance = (interval[1] - interval[0]) / 2 * (z + float(norm.ppf(0.8))) / z
    if limit.min is not None:
        return limit.min - distance
    return (limit.max if limit.max is not None else limit.within or 0.0) + distance


def inside(interval: tuple[float, float], limit: Limit) -> bool:
    """Tell whether the whole interval lies inside the limit."""
    low, high = interval
    if limit.max is not None:
        return high <= limit.max
    if limit.min is not None:
        return low >= limit.min
    return limit.within is not None and -limit.within <= low and high <= limit.within


def crosses(interval: tuple[float, float], limit: Limit) -> bool:
    """Tell whether the interval holds values on both sides of the limit."""
    low, high = interval
    edges = [edge for edge in (limit.max, limit.min) if edge is not None] or [
        limit.within or 0.0,
        -(limit.within or 0.0),
    ]
    return any(low <= edge <= high for edge in edges)


def severity_of(adjusted: tuple[float, float], limit: Limit) -> Severity:
    """Return how far a limit is exceeded, read from the adjusted interval's bound nearest to the limit."""
    low, high = adjusted
    for name in ("high", "medium"):
        threshold = limit.severity.get(name)
        if threshold is None:
            continue
        if limit.max is not None:
            beyond = low >= threshold
        elif limit.min is not None:
            beyond = high <= threshold
        else:
            beyond = max(low, -high) >= threshold
        if beyond:
            return name
    return "low"


def _verdict(
    result: CheckResult,
    finding: Finding,
    limit: Limit | None,
    policy: Policy,
    chance: tuple[float, float] | None,
    adjusted_level: float,
    tests: int,
    today: dt.date,
) -> Verdict:
    metric = finding.metric
    state: State
    severity, waiver, adjusted = None, None, None
    interval = interval_at(metric.grid, policy.level) if metric.bounds else None
    p, q = chance or (None, None)
    apart = separable(interval, limit, policy.level) if interval and limit and chance else None
    if limit is None:
        state, reason = "not assessed", "The policy sets no limit on this metric."
    elif finding.confounded is not None:
        state, reason = "inconclusive", f"Confounded: {finding.confounded}"
    elif interval is None or q is None:
        state, reason = "not assessed", metric.reason or "There is no interval."
    elif q <= policy.q:
        adjusted = interval_at(metric.grid, adjusted_level)
        severity = severity_of(adjusted, limit)
        state, reason, waiver = _exceeded(metric, result.checker.id, limit, policy, today)
    elif inside(interval, limit):
        state, reason = "within limit", f"The whole {policy.level:.0%} interval lies inside the limit ({limit.words})."
    else:
        state, reason = "inconclusive", _undecided(interval, limit, apart or 0.0, tests)
    return Verdict(
        checker=result.checker.id,
        metric=metric.id,
        group=metric.group,
        risk=result.checker.risk,
        state=state,
        reason=reason,
        limit=limit.words if limit else None,
        interval=interval,
        adjusted=adjusted,
        p=p,
        q=q,
        separable=apart,
        severity=severity,
        waiver=waiver.id if waiver else None,
        required=bool(limit and limit.required),
    )


def _undecided(interval: tuple[float, float], limit: Limit, apart: float, tests: int) -> str:
    if crosses(interval, limit):
        reason = f"The interval reaches to both sides of the limit ({limit.words}): this data can't tell."
    else:
        reason = (
            f"The interval lies beyond the limit ({limit.words}), but not with all {tests} tests of this audit counted."
        )
    return f"{reason} From about {apart:.3g} on it could have told."


def _exceeded(
    metric: Metric, checker: str, limit: Limit, policy: Policy, today: dt.date
) -> tuple[State, str, Waiver | None]:
    reason = f"The interval lies beyond the limit ({limit.words}), with all of this audit's tests counted."
    for waiver in policy.waiver:
        if (waiver.checker, waiver.metric) != (checker, metric.id) or waiver.group not in (None, metric.group):
            continue
        void = _void(waiver, metric, limit, today)
        if void is None:
            return "accepted risk", f"Accepted by {waiver.owner} until {waiver.expires}: {waiver.reason}", waiver
        reason += f" Waiver {waiver.id} does not hold: {void}."
    return "exceeds limit", reason, None


def _void(waiver: Waiver, metric: Metric, limit: Limit, today: dt.date) -> str | None:
    if today < waiver.created:
        return f"it starts on {waiver.created}"
    if today > waiver.expires:
        return f"it expired on {waiver.expires}"
    if waiver.ceiling is None or metric.value is None:
        return None
    beyond = metric.value < waiver.ceiling if limit.min is not None else abs(metric.value) > waiver.ceiling
    return f"the value {metric.value:.3g} is beyond its ceiling {waiver.ceiling:g}" if beyond else None


def _unassessed(result: CheckResult, policy: Policy) -> Verdict:
    reason = result.reason or ""
    return Verdict(
        checker=result.checker.id,
        metric=None,
        group=None,
        risk=result.checker.risk,
        state="not assessed",
        reason=f"The check failed: {reason}" if result.status == "errored" else reason,
        required=any(limit.required and limit.checker == result.checker.id for limit in policy.limit),
    )


def family_state(risk: Risk, verdicts: Sequence[Verdict], results: Sequence[CheckResult]) -> FamilyState:
    """Sum up one family. A failed, inconclusive or unassessed member keeps it from being within its limits."""
    counts = Counter[str](verdict.state for verdict in verdicts if verdict.risk == risk)
    failed = sum(result.status == "errored" for result in results if result.checker.risk == risk)
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


def gate(verdicts: Sequence[Verdict], results: Sequence[CheckResult], policy: Policy) -> Gate:
    """Return the exit code, the gravest first, with its reasons."""
    failed = tuple(f"{result.checker.id} failed: {result.reason}" for result in results if result.status == "errored")
    exceeded = tuple(
        f"{_name(verdict)} exceeds its limit ({verdict.limit})"
        for verdict in verdicts
        if verdict.state == "exceeds limit"
    )
    judged = {(verdict.checker, verdict.metric) for verdict in verdicts}
    missing = tuple(
        f"{_name(verdict)} is required but {verdict.state}"
        for verdict in verdicts
        if verdict.required and verdict.state in ("inconclusive", "not assessed")
    ) + tuple(
        f"{limit.checker} {limit.metric} is required but did not run"
        for limit in policy.limit
        if limit.required and (limit.checker, limit.metric) not in judged and (limit.checker, None) not in judged
    )
    reasons = failed + exceeded + missing
    if failed:
        return Gate(exit_code=4, reasons=reasons)
    if exceeded:
        return Gate(exit_code=1, reasons=reasons)
    return Gate(exit_code=3 if missing else 0, reasons=reasons)


def _name(verdict: Verdict) -> str:
    parts = [verdict.checker, verdict.metric or "", f"({verdict.group})" if verdict.group else ""]
    return " ".join(part for part in parts if part)
