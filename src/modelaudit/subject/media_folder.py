"""A folder of pictures or sounds as a table: one file a row, classes told by folders or by a metadata file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.places import is_file, shown

PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2", ".avif", ".tga"}
)
SOUNDS = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au"})

DESCRIPTIONS = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""What `datasets` reads a folder's columns from; `file_name` says where each file is, from the folder on."""
SPLITS = frozenset({"train", "training", "test", "testing", "eval", "evaluation", "val", "valid", "validation", "dev"})
LARGE = 4096
"""A row of more floats or 16-bit numbers than this is a sound, and no list of tags or scores."""


def described_by(folder: Path) -> Path | None:
    """Return the metadata file of a folder, or None."""
    return next((folder / file for file in DESCRIPTIONS if is_file(folder / file)), None)


def columns_of_folder(folder: Path, name: str) -> dict[str, list[Any]] | None:
    """Return the columns of a folder without a metadata file, or None where it holds neither pictures nor sounds.

    They are the files (`image` or `audio`: whole paths; `file_name`: paths from the folder on, in their order) and,
    where each file lies in a folder of its own class, the name of that folder (`label`). Hidden files, files of other
    kinds and folders that are links are passed over.

    Raises:
        DataInputError: it holds pictures as well as sounds, several splits, or files beside folders of classes.
    """
    files = sorted(
        path.relative_to(folder)
        for place, _, names in os.walk(folder)
        for path in (Path(place, file) for file in names)
        if _is_shown(path.relative_to(folder)) and path.suffix.lower() in PICTURES | SOUNDS
    )
    if not files:
        return None
    kinds = {"image" if path.suffix.lower() in PICTURES else "audio" for path in files}
    if len(kinds) > 1:
        raise DataInputError(f"{name}: {shown(folder)} holds pictures and sounds; hand in one folder for each")
    tops = {path.parts[0].casefold() for path in files if len(path.parts) > 1}
    if len(tops) > 1 and tops <= SPLITS:
        raise DataInputError(
            f"{name}: {shown(folder)} holds the splits {', '.join(sorted(tops))}; hand in the folder of one of them"
        )
    classes = [path.parent.name for path in files]
    columns: dict[str, list[Any]] = {
        kinds.pop(): [str(folder.absolute() / path) for path in files],
        "file_name": [path.as_posix() for path in files],
    }
    if any(classes) and not all(classes):
        raise DataInputError(
            f"{name}: in {shown(folder)} some files lie in folders and some beside these, so classes can't be told by "
            "folders; move them, or write a metadata.csv with file_name and label"
        )
    return columns | {"label": classes} if any(classes) else columns


def is_medium_array(cell: Any) -> bool:
    """Tell whether a cell is an array of a picture's pixels or of a sound's samples."""
    dimensions, kind = getattr(cell, "ndim", None), getattr(getattr(cell, "dtype", None), "kind", "")
    if not isinstance(dimensions, int) or not kind or kind not in "buif":
        return False
    return dimensions > 1 or (int(cell.size) > LARGE and (kind == "f" or cell.dtype.itemsize == 2))


def _is_shown(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)
