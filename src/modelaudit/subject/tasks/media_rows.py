"""What the tasks share whose rows are pictures or sounds: rows of a table, and what of it can't be seen or heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelaudit.errors import CapabilityError, DataInputError
from modelaudit.media.encoded import UnreadableMedium
from modelaudit.media.picture import Picture
from modelaudit.media.raster import MOST_PIXELS
from modelaudit.media.sound import Sound
from modelaudit.media.wave import MOST_VALUES
from modelaudit.rows import Row
from modelaudit.subject.columns import CellTest, Tiers, find_column, missing_column
from modelaudit.subject.labels import match_labels
from modelaudit.subject.media_cells import (
    WebAddress,
    is_empty,
    looks_like_picture,
    looks_like_sound,
    may_be_medium,
    picture_in,
    sound_in,
)
from modelaudit.subject.media_folder import is_medium_array
from modelaudit.subject.tables import Table
from modelaudit.subject.task import NO_LABEL, ColumnChoice, RowBatch, group_cells, other_cells
from modelaudit.subject.tasks.text_classification import label_column_of
from modelaudit.subject.tasks.whole_text import truths_in

SILENT = "sounds that are silent (kept)"
SLENDER = "rows whose picture is more than 100 times as long as wide, or as wide as long (left out)"
MOST_SLENDER = 100
"""A processor that brings the shorter side to its size makes the longer one as many times as long."""

RATE_COLUMNS = frozenset({"sampling_rate", "sample_rate"})
_OF_FILES = ("file_name", "filename", "filepath", "file", "path")


@dataclass(frozen=True, slots=True)
class Kind:
    """Pictures or sounds: what they are called, in which columns they are found, and why they are left out."""

    field: str
    known: Tiers
    looks: CellTest
    reasons: Mapping[str, str]


PICTURES = Kind(
    field="picture",
    known=(
        ("image", "img", "picture", "photo", "pixel_values"),
        ("images", "pictures", "image_path", "image_file", "img_path", *_OF_FILES),
    ),
    looks=looks_like_picture,
    reasons={
        "missing": "rows whose picture is missing (left out)",
        "broken": "rows whose picture is broken, cut off or of no known kind (left out)",
        "too large": f"rows whose picture has more than {MOST_PIXELS:,} pixels (left out)",
        "empty": "rows whose picture has no pixels (left out)",
        "no numbers": "rows whose picture has pixels that are no numbers (left out)",
    },
)
SOUNDS = Kind(
    field="sound",
    known=(
        ("audio", "sound", "speech", "wav", "waveform", "recording"),
        ("audios", "sounds", "audio_path", "audio_file", "audio_filepath", *_OF_FILES),
    ),
    looks=looks_like_sound,
    reasons={
        "missing": "rows whose sound is missing (left out)",
        "broken": "rows whose sound is broken, cut off or of no known kind (left out)",
        "too large": f"rows whose sound has more than {MOST_VALUES:,} samples (left out)",
        "empty": "rows whose sound is empty (left out)",
        "no numbers": "rows whose sound has samples that are no numbers (left out)",
    },
)


def medium_column_of(table: Table, columns: ColumnChoice, kind: Kind) -> str:
    """Return the column of the pictures or sounds; raise DataInputError where there is none, or more than one."""
    column = find_column(
        table,
        columns.text,
        kind.known,
        what=kind.field,
        flag="--text-column",
        fits=may_be_medium,
        fallback=kind.looks,
        taken=[name for name in (columns.label, columns.group) if name],
    )
    if column is None:
        raise missing_column(table, what=kind.field, flag="--text-column", known=kind.known)
    return column


def labelled_media(table: Table, labels: Sequence[str], columns: ColumnChoice, kind: Kind) -> RowBatch:
    """Return the pictures or sounds of a table, with class indices where it has a label column."""
    medium_column = medium_column_of(table, columns, kind)
    column = label_column_of(table, labels, columns, medium_column)
    truths = truths_in(table, column, named=columns.label is not None)
    return medium_rows(
        table,
        columns,
        kind,
        medium_column=medium_column,
        label_columns=truths.columns,
        truths=truths.cells,
        read=lambda cells: [
            {"label": index}
            for index in match_labels(cells, labels, place=truths.place, class_names=truths.class_names)
        ],
    )


def no_words(task: str) -> CapabilityError:
    """Return the error for words that are asked of a row that has none."""
    return CapabilityError(f"rows of {task} are no texts and have no words; ask for the players, which are their parts")


def medium_rows(
    table: Table,
    columns: ColumnChoice,
    kind: Kind,
    *,
    medium_column: str,
    label_columns: Sequence[str],
    truths: Sequence[Any],
    read: Callable[[list[Any]], Sequence[dict[str, Any]]],
) -> RowBatch:
    """Return the rows whose picture or sound can be read and, where the table has truths, that have a truth.

    Args:
        table: the table; columns: the user's choice of columns.
        kind: pictures or sounds.
        medium_column, label_columns: where they and the truth stand; without label columns rows have no truth.
        truths: the truth of each row of the table, None where it is missing.
        read: takes the truths of the rows that stay, and returns the fields of each row that say it.

    Raises:
        DataInputError: no row is left, or whatever `read` raises.
    """
    labelled = [i for i in range(len(table)) if not label_columns or truths[i] is not None]
    found: dict[int, Picture | Sound] = {}
    counts: Counter[str] = Counter({NO_LABEL: len(table) - len(labelled)})
    first = ""
    for place, medium, reason, message in _media(table, medium_column, kind, labelled):
        if medium is not None:
            found[place] = medium
            counts[SILENT] += isinstance(medium, Sound) and medium.silent
        else:
            counts[reason] += 1
            first = first or message
    if not found:
        empty = f"no {kind.field} in column {medium_column!r} can be read" if labelled else "no row has a label"
        raise DataInputError(f"{table.name}: {empty}{_told(counts)}{f'; the first: {first}' if first else ''}")
    said: Sequence[dict[str, Any]] = read([truths[i] for i in found]) if label_columns else [{} for _ in found]
    groups = group_cells(table, columns)
    others = other_cells(table, (medium_column, *label_columns))
    rows = tuple(
        replace(_row(table.row_id(i), medium), group=groups[i], columns=_tellable(others[i]), **truth)
        for (i, medium), truth in zip(found.items(), said, strict=True)
    )
    set_aside = {reason: count for reason, count in counts.items() if count}
    return RowBatch(rows, medium_column, ", ".join(label_columns) or None, set_aside)


def _media(
    table: Table, column: str, kind: Kind, places: Sequence[int]
) -> Iterator[tuple[int, Picture | Sound | None, str, str]]:
    """Each place with its picture or sound, or why it has none: the reason to count, and a sentence on this one."""
    cells = table.cells(column)
    rates = next((table.cells(name) for name in table.columns if name.casefold() in RATE_COLUMNS), [None] * len(table))
    for place in places:
        name = f"the {kind.field} of row {table.number(place)}"
        if is_empty(cells[place]):
            yield place, None, f"rows without a {kind.field} (left out)", f"{name} is missing"
            continue
        try:
            if kind is PICTURES:
                medium: Picture | Sound = picture_in(cells[place], folder=table.folder, name=name)
            else:
                medium = sound_in(cells[place], folder=table.folder, name=name, rate=rates[place])
        except WebAddress as error:
            yield place, None, f"rows whose {kind.field} is at an address (left out, nothing is fetched)", str(error)
        except UnreadableMedium as error:
            yield place, None, kind.reasons[error.fault], str(error)
        else:
            if isinstance(medium, Picture) and max(medium.size) > MOST_SLENDER * min(medium.size):
                yield place, None, SLENDER, f"{name} is too slender"
            else:
                yield place, medium, "", ""


def _row(name: str, medium: Picture | Sound) -> Row:
    return Row(name, "", picture=medium) if isinstance(medium, Picture) else Row(name, "", sound=medium)


def _tellable(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells without other pictures and sounds, which are no property of a row."""
    return {
        column: cell
        for column, cell in cells.items()
        if not isinstance(cell, bytes | Mapping) and not is_medium_array(cell)
    }


def _told(counts: Counter[str]) -> str:
    told = ", ".join(f"{reason}: {count}" for reason, count in sorted(counts.items()) if count)
    return f" ({told})" if told else ""
