"""Waivers: risks that an owner accepts until a date, and when they do not hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from modelaudit.results import CheckResult, Metric
from modelaudit.verdicts import Limit, Policy, Verdict, Waiver, alike

FARTHEST = 100.0
"""A ceiling this many times as large as the largest value that the limit names, or as 1, bounds nothing."""


def waivers_on(policy: Policy, checker: str, metric: Metric) -> tuple[Waiver, ...]:
    """Return the waivers on a metric, in the order of the policy."""
    return tuple(
        waiver
        for waiver in policy.waiver
        if (waiver.checker, waiver.metric) == (checker, metric.id) and waiver.group in (None, metric.group)
    )


def accepted(waiver: Waiver, level: float) -> str:
    """Say who accepts a risk, until when, why, and up to which value."""
    approved = f", approved by {waiver.approver}," if waiver.approver else ""
    said = f"Accepted by {waiver.owner}{approved} until {waiver.expires}: {waiver.reason}"
    if waiver.ceiling is not None:
        said += f" The whole {level:.0%} interval lies within the ceiling of {waiver.ceiling:g}."
    return said if waiver.compensating is None else f"{said} Done instead: {waiver.compensating}"


def void(
    waiver: Waiver, interval: tuple[float, float], limit: Limit, *, weights: str | None, today: dt.date
) -> str | None:
    """Return why a waiver does not hold, or None where it does.

    Its ceiling is held against the interval's gravest end and not against the estimate: who accepts a risk up to a
    value has not accepted what may well lie beyond it, and a limit is not kept by an estimate either.
    """
    if waiver.model_digest is not None and _bare(waiver.model_digest) != _bare(weights or ""):
        return f"it is for the model whose weights have SHA-256 {_bare(waiver.model_digest)[:12]}…, and this is another"
    if today < waiver.created:
        return f"it starts on {waiver.created}"
    if today > waiver.expires:
        return f"it expired on {waiver.expires}"
    if waiver.ceiling is None or _reach(limit, waiver.ceiling).holds(interval):
        return None
    grave = max(interval, key=lambda end: limit.beyond((end, end)))
    return f"the interval reaches {grave:.3g}, beyond its ceiling {waiver.ceiling:g}"


def idle_waivers(results: Sequence[CheckResult], verdicts: Sequence[Verdict], policy: Policy) -> tuple[str, ...]:
    """Return a sentence for each waiver that no exceeded limit asked for."""
    by_id = {result.checker.id: result for result in results}
    idle = []
    for waiver in policy.waiver:
        own = [verdict for verdict in verdicts if _meets(waiver, verdict)]
        result = by_id.get(waiver.checker)
        if any(verdict.state in ("exceeds limit", "accepted risk") for verdict in own):
            continue
        if result is None:
            reason = f"no check of this audit is called {waiver.checker}"
        elif result.status != "completed":
            reason = f"the check is {result.status}"
        elif not own:
            reason = "the check ran and no metric of that name was judged"
        else:
            reason = "what it is on was not found to exceed its limit"
        idle.append(f"{waiver.id} ({waiver.name}): {reason}.")
    return tuple(idle)


def fault_of(waiver: Waiver, policy: Policy) -> str | None:
    """Return what is wrong with a waiver of a policy file, or None. Records are not held to it: they are as they are.

    That owner and approver differ is a comparison of names; who they are can't be checked here.
    """
    days = (waiver.expires - waiver.created).days
    if not alike(waiver.owner):
        return f"waiver {waiver.id} has no owner; name who answers for the risk"
    if not alike(waiver.approver):
        return f"waiver {waiver.id} has no approver; name who agreed to it"
    if alike(waiver.approver) == alike(waiver.owner):
        return f"waiver {waiver.id} is approved by its own owner; let another person approve it"
    if waiver.ceiling is None:
        return f"waiver {waiver.id} has no ceiling; add the value that the risk is accepted up to"
    if days > policy.longest_waiver_days:
        return (
            f"waiver {waiver.id} runs for {days} days, longer than the {policy.longest_waiver_days} that "
            "longest_waiver_days allows; let it expire earlier"
        )
    limits = [
        limit
        for limit in policy.limit
        if (limit.checker, limit.metric) == (waiver.checker, waiver.metric)
        and (waiver.group is None or limit.group in (None, waiver.group))
    ]
    if not limits:
        return f"waiver {waiver.id} is on {waiver.name}, on which the policy sets no limit; correct what it is on"
    if any(_boundless(limit, waiver.ceiling) for limit in limits):
        return (
            f"waiver {waiver.id} has its ceiling {waiver.ceiling:g} so far beyond the limit ({limits[0].words}) that "
            "it would accept any value; set it to the gravest value that you accept"
        )
    if all(_inside(limit, waiver.ceiling) for limit in limits):
        return (
            f"waiver {waiver.id} has its ceiling {waiver.ceiling:g} inside the limit ({limits[0].words}), so it could "
            "never hold; set it beyond the limit"
        )
    return None


def _reach(limit: Limit, ceiling: float) -> Limit:
    """Return the limit widened to a ceiling; where it has two edges the lower one moves as far as the upper one."""
    if limit.high is None:
        edges = {"min": ceiling}
    elif limit.low is None:
        edges = {"max": ceiling}
    else:
        edges = {"max": ceiling, "min": limit.low - (ceiling - limit.high)}
    return limit.model_copy(update={"max": None, "min": None, "within": None, **edges})


def _inside(limit: Limit, ceiling: float) -> bool:
    """Tell whether a ceiling does not lie beyond the limit."""
    return ceiling >= limit.edges[0] if limit.high is None else ceiling <= limit.high


def _boundless(limit: Limit, ceiling: float) -> bool:
    """Tell whether a ceiling lies so far from the limit and its severities that it is no ceiling."""
    known = (1.0, *map(abs, limit.edges), *map(abs, limit.severity.values()))
    return abs(ceiling) > FARTHEST * max(known)


def _meets(waiver: Waiver, verdict: Verdict) -> bool:
    return (waiver.checker, waiver.metric) == (verdict.checker, verdict.metric) and waiver.group in (
        None,
        verdict.group,
    )


def _bare(digest: str) -> str:
    return digest.removeprefix("sha256:")
