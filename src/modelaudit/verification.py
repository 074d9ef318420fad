"""Verification: whether a report file is as it was written, and what that can and can't show.

A seal finds accidental change. It shows nothing against somebody who writes the file anew, seal included; for that, the
record's digest or the seal has to be kept elsewhere, or the page has to be compared with its record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport, InputRecord
from modelaudit.errors import InputError
from modelaudit.plugins import Plugins
from modelaudit.reports.json import load_report, parse_report, run_intact
from modelaudit.reports.seal import Kind, Sealed, check, kind_of, scope
from modelaudit.reports.words import LANGUAGES, speaking

Answer = Literal["holds", "differs", "unknown"]
RECORD, CARD = ".json", ".card.md"
SUFFIXES: dict[Kind, str] = {
    "html": ".html",
    "markdown": ".md",
    "junit": ".junit.xml",
    "sarif": ".sarif",
    "pdf": ".pdf",
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at: whether it holds, and in words what was found."""

    answer: Answer
    words: str


@dataclass(frozen=True, slots=True)
class Verification:
    """All points on one file, its own values to keep elsewhere, and what was not shown."""

    points: tuple[Point, ...]
    digest: str | None
    seal: str | None
    limits: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Return 1 where something differs, 3 where something that was asked could not be told, else 0."""
        answers = {point.answer for point in self.points}
        return 1 if "differs" in answers else 3 if "unknown" in answers else 0


def verify(
    path: str | Path,
    *,
    digest: str | None = None,
    seal: str | None = None,
    record: str | Path | None = None,
    inputs: str | Path | None = None,
    plugins: Plugins | None = None,
) -> Verification:
    """Look at one report file.

    Args:
        path: the file, in any format that modelaudit writes.
        digest: the record's digest as it was kept elsewhere. seal: the file's seal as it was kept elsewhere.
        record: the JSON record that the file should have been made from; the file is made again and compared.
        inputs: the folder in which the files lie that the audit read.
        plugins: where renderers come from.

    Raises:
        InputError: a file can't be read, the record can't be used, or a value is no digest.
    """
    for name, value in (("digest", digest), ("seal", seal)):
        if value is not None and not _DIGEST.fullmatch(value):
            raise InputError(f"the {name} {value!r:.80} is none: give sha256: and 64 hexadecimal digits")
    content = _read(Path(path))
    known = None if record is None else load_report(record)
    if Path(path).suffix.lower() == RECORD or (kind_of(content) == "sarif" and b'"schema_version"' in content):
        if seal is not None:
            raise InputError(f"{path} is a JSON record, which has a digest and no seal: give --digest")
        return _of_record(Path(path), content, digest, known, inputs)
    found = check(content)
    points = [_own(found)]
    points += _kept("the seal", found.actual, seal) + _kept("the digest that it names", found.digest, digest)
    if known is not None:
        points.append(_belongs(found.digest, known))
        points.append(_made_again(Path(path), content, found, known, plugins or Plugins()))
    points += _inputs(known, inputs)
    return Verification(tuple(points), found.digest, found.seal, _limits(digest, seal, known is not None))


def _of_record(
    path: Path, content: bytes, digest: str | None, known: AuditReport | None, inputs: str | Path | None
) -> Verification:
    try:
        text = content.decode()
        report = parse_report(text, where=str(path))
    except UnicodeDecodeError:
        return Verification((Point("differs", "the record is not UTF-8 text any more"),), None, None, ())
    except InputError as error:
        return Verification((Point("differs", str(error)),), None, None, ())
    # An older schema version is read as the newest; what was kept elsewhere is what stands in the file.
    named = str(json.loads(text)["digest"])
    points = [Point("holds", f"the record is as it was written: its content gives its digest, {named}")]
    points += [_run(run_intact(text))]
    points += _kept("the digest of the record", named, digest)
    if known is not None:
        points.append(_belongs(report.digest, known))
    points += _inputs(report, inputs)
    limits = ("" if digest else ELSEWHERE.format(option="--digest"), HONEST)
    return Verification(tuple(points), named, None, tuple(filter(None, limits)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}. Give the path of a report.") from error


def _own(found: Sealed) -> Point:
    if found.kind is None:
        return Point("differs", "the file holds no seal where modelaudit puts one: it is no report of it, or cut short")
    place = "the section between the markers" if found.kind == "markdown" else "the file"
    if found.intact:
        return Point("holds", f"{place} is as it was written: its bytes give its seal")
    if found.line_ends:
        return Point("holds", f"{place} is as it was written but for its line ends, which a copy has changed")
    return Point("differs", f"{place} was changed after it was written: its bytes don't give its seal")


def _run(intact: bool | None) -> Point:
    if intact is None:
        return Point("holds", "times, host and command of the run are not covered: the record is of an older version")
    if intact:
        return Point("holds", "times, host and command of the run are as they were written")
    return Point("differs", "times, host or command of the run were changed, which no verdict rests on")


def _kept(what: str, actual: str | None, kept: str | None) -> list[Point]:
    if kept is None:
        return []
    if actual == kept:
        return [Point("holds", f"{what} is the one that was kept elsewhere")]
    return [Point("differs", f"{what} is {actual or 'missing'}, not {kept} that was kept elsewhere")]


def _belongs(digest: str | None, known: AuditReport) -> Point:
    if digest == known.digest:
        return Point("holds", "the file names the digest of this record")
    return Point(
        "differs",
        f"the file names another record ({digest or 'none'}) than this one ({known.digest}); a record that is judged "
        "by another policy is another record",
    )


def _made_again(path: Path, content: bytes, found: Sealed, known: AuditReport, plugins: Plugins) -> Point:
    """Make the file again from its record, in each language, and compare."""
    if found.kind is None:
        return Point("unknown", "the file was not compared with its record: its format is not known")
    if found.version != __version__:
        return Point(
            "unknown",
            f"the file was not compared with its record: modelaudit {found.version} wrote it and this is "
            f"{__version__}, which may word it otherwise; install that version to compare",
        )
    own = plugins.suffix_of(path)
    suffix = own if own in (SUFFIXES[found.kind], CARD) else SUFFIXES[found.kind]
    for language in LANGUAGES:
        with speaking(language):
            again = plugins.render(suffix, known)
        written = again if isinstance(again, bytes) else again.encode()
        if _same(content, written, found.kind, whole=suffix == CARD):
            return Point("holds", "made again from the record, the file is the same byte for byte")
    if found.kind == "pdf":
        words = "made again from the record, the PDF differs, which other fonts or another WeasyPrint do as well"
        return Point("unknown", words)
    return Point("differs", "made again from the record, the file differs: it does not show what the record says")


def _same(content: bytes, again: bytes, kind: Kind, *, whole: bool) -> bool:
    if kind != "pdf":
        content = content.replace(b"\r\n", b"\n")
    if kind == "markdown" and not whole:
        content, again = (data[slice(*scope(data, kind))] for data in (content, again))
    return content == again


def _inputs(report: AuditReport | None, folder: str | Path | None) -> list[Point]:
    """Compare the files that the audit read with those in a folder."""
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
    what = f"{record.role} {record.name}"
    there = list(_candidates(record.name, folder))
    if any(_hash(file) == record.sha256 for file in there):
        return Point("holds", f"{what} is the file that the audit read")
    if there:
        return Point("differs", f"{what} is not the file that the audit read: its bytes give another hash")
    return Point("unknown", f"{what} is not in {folder}")


def _candidates(name: str, folder: Path) -> Iterator[Path]:
    """Yield the files below the folder whose path ends as the name does; files of that last name where none does."""
    parts = tuple(part for part in name.split("/") if part not in ("", ".", ".."))
    found = [file for file in sorted(folder.rglob("*")) if parts and file.name == parts[-1] and file.is_file()]
    yield from [file for file in found if file.parts[-len(parts) :] == parts] or found


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}.") from error


ELSEWHERE = (
    "Whoever can write this file can write its digest and seal as well. Keep them elsewhere (a ticket, a git tag, a "
    "signed mail) and compare with {option}."
)
NAMED = "The digest tells which record the file names, not that it shows it: compare with --record or --seal."
HONEST = "That the numbers were measured as the record says, and from honest data, no file can show."


def _limits(digest: str | None, seal: str | None, compared: bool) -> tuple[str, ...]:
    """Say what was not shown."""
    found: Sequence[str] = ()
    if digest is None and seal is None:
        found = (ELSEWHERE.format(option="--seal, or with --digest and --record"),)
    elif seal is None and not compared:
        found = (NAMED,)
    return (*found, HONEST)
