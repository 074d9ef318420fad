"""Delimited text: csv and tsv, by the delimiter and the use of quotes that the file itself shows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError

DELIMITERS = (",", ";", "\t")
MAX_CELL = 2**31 - 1
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|[\r\n]|\Z)")
_DECLARED = re.compile(r'"?sep=([^\w"\s]|\t)"?\s*', re.IGNORECASE)
_UNSPLIT = re.compile(r"[;\t|]")
_UNSPLIT_AT_ALL = re.compile(r"[,;\t|]")


@dataclass(frozen=True, slots=True)
class File:
    """A file's text from its header on.

    Attributes:
        table, name: the table's and the file's name, for messages.
        skipped: how many lines stand before the header.
    """

    table: str
    name: str
    text: str
    skipped: int = 0

    def fault(self, line: int, problem: str) -> DataInputError:
        """Return the error for a line of the text, counted from 1."""
        return DataInputError(f"{self.table}: line {self.skipped + line} of {self.name} {problem}")


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of cells that one choice of delimiter and quoting makes of a file.

    Attributes:
        lines: the header and the rows, up to the first fault.
        fault: why this choice does not fit the file, or None.
        broken: whether the fault is one of quotes.
        torn: line of the first cell with a line break in it; mixed: of the first with a tab as well.
    """

    lines: tuple[list[str], ...]
    fault: DataInputError | None = None
    broken: bool = False
    torn: int | None = None
    mixed: int | None = None


def read_delimited(content: str, *, table: str, name: str, tabs: bool) -> dict[str, list[str | None]]:
    """Return the cells of a delimited file by column; an empty cell is None.

    Blank lines are skipped, and a first line `sep=X`, as Excel writes it, names the delimiter. With `tabs` (.tsv) the
    delimiter is a tab; else it is the one of comma, semicolon and tab that splits the header, quotes honoured, and
    fits the rows. Raises DataInputError for a file that no choice fits, or that two fit.
    """
    file, declared = _opened(content, table=table, name=name)
    known = declared or ("\t" if tabs else None)
    reading = _read(file, known or _delimiter(file))
    if reading.fault is not None:
        raise reading.fault
    header = [cell.strip() for cell in reading.lines[0]] if reading.lines else []
    if len(header) == 1 and (_UNSPLIT_AT_ALL if known else _UNSPLIT).search(header[0]):
        raise DataInputError(
            f"{table}: {name} has a single column, called {header[0]!r}, so its delimiter was not found; save it with "
            f"{'tabs' if tabs else 'commas'} between the cells, or name the delimiter in a first line such as sep=|"
        )
    twice = next((column for column in sorted(header) if header.count(column) > 1), None)
    if twice is not None:
        raise DataInputError(f"{table}: {name} has more than one column called {twice!r}; rename one")
    return {column: [cells[i] or None for cells in reading.lines[1:]] for i, column in enumerate(header)}


def _opened(content: str, *, table: str, name: str) -> tuple[File, str | None]:
    """The file from its first line that is not blank, and the delimiter that a line before it declares."""
    start, skipped, declared = 0, 0, None
    while start < len(content):
        line = _LINE.match(content, start)
        found = _DECLARED.fullmatch(line[1]) if line and declared is None else None
        if line is None or (line[1].strip() and found is None):
            break
        declared = found[1] if found else declared
        start, skipped = line.end(), skipped + 1
    return File(table, name, content[start:], skipped), declared


def _delimiter(file: File) -> str:
    """The delimiter that the header shows, quotes honoured; a comma where there is one column.

    Where more than one splits the header, those count that leave no quote inside a cell, and of these the one that
    gives every row as many cells as the header.
    """
    headers = {mark: _header(file, mark) for mark in DELIMITERS}
    split = [mark for mark in DELIMITERS if len(headers[mark]) > 1]
    known = [mark for mark in split if not any('"' in cell for cell in headers[mark])] or split
    if len(known) < 2:
        return known[0] if known else ","
    fitting = [mark for mark in known if _read(file, mark).fault is None]
    if len(fitting) > 1:
        first, second = (_NAMES[mark] for mark in fitting[:2])
        raise DataInputError(
            f"{file.table}: {file.name} can be split at its {first} and at its {second}; name the delimiter in a "
            "first line such as sep=; or quote the cells that hold the other one"
        )
    return max(fitting or known, key=lambda mark: len(headers[mark]))


