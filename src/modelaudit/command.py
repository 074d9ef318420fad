"""The command that repeats an audit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelaudit.project_file import NAME, ProjectFile


def command_line(
    model: Any, data: Any, options: Mapping[str, Any], switches: Mapping[str, bool], *, beside: Sequence[str] = ()
) -> str:
    """Return the shell command that repeats an audit, or what would have to stand in its place.

    Args:
        model: what is audited; data: the rows.
        options: value by option, None for one that was not given.
        switches: whether each switch is on.
        beside: what the audit rests on and no option can say; it follows as a comment, which a shell passes over.
    """
    parts = ["modelaudit", "run", _argument(model), _argument(data)]
    for option, value in options.items():
        parts += [option, _spelt(value)] if value is not None else []
    parts += [switch for switch, on in switches.items() if on]
    comment = f"  # needs {', and '.join(' '.join(words.split()) for words in beside)}" if beside else ""
    return shlex.join(parts) + comment


def layout_options(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that name the columns of an audit's tables, by option."""
    return {f"--{name.replace('_', '-')}": column for name, column in layout.items() if name != "chat"}


def layout_switches(layout: Mapping[str, Any]) -> dict[str, bool]:
    """Return the switches that say how prompts are put to the model."""
    return {"--chat": layout["chat"] is True, "--no-chat": layout["chat"] is False}


def _argument(source: Any) -> str:
    text = _spelt(source)
    return f"./{text}" if text.startswith("-") else text


def _spelt(value: Any) -> str:
    return str(value) if isinstance(value, str | int | Path) else f"<{type(value).__name__} in Python>"


def rests_on(project: ProjectFile, in_python: Mapping[str, bool]) -> tuple[str, ...]:
    """Return what an audit rests on that no option of the command can say."""
    said = []
    if project.path is not None:
        said.append(f"{project.path} with sha256 {project.sha256}")
        said[0] += "" if project.path == Path(NAME) else f" as {NAME} in the working folder"
    given = [name for name, there in in_python.items() if there]
    if given:
        said.append(" and ".join(filter(None, [", ".join(given[:-1]), given[-1]])) + ", given in Python")
    return tuple(said)
