"""Provenance as tables: what must be equal for the numbers to be equal, and what happened in this run."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.audit_report import AuditReport, ModelInfo, TableInfo
from modelaudit.reports.figures import DataTable
from modelaudit.reports.numbers import decimal, duration
from modelaudit.reports.text import plural
from modelaudit.verdicts import LEVELS, Limit


@dataclass(frozen=True)
class Facts:
    """A titled list of label and value; hashes are shown in full and may break anywhere."""

    title: str
    pairs: tuple[tuple[str, str], ...]


def model_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return one list for the model, and one for the base model where there is one."""
    found = [_model("Model", report.subject.model)]
    if report.subject.base_model:
        found.append(_model("Base model", report.subject.base_model))
    return tuple(found)


def _model(title: str, model: ModelInfo) -> Facts:
    if model.kind == "function":
        return Facts(
            title,
            (
                ("Name", model.name),
                ("Kind", "a function from texts to probabilities, handed in in Python"),
                ("Defined at", model.architecture),
                ("Classes", ", ".join(model.labels)),
                ("Parameters, longest input, weights, tokenizer", "not known, the function was only asked"),
                ("The same text got the same answer", "yes, as far as it was asked" if model.repeatable else "NO"),
            ),
        )
    return Facts(
        title,
        (
            ("Name", model.name),
            ("Architecture", model.architecture),
            ("Parameters", "not known" if model.parameters is None else f"{model.parameters:,}"),
            ("Classes", ", ".join(model.labels)),
            ("Longest input", "not known" if model.max_length is None else f"{model.max_length:,} tokens"),
            ("Adapter", model.adapter or "none"),
            ("Fine-tuned from", model.base_model or "not known"),
            ("Code from the model's repository was run", "YES" if model.remote_code else "no"),
            ("Weights were loaded from a pickle", "YES" if model.pickled_weights else "no"),
            ("SHA-256 of the weights", model.weights_sha256 or "not known"),
            ("SHA-256 of the configuration", model.config_sha256 or "not known"),
            ("SHA-256 of the tokenizer", model.tokenizer_sha256 or "not known"),
        ),
    )


def data_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return one list for each table of rows."""
    subject = report.subject
    heldout = None if subject.heldout_is_evaluation else subject.heldout
    tables = (("Rows judged on", subject.evaluation), ("Training rows", subject.members), ("Held-out rows", heldout))
    return tuple(_table(title, table, unit=_unit(report)) for title, table in tables if table)


def _unit(report: AuditReport) -> str:
    """What a text's length is counted in: the tokens of a function are not known."""
    return "character" if report.subject.model.kind == "function" else "token"


def _table(title: str, table: TableInfo, *, unit: str) -> Facts:
    lost = f"{plural(table.truncated, 'row')}, {plural(table.tokens_lost, 'token')} lost" if table.truncated else "none"
    lost = "not known" if unit == "character" else lost
    pairs = [
        ("Name", table.name),
        ("Rows used", f"{table.rows:,}" + (f" sampled from {table.sampled_from:,}" if table.sampled_from else "")),
        ("Text column", table.text_column),
        ("Label column", table.label_column or "none"),
        ("Mean length", f"{decimal(table.mean_words, places=1)} words, {decimal(table.mean_tokens, places=1)} {unit}s"),
        ("Cut off because longer than the model takes", lost),
        ("SHA-256", table.sha256),
    ]
    pairs += [(f"Set aside: {reason}", plural(count, "row")) for reason, count in sorted(table.set_aside.items())]
    pairs += [(f"Rows labelled {label}", f"{count:,}") for label, count in sorted(table.label_counts.items())]
    return Facts(title, tuple(pairs))


def settings_facts(report: AuditReport) -> Facts:
    """Return what the user chose."""
    settings = report.settings
    pairs = [
        ("Seed", str(settings.seed)),
        ("Preset", settings.preset),
        ("Sample", "all rows" if settings.sample is None else plural(settings.sample, "row")),
        ("Only", ", ".join(settings.only) if settings.only else "all families"),
        ("Text of rows in the report", "shown, as asked for" if settings.show_text else "not shown"),
    ]
    for checker, options in sorted(settings.checker_options.items()):
        pairs.append((f"Options of {checker}", "; ".join(f"{key} = {options[key]}" for key in sorted(options))))
    return Facts("Settings", tuple(pairs))


