"""The project file, `modelaudit.toml`: what a project sets once. Arguments win over it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from modelaudit.audit_report import Preset
from modelaudit.errors import InputError
from modelaudit.evidence import Frozen

NAME = "modelaudit.toml"


class SubjectTable(Frozen):
    """`[subject]`: what the user declares of the model's use, and how its tables are laid out."""

    use: str | None = None
    owner: str | None = None
    impact: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None


class ProjectFile(Frozen):
    """The whole file; `policy` is relative to the file's folder."""

    preset: Preset | None = None
    policy: Path | None = None
    seed: int | None = None
    sample: int | None = None
    subject: SubjectTable = SubjectTable()
    checkers: dict[str, dict[str, Any]] = Field(default_factory=dict)


def read_project_file(path: str | Path | None = None) -> ProjectFile:
    """Read the project file; without a path the one in the working folder, or defaults where there is none.

    Raises:
        InputError: the file named is not there, is no TOML, or has an unknown key.
    """
    file = Path(path) if path is not None else Path(NAME)
    if path is None and not file.is_file():
        return ProjectFile()
    try:
        content = ProjectFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(
            f"project file {file} can't be read: {error.strerror}. Give the path of a TOML file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"project file {file} is not valid TOML: {error}. Mend that line.") from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(
            f"project file {file}: '{place}': {fault['msg']}. docs/project-file.md lists the keys."
        ) from error
    policy = content.policy
    return content.model_copy(
        update={"policy": file.parent / policy if policy and not policy.is_absolute() else policy}
    )
