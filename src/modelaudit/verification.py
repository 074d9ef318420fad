"""Verification: whether a report file is as it was written, and what that can and can't show.

A seal finds accidental change. It shows nothing against somebody who writes the file anew, seal included; for that, the
record's digest or the seal has to be kept elsewhere, or the page has to be compared with its record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelaudit._version import __version__
from modelaudit.audit_report import SCHEMA_VERSION, AuditReport
from modelaudit.errors import InputError
from modelaudit.manifest import Point, compared_inputs
from modelaudit.plugins import Plugins
from modelaudit.reports.json import UPGRADES, load_report, parse_report, run_intact
from modelaudit.reports.model_card import render_model_card, scores
from modelaudit.reports.seal import DIGEST, SEAL, VERSION, Kind, Sealed, check, kind_of, scope
from modelaudit.reports.words import LANGUAGES, speaking

RECORD, CARD = ".json", ".card.md"
SUFFIXES: dict[Kind, str] = {
    "html": ".html",
    "markdown": ".md",
    "junit": ".junit.xml",
    "sarif": ".sarif",
    "pdf": ".pdf",
}
RUN_COVERED_SINCE = (1, 1)
"""The schema version from which on a record holds a digest of its run."""
MARKS = (SEAL, DIGEST, VERSION)
_RECORD_TRACE = re.compile(rb'"schema_version"\s*:|"digest"\s*:\s*"sha256:')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


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
        InputError: a file can't be read or is no report, the record can't be used, or a value is no digest.
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
    found, renderers = check(content), plugins or Plugins()
    if found.kind is None and not any(name.encode() in content for name in MARKS):
        raise InputError(
            f"{path} is no report that modelaudit wrote, or nothing is left of one: it holds no seal, nor the name of "
            "one. Give a report in a format that modelaudit writes."
        )
    points = [_own(found)]
    if found.several:
        return Verification(tuple(points), None, None, (HONEST,))
    points += _kept("the seal", found.seal if found.line_ends else found.actual, seal)
    points += _kept("the digest that it names", found.digest, digest)
    if record is not None and known is not None:
        points.append(_belongs(_noun(found), found.digest, known))
        points.append(_run(_read(Path(record)).decode(), "the run in the record"))
        points += _made_again(Path(path), content, found, known, renderers)
    points += compared_inputs(known, inputs)
    outside = found.kind == "markdown" and (known is None or _form(Path(path), found.kind, renderers) != CARD)
    limits = _limits(digest, seal, known is not None)
    return Verification(tuple(points), found.digest, found.seal, (*((OUTSIDE,) if outside else ()), *limits))


def _of_record(
    path: Path, content: bytes, digest: str | None, known: AuditReport | None, inputs: str | Path | None
) -> Verification:
    try:
        text = content.decode()
        report = parse_report(text, where=str(path))
    except UnicodeDecodeError:
        if _RECORD_TRACE.search(content) is None:
            raise InputError(f"{path} is no modelaudit report: it is not UTF-8 text. Give a .json report.") from None
        return Verification((Point("differs", "the record is not UTF-8 text any more"),), None, None, ())
    except InputError as error:
        if _unreadable(content):
            raise
        return Verification((Point("differs", str(error)),), None, None, ())
    # An older schema version is read as the newest; what was kept elsewhere is what stands in the file.
    named = str(json.loads(text)["digest"])
    points = [Point("holds", f"the record is as it was written: its content gives its digest, {named}")]
    points.append(_run(text, "the run"))
    points += _kept("the digest of the record", named, digest)
    if known is not None:
        points.append(_belongs("the file", report.digest, known))
    points += compared_inputs(report, inputs)
    limits = ("" if digest else ELSEWHERE.format(option="--digest"), HONEST)
    return Verification(tuple(points), named, None, tuple(filter(None, limits)))


def _unreadable(content: bytes) -> bool:
    """Tell whether a file is no record at all, or of a schema version that this installation can't read.

    A record that was cut short or changed still shows its own keys.
    """
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        return _RECORD_TRACE.search(content) is None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if not isinstance(version, str):
        return not isinstance(record, dict) or "digest" not in record
    return version != SCHEMA_VERSION and version not in UPGRADES


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}. Give the path of a report.") from error


def _own(found: Sealed) -> Point:
    if found.kind is None:
        return Point("differs", "the file holds no seal where modelaudit puts one: it is no report of it, or cut short")
    if found.several:
        return Point(
            "differs", "the file holds a section's markers more than once: it is not told which section is ours"
        )
    place = "the section between the markers" if found.kind == "markdown" else "the file"
    if found.intact:
        return Point("holds", f"{place} is as it was written: its bytes give its seal")
    if found.line_ends:
        return Point("holds", f"{place} is as it was written but for its line ends, which a copy has changed")
    return Point("differs", f"{place} was changed after it was written: its bytes don't give its seal")


def _noun(found: Sealed) -> str:
    return "the section" if found.kind == "markdown" else "the file"


def _run(text: str, what: str) -> Point:
    """Look at the part of a record that its digest leaves out and a page prints."""
    intact = run_intact(text)
    version = tuple(int(part) for part in str(json.loads(text)["schema_version"]).split("."))
    if intact is None and version < RUN_COVERED_SINCE:
        return Point("holds", f"times, host and command of {what} are not covered: the record is of an older version")
    if intact is None:
        return Point("differs", f"the digest of {what} was removed, so its times, host and command may be any")
    if intact:
        return Point("holds", f"times, host and command of {what} are as they were written")
    return Point("differs", f"times, host or command of {what} were changed, which no verdict rests on")


def _kept(what: str, actual: str | None, kept: str | None) -> list[Point]:
    if kept is None:
        return []
    if actual == kept:
        return [Point("holds", f"{what} is the one that was kept elsewhere")]
    return [Point("differs", f"{what} is {actual or 'missing'}, not {kept} that was kept elsewhere")]


def _belongs(noun: str, digest: str | None, known: AuditReport) -> Point:
    if digest == known.digest:
        return Point("holds", f"{noun} names the digest of this record")
    return Point(
        "differs",
        f"{noun} names another record ({digest or 'none'}) than this one ({known.digest}); a record that is judged "
        "by another policy is another record",
    )


def _made_again(path: Path, content: bytes, found: Sealed, known: AuditReport, plugins: Plugins) -> list[Point]:
    """Make the file again from its record, in each language, and compare."""
    noun = _noun(found)
    if found.kind is None:
        return [Point("unknown", "the file was not compared with its record: its format is not known")]
    if found.version != __version__:
        words = (
            f"{noun} was not compared with its record: modelaudit {found.version} wrote it and this is {__version__}, "
            "which may word it otherwise; install that version to compare"
        )
        return [Point("unknown", words)]
    form, around = _form(path, found.kind, plugins), False
    for language in LANGUAGES:
        with speaking(language):
            again = plugins.render(form, known)
            written = again if isinstance(again, bytes) else again.encode()
            if form == CARD and _same(content, written, found.kind, whole=True):
                return [Point("holds", "made again from the record, the card is the same byte for byte")]
            if _same(content, written, found.kind):
                if form != CARD:
                    holds = Point("holds", f"made again from the record, {noun} is the same byte for byte")
                    return [holds, *(_scores(content, known) if found.kind == "markdown" else ())]
                around = True
    if around:
        words = "made again from the record, the section is the same and the card around it differs"
        return [Point("differs", f"{words}: its front matter, heading or text was changed or added to")]
    if found.kind == "pdf":
        words = "made again from the record, the PDF differs, which other fonts or another WeasyPrint do as well"
        return [Point("unknown", words)]
    return [Point("differs", f"made again from the record, {noun} differs: {OTHERWISE}")]


def _form(path: Path, kind: Kind, plugins: Plugins) -> str:
    """Return by which suffix the file is made again: a card by its name, all else by its content."""
    return CARD if kind == "markdown" and plugins.suffix_of(path) == CARD else SUFFIXES[kind]


def _same(content: bytes, again: bytes, kind: Kind, *, whole: bool = False) -> bool:
    if kind != "pdf":
        content = content.replace(b"\r\n", b"\n")
    if kind == "markdown" and not whole:
        content, again = (data[slice(*scope(data, kind))] for data in (content, again))
    return content == again


def _scores(content: bytes, known: AuditReport) -> list[Point]:
    """Compare the scores that the Hub shows of a card with those of the record, where its front matter is ours."""
    try:
        shown = scores(content.decode("utf-8-sig"))
    except ValueError:
        return [Point("unknown", "the front matter above the section can't be read, so its scores were not compared")]
    if not shown:
        return []
    if shown == (scores(render_model_card(known)) or []):
        return [Point("holds", "the scores in the front matter are those of the record")]
    return [Point("differs", "the scores in the front matter (model-index) are not those of the record")]


ELSEWHERE = (
    "Whoever can write this file can write its digest and seal as well. Keep them elsewhere (a ticket, a git tag, a "
    "signed mail) and compare with {option}."
)
NAMED = "The digest tells which record the file names, not that it shows it: compare with --record or --seal."
OUTSIDE = (
    "What else stands outside the section's markers was not looked at: text there can say anything, and can hide the "
    "section."
)
OTHERWISE = (
    "it does not show what the record says, unless templates or messages of this modelaudit were changed without a new "
    "version, as in a checkout"
)
HONEST = "That the numbers were measured as the record says, and from honest data, no file can show."


def _limits(digest: str | None, seal: str | None, compared: bool) -> tuple[str, ...]:
    """Say what was not shown."""
    found: Sequence[str] = ()
    if digest is None and seal is None:
        found = (ELSEWHERE.format(option="--seal, or with --digest and --record"),)
    elif seal is None and not compared:
        found = (NAMED,)
    return (*found, HONEST)
