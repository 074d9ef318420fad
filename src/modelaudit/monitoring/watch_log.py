"""The log of a watch: one line a live row, with keyed hashes for text and id, so that labels can come late."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from modelaudit.audit_report import canonical_json
from modelaudit.errors import InputError, OutputError
from modelaudit.evidence import Frozen, Text

SCHEMA = "modelaudit.watch-log/1"


class LogLine(Frozen):
    """One row, or the label of an earlier one.

    Attributes:
        key: id of the key. day: of the look, which `look` counts over all resets.
        name: keyed hash of the request's id, or of the text where it has none; row: keyed hash of the text, None in the
            line of a late label.
        model: sha256 of the weights that answered, where a model was asked.
        length: bin of the length; prediction, label: indices of classes; confidence: rounded to three digits.
    """

    schema_: Literal["modelaudit.watch-log/1"] = Field(alias="schema", default="modelaudit.watch-log/1")
    key: str
    look: int
    day: dt.date
    name: str
    row: str | None = None
    model: str | None = None
    language: Text | None = None
    length: int | None = None
    prediction: int | None = None
    confidence: float | None = None
    label: int | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """What is known of an earlier row: its predicted class, and whether its label has come."""

    prediction: int | None
    labelled: bool


class Counted(Frozen):
    """How much of a log belongs to the looks of a state, and the SHA-256 of it (None where that is nothing)."""

    size: int = Field(default=0, ge=0)
    sha256: str | None = None


def read_log(path: str | Path, key: str, *, counted: Counted) -> dict[str, Logged]:
    """Return the earlier rows by name, from what of a log is `counted`; empty where that is nothing.

    Bytes beyond are of a look that was stopped before it was counted; they are written anew.

    Raises:
        InputError: a line is none of ours, or was written with another key; the log was cut, changed or taken away.
    """
    found: dict[str, Logged] = {}
    content = _content(path)
    _check_whole(path, content, counted)
    _check_tail(path, content[counted.size :], first=not counted.size)
    for number, raw in enumerate(content[: counted.size].splitlines(), start=1):
        line = _parsed(raw)
        if line is None:
            raise InputError(
                f"the log {path}, line {number}, is no line of a watch's log ({SCHEMA}). Take it from a backup, or "
                "name a new log, to which late labels of older rows find no way"
            )
        if line.key != key:
            raise InputError(f"the log {path}, line {number}, was written with another key ({line.key}). Give that key")
        before = found.get(line.name)
        prediction = line.prediction if line.row is not None or before is None else before.prediction
        found[line.name] = Logged(prediction, line.label is not None or (before is not None and before.labelled))
    return found


def append_log(path: str | Path, lines: Iterable[LogLine], *, counted: Counted) -> Counted:
    """Write lines behind what of a log is `counted`, readable by the owner alone; return what is counted then.

    Raises OutputError where it can't be written.
    """
    text = "".join(_text(line) + "\n" for line in lines)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "rb+") as file:
            kept = hashlib.sha256(file.read(counted.size))
            file.truncate()
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            kept.update(text.encode())
            return Counted(size=file.tell(), sha256=kept.hexdigest())
    except OSError as error:
        raise OutputError(f"the log {path} can't be written: {error.strerror}. Choose another place") from error


def _text(line: LogLine) -> str:
    return canonical_json(line.model_dump(mode="json", by_alias=True, exclude_none=True))


def _content(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise InputError(f"the log {path} can't be read: {error.strerror}. Name another place with --log") from error


def _parsed(raw: bytes) -> LogLine | None:
    try:
        return LogLine.model_validate(json.loads(raw))
    except (ValueError, RecursionError):
        return None


def _check_whole(path: str | Path, content: bytes, counted: Counted) -> None:
    """Raise InputError where a log is not what the looks so far have left: labels would no longer find their rows."""
    if len(content) < counted.size:
        what = f"has {len(content):,} bytes and the state counts on {counted.size:,}: it was cut or taken away"
    elif counted.size and hashlib.sha256(content[: counted.size]).hexdigest() != counted.sha256:
        what = "was changed after it was written: its sha256 is not the one in the state"
    else:
        return
    raise InputError(
        f"the log {path} {what}. Take it from a backup, or move it away and begin anew with --reset REASON, --state "
        "and --log; late labels of older rows then find no way"
    )


def _check_tail(path: str | Path, tail: bytes, *, first: bool) -> None:
    """Raise InputError where what is about to be overwritten was not written by a watch."""
    if tail and (first or not tail.startswith(b'{"')):
        raise InputError(
            f"the log {path} holds lines that this watch has not written. Name a new file with --log, or the state "
            "that belongs to it with --state"
        )
