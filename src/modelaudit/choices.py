"""Choices: what the user may set, each value checked before any work is done."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from modelaudit.audit_report import AuditReport, Declared, Preset
from modelaudit.errors import InputError
from modelaudit.evidence import storable
from modelaudit.plugins import Plugins
from modelaudit.policy_file import load_policy
from modelaudit.project_file import LARGEST, Declaration
from modelaudit.reports.json import load_report
from modelaudit.reports.words import LANGUAGES
from modelaudit.verdicts import Policy

LONGEST_NAME = 4_096
SHAPLEY = "modelaudit/shapley-explanation"
"""The checker that --cross-check is an option of."""
BACKENDS = ("auto", "torch", "onnx")
NUMERICS = ("auto", "strict", "standard")
LONGEST_WORDS = 200


def whole(name: str, value: Any, *, least: int) -> int:
    """Return a whole number of at least `least`; InputError for anything else, True and 1.5 among it."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or not least <= number <= LARGEST:
        # Python writes no integer of more than some thousand digits.
        huge = number is not None and abs(number) > LARGEST
        shown = "a number beyond all use" if huge else f"{value!r:.40}"
        raise InputError(f"{name} is {shown}; give a whole number of at least {least}")
    return number


def preset_of(value: Any) -> Preset:
    """Return the preset; InputError for one that there is not."""
    presets: tuple[Preset, ...] = get_args(Preset)
    for preset in presets:
        if isinstance(value, str) and value == preset:
            return preset
    raise InputError(f"preset is {value!r:.40}; give one of {', '.join(presets)}")


def numerics_of(value: Any) -> str:
    """Return the numerics; InputError for ones that there are not."""
    if not isinstance(value, str) or value not in NUMERICS:
        raise InputError(f"numerics is {value!r:.40}; give one of {', '.join(NUMERICS)}")
    return value


def workers_of(value: Any) -> int | str:
    """Return how many workers, and of which kind; InputError for what is neither a number, `auto` nor `ray`."""
    known = isinstance(value, int | str) and not isinstance(value, bool)
    if not known or not re.fullmatch(r"[1-9]\d{0,3}|auto|ray(:[1-9]\d{0,3})?", str(value)):
        raise InputError(f"workers is {value!r:.40}; give a number from 1 up, auto, ray or ray:N")
    return str(value)


def backend_of(value: Any) -> str:
    """Return what is to run the model's layers; InputError for what is not known."""
    if value not in BACKENDS:
        raise InputError(f"backend is {value!r:.40}; give one of {', '.join(BACKENDS)}")
    return str(value)


def policy_of(value: Any) -> Policy:
    """Return the policy of a file, the one handed in, or the starter policy for None."""
    if isinstance(value, Policy):
        return value
    if value is not None and not isinstance(value, str | Path):
        raise InputError(f"policy is a {type(value).__name__}; give the path of a TOML file, or a Policy")
    check_source("policy", value)
    return load_policy(value)


def report_of(value: Any) -> AuditReport | None:
    """Return the report of a file, the one handed in, or None."""
    if value is None or isinstance(value, AuditReport):
        return value
    if not isinstance(value, str | Path):
        raise InputError(f"baseline is a {type(value).__name__}; give the path of a .json report, or an AuditReport")
    check_source("baseline", value)
    return load_report(value)


def language_of(value: Any) -> str:
    """Return the language of reports."""
    if value not in LANGUAGES:
        raise InputError(f"language {value!r:.40} is none that reports are written in; use {', '.join(LANGUAGES)}")
    return str(value)


def declared_of(values: Any) -> Declared:
    """Return what the user declares of the model's use."""
    if not isinstance(values, Mapping):
        raise InputError(f"declared is a {type(values).__name__}; give a dict with {_keys(Declared.model_fields)}")
    unknown = [key for key in values if key not in Declared.model_fields]
    if unknown:
        raise InputError(f"declared has no {unknown[0]!r:.40}; it has {_keys(Declared.model_fields)}")
    try:
        return Declaration.model_validate(dict(values))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"declared {place!r}: {fault['msg']}; docs/project-file.md says what it takes") from error


