"""What a person has to decide, worst first, and what was not assessed and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelaudit.audit_report import AuditReport
from modelaudit.reports.badges import ABSENT, EXCEEDS, GRAVITY, INAPPLICABLE, INCONCLUSIVE, Badge
from modelaudit.reports.checks import CheckView, FamilyView
from modelaudit.reports.findings import FindingView
from modelaudit.reports.notices import SOON
from modelaudit.reports.numbers import percent
from modelaudit.reports.text import MAX_CHARACTERS, sentence, shortened, told_sentence, visible
from modelaudit.reports.words import Told, say, tag

SHORT = 190
"""A finding's sentence that is longer gives way to its numbers: what is cut might be the interval."""
NAME = 60
"""So many characters of the name of who answers for a risk stand with a decision."""
SHORT_REASON = 75
"""So many characters of the reason of a gap stand on the first page: a line in print."""

_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\S)|(?<=[。！？])(?=\S)")


@dataclass(frozen=True)
class Decision:
    """Something that a person has to decide, with the link to its evidence.

    Attributes:
        numbers: what the words do not say: the number, its interval and the limit, or the limit alone.
        figures: all of these, for where the words are left out.
    """

    badge: Badge
    severity: str | None
    title: str
    check: str
    words: str
    numbers: str
    figures: str
    anchor: str

    @property
    def short(self) -> str:
        """The words as far as the first page has room for them."""
        return self.within(2 * SHORT)

    def within(self, most: int) -> str:
        """Return whole sentences of about so many characters: a cut inside of one might be in its interval."""
        if len(self.words) <= most:
            return visible(self.words)
        ends = [end.start() for end in _SENTENCE_END.finditer(self.words[:MAX_CHARACTERS])]
        first = min(ends, default=MAX_CHARACTERS)
        return visible(self.words, most=max((end for end in ends if end <= most), default=first))


@dataclass(frozen=True)
class Gap:
    """Something that was not assessed, and why; the reason is in parts, each with its language."""

    badge: Badge
    title: str
    parts: tuple[Told, ...]
    anchor: str

    @property
    def reason(self) -> str:
        """The reason as one text."""
        return " ".join(part.text for part in self.parts)

    @property
    def short(self) -> Told:
        """The part that says why, as far as the first page has room for it."""
        last = self.parts[-1]
        return Told(shortened(last.text, SHORT_REASON), last.lang)


def decisions(report: AuditReport, checks: Sequence[CheckView]) -> tuple[Decision, ...]:
    """Return what needs a decision: exceeded limits, waivers that end soon, and required answers that are missing."""
    judged = sorted((view for check in checks for view in check.judged), key=lambda view: view.gravity)
    level = percent(report.judgement.level)
    titles = {check.info.id: check.title.text for check in checks}
    found = [_decision(view, titles, level) for view in _worst_of_each_check_first(judged)]
    day = report.judgement.judged_on
    for view in judged:
        ending = view.waiver is not None and day is not None and view.waiver.expires - day <= SOON
        unanswered = view.verdict is not None and view.verdict.required and view.badge in (INCONCLUSIVE, ABSENT)
        if ending or unanswered:
            found.append(_decision(view, titles, level))
    return (*found, *_missing(report, checks))


def _missing(report: AuditReport, checks: Sequence[CheckView]) -> list[Decision]:
    """Return the checks that the policy requires and that gave no metric at all; what failed has a place of its own."""
    required = {verdict.checker for verdict in report.judgement.verdicts if verdict.required and verdict.metric is None}
    said = say("front.decision.whole_check")
    return [
        Decision(
            badge=check.badge,
            severity=None,
            title=check.title.text,
            check="",
            words=say("front.decision.unanswered", reason=told_sentence(check.result.reason or "").text),
            numbers=sentence(said),
            figures=sentence(said),
            anchor=check.anchor,
        )
        for check in checks
        if check.info.id in required and check.result.status != "errored"
    ]


