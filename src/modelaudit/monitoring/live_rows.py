"""Live rows: what production has logged, one JSON object a line; lines that are broken are counted, up to a share."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.places import shown

MOST_BROKEN = 0.05
"""Share of lines that may be broken."""
SHOWN = 10
BROKEN_JSON = "broken JSON"
NAMES: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "label": ("label",),
    "prediction": ("prediction",),
    "confidence": ("confidence", "score"),
    "id": ("id", "request_id"),
    "group": ("group",),
    "ts": ("ts", "timestamp"),
}
"""Keys of a row, the first that is there counts."""


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One answered request; a row with an id, a label and no text brings the label of an earlier one.

    Attributes:
        prediction, label: index of the predicted and of the true class. confidence: probability of the prediction.
        group: document or person; of rows that share one, one is taken. when: time of the request.
    """

    text: str | None
    id: str | None = None
    label: int | None = None
    prediction: int | None = None
    confidence: float | None = None
    group: str | None = None
    when: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class LiveRows:
    """The rows that could be read, and the lines that could not, with the reason, which holds no text of the row."""

    rows: tuple[LiveRow, ...]
    lines: int
    broken: tuple[tuple[int, str], ...] = field(default=())


def read_live(source: Any, labels: Sequence[str], *, names: Mapping[str, str | None] | None = None) -> LiveRows:
    """Read live rows from a JSON Lines file or an iterable of mappings.

    Args:
        source: a path, or mappings as the lines of a file hold them.
        labels: the model's labels; predictions and labels are their names, or whole numbers.
        names: keys that the user named, by what they hold (`text`, `label`).

    Raises:
        DataInputError: it can't be read, is empty, or more than one line in twenty is broken.
    """
    rows, broken, lines = [], [], 0
    for number, record in _records(source):
        lines += 1
        try:
            rows.append(_row(record, labels, {name: key for name, key in (names or {}).items() if key is not None}))
        except _Broken as fault:
            broken.append((number, str(fault)))
    if not lines:
        raise DataInputError("there are no live rows: the window is empty. Give rows, or wait until there are some")
    if len(broken) == lines and all(reason.startswith(BROKEN_JSON) for _, reason in broken):
        raise DataInputError(
            f"none of {lines:,} lines is JSON, so this is no JSON Lines file (a table with commas, perhaps): write one "
            'JSON object a line, as {"text": "…"}'
        )
    if len(broken) > MOST_BROKEN * lines:
        said = "; ".join(f"line {number}: {reason}" for number, reason in broken[:SHOWN])
        raise DataInputError(
            f"{len(broken):,} of {lines:,} live rows can't be read, more than {MOST_BROKEN:.0%}: {said}"
            f"{'; …' if len(broken) > SHOWN else ''}. Mend the file, or name the columns"
        )
    return LiveRows(tuple(rows), lines, tuple(broken))


def class_of(value: Any, labels: Sequence[str]) -> int | None:
    """Return the index of a class given by name, by name but for case, or by index; None for anything else."""
    if isinstance(value, str):
        if value in labels:
            return labels.index(value)
        alike = [place for place, label in enumerate(labels) if label.casefold() == value.strip().casefold()]
        return alike[0] if len(alike) == 1 else None
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return int(value) if whole and 0 <= value < len(labels) else None


def confidence_of(value: Any) -> float | None:
    """Return a number between 0 and 1; None for anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0.0 <= value <= 1.0 else None


class _Broken(Exception):
    """What is wrong with a line."""


def _records(source: Any) -> Iterator[tuple[int, Any]]:
    if isinstance(source, str | Path):
        yield from _lines(Path(source))
        return
    if not isinstance(source, Iterable) or isinstance(source, Mapping | bytes):
        raise DataInputError(f"live rows can't be read from a {type(source).__name__}; give a path or a list of dicts")
    yield from enumerate(source, start=1)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise DataInputError(f"live rows: {shown(path)} can't be read: {reason}. Give a JSON Lines file") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataInputError(f"live rows: {shown(path)} is UTF-16; save it as UTF-8, one JSON object a line")
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _row(record: Any, labels: Sequence[str], names: Mapping[str, str]) -> LiveRow:
    cells = _parsed(record) if isinstance(record, bytes) else record
    if not isinstance(cells, Mapping):
        raise _Broken(f"a {type(cells).__name__} and no object")
    found = {name: _cell(cells, (names[name],) if name in names else keys) for name, keys in NAMES.items()}
    text, label = found["text"], _class(found["label"], labels, "label")
    if text is not None and not isinstance(text, str):
        raise _Broken(f"its text is a {type(text).__name__}")
    name, group = _name(found["id"], "id"), _name(found["group"], "group")
    if text is None or not text.strip():
        if name is None or label is None:
            raise _Broken("it has no text, nor an id with a label of an earlier row")
        return LiveRow(None, name, label)
    confidence = found["confidence"]
    if confidence is not None and confidence_of(confidence) is None:
        raise _Broken("its confidence is no number between 0 and 1")
    return LiveRow(
        text,
        name,
        label,
        _class(found["prediction"], labels, "prediction"),
        confidence_of(confidence),
        group,
        _moment(found["ts"]),
    )


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _Broken(f"it is not UTF-8 (byte 0x{line[error.start]:02x})") from error
    except json.JSONDecodeError as error:
        raise _Broken(f"{BROKEN_JSON} ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise _Broken("it is nested too deeply, or holds a number too long") from error


def _cell(cells: Mapping[Any, Any], keys: Sequence[str]) -> Any:
    return next((cells[key] for key in keys if cells.get(key) is not None), None)


def _class(value: Any, labels: Sequence[str], what: str) -> int | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    found = class_of(value, labels)
    if found is None:
        known = ", ".join(shown(label)[:40] for label in labels[:SHOWN])
        raise _Broken(f"its {what} is none of the model's ({known}{', …' if len(labels) > SHOWN else ''})")
    return found


def _name(value: Any, what: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return str(value)
    raise _Broken(f"its {what} is neither text nor a whole number")


def _moment(value: Any) -> dt.datetime | None:
    """Return a time in ISO 8601 or in seconds since 1970; UTC where it names no zone. None for what can't be read."""
    try:
        if isinstance(value, str):
            found = dt.datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = dt.datetime.fromtimestamp(value, tz=dt.UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
