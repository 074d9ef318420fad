"""Checks and families of risk as the report tells them: the question, the answer, and what stands behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from modelaudit.audit_report import AuditReport
from modelaudit.reports.anchors import check_anchor, short_key
from modelaudit.reports.badges import (
    ABSENT,
    ACCEPTED,
    EXCEEDS,
    FAILED,
    GRAVITY,
    INAPPLICABLE,
    INCOMPLETE,
    VERDICTS,
    WITHIN,
    Badge,
)
from modelaudit.reports.cards import CardView, card_view
from modelaudit.reports.clauses import (
    ClauseGroup,
    ClauseIndex,
    ClauseView,
    by_framework,
    clause_index,
    clause_views,
    voluntary,
)
from modelaudit.reports.findings import FindingView, finding_views
from modelaudit.reports.forest import Forest, forests
from modelaudit.reports.layout import MOST_DRAWN, Layout, layout
from modelaudit.reports.measures import measures_for
from modelaudit.reports.technical import Technical, technical
from modelaudit.reports.text import listed, told_sentence
from modelaudit.reports.words import Told, say, tag, told
from modelaudit.results import CheckerInfo, CheckResult, Risk

FEW_DRAWN = 30
"""A check that judges nothing has its findings for context drawn if they are no more than this."""

ALWAYS_SHOWN = (Risk.PRIVACY, Risk.BIAS, Risk.OPACITY, Risk.ROBUSTNESS)
"""Families that the overview names even where no check of theirs was in the audit."""


@dataclass(frozen=True)
class CheckView:
    """One check with its findings, judged and for context."""

    anchor: str
    result: CheckResult
    findings: tuple[FindingView, ...]
    seconds: float | None
    report: AuditReport

    @property
    def info(self) -> CheckerInfo:
        """What the checker says of itself."""
        return self.result.checker

    @property
    def key(self) -> str:
        """Stem of the ids of its drawings."""
        return short_key(self.anchor)

    @property
    def title(self) -> Told:
        """Its title in the report's language."""
        return told(self.info.title)

    @cached_property
    def judged(self) -> tuple[FindingView, ...]:
        """Findings with a verdict, the gravest first."""
        return tuple(view for view in self.findings if view.verdict)

    @cached_property
    def context(self) -> tuple[FindingView, ...]:
        """Findings that are shown for context and never judged."""
        return tuple(view for view in self.findings if not view.verdict)

    @cached_property
    def layout(self) -> Layout:
        """Which findings come in full, which as rows, and what they share."""
        plots = (*self.forests, *self.context_forests)
        return layout(self.key, self.judged, self.context, [row.view for plot in plots for row in plot.rows])

    @cached_property
    def badge(self) -> Badge:
        """The gravest state of its findings, or why there are none."""
        if self.result.status == "errored":
            return FAILED
        if self.result.status != "completed":
            return INAPPLICABLE if self.result.status == "not applicable" else ABSENT
        return min((view.badge for view in self.judged), key=GRAVITY.index, default=ABSENT)

    @cached_property
    def answer_parts(self) -> tuple[Told, ...]:
        """The answer to the check's question in parts, each with its language; never praise."""
        reason = (told_sentence(self.result.reason),) if self.result.reason else ()
        match self.result.status:
            case "errored":
                return _ours("check.answer.failed"), *reason
            case "skipped":
                return _ours("check.answer.skipped"), *reason
            case "not applicable":
                return _ours("check.answer.inapplicable"), *reason
        if not self.judged:
            return (_ours("check.answer.unjudged"),)
        worst = self.judged[0]
        if len(self.judged) == 1:
            return (worst.statement,)
        lead = Told(tally(self.judged), tag())
        if worst.badge in (EXCEEDS, ACCEPTED):
            return lead, _ours("check.answer.furthest"), worst.statement
        if worst.badge is WITHIN:
            return lead, _ours("check.answer.within")
        return (lead,)

    @property
    def answered(self) -> str:
        """The anchor of the finding whose sentence is part of the answer, and is not told again."""
        told_there = self.judged and (len(self.judged) == 1 or self.judged[0].badge in (EXCEEDS, ACCEPTED))
        return self.judged[0].anchor if told_there else ""

    @property
    def answer(self) -> str:
        """The answer as one text."""
        return " ".join(part.text for part in self.answer_parts)

    @cached_property
    def forests(self) -> tuple[Forest, ...]:
        """The judged findings on common scales, one plot a scale; of very many the gravest."""
        return forests(self.judged[:MOST_DRAWN])

    @cached_property
    def context_forests(self) -> tuple[Forest, ...]:
        """The findings for context on common scales, where nothing is judged, several share one and they are few."""
        if self.judged or len(self.context) > FEW_DRAWN:
            return ()
        return tuple(plot for plot in forests(self.context) if len(plot.rows) > 2)

    @property
    def exceeded(self) -> tuple[FindingView, ...]:
        """Findings beyond their limits, accepted or not."""
        return tuple(view for view in self.judged if view.badge in (EXCEEDS, ACCEPTED))

    @property
    def needs_remedy(self) -> bool:
        """Whether any limit is exceeded, accepted or not."""
        return bool(self.exceeded)

    @cached_property
    def brief_words(self) -> str:
        """What the rows of tables below the findings in full are: `16 metrics: 16 are within their limits`."""
        return tally(tuple(view for table in self.layout.brief_rows for view in table.views))

    @cached_property
    def remedies(self) -> tuple[str, ...]:
        """What could be done, the checker's own and those of findings that come as rows."""
        return tuple(dict.fromkeys((*self.info.remedies, *self.layout.row_remedies)))

    @cached_property
    def trainer_flags(self) -> tuple[str, ...]:
        """By which flags the reference trainer does what the check names; none where it can't, or need not."""
        return tuple(measure.flag for measure in measures_for(self))

    @cached_property
    def technical(self) -> Technical:
        """Limits and methods of its findings."""
        return technical(self.findings)

    @cached_property
    def clause_groups(self) -> tuple[ClauseGroup, ...]:
        """The clauses that ask for what it measures, framework by framework; the family names the background."""
        return by_framework(view for view in self.clauses if view.concerns and view.clause.strength != "context")

    @property
    def voluntary(self) -> str:
        """Which of these frameworks are shown as voluntary alignment."""
        return voluntary(self.clause_groups)

    @cached_property
    def card(self) -> CardView:
        """How often this check errs, as far as it was measured."""
        return card_view(self.info, self.report.cards, plugin=self.result.plugin)

    @cached_property
    def clauses(self) -> tuple[ClauseView, ...]:
        """The clauses that it provides evidence relevant to, those for other places and roles among them."""
        metrics = tuple(dict.fromkeys(view.metric.id for view in self.findings))
        return clause_views(self.info.risk, self.info.id, metrics, self.report.subject.declared)


