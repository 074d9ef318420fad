"""Provenance as tables: what must be equal for the numbers to be equal, and what happened in this run."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.audit_report import AuditReport, ModelInfo, TableInfo
from modelaudit.reports.numbers import decimal, duration
from modelaudit.reports.subject_facts import declared_facts
from modelaudit.reports.tables import DataTable
from modelaudit.reports.words import say

MOST_INPUTS = 60
"""So many files that the audit read are listed in the page; the JSON record holds the others."""


@dataclass(frozen=True)
class Facts:
    """A titled list of label and value; hashes are shown in full and may break anywhere."""

    title: str
    pairs: tuple[tuple[str, str], ...]


def declared(report: AuditReport) -> Facts:
    """Return what the owner declares, in full; the first page may cut it."""
    pairs = tuple((fact.label, fact.words) for fact in declared_facts(report))
    return Facts(say("front.declared_by"), pairs)


def model_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return one list for the model, and one for the base model where there is one."""
    found = [_model(say("provenance.model.title"), report.subject.model)]
    if report.subject.base_model:
        found.append(_model(say("provenance.model.base_title"), report.subject.base_model))
    return tuple(found)


def _model(title: str, model: ModelInfo) -> Facts:
    unknown = say("provenance.unknown")
    classes = say("list.separator").join(model.labels)
    if model.kind == "function":
        same = say("provenance.model.repeats") if model.repeatable else say("provenance.model.repeats_not")
        return Facts(
            title,
            (
                (say("provenance.model.name"), model.name),
                (say("provenance.model.kind"), say("provenance.model.function")),
                (say("provenance.model.place"), model.architecture),
                (say("provenance.model.classes"), classes),
                (say("provenance.model.inside"), say("provenance.model.inside_unknown")),
                (say("provenance.model.repeatable"), same),
            ),
        )
    size = unknown if model.parameters is None else f"{model.parameters:,}"
    longest = unknown if model.max_length is None else say("provenance.model.tokens", count=model.max_length)
    return Facts(
        title,
        (
            (say("provenance.model.name"), model.name),
            (say("provenance.model.architecture"), model.architecture),
            (say("provenance.model.parameters"), size),
            (say("provenance.model.classes"), classes),
            (say("provenance.model.longest"), longest),
            (say("provenance.model.adapter"), model.adapter or say("provenance.none")),
            (say("provenance.model.base"), model.base_model or unknown),
            (say("provenance.model.remote_code"), _alarming(model.remote_code)),
            (say("provenance.model.pickle"), _alarming(model.pickled_weights)),
            (say("provenance.model.weights"), model.weights_sha256 or unknown),
            (say("provenance.model.config"), model.config_sha256 or unknown),
            (say("provenance.model.tokenizer"), model.tokenizer_sha256 or unknown),
        ),
    )


def _alarming(there: bool) -> str:
    return say("provenance.loud_yes") if there else say("provenance.no")


