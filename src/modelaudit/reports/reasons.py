"""Why a verdict is what it is, said anew from the verdict's fields so that every language can say it.

What a checker or the user wrote (why a number is confounded, why a risk is accepted) stays as it was written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from modelaudit.reports.numbers import Scale, percent
from modelaudit.reports.text import listed, sentence, told_sentence
from modelaudit.reports.words import Told, say, tag, told
from modelaudit.results import Finding
from modelaudit.verdicts import Judgement, Limit, Policy, Verdict, Waiver
from modelaudit.waivers import waivers_on

UNKNOWN = ""
"""The language of what the user wrote."""


@dataclass(frozen=True)
class Case:
    """What a verdict was passed on, and the limit in words; `weights` is the hash of the audited model's weights."""

    finding: Finding
    verdict: Verdict | None
    limit: Limit | None
    waiver: Waiver | None
    policy: Policy
    judgement: Judgement
    weights: str | None
    scale: Scale
    limit_words: str | None


def reason_of(case: Case) -> tuple[Told, ...]:
    """Return the reason in parts, each with its language."""
    verdict, finding = case.verdict, case.finding
    if verdict is None:
        return (_ours("context"),)
    if case.limit_words is None:
        return (_unlimited(case, verdict),)
    if finding.confounded is not None:
        return _ours("confounded"), told(finding.confounded)
    match verdict.state:
        case "not assessed":
            return _unmeasured(finding.metric.reason)
        case "within limit":
            return (_ours("within", level=percent(case.policy.level), limit=case.limit_words),)
        case "accepted risk" if case.waiver is not None:
            waiver = case.waiver
            said = _ours("accepted", owner=waiver.owner, until=str(waiver.expires), waiver=waiver.id)
            return said, Told(sentence(waiver.reason), UNKNOWN)
        case "exceeds limit":
            return _ours("exceeds", limit=case.limit_words), *_void(case)
        case "inconclusive" if verdict.q is not None:
            return (_undecided(case, verdict),)
    return (told(verdict.reason),)


def _ours(name: str, **values: str) -> Told:
    return Told(say(f"finding.reason.{name}", **values), tag())


def _unmeasured(reason: str | None) -> tuple[Told, ...]:
    said = _ours("unmeasured")
    return (said, told_sentence(reason)) if reason else (said,)


def _undecided(case: Case, verdict: Verdict) -> Told:
    if verdict.p is not None and verdict.p <= 1 - case.policy.level:
        tests = say("count.tests", count=case.judgement.family_size)
        return _ours("beyond_but", limit=case.limit_words or "", tests=tests)
    return _ours("both_sides", limit=case.limit_words or "")


def _unlimited(case: Case, verdict: Verdict) -> Told:
    """Say that there is no limit, or that what there is is for other uses."""
    on = [limit for limit in case.policy.limit if (limit.checker, limit.metric) == (verdict.checker, verdict.metric)]
    cases = sorted({name for limit in on if limit.group in (None, verdict.group) for name in limit.use_cases})
    return _ours("other_uses", cases=listed(cases)) if cases else _ours("no_limit")


def _void(case: Case) -> tuple[Told, ...]:
    """Say of each waiver on this finding why it does not hold."""
    verdict = case.verdict
    on = [] if verdict is None else waivers_on(case.policy, verdict.checker, case.finding.metric)
    return tuple(_fault(waiver, case) for waiver in on)


def _fault(waiver: Waiver, case: Case) -> Told:
    day, name = case.judgement.judged_on, {"waiver": waiver.id}
    if waiver.model_digest is not None and waiver.model_digest.removeprefix("sha256:") != case.weights:
        return _ours("void_model", **name)
    if day is not None and day < waiver.created:
        return _ours("void_early", **name, day=str(waiver.created))
    if day is not None and day > waiver.expires:
        return _ours("void_late", **name, day=str(waiver.expires))
    if waiver.ceiling is not None:
        return _ours("void_ceiling", **name, ceiling=replace(case.scale, signed=False).value(waiver.ceiling))
    return _ours("void", **name)