def options_of(values: Any) -> dict[str, Mapping[str, Any]]:
    """Return the options of checkers by checker id."""
    if not isinstance(values, Mapping):
        raise InputError(f'options is a {type(values).__name__}; give {{"vendor/id": {{"name": value}}}}')
    for checker, given in values.items():
        if not isinstance(given, Mapping):
            raise InputError(f'options of {checker} are a {type(given).__name__}; give {{"name": value}}')
    return dict(values)


def column_of(name: str, value: Any) -> str | None:
    """Return the name of a column, or None where none is named."""
    if value is not None and (not isinstance(value, str) or not value):
        raise InputError(f"{name} is {value!r:.40}; give the name of a column")
    return value


def layout_of(table: Any, *, chat: Any = None, **columns: Any) -> dict[str, Any]:
    """Return how the tables are laid out: the named columns and whether prompts are chats; arguments win over `table`.

    A `pair_column` of "" says that texts stand alone.
    """
    found: dict[str, Any] = {}
    for name, column in columns.items():
        alone = name == "pair_column" and column == ""
        found[name] = "" if alone else column_of(name, column if column is not None else getattr(table, name))
    told = chat if chat is not None else table.chat
    if told is not None and not isinstance(told, bool):
        raise InputError(f"chat is {told!r:.40}; give True, False, or leave it out")
    return {**found, "chat": told}


def labels_of(value: Any) -> tuple[str, ...] | None:
    """Return the class names of a function, in the order of its columns; None where none are given."""
    if value is None:
        return None
    # numpy's integers and strings, as in scikit-learn's classes_, are no subclasses of Python's.
    values = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise InputError(f'labels is {value!r:.40}; give the names of the classes, as labels=["negative", "positive"]')
    names = list(values)
    for name in names:
        if not isinstance(name, str | int) or not str(name).strip():
            raise InputError(f"labels holds {name!r:.40}; give a name for each class")
    found = tuple(storable(str(name)) for name in names)
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"labels gives the name {twice!r:.40} to two classes; make the names differ")
    if len(found) < 2:
        raise InputError(f"labels has {len(found)} name(s); a classifier chooses among two or more")
    return found


def words_of(name: str, value: Any) -> str | None:
    """Return a name or word that the user gives, or None; InputError for one that is empty, long or no text."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_WORDS:
        raise InputError(f"{name} is {value!r:.40}; give 1 to {LONGEST_WORDS} characters of text, or leave it out")
    return str(storable(value))


def check_source(name: str, value: Any) -> None:
    """Raise InputError for the name of a file, folder or hub id that no file system can look up."""
    if not isinstance(value, str | Path):
        return
    text = str(value)
    if not text or "\0" in text:
        raise InputError(f"{name} is {text!r:.40}, which names nothing; give a path or a hub id")
    if len(text) > LONGEST_NAME or any(len(part.encode("utf-8", "replace")) > 255 for part in Path(text).parts):
        raise InputError(f"{name} is a name of {len(text):,} characters, too long for a file ({text:.40}…); shorten it")


def check_tokenizer(value: Any) -> None:
    """Raise InputError for something that is no tokenizer and names none."""
    if value is None or isinstance(value, str | Path) or hasattr(value, "get_vocab"):
        return
    raise InputError(f"tokenizer is a {type(value).__name__}; give a tokenizer, or the name or folder of one")


def check_processor(value: Any) -> None:
    """Raise InputError for something that is no processor and names none."""
    if value is None or isinstance(value, str | Path) or hasattr(value, "to_dict"):
        return
    raise InputError(
        f"processor is a {type(value).__name__}; give an image processor, a feature extractor, or the name or folder "
        "of one"
    )


def check_plugins(value: Any) -> None:
    """Raise InputError for something that is no Plugins."""
    if value is not None and not isinstance(value, Plugins):
        raise InputError(
            f"plugins is a {type(value).__name__}; give a Plugins(extra={{'name': module}}), or leave it out"
        )


def _keys(names: Iterable[str]) -> str:
    return ", ".join(names)
