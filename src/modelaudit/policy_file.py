"""The policy file: the user's limits and waivers in TOML, read and checked before anything is measured."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from modelaudit.errors import PolicyError
from modelaudit.extending import check_tightening, merged
from modelaudit.verdicts import LEVELS, Limit, Policy, Requirement, Waiver, alike
from modelaudit.waivers import fault_of

SHIPPED = ("starter", "internal-screening", "eu-ai-act-high-risk", "nist-ai-rmf", "china-interim-measures")
"""Names of the policies that come with modelaudit, the one that is used by default first."""
COMPUTED = ("sha256", "extends_sha256")
"""Keys of a policy that no file may set: they are computed from the file."""
DEEPEST = 8
"""How many policies may extend one another."""
REASONS = {
    "rationale": "tells a reader of the report why it is asked for",
    "source": "tells a reader of the report where it comes from",
    "override_reason": "tells a reader of the report why it is looser than in the policy that this one extends",
    "reason": "tells a reader of the report why the risk is accepted",
}
"""What the texts are for that a policy has to give."""


def load_policy(source: str | Path | None = None) -> Policy:
    """Read a policy: a TOML file, one of `shipped_policies` by its name, or the starter policy where none is given.

    A file that is there wins over a shipped policy of the same name.

    Raises:
        PolicyError: the file can't be read, is no TOML, has an unknown key or a missing value, or breaks a rule.
    """
    return _loaded("starter" if source is None else source, folder=Path(), above=())


def shipped_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with modelaudit, the one that is used by default first."""
    return SHIPPED


def shipped_text(name: str) -> str:
    """Return the text of a policy that comes with modelaudit. Raises PolicyError for a name that is none of them."""
    if name not in SHIPPED:
        raise PolicyError(f"no shipped policy is called {shown(name)}. There are {', '.join(SHIPPED)}.")
    policies = resources.files("modelaudit").joinpath("policies")
    folder = policies.joinpath(name)
    # A long policy is kept in parts, which make it up in the order of their names.
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else [policies / f"{name}.toml"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def parse_policy(raw: bytes, *, where: str, folder: str | Path = ".") -> Policy:
    """Parse and check the bytes of a policy file; `where` names it in errors, `folder` is where `extends` looks."""
    return _parsed(raw, where, Path(folder), ())


def _loaded(source: str | Path, folder: Path, above: tuple[str, ...], asked: str = "") -> Policy:
    """Read a policy by its name; `asked` says in errors which file's `extends` names it."""
    name = str(source)
    file = folder / name
    try:
        shipped = name in SHIPPED and not file.is_file()
        raw = shipped_text(name).encode() if shipped else file.read_bytes()
    except FileNotFoundError as error:
        raise PolicyError(asked + _nowhere(name)) from error
    except OSError as error:
        raise PolicyError(
            f"{asked}policy {shown(name)} can't be read: {error.strerror}. Give the path of a TOML file."
        ) from error
    except ValueError as error:
        raise PolicyError(f"{asked}policy {shown(name)} names no file. Give the path of a TOML file.") from error
    place = name if shipped else str(file)
    if place in above or len(above) >= DEEPEST:
        chain = " extends ".join(map(shown, (*above, place)))
        raise PolicyError(f"policies extend one another without end, or too deeply: {chain}. Break the chain.")
    where = f"the policy {name}" if shipped else f"policy {shown(name)}"
    return _parsed(raw, where, file.parent, (*above, place))


def _nowhere(name: str) -> str:
    if Path(name).name == name and "." not in name:
        near = difflib.get_close_matches(name, SHIPPED, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return (
            f"policy {shown(name)} is no file and no shipped policy.{meant} Give the path of a TOML file, or one of "
            f"{', '.join(SHIPPED)}."
        )
    return (
        f"policy {shown(name)} can't be read: there is no such file. Give the path of a TOML file, or a shipped name."
    )


def _parsed(raw: bytes, where: str, folder: Path, above: tuple[str, ...]) -> Policy:
    try:
        content = tomllib.loads(raw.decode("utf-8-sig"))
        for key in COMPUTED:
            if key in content:
                raise PolicyError(f"{where}: unknown key '{key}'. Remove it: the hash is computed.")
        base = _base(content, where, folder, above)
        policy = _validated(content if base is None else merged(content, base, where), where)
    except RecursionError as error:
        raise PolicyError(f"{where} is nested too deeply to be read. Make it plainer.") from error
    except ValueError as error:
        # TOMLDecodeError, UnicodeDecodeError, and an integer of more digits than Python reads.
        raise PolicyError(f"{where} is not valid TOML: {error}. Mend that line.") from error
    _check_rules(policy, where)
    if base is None:
        return policy.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})
    check_tightening(policy, base, where)
    both = hashlib.sha256(raw + base.sha256.encode()).hexdigest()
    return policy.model_copy(update={"sha256": both, "extends_sha256": base.sha256})


