"""The terminal: the consoles that the command speaks through, and the sentence and exit code that it ends with."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import typer
from rich.console import Console
from rich.markup import escape

from modelaudit.errors import InputError, ModelAuditError
from modelaudit.faults import fault, message

P = ParamSpec("P")

WIDE = 160
USAGE, FAILED, STOPPED = 2, 4, 130
DEBUG = "MODELAUDIT_DEBUG"


class Screen(Console):
    """A console whose reader may go away, as `head` does: the exit code is still the audit's."""

    def on_broken_pipe(self) -> None:
        """Say nothing more."""
        self.quiet = True
        stream = sys.stderr if self.stderr else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


# Without a terminal there is no width to fit: a table is laid out wide, so that ids stay whole and can be searched.
# Standard output may be closed, and is then None.
out = Screen(
    highlight=False, emoji=False, soft_wrap=True, width=None if sys.stdout is not None and sys.stdout.isatty() else WIDE
)
err = Screen(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def whole(command: Callable[P, None]) -> Callable[P, None]:
    """Explain what a command raises before typer sees it, which takes Ctrl-C and sys.exit for an ordinary end."""

    @functools.wraps(command)
    def called(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except BaseException as error:  # noqa: BLE001  the last resort: an exit code must not say what is not so
            raise typer.Exit(explained(error)) from None

    return called


def explained(error: BaseException) -> int:
    """Say in one sentence what ended the command, and return the exit code."""
    if isinstance(error, KeyboardInterrupt):
        err.print("modelaudit: stopped by the keyboard (Ctrl-C)")
        return STOPPED
    if isinstance(error, InputError):
        said, code = message(error), USAGE
    elif isinstance(error, ModelAuditError):
        said, code = message(error), FAILED
    else:
        said, code = f"a fault of modelaudit, not of what you gave it: {fault(error)}. Please report it", FAILED
    if code == FAILED and os.environ.get(DEBUG):
        err.print("".join(traceback.format_exception(error)), markup=False)
    elif code == FAILED:
        said += f"; {DEBUG}=1 shows the traceback."
    err.print(f"[red]modelaudit:[/red] {escape(said)}")
    return code


def mend_streams() -> None:
    """Give closed streams somewhere to write to, and let no character of a name or a label break one."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  open until the end
        elif hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")