def data_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return one list for each table of rows."""
    subject = report.subject
    tables = (
        (say("provenance.table.evaluation"), subject.evaluation),
        (say("provenance.table.members"), subject.members),
        (say("provenance.table.heldout"), None if subject.heldout_is_evaluation else subject.heldout),
    )
    tokens = subject.model.kind != "function"
    return tuple(_table(title, table, tokens=tokens) for title, table in tables if table)


def _table(title: str, table: TableInfo, *, tokens: bool) -> Facts:
    """Return the facts of a table; a text's length is in characters where the model's tokens are not known."""
    lost = say("provenance.none")
    if not tokens:
        lost = say("provenance.unknown")
    elif table.truncated:
        lost = say(
            "provenance.table.lost",
            rows=say("count.rows", count=table.truncated),
            tokens=say("count.tokens", count=table.tokens_lost),
        )
    rows = say("count.rows", count=table.rows)
    length = say(
        "provenance.table.length" if tokens else "provenance.table.length_characters",
        words=decimal(table.mean_words, places=1),
        units=decimal(table.mean_tokens, places=1),
    )
    pairs = [
        (say("provenance.table.name"), table.name),
        (
            say("provenance.table.rows"),
            say("front.table.sampled", rows=rows, of=table.sampled_from) if table.sampled_from else rows,
        ),
        (say("provenance.table.text_column"), table.text_column),
        (say("provenance.table.label_column"), table.label_column or say("provenance.none")),
        (say("provenance.table.mean_length"), length),
        (say("provenance.table.cut"), lost),
        (say("provenance.sha256"), table.sha256),
    ]
    for reason, count in sorted(table.set_aside.items()):
        pairs.append((say("provenance.table.set_aside", reason=reason), say("count.rows", count=count)))
    for label, count in sorted(table.label_counts.items()):
        pairs.append((say("provenance.table.labelled", label=label), f"{count:,}"))
    return Facts(title, tuple(pairs))


def inputs_table(report: AuditReport) -> DataTable | None:
    """Return the files that the audit read, with their hashes."""
    inputs = report.provenance.inputs
    if not inputs:
        return None
    columns = tuple(say(f"provenance.inputs.{name}") for name in ("role", "name", "bytes", "sha256"))
    rows = tuple((item.role, item.name, f"{item.bytes:,}", item.sha256) for item in inputs[:MOST_INPUTS])
    left_out = max(0, len(inputs) - MOST_INPUTS)
    return DataTable(say("provenance.inputs.title"), columns, (False, False, True, False), rows, left_out)


def settings_facts(report: AuditReport) -> Facts:
    """Return what the user chose."""
    settings = report.settings
    every = say("provenance.settings.all_families")
    shown = say("provenance.settings.shown") if settings.show_text else say("provenance.settings.not_shown")
    masked = say("provenance.yes") if settings.mask_personal_data else say("provenance.loud_no")
    pairs = [
        (say("provenance.settings.seed"), str(settings.seed)),
        (say("provenance.settings.preset"), settings.preset),
        (
            say("provenance.settings.sample"),
            say("provenance.settings.all_rows")
            if settings.sample is None
            else say("count.rows", count=settings.sample),
        ),
        (say("provenance.settings.only"), say("list.separator").join(settings.only) if settings.only else every),
        (say("provenance.settings.text"), shown),
    ]
    if settings.show_text:
        pairs.append((say("provenance.settings.masked"), masked))
    for checker, options in sorted(settings.checker_options.items()):
        chosen = "; ".join(f"{key} = {options[key]}" for key in sorted(options))
        pairs.append((say("provenance.settings.options", checker=checker), chosen))
    return Facts(say("provenance.settings.title"), tuple(pairs))


def version_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return versions and numerics."""
    provenance = report.provenance
    versions = (("modelaudit", provenance.package_version), *sorted(provenance.versions.items()))
    numerics = tuple(sorted(provenance.numerics.items()))
    return Facts(say("provenance.versions"), versions), Facts(say("provenance.numerics"), numerics)


def run_facts(report: AuditReport) -> Facts:
    """Return what varies from run to run, outside the digest."""
    run = report.run
    length = "count.characters" if report.subject.model.kind == "function" else "count.tokens"
    computed = say("provenance.run.over", computed=run.computed, length=say(length, count=run.tokens))
    resumed = ((say("provenance.run.journal"), f"{run.journal_hits:,}"),) if run.journal_hits else ()
    return Facts(
        say("provenance.run.title"),
        (
            (say("provenance.run.command"), run.command),
            (say("provenance.run.started"), run.started),
            (say("provenance.run.finished"), run.finished),
            (say("provenance.run.took"), duration(run.seconds)),
            (say("provenance.run.host"), run.host),
            (say("provenance.run.evaluations"), f"{run.evaluations:,}"),
            (say("provenance.run.computed"), computed),
            (say("provenance.run.memory"), f"{run.memo_hits:,}"),
            *resumed,
        ),
    )
