"""A finding as the report tells it: the number, its interval, its verdict and why, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from modelaudit.audit_report import AuditReport
from modelaudit.evidence import Evidence
from modelaudit.policy import limit_for
from modelaudit.reports.anchors import finding_anchor, short_key
from modelaudit.reports.badges import CONTEXT, GRAVITY, VERDICTS, Badge, severity_words
from modelaudit.reports.numbers import Scale, chance, percent, scale_of
from modelaudit.reports.reasons import Case, reason_of
from modelaudit.reports.text import either, told_sentence
from modelaudit.reports.words import Told, say, tag, told
from modelaudit.results import CheckResult, Finding, Metric
from modelaudit.statistics import interval_at
from modelaudit.verdicts import Judgement, Limit, Policy, Verdict, Waiver


@dataclass(frozen=True)
class FindingView:
    """One finding with the verdict, limit and waiver that belong to it.

    `anchor` is the id in the page that links lead to; `verdict` is None for metrics that are shown for context.
    """

    anchor: str
    finding: Finding
    verdict: Verdict | None
    limit: Limit | None
    waiver: Waiver | None
    policy: Policy
    judgement: Judgement
    weights: str | None

    @property
    def metric(self) -> Metric:
        """The metric."""
        return self.finding.metric

    @property
    def key(self) -> str:
        """Stem of the ids of its drawings."""
        return short_key(self.anchor)

    @cached_property
    def scale(self) -> Scale:
        """How its values are written."""
        return scale_of(self.metric)

    @cached_property
    def badge(self) -> Badge:
        """Its state."""
        return VERDICTS[self.verdict.state] if self.verdict else CONTEXT

    @property
    def severity(self) -> str:
        """How far beyond the limit, in words; nothing where no limit is exceeded."""
        return severity_words(self.verdict.severity) if self.verdict and self.verdict.severity else ""

    @property
    def named(self) -> Told:
        """What the number is: the metric's title."""
        return told(self.metric.title)

    @property
    def name(self) -> str:
        """The metric's title as text."""
        return self.named.text

    @property
    def group(self) -> str:
        """What the number is about, or nothing where it is about all rows."""
        return told(self.metric.group).text if self.metric.group else ""

    @property
    def title(self) -> str:
        """Title of the metric, with its group where it has one."""
        return say("list.titled", title=self.name, group=self.group) if self.group else self.name

    @property
    def titled(self) -> Told:
        """The title with its language, which is that of the metric's title."""
        return Told(self.title, self.named.lang)

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """The interval at the policy's level."""
        if self.verdict and self.verdict.interval:
            return self.verdict.interval
        return interval_at(self.metric.grid, self.policy.level) if self.metric.bounds else None

    @property
    def level_words(self) -> str:
        """The policy's level: `95%`."""
        return percent(self.policy.level)

    @property
    def value_words(self) -> str:
        """The estimate, or that there is none."""
        return say("number.none") if self.metric.value is None else self.scale.value(self.metric.value)

    @property
    def bare_words(self) -> str:
        """The interval without its unit, for columns whose heading names it."""
        return self.scale.bare_interval(*self.interval) if self.interval else say("number.no_interval")

    @property
    def bare_value(self) -> str:
        """The estimate without its unit."""
        return say("number.none") if self.metric.value is None else self.scale.bare(self.metric.value)

    @property
    def interval_words(self) -> str:
        """The interval, or that there is none."""
        return self.scale.interval(*self.interval) if self.interval else say("number.no_interval")

    @property
    def adjusted_words(self) -> str | None:
        """The interval adjusted for the number of exceeded limits, where this one is exceeded."""
        return self.scale.interval(*self.verdict.adjusted) if self.verdict and self.verdict.adjusted else None

    @property
    def n_words(self) -> str:
        """How many independent units the number rests on."""
        return say("number.of_unit", n=self.metric.n, unit=told(self.metric.n_unit).text)

    @property
    def limit_words(self) -> str | None:
        """The limit on the metric's own scale."""
        if self.limit:
            return self.scale.limit(self.limit)
        return self.verdict.limit if self.verdict else None

    @property
    def statement(self) -> Told:
        """What came out: the checker's sentence if it speaks the report's language, else one made from the numbers."""
        own = self.own_statement
        if own.lang == tag():
            return own
        parts = [say("finding.made.value", title=self.title, value=self.value_words)]
        if self.interval:
            parts.append(say("finding.made.interval", level=self.level_words, interval=self.interval_words))
        parts.append(say("finding.made.n", n=self.n_words))
        if self.limit_words:
            parts.append(say("finding.made.limit", limit=self.limit_words))
        return Told(say("finding.made.all", parts=say("list.parts").join(parts)), tag())

    @property
    def own_statement(self) -> Told:
        """The checker's own sentence."""
        return told_sentence(self.finding.statement)

    @property
    def made(self) -> bool:
        """Whether the statement was made from the numbers, so that the checker's own belongs beside it."""
        return self.own_statement.lang != tag()

    @cached_property
    def reason(self) -> tuple[Told, ...]:
        """Why the verdict is what it is: what the report says, and what the checker or the user wrote."""
        return reason_of(
            Case(
                finding=self.finding,
                verdict=self.verdict,
                limit=self.limit,
                waiver=self.waiver,
                policy=self.policy,
                judgement=self.judgement,
                weights=self.weights,
                scale=self.scale,
                limit_words=self.limit_words,
            )
        )

    @property
    def ceiling_words(self) -> str | None:
        """The value that the risk is accepted up to, where it is accepted."""
        if self.waiver is None or self.waiver.ceiling is None:
            return None
        return replace(self.scale, signed=False).value(self.waiver.ceiling)

    @property
    def reason_words(self) -> str:
        """The reason as one text."""
        return " ".join(part.text for part in self.reason)

    @property
    def detectable_words(self) -> str | None:
        """What this data could have shown: against the limit where there is one, else against no effect."""
        below, above = (self.verdict.separable_below, self.verdict.separable) if self.verdict else (None, None)
        ends = [] if below is None else [say("number.or_less", value=self.scale.value(below))]
        ends += [] if above is None else [say("number.or_more", value=self.scale.value(above))]
        if ends:
            return say("finding.separable", ends=either(ends))
        smallest = self.metric.smallest_detectable
        if not smallest:
            return None
        return say("finding.detectable", size=replace(self.scale, signed=False).value(smallest))

    @property
    def test_words(self) -> str | None:
        """The test against the limit, with what multiplicity makes of it."""
        if self.verdict is None or self.verdict.p is None or self.verdict.q is None:
            return None
        return say("finding.of_test", p=chance(self.verdict.p), q=chance(self.verdict.q))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence."""
        return self.finding.evidence

    @property
    def beyond(self) -> float:
        """How far the near end of the interval lies beyond the limit, in steps of the limit's own size."""
        interval = (self.verdict and self.verdict.adjusted) or self.interval
        if self.limit is None or interval is None:
            return 0.0
        step = abs(self.limit.severity.get("medium", 0.0) - self.limit.edges[-1])
        return self.limit.beyond(interval) / (step or 1.0)

    @property
    def gravity(self) -> tuple[int, int, float]:
        """Sort key: the gravest state first, then severity, then how far beyond the limit."""
        grade = self.verdict.grade if self.verdict else 0
        return GRAVITY.index(self.badge), -grade, -self.beyond


