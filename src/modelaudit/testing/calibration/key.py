"""What a kept unit is of: as long as nothing of this changes, a calibration need not ask again."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelaudit._version import __version__
from modelaudit.audit_report import Preset
from modelaudit.checker import Checker
from modelaudit.plugins import registered
from modelaudit.testing.defect import Defect

DIGITS = 16


def key_of(checker: Checker, defect: Defect, preset: Preset) -> dict[str, Any]:
    """Return everything that can change what an audit finds, in words and hashes.

    Of code that is the version of modelaudit, the Python files of the checker's own folder, and the file in which the
    fault is planted. Code that these call elsewhere is not seen.

    Raises:
        PluginError: the checker lacks a part of the contract.
    """
    read = registered(checker, "given")
    policy = defect.policy(read.info.id)
    return {
        "checker": read.info.id,
        "version": read.info.version,
        "options": dict(read.options),
        "checker_code": _hash(_folder_of(type(checker))) or _source(type(checker)),
        "defect": defect.name,
        "unit": defect.unit,
        "metric": defect.metric,
        "defect_code": _hash(_files_of(defect.plant)) or _source(defect.plant),
        "limits": [limit.model_dump(mode="json") for limit in policy.limit if limit.checker == read.info.id],
        "level": policy.level,
        "q": policy.q,
        "preset": preset,
        "modelaudit": __version__,
    }


def folder_name(key: dict[str, Any]) -> str:
    """Return the name of the folder for units of a key."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:DIGITS]
    return f"{key['checker'].replace('/', '--')}.{digest}"


def _folder_of(kind: type) -> list[Path]:
    """Return the Python files of the package that a class is in, or the file of a module of no package."""
    files = _files_of(kind)
    module = inspect.getmodule(kind)
    if files and module is not None and module.__package__:
        return sorted(files[0].parent.rglob("*.py"))
    return files


def _files_of(thing: Any) -> list[Path]:
    """Return the file that something was written in; none for what was typed into a notebook."""
    while hasattr(thing, "func"):
        thing = thing.func
    if not (inspect.isfunction(thing) or inspect.ismethod(thing) or inspect.isclass(thing)):
        thing = type(thing)
    file = getattr(inspect.getmodule(thing), "__file__", None)
    return [Path(file)] if file is not None and Path(file).is_file() else []


def _hash(files: Iterable[Path]) -> str | None:
    digest, found = hashlib.sha256(), False
    for file in files:
        found = True
        digest.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest() if found else None


def _source(thing: Any) -> str:
    """Return a hash of the lines in which something was typed, or nothing where nobody kept them."""
    try:
        return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()
    except (OSError, TypeError):
        return ""
