"""The rows that a model was trained on, found by the record of its training."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelaudit.errors import DataInputError
from modelaudit.subject.places import is_file, shown
from modelaudit.subject.tables import Table, read_table
from modelaudit.subject.task import ColumnChoice
from modelaudit.training.record import RECORD, SourceInfo, TrainingRecord

__all__ = ["TrainedRows", "rows_trained_on"]

LARGEST_RECORD = 100_000_000
"""No file beyond so many bytes is taken for a record."""


@dataclass(frozen=True, slots=True)
class TrainedRows:
    """The table that a model was trained on, without the rows that were held back.

    Attributes:
        path: of its file. columns: where text, label and group stood. said: a sentence for the report.
    """

    path: Path
    table: Table
    columns: ColumnChoice
    said: str


def rows_trained_on(model: Any, events: list[str]) -> TrainedRows | None:
    """Return the rows that a local model folder's record names, where their file is there and unchanged.

    Nothing of what can go wrong is an error, since nobody asked for them: `events` gets a sentence on why the rows are
    not used. Hub models and models in memory have none.
    """
    record = _record(model)
    if record is None or record.train.path is None:
        return None
    place = Path(record.train.path)
    try:
        reason = _unfit(place, record.train)
        if reason is None:
            return _read(place, record.train)
    except DataInputError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{shown(place)} can't be read ({error.strerror or error})."
    events.append(not_used(reason))
    return None


def not_used(reason: str) -> str:
    """Return the sentence for a report on rows that were named and are not used."""
    return f"The training rows that {RECORD} in the model's folder names were not used: {reason}"


def _record(model: Any) -> TrainingRecord | None:
    """The record in a model's folder; None for any other model, and for a file of that name that is not ours."""
    if not isinstance(model, str | Path):
        return None
    file = Path(os.path.expanduser(model)) / RECORD  # noqa: PTH111  Path.expanduser raises where there is no such home
    try:
        if not is_file(file) or file.stat().st_size > LARGEST_RECORD:
            return None
        return TrainingRecord.model_validate_json(file.read_bytes())
    except (OSError, ValidationError, ValueError):
        return None


def _unfit(place: Path, source: SourceInfo) -> str | None:
    """Why a file can't be taken for the one that was trained on, or None.

    A record may be a stranger's, so no place is touched that would ask a network for a file.
    """
    if str(place).startswith(("\\\\", "//")) or not place.is_absolute():
        return f"{shown(place)} is no place on this machine."
    if not is_file(place):
        return f"{shown(place)} is not there."
    changed = f"{shown(place)} is not the file that was trained on: its bytes differ."
    if source.sha256 is None or place.stat().st_size != source.bytes:
        return changed
    with place.open("rb") as content:
        return None if hashlib.file_digest(content, "sha256").hexdigest() == source.sha256 else changed


def _read(place: Path, source: SourceInfo) -> TrainedRows:
    table = read_table(place, name=place.name)
    without = ""
    if source.held_back:
        table = table.without(source.held_back)
        without = f", without the {len(source.held_back):,} rows that were held back"
    return TrainedRows(
        place,
        table,
        ColumnChoice(source.text_column, source.label_column, source.group_column),
        f"The training rows were found by {RECORD} in the model's folder: {shown(place)}{without}.",
    )
