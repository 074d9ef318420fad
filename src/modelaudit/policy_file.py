"""The policy file: the user's limits and waivers in TOML, read and checked before anything is measured."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelaudit.errors import PolicyError
from modelaudit.verdicts import Policy


def load_policy(path: str | Path | None = None) -> Policy:
    """Read a policy file (TOML), or the starter policy where none is given.

    Raises:
        PolicyError: the file can't be read, is no TOML, or has an unknown key or a missing value.
    """
    if path is None:
        raw = resources.files("modelaudit").joinpath("policies", "starter.toml").read_bytes()
        where = "the starter policy"
    else:
        where = f"policy {path}"
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise PolicyError(f"{where} can't be read: {error.strerror}. Give the path of a TOML file.") from error
    return parse_policy(raw, where=where)


def parse_policy(raw: bytes, *, where: str) -> Policy:
    """Parse and check the bytes of a policy file; `where` names it in errors."""
    try:
        content = tomllib.loads(raw.decode("utf-8-sig"))
        if "sha256" in content:
            raise PolicyError(f"{where}: unknown key 'sha256'. Remove it: the hash is computed.")
        policy = _validated(content, where)
    except RecursionError as error:
        raise PolicyError(f"{where} is nested too deeply to be read. Make it plainer.") from error
    except ValueError as error:
        # TOMLDecodeError, UnicodeDecodeError, and an integer of more digits than Python reads.
        raise PolicyError(f"{where} is not valid TOML: {error}. Mend that line.") from error
    keys = Counter((limit.checker, limit.metric, limit.group) for limit in policy.limit)
    doubled = [f"{checker} {metric}" for (checker, metric, _), count in keys.items() if count > 1]
    if doubled:
        raise PolicyError(f"{where} sets two limits on {doubled[0]}. Keep one, or give them different groups.")
    return policy.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})


def _validated(content: dict[str, Any], where: str) -> Policy:
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise PolicyError(f"{where}: {_first_fault(error, content)}") from error


def _first_fault(error: ValidationError, content: dict[str, Any]) -> str:
    faults = error.errors()
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    place = _place(fault["loc"], content)
    if fault["type"] == "extra_forbidden":
        return f"unknown key {place}. Correct its spelling or remove it; docs/policy.md lists the keys."
    if fault["type"] == "missing":
        return f"{place} is missing. Add it; docs/policy.md lists the keys."
    return f"{place}: {fault['msg']}. docs/policy.md lists the keys."


def _place(path: tuple[int | str, ...], content: dict[str, Any]) -> str:
    """Name a key of the file, and of a list's entry its place as people count and what it is on."""
    if len(path) < 2 or not isinstance(path[1], int):
        return "'" + ".".join(map(str, path)) + "'"
    entry = content[str(path[0])][path[1]]
    names = [str(entry[key]) for key in ("id", "checker", "metric", "group") if key in entry]
    known = f" ({' '.join(names)})" if names else ""
    where = f"{path[0]} {path[1] + 1}{known}"
    return f"'{'.'.join(map(str, path[2:]))}' of {where}" if len(path) > 2 else where