def _header(file: File, delimiter: str) -> list[str]:
    """The first line's cells; none where its quotes don't fit the delimiter."""
    with _reader(file, delimiter) as reader:
        try:
            return next((cells for cells in reader if cells), [])
        except csv.Error:
            return []


def _read(file: File, delimiter: str) -> Reading:
    return _read_tabs(file) if delimiter == "\t" else _reading(file, delimiter)


def _read_tabs(file: File) -> Reading:
    """A file with tabs, its quotes read as marks around cells or as part of the text, as the file shows.

    Programs quote a cell that holds a tab, a line break or a quote; corpora (GLUE) write texts as they are, and there a
    stray quote would make one cell of several lines. So lines stay rows where each has the header's number of cells and
    nothing shows that quotes mark cells; where something does, or a cell would hold both a tab and a line break, a
    person has to look.
    """
    plain = _reading(file, "\t", quotes=False)
    if '"' not in file.text:
        return plain
    quoted = _reading(file, "\t")
    if quoted.fault is not None:
        return plain if plain.fault is None or quoted.broken else quoted
    if plain.fault is not None:
        stray, marked = quoted.mixed, True
    else:
        marked = _marks_cells(plain.lines)
        stray = quoted.torn if marked or len(plain.lines[0]) == 1 else None
    if stray is not None:
        raise file.fault(
            stray,
            "ends a quoted cell that runs over several lines, as a stray quote would make it; save the table as .csv "
            "or .jsonl, or take the quotes out",
        )
    return quoted if marked else plain


def _marks_cells(lines: Sequence[list[str]]) -> bool:
    """Whether quotes mark cells: in the header, around every cell of a column, or doubled within a cell."""
    wrapped = [[len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells] for cells in lines[1:]]
    throughout = bool(wrapped) and any(all(column) for column in zip(*wrapped, strict=True))
    doubled = any(
        mark and '""' in cell[1:-1]
        for marks, cells in zip(wrapped, lines[1:], strict=True)
        for mark, cell in zip(marks, cells, strict=True)
    )
    return throughout or doubled or any(cell.startswith('"') for cell in lines[0])


def _reading(file: File, delimiter: str, *, quotes: bool = True) -> Reading:
    lines: list[list[str]] = []
    torn, mixed = None, None
    with _reader(file, delimiter, quotes=quotes) as reader:
        try:
            for cells in reader:
                if not cells:
                    continue
                lines.append(cells)
                if len(cells) != len(lines[0]):
                    problem = (
                        f"has {len(cells)} cells, but the header names {len(lines[0])} columns; quote cells that hold "
                        "the delimiter"
                    )
                    return Reading(tuple(lines), file.fault(reader.line_num, problem))
                over = [cell for cell in cells if "\n" in cell or "\r" in cell]
                torn = reader.line_num if over and torn is None else torn
                mixed = reader.line_num if mixed is None and any("\t" in cell for cell in over) else mixed
        except csv.Error as error:
            fault = file.fault(reader.line_num, f"is broken ({error}); check the quotes on it")
            return Reading(tuple(lines), fault, broken=True)
    return Reading(tuple(lines), torn=torn, mixed=mixed)


@contextmanager
def _reader(file: File, delimiter: str, *, quotes: bool = True) -> Iterator[Any]:
    limit = csv.field_size_limit(MAX_CELL)
    lines = io.StringIO(file.text, newline="")
    try:
        if quotes:
            yield csv.reader(lines, delimiter=delimiter, strict=True)
        else:
            yield csv.reader(lines, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE)
    finally:
        csv.field_size_limit(limit)


_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
