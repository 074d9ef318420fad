"""Policy: judges results by the user's limits.

Checkers measure; this module is the only place that decides whether a number is a risk. Every verdict rests on an
interval: *within* where the whole interval lies inside the limit, *exceeds* where the whole
interval lies beyond it after Benjamini-Hochberg over all primary metrics of the audit, *inconclusive* otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

from modelaudit.audit_report import AuditReport
from modelaudit.gating import called_for, family_state, gate
from modelaudit.results import CheckResult, Finding, Metric, Risk
from modelaudit.statistics import (
    OPEN_END,
    benjamini_hochberg,
    fcr_level,
    interval_at,
    p_above,
    p_below,
)
from modelaudit.verdicts import Judgement, Limit, Policy, State, Verdict, Waiver, in_force
from modelaudit.waivers import accepted, idle_waivers, void, waivers_on


@dataclass(frozen=True, slots=True)
class _Terms:
    """What one audit is judged by: the policy with the limits of the declared use case, those of others, the rest."""

    policy: Policy
    others: tuple[Limit, ...]
    weights: str | None
    today: dt.date
    adjusted_level: float = 0.0
    tests: int = 0


def judge(
    results: Sequence[CheckResult],
    policy: Policy,
    *,
    today: dt.date | None = None,
    use_case: str | None = None,
    weights: str | None = None,
) -> Judgement:
    """Judge all results of one audit together.

    Args:
        results: of all checks of the audit.
        policy: the limits and waivers.
        today: the day that waivers are read on; by default today's date in UTC.
        use_case: the declared one; limits that name it stand in the place of those for all, and limits of others are
            not applied.
        weights: SHA-256 of the audited model's weights, or None where it has none; waivers may be for one model.

    The family that multiplicity is controlled over is every primary metric of the audit that has a limit and an
    interval and is not confounded. Intervals of exceeded limits are shown at the level 1 - q·R/m as well
    (Benjamini and Yekutieli 2005), where R of m limits are exceeded.
    """
    today = today or dt.datetime.now(tz=dt.UTC).date()
    whole, policy = policy, policy.model_copy(update={"limit": policy.limits_for(use_case)})
    primaries = [
        (result, finding, _closest(policy.limit, result.checker.id, finding.metric))
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
    others = tuple(limit for limit in whole.limit if not limit.serves(use_case))
    terms = _Terms(policy, others, weights, today, adjusted_level, len(p_values))
    verdicts = [
        _verdict(result, finding, limit, next(chances) if test else None, terms)
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
        gate=gate(verdicts, results, whole, use_case=use_case),
        level=policy.level,
        q=policy.q,
        family_size=len(p_values),
        exceeded=exceeded,
        idle_limits=idle_limits(results, policy),
        other_use_cases=other_use_cases(whole, use_case),
        idle_waivers=idle_waivers(results, verdicts, policy),
        judged_on=today if policy.waiver else None,
    )


def rejudged(report: AuditReport, policy: Policy, *, today: dt.date | None = None) -> AuditReport:
    """Return a report judged by another policy; it needs no model.

    The declared use case and the model's hash are the report's. A comparison with an earlier audit rests on the states
    that the old policy gave, and is left out. The judgement says where limits were put in place after the results
    were known.
    """
    subject = report.subject
    judgement = judge(
        report.results,
        policy,
        today=today,
        use_case=subject.declared.use_case,
        weights=subject.model.weights_sha256,
    )
    same = bool(policy.sha256) and policy.sha256 == report.policy.sha256
    again = report.judgement.judged_again or not same
    return report.model_copy(
        update={
            "policy": policy,
            "judgement": judgement.model_copy(update={"judged_again": again}),
            "comparison": report.comparison if same else None,
        }
    )


def limit_for(policy: Policy, checker: str, metric: Metric, use_case: str | None = None) -> Limit | None:
    """Return the limit on a metric: what is said of its group and the declared use case wins.

    The order is: group and use case, group, use case, neither. A group is a part of what is measured, and who set a
    limit on it had a reason to look at that part; a use case is the surrounding that the whole of it is used in.
    """
    fitting = [limit for limit in policy.limit if (limit.checker, limit.metric) == (checker, metric.id)]
    return _closest(in_force(fitting, use_case), checker, metric)


def _closest(limits: Sequence[Limit], checker: str, metric: Metric) -> Limit | None:
    matching = [limit for limit in limits if (limit.checker, limit.metric) == (checker, metric.id)]
    exact = [limit for limit in matching if limit.group is not None and limit.group == metric.group]
    general = [limit for limit in matching if limit.group is None]
    return next(iter(exact + general), None)


def _asked_for(policy: Policy, result: CheckResult, metric: Metric) -> bool:
    """Tell whether the user's limit is on a supporting metric: by its group, or on one that is never primary."""
    limit = _closest(policy.limit, result.checker.id, metric)
    primary = any(other.metric.primary for other in result.findings if other.metric.id == metric.id)
    return limit is not None and (limit.group is not None or not primary)


