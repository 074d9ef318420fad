"""The row file: what the model answered to each row, without the row, beside a report.

One JSON object a line. The first says what the file is: format, key, record, and what the values mean. Then one line a
row, in the order of the hashes, which tells nothing of the order of the table. With the key, whoever guesses a text can
find its line; so the file is written readable by its owner alone, and belongs where the data belong.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from modelaudit.audit_report import AuditReport, canonical_json
from modelaudit.errors import InputError, OutputError
from modelaudit.evidence import Frozen
from modelaudit.monitoring.row_key import RowKey

FORMAT = "modelaudit.rows/1"
AGAIN = "Write it again beside its report."
MEANINGS = {
    "row": "keyed hash of what the model was given",
    "document": "keyed hash of the document or person that the row belongs to",
    "answer": "index of the answered class, indices of the answered labels, or keyed hash of the row's tags",
    "confidence": "probability of the answer; the mean over words for a tagger",
    "right": "how many of the row's answers are right, of so many",
    "entities": "entities of the row that are right, predicted and true",
    "loss": "mean loss of a judged token in nats, or mean absolute error of a regression",
}
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Count = Annotated[int, Field(ge=0, strict=True)]


class RowOutcome(Frozen):
    """What came of one row; None where the task has no such value, or the row no truth. See `MEANINGS`."""

    row: Hash
    document: Hash | None = None
    answer: Annotated[int, Field(strict=True)] | tuple[Count, ...] | Hash | None = None
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    right: Count | None = None
    of: Count | None = None
    entities: tuple[Count, Count, Count] | None = None
    loss: float | None = Field(default=None, ge=0.0)

    @model_validator(mode="after")
    def _counted(self) -> RowOutcome:
        if (self.right is None) != (self.of is None) or (self.right or 0) > (self.of or 0):
            raise ValueError("right and of go together, and right is at most of")
        if self.entities is not None and self.entities[0] > min(self.entities[1:]):
            raise ValueError("no more entities are right than are predicted, or true")
        return self


class Header(Frozen):
    """The first line: whose key (`key` is its id), which record, and how many lines follow.

    `repeats` counts the rows that were left out because another has the same text: the model answers them alike.
    """

    format: Literal["modelaudit.rows/1"] = "modelaudit.rows/1"
    key: str = Field(pattern=r"^[0-9a-f]{16}$")
    record: str
    task: str
    rows: Count
    repeats: Count = 0
    values: dict[str, str] = Field(default_factory=lambda: dict(MEANINGS))


@dataclass(frozen=True)
class RowOutcomes:
    """What came of each row of one audit, in the order of the hashes. `record` is None until they are written."""

    task: str
    key_id: str
    rows: tuple[RowOutcome, ...]
    repeats: int = 0
    record: str | None = None

    @cached_property
    def by_row(self) -> dict[str, RowOutcome]:
        """The outcomes by the hash of their row."""
        return {outcome.row: outcome for outcome in self.rows}


def measured(report: AuditReport) -> str:
    """Return a hash of what was audited and found, which stays when the report is judged or compared again."""
    content = report.model_dump(mode="json", by_alias=True, include={"subject", "settings", "provenance", "results"})
    return "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()


def row_lines(outcomes: RowOutcomes, report: AuditReport) -> Iterator[str]:
    """Return the lines of a row file."""
    header = Header(
        key=outcomes.key_id,
        record=measured(report),
        task=outcomes.task,
        rows=len(outcomes.rows),
        repeats=outcomes.repeats,
    )
    yield canonical_json(header.model_dump(mode="json"))
    for outcome in sorted(outcomes.rows, key=lambda outcome: outcome.row):
        yield canonical_json(outcome.model_dump(mode="json", exclude_none=True))


def write_row_file(path: str | Path, outcomes: RowOutcomes, report: AuditReport) -> None:
    """Write the row file of a report, readable by its owner alone.

    Raises:
        OutputError: it can't be written. No half-written file is left.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=".modelaudit-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in row_lines(outcomes, report))
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"the row file {path} can't be written: {error.strerror}. Choose another place.") from error


def read_row_file(path: str | Path, key: RowKey, report: AuditReport) -> RowOutcomes:
    """Read the row file of a report.

    Raises:
        InputError: it can't be read, is none, is incomplete, belongs to another report, or was made with another key.
    """
    where = f"the row file {path}"
    try:
        with Path(path).open(encoding="utf-8") as file:
            header = _header(file.readline(), where)
            _check(header, key, report, where)
            rows = tuple(_row(line, number, where) for number, line in enumerate(file, start=2))
    except OSError as error:
        raise InputError(f"{where} can't be read: {error.strerror}. Give the path of a .rows.jsonl file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8 text. Give a .rows.jsonl file that modelaudit wrote.") from error
    if len(rows) != header.rows:
        raise InputError(f"{where} has {len(rows):,} rows and says that it has {header.rows:,}: it is cut. {AGAIN}")
    if any(first.row >= second.row for first, second in pairwise(rows)):
        raise InputError(f"{where} was changed after it was written: its rows are not in order, or double. {AGAIN}")
    return RowOutcomes(header.task, header.key, rows, header.repeats, header.record)


def _header(line: str, where: str) -> Header:
    try:
        return Header.model_validate_json(line)
    except ValidationError:
        raise InputError(f"{where} does not begin as a row file ({FORMAT}) does. Give the file of --rows.") from None


def _row(line: str, number: int, where: str) -> RowOutcome:
    try:
        return RowOutcome.model_validate_json(line)
    except ValidationError as error:
        # A name of ours and the kind of fault alone: what stands there may be anything.
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = next((part for part in fault["loc"] if part in RowOutcome.model_fields), "the line")
        raise InputError(f"{where}, line {number}: {place} is not as it should be ({fault['type']}). {AGAIN}") from None


def _check(header: Header, key: RowKey, report: AuditReport, where: str) -> None:
    if header.key != key.id:
        raise InputError(
            f"{where} was made with another key: its id is {header.key}, and {key.source} has the id {key.id}. "
            "Give the key that it was made with."
        )
    if header.record != measured(report):
        raise InputError(f"{where} belongs to another report. Give the one that was written with this report.")
