"""Reading the command that a report gives for itself: where its model and its rows lie."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

SWITCHES = frozenset(
    {"--show-text", "--show-personal-data", "--trust-remote-code", "--allow-pickle", "--chat", "--no-chat"}
)
IN_PYTHON = "in Python>"
"""How an argument ends that was handed in from Python and stands in no file."""


@dataclass(frozen=True, slots=True)
class CommandRead:
    """What an audit's command names.

    Attributes:
        model, data: what was audited, and on what; None where the command is another, or names no place.
        options: value by option, only those with a value.
        in_python: options whose value was handed in from Python.
    """

    model: str | None = None
    data: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    in_python: frozenset[str] = frozenset()


def read_command(command: str) -> CommandRead:
    """Return what `modelaudit run …` names; nothing of any other command.

    What the command allows (remote code, pickled weights) is never taken from it: a report is a file that others may
    have written, and only the user gives that permission.
    """
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return CommandRead()
    if words[:2] != ["modelaudit", "run"]:
        return CommandRead()
    places: list[str] = []
    options: dict[str, str] = {}
    in_python = set()
    rest = iter(words[2:])
    for word in rest:
        if word in SWITCHES:
            continue
        if word.startswith("--"):
            value = next(rest, None)
            if value is not None and value.endswith(IN_PYTHON):
                in_python.add(word)
            elif value is not None:
                options[word] = value
        else:
            places.append(word)
    model, data = [*(None if place.endswith(IN_PYTHON) else place for place in places), None, None][:2]
    return CommandRead(model, data, options, frozenset(in_python))
