"""Checks and families of risk as the report tells them: the question, the answer, and what stands behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from modelaudit.audit_report import AuditReport
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
from modelaudit.reports.findings import FindingView, finding_views
from modelaudit.reports.forest import Forest, forests
from modelaudit.reports.text import listed, plural, sentence
from modelaudit.results import CheckerInfo, CheckResult, Risk

FEW = 3
"""A check with so many judged findings shows them all open; with more, the grave ones only."""

QUESTIONS: dict[Risk, str] = {
    Risk.PRIVACY: "Can someone tell, or extract, what the model was trained on?",
    Risk.BIAS: "Does the answer change when only a person's gender or ethnicity changes?",
    Risk.OPACITY: "Can a person be told, truthfully, why the model answered so?",
    Risk.ROBUSTNESS: "Does a harmless change of the input change the answer? Is its confidence honest?",
    Risk.DATA: "Are the data what they are taken for?",
    Risk.PERFORMANCE: "How well does the model do its task, and for whom?",
}

ALWAYS_SHOWN = (Risk.PRIVACY, Risk.BIAS, Risk.OPACITY, Risk.ROBUSTNESS)
"""Families that the overview names even where no check of theirs was in the audit."""


@dataclass(frozen=True)
class CheckView:
    """One check with its findings, judged and for context."""

    anchor: str
    result: CheckResult
    findings: tuple[FindingView, ...]
    seconds: float | None

    @property
    def info(self) -> CheckerInfo:
        """What the checker says of itself."""
        return self.result.checker

    @property
    def judged(self) -> tuple[FindingView, ...]:
        """Findings with a verdict, the gravest first."""
        return tuple(view for view in self.findings if view.verdict)

    @property
    def context(self) -> tuple[FindingView, ...]:
        """Findings that are shown for context and never judged."""
        return tuple(view for view in self.findings if not view.verdict)

    @property
    def badge(self) -> Badge:
        """The gravest state of its findings, or why there are none."""
        if self.result.status == "errored":
            return FAILED
        if self.result.status != "completed":
            return INAPPLICABLE if self.result.status == "not applicable" else ABSENT
        return min((view.badge for view in self.judged), key=GRAVITY.index, default=ABSENT)

    @property
    def answer(self) -> str:
        """The answer to the check's question in a sentence or two; never praise."""
        reason = sentence(self.result.reason or "")
        if self.result.status == "errored":
            return f"No answer: the check failed. {reason}"
        if self.result.status == "skipped":
            return f"Not assessed. {reason}"
        if self.result.status == "not applicable":
            return f"The question does not apply to this model or data. {reason}"
        if not self.judged:
            return "Measured, but not judged: the policy sets no limit on what this check measures."
        worst = self.judged[0]
        if len(self.judged) == 1:
            return sentence(worst.finding.statement)
        lead = f"{tally(self.judged)}."
        if worst.badge in (EXCEEDS, ACCEPTED):
            return f"{lead} The furthest beyond: {sentence(worst.finding.statement)}"
        if worst.badge is WITHIN:
            return f"{lead} This does not show that there is no effect, only that it is inside the limits."
        return lead

    @property
    def forests(self) -> tuple[Forest, ...]:
        """The judged findings on common scales, one plot a scale."""
        return forests(self.judged)

    @property
    def context_forests(self) -> tuple[Forest, ...]:
        """The findings for context on common scales."""
        return forests(self.context)

    def opened(self, view: FindingView) -> bool:
        """Tell whether a finding is shown open: the grave ones always, all of them where they are few."""
        return len(self.judged) <= FEW or view.badge is EXCEEDS

    @property
    def needs_remedy(self) -> bool:
        """Whether any limit is exceeded, accepted or not."""
        return any(view.badge in (EXCEEDS, ACCEPTED) for view in self.judged)


@dataclass(frozen=True)
class FamilyView:
    """One family of risk: its state as judged, and how many of its metrics are in which state."""

    anchor: str
    risk: Risk
    badge: Badge
    incomplete: bool
    checks: tuple[CheckView, ...]
    counts: dict[str, int]

    @property
    def title(self) -> str:
        """Its name as a heading."""
        return self.risk.value.capitalize()

    @property
    def question(self) -> str:
        """Its question in plain words."""
        return QUESTIONS[self.risk]


def family_views(report: AuditReport) -> tuple[FamilyView, ...]:
    """Return the families in their fixed order, those of the four main risks also where nothing was checked."""
    states = {state.risk: state for state in report.judgement.families}
    checks = check_views(report)
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
            )
        )
    return tuple(views)


def check_views(report: AuditReport) -> tuple[CheckView, ...]:
    """Return the checks in the order of the record."""
    views = []
    for result in report.results:
        anchor = "check-" + result.checker.id.replace("/", "--")
        views.append(
            CheckView(
                anchor=anchor,
                result=result,
                findings=finding_views(result, anchor, report.policy, report.judgement),
                seconds=report.run.checker_seconds.get(result.checker.id),
            )
        )
    return tuple(views)


def tally(views: tuple[FindingView, ...]) -> str:
    """Return how many judged findings are in which state, in words and the gravest first."""
    counts = Counter(view.badge for view in views)
    parts = [badge.count(counts[badge]) for badge in GRAVITY if counts[badge]]
    return f"Of {plural(len(views), 'metric')}, {listed(parts)}"


def _counts(checks: tuple[CheckView, ...]) -> dict[str, int]:
    counts = Counter(view.badge.key for check in checks for view in check.judged)
    counts["absent"] += sum(check.result.status == "skipped" for check in checks)
    counts["failed"] += sum(check.result.status == "errored" for check in checks)
    return {key: counts[key] for key in ("exceeds", "accepted", "inconclusive", "absent", "failed", "within")}
