"""Rows put into a file between those that are there, which stay as they are: byte for byte in formats of lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelaudit.errors import DataInputError
from modelaudit.subject.tables import Table
from modelaudit.training.canary_chunks import (
    Cells,
    Chunks,
    cut_conll,
    cut_delimited,
    cut_json_lines,
    present,
)

BOM = "\ufeff"


def with_rows(path: Path, table: Table, new: Sequence[Cells], places: Sequence[int]) -> bytes:
    """Return the file's content with new rows in it.

    Args:
        path: the file, csv, tsv, jsonl, json, parquet or CoNLL; table: what was read from it.
        new: the new rows.
        places: of each, ascending, the index of the row that it stands before; the number of rows for the end.

    Raises:
        DataInputError: the file can't be written again as it is, or a new row does not fit its columns.
    """
    if table.kind == "parquet":
        return _parquet(path, new, places)
    raw = path.read_bytes()
    content, mark = raw.decode("utf-8-sig"), BOM if raw.startswith(BOM.encode()) else ""
    if table.kind == "jsonl" and path.suffix.lower() == ".json":
        whole = _one_value(content)
        if whole is not None:
            return (mark + _json(whole, new, places, name=path.name)).encode()
    cut = _CUTS[table.kind](content, table)
    if len(cut.rows) != len(table):
        raise DataInputError(
            f"{path.name} can't be cut into its {len(table):,} rows; save it as .jsonl and plant there"
        )
    return (mark + cut.head + "".join(_merged(cut, new, places))).encode()


def fresh_ids(table: Table, rows: Sequence[dict[str, Any]], *, keep: Sequence[str | None]) -> None:
    """Change, in new rows, the cells of columns in which every row of the table has a value of its own.

    Whole numbers go on above the largest; other values are left empty. Columns in `keep` stay.
    """
    for column in table.columns:
        cells = table.cells(column)
        known = [cell for cell in cells if cell is not None]
        if column in keep or len(known) < len(table) or len({repr(cell) for cell in known}) < len(table):
            continue
        numbers = _whole_numbers(known)
        following = max(numbers) + 1 if numbers else None
        for row in rows:
            if following is None:
                row[column] = None
                continue
            row[column] = str(following) if isinstance(known[0], str) else following
            following += 1


def _whole_numbers(cells: list[Any]) -> list[int]:
    if all(isinstance(cell, int) and not isinstance(cell, bool) for cell in cells):
        return list(cells)
    if all(isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) < 19 for cell in cells):
        return [int(cell) for cell in cells]
    return []


def _merged(cut: Chunks, new: Sequence[Cells], places: Sequence[int]) -> Iterator[str]:
    following = 0
    for index in range(len(cut.rows) + 1):
        while following < len(new) and places[following] == index:
            yield cut.write(new[following])
            following += 1
        yield from cut.rows[index : index + 1]


def _one_value(content: str) -> Any:
    """The value of a JSON file; None where it holds lines of JSON instead."""
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        return None


def _json(whole: Any, new: Sequence[Cells], places: Sequence[int], *, name: str) -> str:
    rows = whole["data"] if isinstance(whole, dict) and isinstance(whole.get("data"), list) else whole
    if not isinstance(rows, list):
        raise DataInputError(f"{name} holds one object and no list of rows; save it as .jsonl and plant there")
    merged: list[Any] = []
    following = 0
    for index in range(len(rows) + 1):
        while following < len(new) and places[following] == index:
            merged.append(present(new[following]))
            following += 1
        merged.extend(rows[index : index + 1])
    rows[:] = merged
    return json.dumps(whole, indent=1) + "\n"


def _parquet(path: Path, new: Sequence[Cells], places: Sequence[int]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    old = pyarrow.parquet.read_table(path)
    try:
        more = pyarrow.Table.from_pylist([dict(cells) for cells in new], schema=old.schema)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise DataInputError(
            f"{path.name}: a canary does not fit the types of its columns; save it as .jsonl and plant there"
        ) from error
    order = np.insert(np.arange(len(old)), np.asarray(places, dtype=np.intp), len(old) + np.arange(len(new)))
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.concat_tables([old, more]).take(order), sink)
    return bytes(sink.getvalue())


_CUTS: dict[str, Callable[[str, Table], Chunks]] = {
    "csv": cut_delimited,
    "jsonl": lambda content, _table: cut_json_lines(content),
    "conll": lambda content, _table: cut_conll(content),
}
