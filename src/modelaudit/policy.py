"""Policy: judges results by the user's limits.

Checkers measure; this module is the only place that decides whether a number is a risk. Every verdict rests on an
interval: *within* where the whole interval lies inside the limit, *exceeds* where the whole
interval lies beyond it after Benjamini-Hochberg over all primary metrics of the audit, *inconclusive* otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from scipy.stats import norm

from modelaudit.results import CheckResult, Finding, Metric, Risk
from modelaudit.statistics import (
    OPEN_END,
    benjamini_hochberg,
    fcr_level,
    interval_at,
    p_above,
    p_below,
)
from modelaudit.verdicts import FamilyState, Gate, Judgement, Limit, Policy, State, Verdict, Waiver


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
        if finding.metric.primary or _asked_for(policy, result, finding.metric)
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
        idle_limits=idle_limits(results, policy),
        judged_on=today if policy.waiver else None,
    )


def limit_for(policy: Policy, checker: str, metric: Metric) -> Limit | None:
    """Return the limit on a metric: the one that names its group where there is one, else the general one."""
    matching = [limit for limit in policy.limit if (limit.checker, limit.metric) == (checker, metric.id)]
    exact = [limit for limit in matching if limit.group is not None and limit.group == metric.group]
    general = [limit for limit in matching if limit.group is None]
    return next(iter(exact + general), None)


def _asked_for(policy: Policy, result: CheckResult, metric: Metric) -> bool:
    """Tell whether the user's limit is on a supporting metric: by its group, or on one that is never primary."""
    limit = limit_for(policy, result.checker.id, metric)
    primary = any(other.metric.primary for other in result.findings if other.metric.id == metric.id)
    return limit is not None and (limit.group is not None or not primary)


def idle_limits(results: Sequence[CheckResult], policy: Policy) -> tuple[str, ...]:
    """Return a sentence for each limit that judged nothing, though its check ran or is not known at all."""
    by_id = {result.checker.id: result for result in results}
    idle = []
    for limit in policy.limit:
        result = by_id.get(limit.checker)
        if result is None:
            idle.append(f"{limit.name}: no check of this audit is called {limit.checker}.")
        elif _expected(result, limit) and not any(
            finding.metric.id == limit.metric and limit.group in (None, finding.metric.group)
            for finding in result.findings
        ):
            idle.append(f"{limit.name}: the check ran and gave no such metric.")
    return tuple(idle)


def _expected(result: CheckResult, limit: Limit) -> bool:
    """Tell whether a finding should have met the limit: a check may say that it gives a metric for other tasks."""
    return result.status == "completed" and (limit.group is not None or limit.metric not in result.checker.metrics)


def testable(finding: Finding) -> bool:
    """Tell whether a finding can be held against a limit at all."""
    return finding.confounded is None and finding.metric.value is not None and bool(finding.metric.bounds)


def p_value(metric: Metric, limit: Limit) -> float:
    """Return the two-sided p of the metric against its limit, from the grid of intervals.

    It is at most 1 - level exactly where the interval at that level lies wholly beyond the limit, so that no metric is
    said to exceed a limit that its printed interval still touches.
    """
    above = [] if limit.high is None else [p_above(metric.grid, limit.high)]
    below = [] if limit.low is None else [p_below(metric.grid, limit.low)]
    return min(1.0, 2.0 * min(above + below))


def separable(interval: tuple[float, float], limit: Limit, level: float) -> tuple[float | None, float | None]:
    """Return the values (below, above) from which this data tells the metric from its limit with 80% power.

    They follow from the interval's width; one is None where the limit has no such edge, both where the interval has no
    upper end.
    """
    if interval[1] == OPEN_END:
        return None, None
    z = float(norm.ppf((1 + level) / 2))
    distance = (interval[1] - interval[0]) / 2 * (z + float(norm.ppf(0.8))) / z
    return (
        None if limit.low is None else limit.low - distance,
        None if limit.high is None else limit.high + distance,
    )


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
    apart = separable(interval, limit, policy.level) if interval and limit and chance else (None, None)
    if limit is None:
        state, reason = "not assessed", "The policy sets no limit on this metric."
    elif finding.confounded is not None:
        state, reason = "inconclusive", f"Confounded: {finding.confounded}"
    elif interval is None or q is None:
        state, reason = "not assessed", metric.reason or "There is no interval."
    elif q <= policy.q:
        adjusted = interval_at(metric.grid, adjusted_level)
        severity = limit.severity_of(adjusted)
        state, reason, waiver = _exceeded(metric, result.checker.id, limit, policy, today)
    elif limit.holds(interval):
        state, reason = "within limit", f"The whole {policy.level:.0%} interval lies inside the limit ({limit.words})."
    else:
        state, reason = "inconclusive", _undecided(interval, limit, apart, tests)
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
        separable_below=apart[0],
        separable=apart[1],
        severity=severity,
        waiver=waiver.id if waiver else None,
        required=bool(limit and limit.required),
    )


def _undecided(
    interval: tuple[float, float], limit: Limit, apart: tuple[float | None, float | None], tests: int
) -> str:
    if limit.crossed(interval):
        reason = f"The interval reaches to both sides of the limit ({limit.words}): this data can't tell."
    else:
        reason = (
            f"The interval lies beyond the limit ({limit.words}), but not with all {tests} tests of this audit counted."
        )
    below, above = apart
    ends = [f"{below:.3g} or less" if below is not None else "", f"{above:.3g} or more" if above is not None else ""]
    if not any(ends):
        return reason
    return f"{reason} A value of about {' or '.join(filter(None, ends))} could have been told from the limit."


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
    beyond = metric.value < waiver.ceiling if limit.high is None else abs(metric.value) > waiver.ceiling
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


def gate(verdicts: Sequence[Verdict], results: Sequence[CheckResult], policy: Policy) -> Gate:
    """Return the exit code, the gravest first, with its reasons."""
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
        for limit in policy.limit
        if limit.required and not any(_answers(verdict, limit) for verdict in verdicts)
    )
    reasons = failed + exceeded + missing
    if failed:
        return Gate(exit_code=4, reasons=reasons)
    if exceeded:
        return Gate(exit_code=1, reasons=reasons)
    return Gate(exit_code=3 if missing else 0, reasons=reasons)


def _answers(verdict: Verdict, limit: Limit) -> bool:
    """Tell whether a verdict says something of what a limit is on, be it that its check has no answer."""
    if verdict.checker != limit.checker:
        return False
    return verdict.metric is None or (verdict.metric == limit.metric and limit.group in (None, verdict.group))


def _name(verdict: Verdict) -> str:
    parts = [verdict.checker, verdict.metric or "", f"({verdict.group})" if verdict.group else ""]
    return " ".join(part for part in parts if part)
