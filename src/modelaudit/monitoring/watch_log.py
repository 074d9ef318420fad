"""The log of a watch: one line a live row, with keyed hashes for text and id, so that labels can come late."""

from __future__ import annotations

import datetime as dt
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


def read_log(path: str | Path, key: str, *, size: int) -> dict[str, Logged]:
    """Return the earlier rows by name, from the first `size` bytes of a log; empty where there is none.

    Bytes beyond are of a look that was stopped before it was counted; they are written anew.

    Raises:
        InputError: a line is none of ours, or was written with another key.
    """
    found: dict[str, Logged] = {}
    content = _content(path)
    _check_tail(path, content[size:], first=not size)
    for number, raw in enumerate(content[:size].splitlines(), start=1):
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


def append_log(path: str | Path, lines: Iterable[LogLine], *, size: int) -> int:
    """Write lines behind the first `size` bytes of a log, readable by the owner alone; return its size then.

    Raises OutputError where it can't be written.
    """
    text = "".join(_text(line) + "\n" for line in lines)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "rb+") as file:
            file.seek(min(size, file.seek(0, os.SEEK_END)))
            file.truncate()
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            return file.tell()
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


def _check_tail(path: str | Path, tail: bytes, *, first: bool) -> None:
    """Raise InputError where what is about to be overwritten was not written by a watch."""
    if tail and (first or not tail.startswith(b'{"')):
        raise InputError(
            f"the log {path} holds lines that this watch has not written. Name a new file with --log, or the state "
            "that belongs to it with --state"
        )
