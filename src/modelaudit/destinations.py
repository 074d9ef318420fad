"""Destinations: where a report may be written, and writing it whole or not at all.

A Markdown section goes into the model card that is there: only what is between its markers is replaced, or it is put at
the end.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from modelaudit.audit_report import AuditReport
from modelaudit.errors import OutputError
from modelaudit.plugins import Plugins
from modelaudit.reports.markdown import END, START
from modelaudit.reports.seal import check

ELSEWHERE = "Choose another place with --out."
LONGEST_PART = 255
SECTION = ".md"
"""The suffix of what is written into a model card rather than over it."""
LARGEST_REPORT = 100_000_000
"""No file beyond so many bytes is taken for a report that we wrote."""


def check_writable(path: str | Path, plugins: Plugins, *, read: Sequence[Path] = ()) -> None:
    """Raise OutputError where a report could not be written to this path, before any work is done.

    Args:
        path: where to write; nothing is made there.
        plugins: where the formats come from.
        read: files and folders that the audit reads, which no report may replace.
    """
    file = Path(path)
    suffix = _suffix(file, plugins)
    check_place(file, read=read)
    if suffix == SECTION:
        _within_card(file, "")
    ready = plugins.renderers()[suffix].ready
    if ready is not None:
        ready()


def check_place(file: Path, *, read: Sequence[Path] = ()) -> None:
    """Raise OutputError where no file of this name could be written, whatever is to be in it; nothing is made there."""
    if any(len(os.fsencode(part)) > LONGEST_PART for part in file.parts) or "\0" in str(file):
        raise OutputError(f"{file!s:.60}… can't be the name of a file: it is too long. Give a shorter one.")
    try:
        target = _target(file)
        _check_target(file, target)
        _check_kept(file, target, read)
        with tempfile.TemporaryFile(dir=_nearest_folder(target)):
            pass
    except OSError as error:
        raise OutputError(f"{file} can't be written: {error.strerror}. {ELSEWHERE}") from error


def write_report(path: str | Path, report: AuditReport, plugins: Plugins) -> None:
    """Render a report in the format that the file's name asks for, and write it.

    Raises:
        OutputError: an unknown suffix, or a place that can't be written.
        PluginError: the renderer failed.
    """
    file = Path(path)
    suffix = _suffix(file, plugins)
    content = plugins.render(suffix, report)
    write_whole(file, _within_card(file, content) if suffix == SECTION and isinstance(content, str) else content)


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a report, making the folders that lack; through a symlink, and with the rights of a file that was there.

    Raises:
        OutputError: it can't be written. Neither half a file nor a new folder is left.
    """
    made: list[Path] = []
    try:
        target = _target(Path(path))
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        for folder in _lacking(target):
            folder.mkdir(exist_ok=True)
            made.append(folder)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".modelaudit-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        for folder in reversed(made):
            folder.rmdir()
        raise OutputError(f"{path} can't be written: {error.strerror}. {ELSEWHERE}") from error


def places(sources: Iterable[Any]) -> tuple[Path, ...]:
    """Return the files and folders among what was handed in."""
    named = [Path(source).expanduser() for source in sources if isinstance(source, str | Path)]
    return tuple(path for path in named if path.exists())


def _suffix(file: Path, plugins: Plugins) -> str:
    suffix = plugins.suffix_of(file)
    if suffix is None and os.path.isdir(file):  # noqa: PTH112  Path.is_dir raises for a name that is too long
        raise OutputError(f"{file} is a folder. Give the name of a file in it, such as {file / 'report.html'}.")
    if suffix is None:
        known = ", ".join(sorted(plugins.renderers()))
        raise OutputError(f"{file}: no report format for {file.suffix or 'no suffix'!r}; use {known}")
    return suffix


def _within_card(file: Path, section: str) -> str:
    """Return the text of the model card that is there with the section in its place; where none is, the section."""
    try:
        card = file.read_bytes().decode()
    except FileNotFoundError:
        return section
    except OSError as error:
        raise OutputError(f"{file} can't be read, to keep what else is in it: {error.strerror}. {ELSEWHERE}") from error
    except UnicodeDecodeError as error:
        raise OutputError(f"{file} is there and not UTF-8 text. {ELSEWHERE}") from error
    if "\r\n" in card:
        section = section.replace("\n", "\r\n")
    if START not in card and END not in card:
        gap = "\r\n\r\n" if "\r\n" in card else "\n\n"
        return card.rstrip() + gap + section if card.strip() else section
    before, start, rest = card.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end or START in rest or END in before + after:
        raise OutputError(
            f"{file} has the section's markers, but not one {START} and one {END} after it. Mend them, or choose "
            "another place with --out."
        )
    return before + section.rstrip() + after


def _target(file: Path) -> Path:
    """The file that is written where a symlink stands."""
    try:
        return file.resolve()
    except RuntimeError as error:
        raise OutputError(f"{file} is a symlink that leads to itself. {ELSEWHERE}") from error


def _check_target(file: Path, target: Path) -> None:
    if target.is_dir():
        raise OutputError(f"{file} is a folder. Give the name of a file in it.")
    if not target.exists():
        return
    if not target.is_file():
        raise OutputError(f"{file} is no ordinary file. {ELSEWHERE}")
    # The mode as well: to the superuser every file is writable.
    if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
        raise OutputError(f"{file} is there and read-only. Make it writable, or choose another place with --out.")


def _check_kept(file: Path, target: Path, read: Sequence[Path]) -> None:
    if not target.exists():
        return
    for kept in read:
        if target.samefile(kept):
            raise OutputError(f"{file} is what the audit reads ({kept}) and would be overwritten. {ELSEWHERE}")
        if kept.is_dir() and target.is_relative_to(kept.resolve()) and not _is_report(target):
            raise OutputError(f"{file} is a file of the folder that the audit reads ({kept}). {ELSEWHERE}")


def _is_report(file: Path) -> bool:
    """Whether a file is a report that we wrote before: who audits `.` writes into the model's folder each time."""
    if file.stat().st_size > LARGEST_REPORT:
        return False
    content = file.read_bytes()
    page = b'<meta name="generator" content="modelaudit">' in content[:1_000]
    record = content.startswith(b"{") and b'"schema_version"' in content and b'"digest": "sha256:' in content
    return page or record or content.startswith(START.encode()) or check(content).digest is not None


def _lacking(target: Path) -> list[Path]:
    """The folders that have to be made, the outermost first."""
    nearest = _nearest_folder(target)
    return [folder for folder in reversed(target.parents) if nearest in folder.parents]


def _nearest_folder(target: Path) -> Path:
    return next(folder for folder in target.parents if os.path.lexists(folder))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
