"""A finding as the report tells it: the number, its interval, its verdict and why, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from modelaudit.evidence import Evidence
from modelaudit.policy import limit_for
from modelaudit.reports import numbers
from modelaudit.reports.badges import CONTEXT, GRAVITY, VERDICTS, Badge
from modelaudit.reports.numbers import Scale, scale_of
from modelaudit.reports.text import plural
from modelaudit.results import CheckResult, Finding, Metric
from modelaudit.statistics import OPEN_END, interval_at
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
    exceeded: int
    judged: int

    @property
    def metric(self) -> Metric:
        """The metric."""
        return self.finding.metric

    @cached_property
    def scale(self) -> Scale:
        """How its values are written."""
        return scale_of(self.metric)

    @property
    def badge(self) -> Badge:
        """Its state."""
        return VERDICTS[self.verdict.state] if self.verdict else CONTEXT

    @property
    def title(self) -> str:
        """Title of the metric, with its group where it has one."""
        return f"{self.metric.title}: {self.metric.group}" if self.metric.group else self.metric.title

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """The interval at the policy's level."""
        if self.verdict and self.verdict.interval:
            return self.verdict.interval
        return interval_at(self.metric.grid, self.policy.level) if self.metric.bounds else None

    @property
    def value_words(self) -> str:
        """The estimate, or that there is none."""
        return "no number" if self.metric.value is None else self.scale.value(self.metric.value)

    @property
    def bare_words(self) -> str:
        """The interval without its unit, for columns whose heading names it."""
        if self.interval is None:
            return "none"
        low, high = self.interval
        return f"{self.scale.bare(low)} " + ("or more" if high == OPEN_END else f"to {self.scale.bare(high)}")

    @property
    def bare_value(self) -> str:
        """The estimate without its unit."""
        return "no number" if self.metric.value is None else self.scale.bare(self.metric.value)

    @property
    def measured_words(self) -> str:
        """The estimate with its interval, or that there is none."""
        if self.interval is None:
            return "no interval can be given"
        return f"{numbers.percent(self.policy.level)} interval {self.interval_words}"

    @property
    def interval_words(self) -> str:
        """The interval, or that there is none."""
        return self.scale.interval(*self.interval) if self.interval else "no interval"

    @property
    def adjusted_words(self) -> str | None:
        """The interval adjusted for the number of exceeded limits, where this one is exceeded."""
        return self.scale.interval(*self.verdict.adjusted) if self.verdict and self.verdict.adjusted else None

    @property
    def n_words(self) -> str:
        """How many independent units the number rests on."""
        return f"{self.metric.n:,} {self.metric.n_unit}"

    @property
    def limit_words(self) -> str | None:
        """The limit on the metric's own scale."""
        if self.limit:
            return self.scale.limit(self.limit)
        return self.verdict.limit if self.verdict else None

    @property
    def reason_words(self) -> str:
        """Why the verdict is what it is, with the limit written on the metric's own scale."""
        if self.verdict is None:
            return "Shown for context; the policy does not judge it."
        if self._undecided:
            return self._undecided_words(self.verdict)
        reason = self.verdict.reason
        if self.limit and self.verdict.limit and self.limit_words:
            reason = reason.replace(self.verdict.limit, self.limit_words)
        return reason

    def _undecided_words(self, verdict: Verdict) -> str:
        if verdict.p is not None and verdict.p <= 1 - self.policy.level:
            return (
                f"The interval lies beyond the limit ({self.limit_words}), but not with all "
                f"{plural(self.judged, 'test')} of this audit counted."
            )
        return f"The interval reaches to both sides of the limit ({self.limit_words}): this data can't tell."

    @property
    def _undecided(self) -> bool:
        verdict = self.verdict
        return bool(
            verdict
            and verdict.state == "inconclusive"
            and verdict.q is not None
            and self.limit_words
            and not self.finding.confounded
        )

    @property
    def detectable_words(self) -> str | None:
        """What this data could have shown: against the limit where there is one, else against no effect."""
        samples = "in four of five such samples, two-sided test at 5%"
        below, above = (self.verdict.separable_below, self.verdict.separable) if self.verdict else (None, None)
        ends = [] if below is None else [f"{self.scale.value(below)} or less"]
        ends += [] if above is None else [f"{self.scale.value(above)} or more"]
        if ends:
            return f"{self.n_words} tell a value of about {' or '.join(ends)} from the limit ({samples})."
        smallest = self.metric.smallest_detectable
        if not smallest:
            return None
        size = replace(self.scale, signed=False).value(smallest)
        return (
            f"The smallest effect that {self.n_words} could have shown reliably ({samples}) is {size}. "
            "A smaller one could be there unseen."
        )

    @property
    def test_words(self) -> str | None:
        """The test against the limit, with what multiplicity makes of it."""
        if self.verdict is None or self.verdict.p is None or self.verdict.q is None:
            return None
        return (
            f"Two-sided test against the limit: p {numbers.chance(self.verdict.p)}; Benjamini-Hochberg over "
            f"{plural(self.judged, 'judged metric')}: q {numbers.chance(self.verdict.q)} "
            f"(exceeded at {self.policy.q:g} or less)."
        )

    @property
    def bounds_words(self) -> tuple[tuple[str, str], ...]:
        """Each level of the interval grid with its interval."""
        return tuple(
            (numbers.percent(bound.level), self.scale.interval(bound.low, bound.high)) for bound in self.metric.bounds
        )

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


def finding_views(result: CheckResult, anchor: str, policy: Policy, judgement: Judgement) -> tuple[FindingView, ...]:
    """Return the views of a check's findings: judged ones by gravity, then those for context in their own order."""
    verdicts = {
        (verdict.metric, verdict.group): verdict
        for verdict in judgement.verdicts
        if verdict.checker == result.checker.id and verdict.metric is not None
    }
    waivers = {waiver.id: waiver for waiver in policy.waiver}
    views = []
    for position, finding in enumerate(result.findings, start=1):
        verdict = verdicts.get((finding.metric.id, finding.metric.group))
        views.append(
            FindingView(
                anchor=f"{anchor}-{position}",
                finding=finding,
                verdict=verdict,
                limit=limit_for(policy, result.checker.id, finding.metric) if verdict else None,
                waiver=waivers.get(verdict.waiver) if verdict and verdict.waiver else None,
                policy=policy,
                exceeded=judgement.exceeded,
                judged=judgement.family_size,
            )
        )
    return tuple(sorted(views, key=lambda view: view.gravity))