@dataclass(frozen=True)
class FamilyView:
    """One family of risk: its state as judged, and how many of its metrics are in which state."""

    anchor: str
    risk: Risk
    badge: Badge
    incomplete: bool
    checks: tuple[CheckView, ...]
    counts: dict[str, int]
    index: ClauseIndex

    @property
    def title(self) -> str:
        """Its name as a heading."""
        return say(f"risk.{self.risk.value}.name")

    @property
    def question(self) -> str:
        """Its question in plain words."""
        return say(f"risk.{self.risk.value}.question")


def family_views(report: AuditReport) -> tuple[FamilyView, ...]:
    """Return the families in their fixed order, those of the four main risks also where nothing was checked."""
    states = {state.risk: state for state in report.judgement.families}
    checks = check_views(report)
    told_clauses: set[tuple[str, str]] = set()
    views = []
    for risk in Risk:
        own = tuple(check for check in checks if check.info.risk == risk)
        state = states.get(risk)
        if not own and state is None and risk not in ALWAYS_SHOWN:
            continue
        badge = VERDICTS[state.state] if state else ABSENT
        if all(check.result.status == "not applicable" for check in own) and own:
            badge = INAPPLICABLE
        views.append(
            FamilyView(
                anchor=f"risk-{risk.value}",
                risk=risk,
                badge=badge,
                incomplete=bool(state and state.incomplete and badge not in (INCOMPLETE, ABSENT, INAPPLICABLE)),
                checks=own,
                counts=_counts(own),
                index=clause_index(_clauses(own), told_clauses),
            )
        )
    return tuple(views)


def check_views(report: AuditReport) -> tuple[CheckView, ...]:
    """Return the checks in the order of the record."""
    return tuple(
        CheckView(
            anchor=check_anchor(result.checker.id),
            result=result,
            findings=finding_views(result, report),
            seconds=report.run.checker_seconds.get(result.checker.id),
            report=report,
        )
        for result in report.results
    )


def tally(views: tuple[FindingView, ...]) -> str:
    """Return how many judged findings are in which state, in words and the gravest first."""
    counts = Counter(view.badge for view in views)
    parts = [badge.count(counts[badge]) for badge in GRAVITY if counts[badge]]
    return say("check.tally", metrics=say("count.metrics", count=len(views)), parts=listed(parts))


def _ours(key: str) -> Told:
    return Told(say(key), tag())


def _clauses(checks: tuple[CheckView, ...]) -> tuple[ClauseView, ...]:
    return tuple(view for check in checks if check.result.status == "completed" for view in check.clauses)


def _counts(checks: tuple[CheckView, ...]) -> dict[str, int]:
    counts = Counter(view.badge.key for check in checks for view in check.judged)
    counts["absent"] += sum(check.result.status == "skipped" for check in checks)
    counts["failed"] += sum(check.result.status == "errored" for check in checks)
    return {key: counts[key] for key in ("exceeds", "accepted", "inconclusive", "absent", "failed", "within")}
