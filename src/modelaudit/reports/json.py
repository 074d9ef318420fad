"""The record: a report as stable JSON, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelaudit.audit_report import SCHEMA_VERSION, AuditReport, canonical_json
from modelaudit.errors import InputError

Record = dict[str, Any]

UPGRADES: dict[str, Callable[[Record], Record]] = {}
"""Pure functions that turn a record of one older schema version into the next; keyed by the older version."""

VOLATILE = ("run", "digest")
"""Keys that the digest leaves out."""


def render_json(report: AuditReport) -> str:
    """Return the record: sorted keys, no NaN, ASCII only, so that nothing in it can hide or reorder text."""
    content = report.model_dump(mode="json", by_alias=True)
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"


def load_report(path: str | Path) -> AuditReport:
    """Read a record, of this schema version or an older one.

    Raises:
        InputError: the file can't be read, is no record, is of a newer schema version, or was changed after it was
            written (its digest does not match).
    """
    where = f"report {path}"
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{where} can't be read: {error.strerror}. Give the path of a .json report.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8 text. Give a .json report that modelaudit wrote.") from error
    return parse_report(text, where=where)


def parse_report(text: str, *, where: str) -> AuditReport:
    """Read a record from its text; `where` names it in errors. Raises InputError as `load_report` does."""
    try:
        return _parsed(text, where)
    except RecursionError as error:
        raise InputError(f"{where} is nested too deeply to be a modelaudit report. Give a .json report.") from error


def _parsed(text: str, where: str) -> AuditReport:
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise InputError(f"{where} is not valid JSON: {error}. Write it again with --out report.json.") from error
    if not isinstance(content, dict) or not isinstance(content.get("schema_version"), str):
        raise InputError(f"{where} is no modelaudit report: it has no schema_version. Give a .json report.")
    _check_version(content["schema_version"], where)
    _check_digest(content, where)
    record = {key: value for key, value in content.items() if key != "digest"}
    while record["schema_version"] in UPGRADES:
        record = UPGRADES[record["schema_version"]](record)
    try:
        return AuditReport.model_validate(record)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"{where} does not fit schema {SCHEMA_VERSION}: '{place}': {fault['msg']}.") from error


def json_schema() -> Record:
    """Return the JSON Schema of the record."""
    schema = AuditReport.model_json_schema(mode="serialization", by_alias=True)
    major = SCHEMA_VERSION.partition(".")[0]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:modelaudit:audit-report:{major}",
        "title": f"modelaudit audit report, schema version {SCHEMA_VERSION}",
    }
    return schema | head


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _check_version(version: str, where: str) -> None:
    known = tuple(int(part) for part in SCHEMA_VERSION.split("."))
    try:
        found = tuple(int(part) for part in version.split("."))
    except ValueError:
        raise InputError(f"{where} has an unreadable schema_version {version!r:.40}. Give a .json report.") from None
    if found > known:
        raise InputError(
            f"{where} has schema version {version}, newer than {SCHEMA_VERSION}, the newest that this installation "
            "reads. Upgrade modelaudit."
        )
    if found != known and version not in UPGRADES:
        raise InputError(f"{where} has schema version {version}, which this installation can't read.")


def _check_digest(content: Record, where: str) -> None:
    kept = {key: value for key, value in content.items() if key not in VOLATILE}
    try:
        actual = "sha256:" + hashlib.sha256(canonical_json(kept).encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise InputError(f"{where} holds text that UTF-8 can't carry (a lone surrogate). Write it again.") from error
    if content.get("digest") != actual:
        raise InputError(
            f"{where} was changed after it was written: its digest is {content.get('digest')!r:.80}, its content gives "
            f"{actual}. Use the original file, or run the audit again."
        )
