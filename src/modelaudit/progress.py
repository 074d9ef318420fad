"""Progress of an audit on standard error: one bar in a terminal, plain lines without one, nothing in a pipe."""

from __future__ import annotations

import os
import stat
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from modelaudit.runner import Listener, Silent

SECONDS_BETWEEN_LINES = 15.0


class Bar:
    """One bar for the whole audit with the checker at work and the time left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def start(self, evaluations: int) -> None:
        """Show the bar; a second start (after running out of memory) begins it anew."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("starting", total=max(evaluations, 1))
        self._progress.start()

    def checker(self, name: str, position: int, of: int) -> None:
        """Name the checker at work."""
        if self._task is not None:
            self._progress.update(self._task, description=f"{name} ({position}/{of})")

    def advance(self, evaluations: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, evaluations)

    def finish(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class Lines:
    """Plain lines: one when a checker begins, and one every now and then while it works."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = 1
        self._done = 0
        self._name = ""
        self._last = 0.0

    def start(self, evaluations: int) -> None:
        """Say how much there is to do."""
        self._total, self._done = max(evaluations, 1), 0
        self._say(f"about {evaluations:,} model evaluations")

    def checker(self, name: str, position: int, of: int) -> None:
        """Say which checker begins."""
        self._name, self._last = name, time.monotonic()
        self._say(f"[{position}/{of}] {name}")

    def advance(self, evaluations: int) -> None:
        """Say now and then how far the audit is."""
        self._done += evaluations
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._say(f"{self._name}: {min(self._done / self._total, 1):.0%} of the audit")

    def finish(self) -> None:
        """Leave what was said."""

    def _say(self, line: str) -> None:
        # Titles are a plugin's words, and no markup of ours.
        self._console.print(line, markup=False, emoji=False)


def listener_for_stderr() -> Listener:
    """Return the listener that suits standard error."""
    if sys.stderr is None:
        return Silent()
    if sys.stderr.isatty():
        return Bar(Console(stderr=True))
    try:
        kind = os.fstat(sys.stderr.fileno()).st_mode
    except OSError:
        # Closed, or a stand-in without a file behind it.
        return Silent()
    return Silent() if stat.S_ISFIFO(kind) else Lines(Console(stderr=True, highlight=False))
