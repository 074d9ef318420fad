"""The record: a report as stable JSON, and back."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelaudit.audit_report import SCHEMA_VERSION, AuditReport, canonical_json
from modelaudit.errors import InputError

Record = dict[str, Any]

UPGRADES: dict[str, Callable[[Record], Record]] = {
    # Versions 1.1 to 1.4 add keys that all have a default.
    "1.0": lambda record: record | {"schema_version": "1.1"},
    "1.1": lambda record: record | {"schema_version": "1.2"},
    "1.2": lambda record: record | {"schema_version": "1.3"},
    "1.3": lambda record: record | {"schema_version": "1.4"},
}
"""Pure functions that turn a record of one older schema version into the next; keyed by the older version."""

VOLATILE = ("run", "digest")
"""Keys that the digest leaves out."""


def render_json(report: AuditReport) -> str:
    """Return the record: sorted keys, no NaN, ASCII only, so that nothing in it can hide or reorder text.

    `run`, which the record's digest leaves out, carries one of its own.
    """
    content = report.model_dump(mode="json", by_alias=True)
    content["run"]["digest"] = _digest(content["run"])
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
    content = _content(text, where)
    if not isinstance(content, dict) or not isinstance(content.get("schema_version"), str):
        raise InputError(f"{where} is no modelaudit report: it has no schema_version. Give a .json report.")
    _check_version(content["schema_version"], where)
    _check_digest(content, where)
    record = {key: value for key, value in content.items() if key != "digest"}
    if isinstance(record.get("run"), dict):
        record["run"] = {key: value for key, value in record["run"].items() if key != "digest"}
    while record["schema_version"] in UPGRADES:
        record = UPGRADES[record["schema_version"]](record)
    try:
        return AuditReport.model_validate(record)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"{where} does not fit schema {SCHEMA_VERSION}: '{place}': {fault['msg']}.") from error


def run_intact(text: str) -> bool | None:
    """Return whether the `run` of a record that was read is as it was written; None where it has no digest."""
    run = json.loads(text)["run"]
    kept = {key: value for key, value in run.items() if key != "digest"}
    return run["digest"] == _digest(kept) if "digest" in run else None


def json_schema() -> Record:
    """Return the JSON Schema of the record."""
    schema = AuditReport.model_json_schema(mode="serialization", by_alias=True)
    digest = {"type": "string", "description": "SHA-256 of the canonical JSON of `run` without it."}
    schema["$defs"]["Run"]["properties"]["digest"] = digest
    major = SCHEMA_VERSION.partition(".")[0]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:modelaudit:audit-report:{major}",
        "title": f"modelaudit audit report, schema version {SCHEMA_VERSION}",
    }
    return schema | head


def _content(text: str, where: str) -> Any:
    if not text.strip():
        raise InputError(f"{where} is empty. Write it again with --out report.json.")
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_repeats
        )
    except json.JSONDecodeError as error:
        whole = text.rstrip()
        start = whole.lstrip("\ufeff \t\r\n")
        if not start.startswith(("{", "[")):
            kind = "an HTML or XML file" if start.startswith("<") else "no JSON"
            raise InputError(
                f"{where} is {kind}; what is needed is the record. Give the .json file of the audit, which --out "
                "report.json writes."
            ) from error
        cut = error.pos >= len(whole) or (whole.startswith("{") and not whole.endswith("}"))
        raise _invalid(where, f"it breaks off, so the file was cut short ({error})" if cut else str(error)) from error
    except ValueError as error:
        raise _invalid(where, str(error)) from error


def _invalid(where: str, why: str) -> InputError:
    return InputError(f"{where} is not valid JSON: {why}. Write it again with --out report.json.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number:.20} is larger than any number here")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> Record:
    """Return an object; a key that stands twice would show a reader one value and give a program the other."""
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r:.60} stands twice in one object")
    return content


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


def _digest(content: Record) -> str:
    return "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _check_digest(content: Record, where: str) -> None:
    kept = {key: value for key, value in content.items() if key not in VOLATILE}
    try:
        actual = _digest(kept)
    except UnicodeEncodeError as error:
        raise InputError(f"{where} holds text that UTF-8 can't carry (a lone surrogate). Write it again.") from error
    if content.get("digest") != actual:
        raise InputError(
            f"{where} was changed after it was written: its digest is {content.get('digest')!r:.80}, its content gives "
            f"{actual}. Use the original file, or run the audit again."
        )
