"""The clauses that a check provides evidence relevant to, as the report prints them: dated, and never as met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelaudit.audit_report import Declared
from modelaudit.frameworks import Clause, clauses_for, clauses_of_the_report, clauses_without_evidence, within
from modelaudit.reports.text import listed
from modelaudit.reports.words import say, spoken
from modelaudit.results import Risk

Key = tuple[str, str]


@dataclass(frozen=True)
class ClauseView:
    """One clause with what the owner's declaration makes of it.

    `concerns` is False where it is law only for other places or roles than the declared ones.
    """

    clause: Clause
    standing: str
    concerns: bool

    @property
    def key(self) -> Key:
        """What tells it from others: its framework and its number there."""
        return self.clause.framework_id, self.clause.ref

    @property
    def framework(self) -> str:
        """Title of the framework."""
        return self.clause.framework_zh if spoken() == "zh" else self.clause.framework

    @property
    def ours(self) -> str:
        """What it asks for, in our words."""
        return self.clause.ours_zh if spoken() == "zh" else self.clause.ours

    @property
    def limits(self) -> str:
        """What our evidence for it does not show."""
        return self.clause.limits_zh if spoken() == "zh" else self.clause.limits

    @property
    def strength(self) -> str:
        """How close the evidence is to what the clause asks for."""
        return say(f"clause.strength.{self.clause.strength}")

    @property
    def state(self) -> tuple[str, ...]:
        """Whether it applies, as declared and as dated."""
        clause = self.clause
        parts = [say(f"clause.standing.{self.standing.replace(' ', '_')}")]
        if clause.jurisdictions or clause.status != "voluntary":
            parts.append(say(f"clause.status.{clause.status.replace(' ', '_')}"))
        if clause.applies_from:
            parts.append(say("clause.from", day=str(clause.applies_from)))
        if clause.date_to_confirm:
            parts.append(say("clause.to_confirm"))
        return tuple(parts)


@dataclass(frozen=True)
class ClauseGroup:
    """The clauses of one framework."""

    framework: str
    views: tuple[ClauseView, ...]

    @property
    def name(self) -> str:
        """The framework in short."""
        return re.split(r" \(|（|, |: |：", self.framework)[0]

    @property
    def words(self) -> str:
        """The framework in short and its clauses."""
        return say("list.titled", title=self.name, group=self.refs)

    @property
    def shared(self) -> tuple[str, ...]:
        """What is true of all its clauses, so that it is said once."""
        return tuple(part for part in self.views[0].state if all(part in view.state for view in self.views))

    @property
    def limits(self) -> str:
        """What our evidence does not show of any of several clauses, where that is the same for all."""
        alike = len(self.views) > 1 and len({view.limits for view in self.views}) == 1
        return self.views[0].limits if alike else ""

    @property
    def heading(self) -> str:
        """The framework, with what is true of all its clauses here."""
        return say("list.parts").join((self.name, *self.shared))

    def own_words(self, view: ClauseView) -> str:
        """Return the strength of a clause, and what of its state is its own."""
        own = (part for part in view.state if part not in self.shared)
        return say("list.clauses").join((view.strength, *own))

    @property
    def refs(self) -> str:
        """The clauses as lawyers cite them."""
        return say("list.separator").join(view.clause.ref for view in self.views)

    @property
    def dated(self) -> str:
        """Its title, the day that the mapping describes, the day from which it has to be read anew, and its source."""
        clause = self.views[0].clause
        days = {"as_of": str(clause.as_of), "review_by": str(clause.review_by)}
        return say("clause.dated", framework=self.framework, **days, source=clause.source)


@dataclass(frozen=True)
class ClauseIndex:
    """The clauses of a family.

    Attributes:
        groups: those that the page tells here. earlier: those that it told with an earlier family.
        background: those that the evidence only helps with, by number alone.
        dates: frameworks that the page names here first: their title, dates and source.
        first: whether it is the first of the page. count: how many there are.
        left_out: how many more are for other places or roles than the declared ones.
    """

    groups: tuple[ClauseGroup, ...]
    earlier: tuple[ClauseGroup, ...]
    background: tuple[ClauseGroup, ...]
    dates: tuple[str, ...]
    first: bool
    count: int
    left_out: int


def by_framework(views: Iterable[ClauseView]) -> tuple[ClauseGroup, ...]:
    """Return clauses framework by framework, in their order."""
    groups: dict[str, list[ClauseView]] = {}
    for view in views:
        groups.setdefault(view.framework, []).append(view)
    return tuple(ClauseGroup(framework, tuple(own)) for framework, own in groups.items())


def voluntary(groups: Sequence[ClauseGroup]) -> str:
    """Say of which of these frameworks the owner declares no clause to apply."""
    names = [group.name for group in groups if all(view.standing != "declared" for view in group.views)]
    if len(names) == len(groups):
        return say("clause.voluntary") if names else ""
    return say("clause.voluntary_partly", frameworks=listed(names)) if names else ""


def clause_index(views: Iterable[ClauseView], told: set[Key]) -> ClauseIndex:
    """Return the index of a family; `told` holds the clauses that the page has told so far, and is added to."""
    every = {view.key: view for view in views}
    shown = {key: view for key, view in every.items() if view.concerns}
    helping = {key for key, view in shown.items() if view.clause.strength == "context"}
    known = {framework for framework, _ in told}
    new = by_framework(view for key, view in shown.items() if key[0] not in known)
    index = ClauseIndex(
        groups=by_framework(view for key, view in shown.items() if key not in told | helping),
        earlier=by_framework(view for key, view in shown.items() if key in told - helping),
        background=by_framework(view for key, view in shown.items() if key in helping),
        dates=tuple(group.dated for group in new),
        first=not told,
        count=len(shown),
        left_out=len(every) - len(shown),
    )
    told.update(shown)
    return index


def clause_views(risk: Risk, checker: str, metrics: Sequence[str], declared: Declared) -> tuple[ClauseView, ...]:
    """Return the clauses that a check with these metrics provides evidence relevant to."""
    served = {(clause.framework_id, clause.ref) for metric in metrics for clause in clauses_for(risk, checker, metric)}
    return tuple(
        ClauseView(clause, clause.standing(declared), _concerns(clause, declared))
        for clause in clauses_for(risk, checker)
        if (clause.framework_id, clause.ref) in served
    )


@dataclass(frozen=True)
class RemainingClauses:
    """The clauses that no single check serves.

    Attributes:
        whole: those that the report as a whole provides evidence relevant to. gaps: those that nothing here does.
        dates: frameworks that no family of the page names: their title, dates and source.
        left_out: how many more are for other places or roles than the declared ones.
    """

    whole: tuple[ClauseGroup, ...]
    gaps: tuple[ClauseGroup, ...]
    dates: tuple[str, ...]
    left_out: int


def remaining_clauses(declared: Declared, indices: Iterable[ClauseIndex]) -> RemainingClauses:
    """Return the clauses that no single check serves; `indices` are those of the families on the page."""
    named = (group for index in indices for group in (*index.groups, *index.earlier, *index.background))
    known = {group.framework for group in named}
    parts = [
        [ClauseView(clause, clause.standing(declared), _concerns(clause, declared)) for clause in clauses]
        for clauses in (clauses_of_the_report(), clauses_without_evidence())
    ]
    whole, gaps = (by_framework(view for view in views if view.concerns) for views in parts)
    new = by_framework(view for group in whole + gaps if group.framework not in known for view in group.views)
    left_out = sum(not view.concerns for views in parts for view in views)
    return RemainingClauses(whole, gaps, tuple(group.dated for group in new), left_out)


def _concerns(clause: Clause, declared: Declared) -> bool:
    """Tell whether a clause is for the declared place and role; what is not declared rules nothing out."""
    elsewhere = bool(clause.jurisdictions) and within(declared.jurisdictions, clause.jurisdictions) is False
    roles = {entry.partition(":")[0] for entry in clause.applies_to}
    others = bool(declared.role and roles) and declared.role not in roles
    return not elsewhere and not others