def other_use_cases(policy: Policy, use_case: str | None) -> tuple[str, ...]:
    """Return a sentence for each limit that is for use cases which the audit does not declare."""
    declared = "no use case is declared" if use_case is None else f"the declared use case is {use_case}"
    return tuple(f"{limit.name}: {declared}." for limit in policy.limit if not limit.serves(use_case))


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
    chance: tuple[float, float] | None,
    terms: _Terms,
) -> Verdict:
    metric, policy = finding.metric, terms.policy
    state: State
    severity, waiver, adjusted = None, None, None
    interval = interval_at(metric.grid, policy.level) if metric.bounds else None
    p, q = chance or (None, None)
    apart = separable(interval, limit, policy.level) if interval and limit and chance else (None, None)
    if limit is None:
        state, reason = "not assessed", _unlimited(terms, result.checker.id, metric)
    elif finding.confounded is not None:
        state, reason = "inconclusive", f"Confounded: {finding.confounded}"
    elif interval is None or q is None:
        state, reason = "not assessed", metric.reason or "There is no interval."
    elif q <= policy.q:
        adjusted = interval_at(metric.grid, terms.adjusted_level)
        severity = limit.severity_of(adjusted)
        state, reason, waiver = _exceeded(metric, interval, result.checker.id, limit, terms)
    elif limit.holds(interval):
        state, reason = "within limit", f"The whole {policy.level:.0%} interval lies inside the limit ({limit.words})."
    else:
        state, reason = "inconclusive", _undecided(interval, limit, apart, terms.tests)
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
        required=bool(limit and (limit.required or called_for(policy, result.checker.id))),
    )


def _unlimited(terms: _Terms, checker: str, metric: Metric) -> str:
    """Say that there is no limit, or that what there is is for other uses."""
    cases = sorted(
        {
            case
            for limit in terms.others
            if (limit.checker, limit.metric) == (checker, metric.id) and limit.group in (None, metric.group)
            for case in limit.use_cases
        }
    )
    if not cases:
        return "The policy sets no limit on this metric."
    return f"The policy limits this metric only for uses that are not declared ({', '.join(cases)})."


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
    metric: Metric, interval: tuple[float, float], checker: str, limit: Limit, terms: _Terms
) -> tuple[State, str, Waiver | None]:
    reason = f"The interval lies beyond the limit ({limit.words}), with all of this audit's tests counted."
    for waiver in waivers_on(terms.policy, checker, metric):
        fault = void(waiver, interval, limit, weights=terms.weights, today=terms.today)
        if fault is None:
            return "accepted risk", accepted(waiver, terms.policy.level), waiver
        reason += f" Waiver {waiver.id} does not hold: {fault}."
    return "exceeds limit", reason, None


def _unassessed(result: CheckResult, policy: Policy) -> Verdict:
    reason = result.reason or ""
    return Verdict(
        checker=result.checker.id,
        metric=None,
        group=None,
        risk=result.checker.risk,
        state="not assessed",
        reason=f"The check failed: {reason}" if result.status == "errored" else reason,
        required=called_for(policy, result.checker.id)
        or any(limit.required and limit.checker == result.checker.id for limit in policy.limit),
    )
