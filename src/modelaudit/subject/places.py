"""Places: paths that a user typed, looked at without a fault and shown in one line."""

from __future__ import annotations

from pathlib import Path

SHOWN = 100


def shown(place: str | Path) -> str:
    """Return a path or name as a message shows it: one line without control characters, cut where it is long."""
    line = "".join(mark if mark.isprintable() else "?" for mark in " ".join(str(place).split()))
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def is_folder(path: Path) -> bool:
    """Return whether there is such a folder; a path that the system can't take is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Return whether there is such a file; a path that the system can't take is none."""
    try:
        return path.is_file()
    except OSError:
        return False