def finding_views(result: CheckResult, report: AuditReport) -> tuple[FindingView, ...]:
    """Return the views of a check's findings: judged ones by gravity, then those for context in their own order."""
    policy, judgement = report.policy, report.judgement
    verdicts = {
        (verdict.metric, verdict.group): verdict
        for verdict in judgement.verdicts
        if verdict.checker == result.checker.id and verdict.metric is not None
    }
    waivers = {waiver.id: waiver for waiver in policy.waiver}
    limits = tuple(limit for limit in policy.limit if limit.checker == result.checker.id)
    own, use_case = policy.model_copy(update={"limit": limits}), report.subject.declared.use_case
    taken: set[str] = set()
    views = []
    for finding in result.findings:
        metric = finding.metric
        verdict = verdicts.get((metric.id, metric.group))
        views.append(
            FindingView(
                anchor=_unused(finding_anchor(result.checker.id, metric.id, metric.group), taken),
                finding=finding,
                verdict=verdict,
                limit=limit_for(own, result.checker.id, metric, use_case) if verdict else None,
                waiver=waivers.get(verdict.waiver) if verdict and verdict.waiver else None,
                policy=policy,
                judgement=judgement,
                weights=report.subject.model.weights_sha256,
            )
        )
    return tuple(sorted(views, key=lambda view: view.gravity))


def _unused(anchor: str, taken: set[str]) -> str:
    """Return the anchor, with a count where a name was made to give the hash of another."""
    free = anchor
    while free in taken:
        free = f"{anchor}--{len(taken)}"
    taken.add(free)
    return free