def version_facts(report: AuditReport) -> tuple[Facts, ...]:
    """Return versions and numerics."""
    provenance = report.provenance
    versions = (("modelaudit", provenance.package_version), *sorted(provenance.versions.items()))
    return Facts("Versions", versions), Facts("Numerics", tuple(sorted(provenance.numerics.items())))


def run_facts(report: AuditReport) -> Facts:
    """Return what varies from run to run, outside the digest."""
    run = report.run
    resumed = (("Read from the journal", f"{run.journal_hits:,}"),) if run.journal_hits else ()
    return Facts(
        "This run",
        (
            ("Command that reproduces it", run.command),
            ("Started", run.started),
            ("Finished", run.finished),
            ("Took", duration(run.seconds)),
            ("Host", run.host),
            ("Model evaluations asked for", f"{run.evaluations:,}"),
            ("Computed", f"{run.computed:,}, over {plural(run.tokens, _unit(report))}"),
            ("Answered from memory", f"{run.memo_hits:,}"),
            *resumed,
        ),
    )


def policy_facts(report: AuditReport) -> Facts:
    """Return the policy's identity and its error rates."""
    policy, judgement = report.policy, report.judgement
    pairs = [
        ("Policy", f"{policy.id}, version {policy.version}"),
        ("Owner", policy.owner or "not declared"),
        ("Approved by", policy.approved_by or "nobody: starter limits, not reviewed by your organisation"),
        ("SHA-256", policy.sha256 or "not recorded"),
        ("Verdicts are read from", f"the {100 * policy.level:g}% interval"),
        ("False discovery rate", f"{policy.q:g} over {plural(judgement.family_size, 'judged metric')} together"),
    ]
    if judgement.judged_on:
        pairs.append(("Waivers were read on", str(judgement.judged_on)))
    return Facts("Policy", tuple(pairs))


def limits_table(report: AuditReport) -> DataTable:
    """Return every limit of the policy with its reason and source."""
    rows = tuple(
        (
            limit.name,
            limit.words + (", required" if limit.required else ""),
            _severities(limit),
            limit.rationale,
            limit.source,
        )
        for limit in report.policy.limit
    )
    columns = ("Metric", "Limit", "Severity from", "Why", "Source")
    return DataTable("Limits of the policy", columns, (False,) * len(columns), rows)


def _severities(limit: Limit) -> str:
    return ", ".join(f"{name} {limit.severity[name]:g}" for name in LEVELS if name in limit.severity) or "–"


def waivers_table(report: AuditReport) -> DataTable | None:
    """Return the accepted risks, whether they came to bear or not."""
    used = {verdict.waiver for verdict in report.judgement.verdicts if verdict.waiver}
    rows = tuple(
        (
            waiver.id,
            f"{waiver.checker} {waiver.metric}" + (f" ({waiver.group})" if waiver.group else ""),
            waiver.owner,
            waiver.reason,
            f"{waiver.created} to {waiver.expires}",
            "–" if waiver.ceiling is None else f"{waiver.ceiling:g}",
            "yes" if waiver.id in used else "no",
        )
        for waiver in report.policy.waiver
    )
    columns = ("Waiver", "Metric", "Owner", "Reason", "Valid", "Void beyond", "Used here")
    return DataTable("Accepted risks", columns, (False,) * len(columns), rows) if rows else None


def plugins_table(report: AuditReport) -> DataTable:
    """Return the plugins, the failed ones first."""
    ordered = sorted(report.provenance.plugins, key=lambda plugin: plugin.status != "failed")
    rows = tuple(
        (
            "✕ FAILED" if plugin.status == "failed" else "loaded",
            f"{plugin.name} {plugin.version}",
            ", ".join(plugin.checkers) or "none",
            plugin.reason or "–",
        )
        for plugin in ordered
    )
    return DataTable("Plugins", ("State", "Plugin", "Checks", "Reason"), (False,) * 4, rows)
