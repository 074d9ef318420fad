"""The rows that a model was trained on, found by the record of its training."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelaudit.errors import DataInputError
from modelaudit.subject.places import is_file, shown
from modelaudit.subject.tables import Table, read_table
from modelaudit.subject.task import ColumnChoice
from modelaudit.training.record import RECORD, SourceInfo, TrainingRecord

__all__ = ["TrainedRows", "laid_out_as_trained", "rows_trained_on"]

LARGEST_RECORD = 100_000_000
"""No file beyond so many bytes is taken for a record."""
_SEEN_OTHERWISE = {
    "deduplicate": "Those that training left out, since others say the same or nearly the same, are among them.",
    "deidentify": "Training saw them with made-up names and numbers in the place of personal data.",
}
"""What a reader should know of the rows, by the setting of the recipe that made it so."""


@dataclass(frozen=True, slots=True)
class TrainedRows:
    """The table that a model was trained on, without the rows that were held back, as the file has it.

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
            return _read(place, record)
    except DataInputError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{shown(place)} can't be read ({error.strerror or error})."
    events.append(not_used(reason))
    return None


def laid_out_as_trained(model: Any, layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return how tables are laid out, with texts that stand alone where a local model folder was trained so.

    The reference trainer reads one text a row, and a table may have two columns whose names are those of a pair. What
    the user named wins.
    """
    named = layout["text_column"] is not None or layout["pair_column"] is not None
    record = None if named else _record(model)
    alone = record is not None and record.task == "text-classification"
    return {**layout, "pair_column": ""} if alone else dict(layout)


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
    # No table is empty; what the system makes up when it is read, and may never end, says that it is.
    if source.sha256 is None or not source.bytes or place.stat().st_size != source.bytes:
        return changed
    with place.open("rb") as content:
        return None if hashlib.file_digest(content, "sha256").hexdigest() == source.sha256 else changed


def _read(place: Path, record: TrainingRecord) -> TrainedRows:
    source = record.train
    table = read_table(place, name=place.name)
    without = ""
    if source.held_back:
        table = table.without(source.held_back)
        without = f", without the {len(source.held_back):,} rows that were held back"
    return TrainedRows(
        place,
        table,
        ColumnChoice(source.text_column, source.label_column, source.group_column),
        " ".join(
            [
                f"The training rows were found by {RECORD} in the model's folder: {shown(place)}{without}.",
                *(said for setting, said in _SEEN_OTHERWISE.items() if getattr(record.recipe, setting)),
            ]
        ),
    )
