"""Label sets: the labels of rows that may have several, matched to the model's."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.labels import match_labels

_MARKS = re.compile(r"\s*[|;,]\s*")


def match_label_sets(
    cells: Sequence[Any], labels: Sequence[str], *, place: str, class_names: Sequence[str] = ()
) -> list[tuple[int, ...]]:
    """Return the model's label indices of each row, ascending.

    One rule holds for a whole column: lists of one 0 or 1 for each of the model's labels; else lists of names or
    indices, which are matched as single labels are. Text is a list written out, or names with `|`, `;` or `,` between.
    Raises DataInputError where a value is no label.
    """
    lists = [_listed(cell, labels, place=place) for cell in cells]
    if all(len(row) == len(labels) and all(_is_flag(value) for value in row) for row in lists):
        return [tuple(index for index, value in enumerate(row) if float(value)) for row in lists]
    values = list(dict.fromkeys(value for row in lists for value in row))
    indexes = match_labels(values, labels, place=place, class_names=class_names) if values else []
    index_of = dict(zip(values, indexes, strict=True))
    return [tuple(sorted({index_of[value] for value in row})) for row in lists]


def _listed(cell: Any, labels: Sequence[str], *, place: str) -> list[Any]:
    if isinstance(cell, list | tuple):
        return list(cell)
    if not isinstance(cell, str):
        return [cell]
    text = cell.strip()
    if text.casefold() in {label.casefold() for label in labels}:
        return [text]
    if text.startswith("["):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise DataInputError(f"{place}: {text[:60]!r} begins as a list and is none; write labels as ['a', 'b']")
        return found
    return [part for part in _MARKS.split(text) if part]


def _is_flag(value: Any) -> bool:
    if isinstance(value, str):
        return value in {"0", "1"}
    return isinstance(value, int | float) and value in {0, 1}
