"""Pairs of sentences in the format of CrowS-Pairs (Nangia et al. 2020): read, checked, and counted where left out."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelaudit.errors import DataInputError
from modelaudit.rows import Row

Direction = Literal["stereo", "antistereo"]

MORE, LESS, DIRECTION, TYPE = "sent_more", "sent_less", "stereo_antistereo", "bias_type"
COLUMNS = (MORE, LESS, DIRECTION, TYPE)
DIRECTIONS: tuple[Direction, ...] = ("stereo", "antistereo")
EVERY_TYPE = "all types"
TURNED = ", antistereo"
UNNAMED = "no type given"
MOST_TYPES = 100
LONGEST_NAME = 60

EMPTY, EQUAL, TWICE = "a sentence is empty", "both sentences are equal", "the pair stands there more than once"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences that differ in the group that they speak of.

    Attributes:
        id: as the report names it.
        more, less: the sentence that is more in line with a stereotype, and the one that is less so.
        direction: "stereo" where `more` speaks of the disadvantaged group and demonstrates a stereotype of it;
            "antistereo" where `less` speaks of that group and violates one, so that the groups have changed places.
        bias_type: what the stereotype is about (`gender`).
        unit: what pairs that share a sentence, or the user's group, have in common.
    """

    id: str
    more: str
    less: str
    direction: Direction
    bias_type: str
    unit: str

    @property
    def content(self) -> tuple[str, ...]:
        """What it says; pairs are ordered by it, so that their order in the file changes nothing."""
        return self.bias_type, self.direction, self.more, self.less


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs that can be asked about, by content, and how many were left out for which reason."""

    pairs: tuple[Pair, ...]
    left_out: Mapping[str, int]

    @property
    def sha256(self) -> str:
        """SHA-256 of what the pairs say."""
        digest = hashlib.sha256()
        for pair in self.pairs:
            digest.update(("\x1f".join(pair.content) + "\x1e").encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def pairs_of_file(path: str | Path) -> Pairs:
    """Return the pairs of a csv file with a header, in UTF-8.

    Raises:
        DataInputError: the file can't be read, a column is missing, or a line is broken; with the line's number.
    """
    name = Path(path).name
    lines = _lines(Path(path), name)
    if not lines:
        raise DataInputError(f"{name}: the file of pairs is empty; write the header {','.join(COLUMNS)} and the pairs")
    header = [cell.strip() for cell in lines[0][1]]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise DataInputError(
            f"{name}: the pairs lack the column {missing[0]!r}; give {', '.join(COLUMNS)}, the format of CrowS-Pairs"
        )
    found = []
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise DataInputError(
                f"{name}: line {line} has {len(cells)} cells and the header {len(header)}; put quotes around cells "
                "with a comma"
            )
        row = dict(zip(header, cells, strict=True))
        found.append(_pair(f"{name}:{line}", f"{name}: line {line}", row, unit=None))
    return _kept(found)


def pairs_of_rows(rows: Iterable[Row]) -> Pairs | None:
    """Return the pairs that the evaluation rows are, by their columns; None where they are none.

    Either sentence may be the text of the rows.
    """
    found = []
    for row in rows:
        cells = {LESS if MORE in row.columns else MORE: row.text, **row.columns}
        if any(column not in cells for column in COLUMNS):
            return None
        found.append(_pair(row.id, f"row {row.id}", cells, unit=row.group))
    return _kept(found)


def _lines(path: Path, name: str) -> list[tuple[int, list[str]]]:
    """Return the lines that are not blank, each with the number of the line on which it ends."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataInputError(
            f"{name}: the file of pairs can't be read ({error.strerror}); correct the option pairs of "
            "modelaudit/stereotype-preference"
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataInputError(f"{name}: line {line} is no UTF-8; save the file of pairs as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    try:
        for cells in reader:
            if cells:
                lines.append((reader.line_num, cells))
    except csv.Error as error:
        raise DataInputError(f"{name}: line {reader.line_num} is broken csv ({error}); correct its quotes") from error
    return lines


def _pair(id_: str, place: str, cells: Mapping[str, Any], *, unit: str | None) -> Pair:
    said = "" if cells[DIRECTION] is None else str(cells[DIRECTION]).strip().casefold()
    direction = next((known for known in DIRECTIONS if known == said), None)
    if direction is None:
        raise DataInputError(f"{place}: {DIRECTION} is {said[:40]!r}; write {' or '.join(DIRECTIONS)}")
    more, less = (str(cells[column] or "") for column in (MORE, LESS))
    return Pair(id_, more, less, direction, _type_name(cells[TYPE]), more if unit is None else unit)


def _type_name(cell: Any) -> str:
    """Return a type as the report names it: on one line, short, and none of the names that the report itself gives."""
    name = " ".join("".join(mark if mark.isprintable() else " " for mark in str(cell or "")).split())
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 1]}…"
    return f"type {name!r}" if name == EVERY_TYPE or name.endswith(TURNED) else name or UNNAMED


def _kept(found: Sequence[Pair]) -> Pairs:
    left_out: Counter[str] = Counter()
    kept: dict[tuple[str, ...], Pair] = {}
    for pair in found:
        if not pair.more.strip() or not pair.less.strip():
            left_out[EMPTY] += 1
        elif pair.more.strip() == pair.less.strip():
            left_out[EQUAL] += 1
        elif pair.content in kept:
            left_out[TWICE] += 1
        else:
            kept[pair.content] = pair
    types = len({pair.bias_type for pair in kept.values()})
    if types > MOST_TYPES:
        raise DataInputError(
            f"the pairs have {types:,} different values in {TYPE}, and {MOST_TYPES} are the most; check that the "
            "column holds types of stereotypes, such as gender"
        )
    return Pairs(tuple(kept[content] for content in sorted(kept)), dict(left_out))
