"""The project file, `modelaudit.toml`: what a project sets once. Arguments win over it."""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, StrictInt, ValidationError, field_validator

from modelaudit.audit_report import Declared, Preset
from modelaudit.errors import InputError
from modelaudit.evidence import Frozen, Text
from modelaudit.frameworks import KNOWN, code_of
from modelaudit.policy_file import SHIPPED, shown, unknown_key

NAME = "modelaudit.toml"
LARGEST = 2**63 - 1


class Declaration(Declared):
    """What is declared of the use now: places are known ones. Records of what was declared are read as they are."""

    @field_validator("jurisdictions")
    @classmethod
    def _known(cls, places: tuple[Text, ...]) -> tuple[Text, ...]:
        unknown = next((place for place in places if code_of(place) is None), None)
        if unknown is not None:
            raise ValueError(f"{shown(unknown, 40)!r} is no place that is known; give {KNOWN}")
        return places


class SubjectTable(Declaration):
    """`[subject]`: what the user declares of the model's use, and how its tables are laid out."""

    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    pair_column: str | None = None
    chat: bool | None = None

    @property
    def declared(self) -> dict[str, Any]:
        """What is declared, without the layout of the tables."""
        return self.model_dump(include=set(Declared.model_fields), exclude_none=True)


class Settings(Frozen):
    """The keys of the file; `policy` and `baseline` are relative to the file's folder."""

    preset: Preset | None = None
    policy: Path | None = None
    baseline: Path | None = None
    language: str | None = None
    seed: StrictInt | None = Field(default=None, ge=0, le=LARGEST)
    sample: StrictInt | None = Field(default=None, ge=1, le=LARGEST)
    subject: SubjectTable = SubjectTable()
    checkers: dict[str, dict[str, Any]] = Field(default_factory=dict)


class ProjectFile(Settings):
    """The whole file, with where it was found; without a path it is all defaults."""

    path: Path | None = None
    sha256: str | None = None


def read_project_file(path: str | Path | Literal[False] | None = None) -> ProjectFile:
    """Read the project file; without a path the one in the working folder, or defaults if there is none or it is False.

    Raises:
        InputError: the file named is not there, is no TOML, or has an unknown key.
    """
    if path is False:
        return ProjectFile()
    if path is not None and not isinstance(path, str | Path):
        raise InputError(f"project_file is a {type(path).__name__}; give the path of a TOML file")
    file = Path(path) if path is not None else Path(NAME)
    if path is None and not os.path.lexists(file):
        return ProjectFile()
    try:
        raw = file.read_bytes()
        content = Settings.model_validate(tomllib.loads(raw.decode("utf-8-sig")))
    except OSError as error:
        raise InputError(
            f"project file {file} can't be read: {error.strerror}. Give the path of a TOML file."
        ) from error
    except ValidationError as error:
        raise InputError(f"project file {file}: {_first_fault(error)} docs/project-file.md lists the keys.") from error
    except RecursionError as error:
        raise InputError(f"project file {file} is nested too deeply to be read. Make it plainer.") from error
    except ValueError as error:
        # TOMLDecodeError, UnicodeDecodeError, and an integer of more digits than Python reads.
        raise InputError(f"project file {file} is not valid TOML: {error}. Mend that line.") from error
    return ProjectFile(
        **content.model_dump(exclude={"policy", "baseline", "subject"}),
        subject=content.subject,
        policy=_policy(file, content.policy),
        baseline=_beside(file, content.baseline),
        path=file,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _first_fault(error: ValidationError) -> str:
    faults = error.errors()
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path = fault["loc"]
    place = f"'{shown('.'.join(map(str, path)))}'"
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg']}."
    return unknown_key(place, path[-1], (SubjectTable if len(path) > 1 else Settings).model_fields)


def _policy(file: Path, named: Path | None) -> Path | None:
    """The name of a shipped policy stays one, unless a file of that name lies there."""
    shipped = named is not None and str(named) in SHIPPED and not (file.parent / named).is_file()
    return named if shipped else _beside(file, named)


def _beside(file: Path, named: Path | None) -> Path | None:
    return None if named is None else file.parent / named
