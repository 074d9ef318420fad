"""What of two audits can be compared, and why the rest can not.

The sentences are a fixed list, so that a report can say them in its own language; `Why` has what they rest on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelaudit.audit_report import AuditReport, TableInfo, canonical_json
from modelaudit.comparison import NOT_ASKED
from modelaudit.results import CheckResult, Finding
from modelaudit.verdicts import Policy

TASK = "The two models have different tasks."
LABELS = "The two models have different labels, or the same in another order."
POLICY = "The two policies set different limits or error rates. Judge one report by the policy of the other first."
USE_CASE = "The two audits are declared for different use cases, and a policy's limits go by them."
ROWS = "The two audits were not made on the same evaluation rows in the same order."
REFUSALS = (TASK, LABELS, POLICY, USE_CASE, ROWS)
"""Why nothing can be compared."""

POLICY_TEXT = "The two policies set the same limits; their name, version, wording, approval or waivers differ."
COLUMNS = "The same rows were read from columns of other names."
FILES = "The rows judged on are the same, but the file that they stand in is another."
MEMBERS = "The training rows differ, and what is learnt from them or asked of them changed with them."
NO_MEMBERS_BEFORE = "The baseline had no training rows: what is learnt from them or asked of them is not in it."
NO_MEMBERS_NOW = "The second audit had no training rows: what is learnt from them or asked of them is not in it."
SEED = "The seeds differ, so that rows and changes were drawn anew."
PRESET = "The presets differ, and with them how many rows a check asks."
NUMERICS = "The models ran on other hardware or in another precision."
VERSIONS = "Versions of packages differ."
SAME_MODEL = "Both audits are of the same model weights: what changed lies elsewhere, or in the draw."
FEWER_ROWS = "Not every row stands in both row files; what is taken row by row is of those that do."
NOTES = (
    POLICY_TEXT, COLUMNS, FILES, MEMBERS, NO_MEMBERS_BEFORE, NO_MEMBERS_NOW, SEED, PRESET, NUMERICS, VERSIONS,
    SAME_MODEL, FEWER_ROWS,
)  # fmt: skip
"""What differs between two audits and does not stand in the way."""

VERSION = "The check has another version."
OPTIONS = "The check ran with other options."
HELDOUT = "The check asks held-out rows, and these differ."
BASE = "The check asks the base model, and that is another."
CONFOUNDED = "The number can't be read as the risk in one of the two audits."
UNIT = "The number counts something else, or its better side is another."
NO_VALUE = "One of the two audits gives no value."
NO_INTERVAL = "One of the two values has no interval, or one without an upper end."
FAILED = "The check failed."
NO_ANSWER = "The check gave no answer."
NOT_RUN = "The check was not part of this audit."
NO_METRIC = "The check ran and gives no such number."
HINDRANCES = (
    VERSION, OPTIONS, HELDOUT, BASE, CONFOUNDED, UNIT, NO_VALUE, NO_INTERVAL, FAILED, NO_ANSWER, NOT_ASKED, NOT_RUN,
    NO_METRIC,
)  # fmt: skip
"""Why one number can't be compared, or is in one audit alone."""

NOT_SELECTED = "not selected"
"""How the reason begins of a check that a plan leaves out, since it was not asked for."""


@dataclass(frozen=True, slots=True)
class Why:
    """A sentence of the lists above, and what it rests on here."""

    sentence: str
    detail: str | None = None


def refusals(before: AuditReport, after: AuditReport) -> list[Why]:
    """Return why nothing of the two audits can be compared; empty where something can."""
    first, second = before.subject, after.subject
    found = [
        (TASK, first.task, second.task),
        (LABELS, list(first.model.labels), list(second.model.labels)),
        (POLICY, limits(before.policy), limits(after.policy)),
        (USE_CASE, first.declared.use_case, second.declared.use_case),
        (ROWS, first.evaluation.sha256, second.evaluation.sha256),
    ]
    details = {
        TASK: _changed(first.task, second.task),
        POLICY: _changed(_named(before.policy), _named(after.policy)),
        USE_CASE: _changed(first.declared.use_case, second.declared.use_case),
        ROWS: _changed(_table(first.evaluation), _table(second.evaluation)),
    }
    return [Why(sentence, details.get(sentence)) for sentence, one, other in found if one != other]


