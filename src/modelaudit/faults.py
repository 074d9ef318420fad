"""Faults: whatever a plugin's code raises becomes one line that says what and where."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelaudit.errors import InputError, PluginError

REASON_LENGTH = 300


@contextmanager
def contained(*passing: type[BaseException]) -> Iterator[None]:
    """Turn everything that a stranger's code raises into a PluginError with one line on it.

    Only `passing` and the user's Ctrl-C go through as they are. Not so SystemExit, GeneratorExit or a panic of a Rust
    library, none of which is an `Exception`: they would end the audit without a report.

    Raises:
        PluginError: the body raised.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, *passing)):
            raise
        # What is wrong with the user's own input was written for the user, and stands as it is.
        said = message(error) if isinstance(error, PluginError | InputError) else ""
        raise PluginError(said or fault(error)) from error


def fault(error: BaseException) -> str:
    """Return one line on an exception: its type, its message, and the file and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    said = message(error)[:REASON_LENGTH]
    return type(error).__name__ + (f": {said}" if said else "") + place


def message(error: BaseException) -> str:
    """Return an exception's message in one line; a stranger's may itself fail to be shown."""
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  an exception's __str__ is a stranger's code as well
        return "its message can't be shown"
    return " ".join(text.split())