def _worst_of_each_check_first(judged: Sequence[FindingView]) -> list[FindingView]:
    """Return the findings that exceed a limit: what is critical, then the worst of each check, then the others.

    Ten perturbations that exceed their limit would otherwise push a leak off the first page.
    """
    exceeding = [view for view in judged if view.badge is EXCEEDS and view.verdict is not None]
    places: Counter[str] = Counter()
    ranked = []
    for view in exceeding:
        checker, severity = (view.verdict.checker, view.verdict.severity) if view.verdict else ("", None)
        ranked.append((0 if severity == "critical" else places[checker], view))
        places[checker] += 1
    return [view for _, view in sorted(ranked, key=lambda pair: min(pair[0], 1))]


def _decision(view: FindingView, titles: Mapping[str, str], level: str) -> Decision:
    limit = say("front.decision.limit", limit=view.limit_words) if view.limit_words else say("front.decision.no_limit")
    measured = say("front.decision.measured", value=view.value_words, level=level, interval=view.interval_words)
    figures = say("front.decision.numbers", measured=measured, limit=limit)
    # The checker's sentence is left out where it is in another language or long: the numbers say it in the report's.
    left_out = view.made or len(view.statement.text) > SHORT
    words = say("front.decision.sentence", words=measured) if left_out else view.statement.text
    told_already = left_out or _says_its_numbers(view, words)
    numbers = say("front.decision.sentence", words=limit) if told_already else figures
    if view.waiver:
        words = say(
            "front.decision.ending",
            day=str(view.waiver.expires),
            owner=visible(view.waiver.owner, most=NAME),
            statement=words,
        )
    elif view.badge is not EXCEEDS:
        words = say("front.decision.unanswered", reason=view.reason_words)
    return Decision(
        badge=view.badge,
        severity=view.verdict.severity if view.verdict and view.badge is EXCEEDS else None,
        title=view.title,
        check=titles[view.verdict.checker] if view.verdict else "",
        words=words,
        numbers=sentence(numbers),
        figures=sentence(figures),
        anchor=view.anchor,
    )


def _says_its_numbers(view: FindingView, words: str) -> bool:
    figures = (view.metric.value, *(view.interval or ()))
    return all(value is not None and view.scale.bare(value).strip("+\u2212%") in words for value in figures)


def gaps(families: Sequence[FamilyView]) -> tuple[Gap, ...]:
    """Return what was not assessed: what failed first, then what was left out, then what does not apply."""
    found = []
    for family in families:
        if not family.checks:
            found.append(Gap(ABSENT, family.title, (_ours("no_check"),), family.anchor))
        for check in family.checks:
            if check.result.status != "completed":
                reason = told_sentence(check.result.reason or "")
                found.append(Gap(check.badge, check.title.text, (reason,), check.anchor))
            found += _metric_gaps(check)
    return tuple(sorted(found, key=lambda gap: GRAVITY.index(gap.badge)))


def gap_words(found: Sequence[Gap]) -> str:
    """Return how many points were not assessed, and of how many the question makes no sense here."""
    said = say("front.gap.short", count=len(found))
    inapplicable = sum(gap.badge is INAPPLICABLE for gap in found)
    return say("front.gap.short_of", all=said, count=inapplicable) if inapplicable else said


def _ours(reason: str) -> Told:
    return Told(say(f"front.gap.{reason}"), tag())


def _metric_gaps(check: CheckView) -> list[Gap]:
    """Return the unjudged metrics of a check, those with one reason together."""
    title = check.title.text
    by_reason: dict[tuple[Told, ...], list[FindingView]] = {}
    for view in check.judged:
        if view.badge is ABSENT:
            by_reason.setdefault(view.reason, []).append(view)
    found = []
    for parts, views in by_reason.items():
        several = say("front.gap.metrics", check=title, count=len(views))
        found.append(Gap(ABSENT, views[0].title if len(views) == 1 else several, parts, views[0].anchor))
    if check.result.status == "completed" and not check.judged:
        found.append(Gap(ABSENT, title, (_ours("no_limit"),), check.anchor))
    return found
