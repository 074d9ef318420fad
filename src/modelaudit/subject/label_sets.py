"""Label sets: the labels of rows that may have several, matched to the model's."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.cells import shown_cell, written_list
from modelaudit.subject.labels import match_labels

_MARKS = re.compile(r"\s*[|;,]\s*")
_FLAGS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
_LARGEST = 2**63


def match_label_sets(
    cells: Sequence[Any], labels: Sequence[str], *, place: str, class_names: Sequence[str] = ()
) -> list[tuple[int, ...]]:
    """Return the model's label indices of each row, ascending.

    A cell is a list, or text: a list written out, or names with `|`, `;` or `,` between. One rule holds for a whole
    column. Where each list that is not empty has one flag (0 or 1, false or true) for each of the model's labels,
    lists are flags. Else they hold names or indices, which are matched as single labels are. An empty list is a row
    without a label by either rule.

    A column of flags that may as well be indices is refused: the one label's 0, or 0 and 1 once each for two labels,
    in every list. Declared names of classes (`class_names`) settle it: the values are indices.

    Raises:
        DataInputError: a value is no label, a list is neither of the two, or the column may be both.
    """
    lists = [_listed(cell, labels, place=place) for cell in cells]
    filled = [row for row in lists if row]
    names = {_folded(name) for name in (*labels, *class_names)}
    if filled and all(_is_of_flags(row, len(labels)) for row in filled):
        if not all(_may_be_labels(row, len(labels), names) for row in filled):
            return [tuple(index for index, value in enumerate(row) if flag_of(value)) for row in lists]
        if not class_names:
            raise DataInputError(
                f"{place}: it is not clear what {shown_cell(filled[0])} means: it may list labels, or say 0 or 1 for "
                f"each of the model's {len(labels)} label(s); write the labels by name, of {_quoted(labels)}"
            )
    for row in filled:
        _refuse_flags(row, labels, names, place=place)
    values = list(dict.fromkeys(value for row in lists for value in row))
    indexes = match_labels(values, labels, place=place, class_names=class_names) if values else []
    index_of = dict(zip(values, indexes, strict=True))
    return [tuple(sorted({index_of[value] for value in row})) for row in lists]


def flagged_labels(
    rows: Sequence[tuple[int, Sequence[Any]]], columns: Sequence[str], *, table: str
) -> list[tuple[int, ...]]:
    """Return the label indices of rows whose table has a column of flags for each label, in the labels' order.

    Args:
        rows: position in the table and cells of each row.
        columns, table: as messages call them.

    Raises:
        DataInputError: a cell is neither 0 or 1 nor false or true.
    """
    return [
        tuple(
            index
            for index, (column, cell) in enumerate(zip(columns, cells, strict=True))
            if _flag_in(cell, f"{table}: row {position + 1} of column {column!r}")
        )
        for position, cells in rows
    ]


def flag_of(value: Any) -> int | None:
    """Return 0 or 1 for a flag (0, 1, false or true, as number or text), None for anything else."""
    if isinstance(value, str):
        return _FLAGS.get(_folded(value))
    return int(value) if isinstance(value, int | float) and value in {0, 1} else None


def _flag_in(cell: Any, place: str) -> int:
    found = flag_of(cell)
    if found is None:
        raise DataInputError(
            f"{place} is {shown_cell(cell)}, and a column called as a label says 0 or 1 (or false or true); correct "
            "the cell, or name one column that has all labels of a row with --label-column (label_column= in Python)"
        )
    return found


def _listed(cell: Any, labels: Sequence[str], *, place: str) -> list[Any]:
    values = _parts(cell, labels, place=place)
    for value in values:
        whole = isinstance(value, int) and abs(value) < _LARGEST
        if not whole and not isinstance(value, str | float):
            raise DataInputError(
                f"{place}: {shown_cell(cell)} holds a {type(value).__name__} that can't be a label; write the labels "
                "of a row as one flat list, ['a', 'b']"
            )
    return values


def _parts(cell: Any, labels: Sequence[str], *, place: str) -> list[Any]:
    if isinstance(cell, list | tuple):
        return list(cell)
    if not isinstance(cell, str):
        return [cell]
    text = cell.strip()
    if _folded(text) in set(map(_folded, labels)):
        return [text]
    if text.startswith("["):
        found = written_list(text)
        if found is None:
            raise DataInputError(f"{place}: {text[:60]!r} begins as a list and is none; write labels as ['a', 'b']")
        return found
    return [part for part in _MARKS.split(text) if part]


def _is_of_flags(row: Sequence[Any], count: int) -> bool:
    return len(row) == count and all(flag_of(value) is not None for value in row)


def _may_be_labels(row: Sequence[Any], count: int, names: Collection[str]) -> bool:
    """Whether flags may as well be names or indices: labels are not repeated, and a truth value is no index."""
    flags = [flag_of(value) for value in row]
    known = [
        _folded(str(value)) in names or (not _is_truth(value) and flag in range(count))
        for value, flag in zip(row, flags, strict=True)
    ]
    return all(known) and len(set(flags)) == len(flags)


def _refuse_flags(row: Sequence[Any], labels: Sequence[str], names: Collection[str], *, place: str) -> None:
    """Raise for a list that can only be of flags, where it, or another in the column, has not one for each label."""
    unnamed = [value for value in row if _folded(str(value)) not in names]
    numbers = [value if flag_of(value) is None else flag_of(value) for value in unnamed]
    if len(set(numbers)) == len(numbers) and not any(map(_is_truth, unnamed)):
        return
    raise DataInputError(
        f"{place}: {shown_cell(list(row))} can't list labels by index, which has no truth values and names each label "
        f"once; and not every list in the column says 0 or 1 for each of the model's {len(labels)} label(s): write "
        f"the labels by name, of {_quoted(labels)}"
    )


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and _folded(value) in {"false", "true"})


def _folded(text: str) -> str:
    return text.strip().casefold()


def _quoted(labels: Sequence[str]) -> str:
    return shown_cell(list(labels))
