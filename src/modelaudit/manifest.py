"""The manifest: whether the files in a folder are those that an audit read, and the points that `verify` makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from modelaudit.audit_report import AuditReport, InputRecord
from modelaudit.errors import InputError
from modelaudit.reports.text import visible

Answer = Literal["holds", "differs", "unknown"]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at: whether it holds, and in words what was found."""

    answer: Answer
    words: str


def compared_inputs(report: AuditReport | None, folder: str | Path | None) -> list[Point]:
    """Compare the files that the audit read with those in a folder; nothing where no folder is given.

    Raises:
        InputError: the folder is none, a file in it can't be read, or no record is at hand.
    """
    if folder is None:
        return []
    if not Path(folder).is_dir():
        raise InputError(f"{folder} is no folder. Give the one in which the audit's files lie.")
    if report is None:
        raise InputError("which files the audit read stands in its JSON record: verify that, or give it with --record")
    if not report.provenance.inputs:
        return [
            Point("unknown", "the record names no files: the audit read none from a disk, or is of an older version")
        ]
    return [_input(record, Path(folder)) for record in report.provenance.inputs]


def _input(record: InputRecord, folder: Path) -> Point:
    what = f"{record.role} {visible(record.name)}"
    there = list(_candidates(record.name, folder))
    right = [file for file in there if _hash(file) == record.sha256]
    if right:
        place = visible(str(right[0].relative_to(folder)))
        return Point("holds", f"{what} is the file that the audit read (found as {place})")
    if there:
        return Point("differs", f"{what} is not the file that the audit read: its bytes give another hash")
    return Point("unknown", f"{what} is not in {folder}")


def _candidates(name: str, folder: Path) -> Iterator[Path]:
    """Yield the file of this path in the folder; where there is none, those below it whose path ends as the name does.

    Where none does either, files of that last name. A copy elsewhere says nothing of the file in the right place.
    """
    parts = tuple(part for part in name.split("/") if part not in ("", ".", ".."))
    if not parts:
        return
    if (own := folder.joinpath(*parts)).is_file():
        yield own
        return
    found = [file for file in sorted(folder.rglob("*")) if file.name == parts[-1] and file.is_file()]
    yield from [file for file in found if file.parts[-len(parts) :] == parts] or found


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}.") from error
