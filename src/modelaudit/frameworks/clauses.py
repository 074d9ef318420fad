"""Clauses of regulations and frameworks, read from the dated files under `data/`.

A mapping says what a check provides evidence relevant to, and what it does not show. It is no legal advice: whether a
clause applies is the owner's declaration, and whether it is met is for people to decide.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import Field

from modelaudit.audit_report import Declared
from modelaudit.evidence import Frozen
from modelaudit.frameworks.places import within
from modelaudit.results import Risk

Strength = Literal["direct", "supporting", "context"]
Status = Literal["in force", "applies later", "voluntary", "historic", "to confirm"]
Standing = Literal["declared", "voluntary alignment", "not declared"]

ORDER = ("eu-ai-act", "nist-ai-rmf", "iso-42001", "gdpr", "china-interim-measures", "oecd", "nyc-ll144", "colorado")
"""The frameworks in the order that a report lists them in."""

WHOLE = "*"
"""Stands among a clause's families where the report as a whole is the evidence and no single check."""


class Clause(Frozen):
    """One clause, in our own words, with what is evidence for it and what that evidence does not show.

    Attributes:
        framework, framework_zh: title of the framework; framework_id: its id.
        ref: the clause as lawyers cite it; unique in its framework.
        ours, ours_zh: what it asks for, in our words. limits, limits_zh: what our evidence for it does not show.
        strength: `direct` where the clause asks for such a test, `supporting` where a test is one part of what it asks
            for, `context` where it only helps those who have to meet it.
        families: of risk, or `*` for the report as a whole; empty where modelaudit has no evidence for it.
        checkers, metrics: ids that the evidence comes from; empty for all of the families.
        applies_to: roles, each with a class of risk where one is needed (`provider:high`); empty for anyone.
        applies_from: the day from which it applies, or None where it is no duty or the day is not known.
        date_to_confirm: the date was read in secondary sources only.
        status: `to confirm` where the clause was not read in its own source.
        jurisdictions: where it is law; empty where it is law nowhere.
        as_of, review_by: the day that the mapping describes, and the day from which it counts as out of date.
    """

    framework: str
    framework_zh: str
    framework_id: str
    ref: str = Field(min_length=1)
    ours: str = Field(min_length=10)
    ours_zh: str = Field(min_length=5)
    strength: Strength
    limits: str = Field(min_length=10)
    limits_zh: str = Field(min_length=5)
    families: tuple[Risk | Literal["*"], ...]
    checkers: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    applies_to: tuple[str, ...] = ()
    applies_from: dt.date | None = None
    date_to_confirm: bool = False
    status: Status
    jurisdictions: tuple[str, ...] = ()
    source: str = Field(min_length=5)
    as_of: dt.date
    review_by: dt.date

    @property
    def to_confirm(self) -> bool:
        """Whether its text or its date was not read in its own source; a report has to say so."""
        return self.status == "to confirm" or self.date_to_confirm

    def standing(self, declared: Declared) -> Standing:
        """Return whether the clause is one that the owner declares to apply; nothing is inferred.

        `voluntary alignment` where it is law nowhere, or the owner declares another place, role or class of risk;
        `not declared` where what it hangs on was left out.
        """
        if not self.jurisdictions:
            return "voluntary alignment"
        answers = [within(declared.jurisdictions, self.jurisdictions), self._role(declared)]
        if False in answers:
            return "voluntary alignment"
        return "not declared" if None in answers else "declared"

    def _role(self, declared: Declared) -> bool | None:
        if not self.applies_to:
            return True
        answers = []
        for entry in self.applies_to:
            role, _, risk_class = entry.partition(":")
            known_class = None if declared.risk_class in (None, "unknown") else declared.risk_class == risk_class
            parts = [
                None if declared.role is None else declared.role == role,
                known_class if risk_class else True,
            ]
            answers.append(False if False in parts else None if None in parts else True)
        return True if True in answers else None if None in answers else False


class Framework(Frozen):
    """One regulation or framework: its clauses and the dates of the mapping.

    Attributes:
        title, title_zh; note, note_zh: what a reader has to know of its state.
        as_of: the day that the mapping describes; review_by: the day from which it counts as out of date.
    """

    id: str
    title: str
    title_zh: str
    note: str
    note_zh: str
    source: str
    as_of: dt.date
    review_by: dt.date
    clauses: tuple[Clause, ...]

    def outdated(self, today: dt.date) -> bool:
        """Tell whether the mapping is past the day by which it had to be read anew."""
        return today > self.review_by


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return all frameworks that are shipped, in the order that a report lists them in."""
    folder = resources.files("modelaudit").joinpath("frameworks", "data")
    return tuple(read_framework(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")) for name in ORDER)


def read_framework(text: str) -> Framework:
    """Read one data file; its table `[defaults]` holds what a clause that says nothing else has."""
    content: dict[str, Any] = tomllib.loads(text)
    head = {key: content[key] for key in ("id", "title", "title_zh", "note", "note_zh", "source", "as_of", "review_by")}
    shared = {
        "framework": head["title"],
        "framework_zh": head["title_zh"],
        "framework_id": head["id"],
        **{key: head[key] for key in ("source", "as_of", "review_by")},
        **content.get("defaults", {}),
    }
    return Framework.model_validate({**head, "clauses": [shared | clause for clause in content["clause"]]})


def clauses_for(risk: Risk, checker_id: str | None = None, metric_id: str | None = None) -> tuple[Clause, ...]:
    """Return the clauses that a family of risk provides evidence relevant to, the strongest first in each framework.

    With a checker or a metric only those that its evidence serves. A check of a plugin serves the clauses of its family
    that name no checker. Clauses that the report as a whole serves are in `clauses_of_the_report`.
    """
    strengths: tuple[Strength, ...] = ("direct", "supporting", "context")
    found = [clause for clause in _all() if risk in clause.families and _serves(clause, checker_id, metric_id)]
    return tuple(sorted(found, key=lambda clause: (ORDER.index(clause.framework_id), strengths.index(clause.strength))))


def clauses_of_the_report() -> tuple[Clause, ...]:
    """Return the clauses that the report as a whole provides evidence relevant to."""
    return tuple(clause for clause in _all() if WHOLE in clause.families)


def clauses_without_evidence() -> tuple[Clause, ...]:
    """Return the clauses that nothing of modelaudit is evidence for, without those that are history."""
    return tuple(clause for clause in _all() if not clause.families and clause.status != "historic")


def _all() -> list[Clause]:
    return [clause for framework in frameworks() for clause in framework.clauses]


def _serves(clause: Clause, checker_id: str | None, metric_id: str | None) -> bool:
    return all(
        asked is None or not named or asked in named
        for asked, named in ((checker_id, clause.checkers), (metric_id, clause.metrics))
    )