def _base(content: dict[str, Any], where: str, folder: Path, above: tuple[str, ...]) -> Policy | None:
    name = content.get("extends")
    if name is None:
        return None
    if not isinstance(name, str) or not name:
        raise PolicyError(
            f"{where}: 'extends' is no name. Give a shipped policy or the path of a file beside this one."
        )
    return _loaded(name, folder, above, asked=f"{where}: 'extends': ")


def _validated(content: dict[str, Any], where: str) -> Policy:
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise PolicyError(f"{where}: {_first_fault(error, content)}") from error


def _check_rules(policy: Policy, where: str) -> None:
    """Raise PolicyError for what a file must not say; records of older versions may, and stay readable."""
    for limit in policy.limit:
        if not all(map(alike, limit.use_cases)):
            raise PolicyError(f"{where}: the limit on {shown(limit.name)} has a use case without a name. Name it.")
    keys = Counter(
        (limit.checker, limit.metric, limit.group, case)
        for limit in policy.limit
        for case in (sorted(set(map(alike, limit.use_cases))) or ("",))
    )
    doubled = next((key for key, count in keys.items() if count > 1), None)
    if doubled is not None:
        use = "" if not doubled[3] else f" for the use case {shown(doubled[3])}"
        raise PolicyError(
            f"{where} sets two limits on {shown(doubled[0])} {shown(doubled[1])}{use}. Keep one, or give them "
            "different groups or use cases."
        )
    if not policy.reviewed and (policy.approved_by or policy.approved_on is not None):
        raise PolicyError(f"{where} has approved_on and no approved_by, or a blank one. Say who approved it.")
    required = Counter(requirement.checker for requirement in policy.require)
    for checker, count in required.items():
        if count > 1:
            raise PolicyError(f"{where} requires {shown(checker)} twice. Keep one entry.")
    named = Counter(waiver.id for waiver in policy.waiver)
    for waiver in policy.waiver:
        fault = f"two waivers are called {waiver.id}" if named[waiver.id] > 1 else fault_of(waiver, policy)
        if fault is not None:
            raise PolicyError(f"{where}: {shown(fault, 400)}.")
    if not policy.limit:
        raise PolicyError(
            f"{where} sets no limit, so its gate would hold whatever is found. Add a [[limit]], or extend a policy "
            "that has some."
        )


def _first_fault(error: ValidationError, content: dict[str, Any]) -> str:
    faults = error.errors()
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path = fault["loc"]
    if fault["type"] == "literal_error" and path[-1] == "[key]":
        path, fault = path[:-1], {**fault, "type": "extra_forbidden"}
    place = _place(path, content)
    if fault["type"] == "extra_forbidden":
        return f"{unknown_key(place, path[-1], _known(path))} docs/policy.md lists the keys."
    if fault["type"] == "missing":
        return f"{place} is missing. Add it; docs/policy.md lists the keys."
    if fault["type"] == "float_type":
        return f"{place} is no number. Write it as a number without quotes, such as 0.05 for 5%."
    if fault["type"] == "string_too_short" and path[-1] in REASONS:
        return f"{place} is too short: it {REASONS[path[-1]]}, in at least {fault['ctx']['min_length']} characters."
    return f"{place}: {shown(fault['msg'], 400)}. docs/policy.md lists the keys."


def unknown_key(place: str, key: object, known: Iterable[str]) -> str:
    """Return what is said of a key that no file of its kind has, with the nearest that one has; `place` names it."""
    near = difflib.get_close_matches(str(key), list(known), 1)
    return f"unknown key {place}. " + (f"Did you mean '{near[0]}'?" if near else "Correct its spelling or remove it;")


def _known(path: tuple[int | str, ...]) -> list[str]:
    """The keys that are known where the last key of a path stands."""
    if "severity" in path[:-1]:
        return list(LEVELS)
    tables: dict[int | str, type[BaseModel]] = {"limit": Limit, "waiver": Waiver, "require": Requirement}
    model = tables.get(path[0], Policy) if len(path) > 1 else Policy
    return [field.alias or name for name, field in model.model_fields.items() if name not in COMPUTED]


def _place(path: tuple[int | str, ...], content: dict[str, Any]) -> str:
    """Name a key of the file, and of a list's entry its place as people count and what it is on."""
    if len(path) < 2 or not isinstance(path[1], int):
        return "'" + shown(".".join(map(str, path))) + "'"
    entry = content[str(path[0])][path[1]]
    known = entry if isinstance(entry, dict) else {}
    names = [shown(known[key], 60) for key in ("id", "checker", "metric", "group") if key in known]
    where = f"{path[0]} {path[1] + 1}" + (f" ({' '.join(names)})" if names else "")
    return f"'{shown('.'.join(map(str, path[2:])))}' of {where}" if len(path) > 2 else where


def shown(text: Any, longest: int = 200) -> str:
    """Return text of the user's as one line shows it: cut, and without characters that act on a terminal."""
    words = " ".join(str(text)[: longest + 1].split())
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)
    return line if len(line) <= longest else line[: longest - 1] + "…"