def notes(before: AuditReport, after: AuditReport) -> list[Why]:
    """Return what differs between two audits that can be compared and does not stand in the way."""
    first, second = before.subject, after.subject
    columns, files = _columns(first.evaluation), _files(before)
    found = [
        Why(POLICY_TEXT, _changed(_named(before.policy), _named(after.policy)))
        if before.policy != after.policy
        else None,
        Why(COLUMNS, _changed(columns, _columns(second.evaluation)))
        if columns != _columns(second.evaluation)
        else None,
        Why(FILES) if files and _files(after) and files != _files(after) else None,
        _members(first.members, second.members),
        _differing(SEED, {"": before.settings.seed}, {"": after.settings.seed}),
        _differing(PRESET, {"": before.settings.preset}, {"": after.settings.preset}),
        _differing(NUMERICS, before.provenance.numerics, after.provenance.numerics),
        _differing(VERSIONS, _versions(before), _versions(after)),
        Why(SAME_MODEL) if _weights(before) is not None and _weights(before) == _weights(after) else None,
    ]
    return [why for why in found if why is not None]


def check_hindrance(before: AuditReport, after: AuditReport, first: CheckResult, second: CheckResult) -> Why | None:
    """Return why the numbers of a check that is in both audits can't be compared, or None."""
    if first.checker.version != second.checker.version:
        return Why(VERSION, _changed(first.checker.version, second.checker.version))
    if first.options != second.options:
        return _differing(OPTIONS, first.options, second.options)
    needs = set(first.checker.needs) | set(second.checker.needs)
    if needs & {"members", "membership_labels"} and _sha(before.subject.heldout) != _sha(after.subject.heldout):
        return Why(HELDOUT)
    if "base_model" in needs and _base(before) != _base(after):
        return Why(BASE)
    return None


def metric_hindrance(first: Finding, second: Finding) -> Why | None:
    """Return why two findings of one name can't be compared, or None."""
    before, after = first.metric, second.metric
    if (before.unit, before.better) != (after.unit, after.better):
        return Why(UNIT, _changed(f"{before.unit}, {before.better}", f"{after.unit}, {after.better}"))
    if confounded := first.confounded or second.confounded:
        return Why(CONFOUNDED, confounded)
    if before.value is None or after.value is None:
        return Why(NO_VALUE, before.reason if before.value is None else after.reason)
    return None


def absence(result: CheckResult | None) -> Why:
    """Return why an audit lacks a number of a check, of which it has this result or none."""
    if result is None:
        return Why(NOT_RUN)
    if result.status == "errored":
        return Why(FAILED, result.reason)
    if result.status == "completed":
        return Why(NO_METRIC)
    left_out = result.status == "skipped" and (result.reason or "").startswith(NOT_SELECTED)
    return Why(NOT_ASKED) if left_out else Why(NO_ANSWER, result.reason)


def limits(policy: Policy) -> str:
    """Return what decides a verdict: limits without their wording, in no order of their own, and error rates."""
    content = policy.model_dump(mode="json", include={"level", "q", "limit"})
    rules = [
        canonical_json({key: value for key, value in limit.items() if key not in ("rationale", "source")})
        for limit in content["limit"]
    ]
    return canonical_json([content["level"], content["q"], sorted(rules)])


def _members(before: TableInfo | None, after: TableInfo | None) -> Why | None:
    if _sha(before) == _sha(after):
        return None
    return Why(NO_MEMBERS_NOW if after is None else NO_MEMBERS_BEFORE if before is None else MEMBERS)


def _changed(before: object, after: object) -> str | None:
    return None if before == after else f"{_shown(before)} → {_shown(after)}"


def _shown(value: object) -> str:
    return "–" if value in (None, "") else f"{value:.200}" if isinstance(value, str) else str(value)


def _differing(sentence: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Why | None:
    """Return the sentence with each entry that differs, or None where none does."""
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    said = [f"{name}: {_changed(before.get(name), after.get(name))}".removeprefix(": ") for name in names]
    return Why(sentence, "; ".join(said)) if said else None


def _named(policy: Policy) -> str:
    return f"{policy.id} {policy.version} ({policy.sha256[:12]})"


def _table(table: TableInfo) -> str:
    return f"{table.name}, {table.rows:,} ({table.sha256[:12]})"


def _columns(table: TableInfo) -> str:
    return ", ".join(filter(None, (table.text_column, table.label_column)))


def _files(report: AuditReport) -> set[str]:
    return {record.sha256 for record in report.provenance.inputs if record.role == "rows judged on"}


def _versions(report: AuditReport) -> dict[str, str]:
    return {**report.provenance.versions, "modelaudit": report.provenance.package_version}


def _weights(report: AuditReport) -> str | None:
    return report.subject.model.weights_sha256


def _base(report: AuditReport) -> str | None:
    base = report.subject.base_model
    return None if base is None else base.weights_sha256


def _sha(table: TableInfo | None) -> str | None:
    return None if table is None else table.sha256
