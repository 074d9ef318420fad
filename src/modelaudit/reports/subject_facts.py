"""What was audited, and what its owner declares of it: the head of the first screen."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.audit_report import AuditReport, ModelInfo, TableInfo
from modelaudit.reports.policy_terms import approval
from modelaudit.reports.text import shortened
from modelaudit.reports.words import say

SHORT, FACT, USE = 66, 90, 110
"""So many characters of a declaration, of a fact, and of the declared use stand on the first page."""


@dataclass(frozen=True)
class Fact:
    """A line of what was audited, `missing` where nobody declared it; the first page has `room` characters for it."""

    label: str
    words: str
    missing: bool = False
    room: int = FACT

    @property
    def short(self) -> str:
        """The words as far as the first page has room for them."""
        return shortened(self.words, self.room)


def policy_words(report: AuditReport) -> str:
    """Return the policy's name with who approved it."""
    policy = report.policy
    if policy.reviewed:
        return say("front.policy.approved", id=policy.id, version=policy.version, approver=approval(policy))
    return say("front.policy.starter", id=policy.id, version=policy.version)


def model_words(model: ModelInfo) -> str:
    """Return what the model is, in a line."""
    if model.kind == "function":
        return say("front.model.function", place=model.architecture)
    parts = [model.architecture]
    if model.parameters is not None:
        parts.append(say("front.model.parameters", count=model.parameters))
    if model.adapter:
        parts.append(say("front.model.adapter", name=model.adapter))
    if model.base_model:
        parts.append(say("front.model.base", name=model.base_model))
    return say("front.comma").join(parts)


def table_words(table: TableInfo) -> str:
    """Return what a table of rows is, in a line."""
    parts = [table.name, say("front.table.rows", count=table.rows)]
    if table.sampled_from:
        parts[1] = say("front.table.sampled", rows=parts[1], of=table.sampled_from)
    parts.append(say("front.table.text", column=table.text_column))
    labels = say("front.table.labels", column=table.label_column) if table.labelled else say("front.table.unlabelled")
    return say("front.comma").join([*parts, labels])


def audited_facts(report: AuditReport, digest: str) -> tuple[Fact, ...]:
    """Return what the tool itself read: the model, the rows, the policy and the run; `digest` is the record's."""
    subject, settings = report.subject, report.settings
    facts = [
        Fact(say("front.fact.model"), model_words(subject.model)),
        Fact(say("front.fact.task"), say("front.task", task=subject.task, count=len(subject.model.labels))),
        Fact(say("front.fact.evaluation"), table_words(subject.evaluation)),
    ]
    if subject.members:
        facts.append(Fact(say("front.fact.members"), table_words(subject.members)))
    else:
        facts.append(Fact(say("front.fact.members"), say("front.not_given"), missing=True))
    if subject.model.kind == "function":
        rows = report.provenance.numerics.get("rows", say("front.answers.not_asked"))
        words = say("front.answers.words", rows=rows)
        facts.append(Fact(say("front.fact.answers"), words, missing=not subject.model.repeatable, room=len(words)))
    facts.append(Fact(say("front.fact.policy"), policy_words(report), missing=not report.policy.reviewed))
    run = say(
        "front.run",
        day=report.run.started[:10],
        preset=settings.preset,
        seed=str(settings.seed),
        # Twelve digits tell one record from another on paper; the whole digest stands at the end of the page.
        digest=digest[: len("sha256:") + 12],
    )
    facts.append(Fact(say("front.fact.run"), run))
    return tuple(facts)


def declared_in_short(report: AuditReport) -> tuple[Fact, ...]:
    """Return what the owner declares, with the names of all that is missing in one line."""
    every = declared_facts(report)
    missing = [fact.label for fact in every if fact.missing]
    there = tuple(fact for fact in every if not fact.missing)
    if not missing:
        return there
    names = say("list.separator").join(missing)
    return (*there, Fact(say("front.declared.missing_label"), names, missing=True))


def declared_facts(report: AuditReport) -> tuple[Fact, ...]:
    """Return what the owner declares of the use; what is missing is shown as missing."""
    declared = report.subject.declared
    role = say(f"front.role.{declared.role.replace(' ', '_')}") if declared.role else None
    risk_class = say(f"front.risk_class.{declared.risk_class}") if declared.risk_class else None
    pairs = (
        (say("front.declared.use"), declared.use),
        (say("front.declared.use_case"), declared.use_case),
        (say("front.declared.owner"), declared.owner),
        (say("front.declared.impact"), declared.impact),
        (say("front.declared.affected"), declared.affected),
        (say("front.declared.role"), role),
        (say("front.declared.jurisdictions"), say("list.separator").join(declared.jurisdictions)),
        (say("front.declared.risk_class"), risk_class),
    )
    use = pairs[0][0]
    return tuple(
        Fact(label, words or say("front.declared.missing"), missing=not words, room=USE if label == use else SHORT)
        for label, words in pairs
    )
