"""The answers in parts: by predicted class, and by the values that their rows have in a column."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Row
from modelaudit.checkers.robustness.calibration.answers import Answers
from modelaudit.errors import DataInputError
from modelaudit.evidence import distinct_names

LONGEST = 40


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """The answers in parts.

    Attributes:
        title: what divides them. named: whether parts too small to assess are shown by name; a value of a column that
            few rows have may tell whose they are.
        names: of the parts, the largest first. code: (n,) the part of each answer, -1 where its row has none.
    """

    title: str
    named: bool
    names: tuple[str, ...]
    code: NDArray[np.int64]


def divisions_of(
    answers: Answers, rows: Sequence[Row], labels: Sequence[str], columns: Sequence[str]
) -> list[Division]:
    """Return the answers by predicted class and by each column; DataInputError where no row has a column."""
    names = list(dict.fromkeys(columns))
    titles = distinct_names([f"column {shown(name)}" for name in names])
    by_columns = [_by_column(answers, rows, name, title) for name, title in zip(names, titles, strict=True)]
    return [_by_class(answers, labels), *by_columns]


def shown(text: str) -> str:
    """Return a name out of the data as the report shows it: one line, no control characters, cut where it is long."""
    head = text[: 4 * LONGEST]
    plain = " ".join("".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in head).split())
    return f"{plain[:LONGEST]}…" if len(plain) > LONGEST or len(head) < len(text) else plain or "not printable"


def _by_class(answers: Answers, labels: Sequence[str]) -> Division:
    counts = np.bincount(answers.predicted, minlength=len(labels))
    order = [index for index in sorted(range(len(counts)), key=lambda one: (-counts[one], one)) if counts[index]]
    place = {index: number for number, index in enumerate(order)}
    code = np.array([place[index] for index in answers.predicted], dtype=np.int64)
    return Division("predicted class", True, distinct_names([shown(labels[index]) for index in order]), code)


def _by_column(answers: Answers, rows: Sequence[Row], column: str, title: str) -> Division:
    if all(column not in row.columns for row in rows):
        there = sorted({name for row in rows for name in row.columns})
        raise DataInputError(
            f"the option by names {shown(column)!r}, which the evaluation rows do not have; they have "
            f"{', '.join(repr(shown(name)) for name in there[:10]) or 'no other columns'}, apart from those of text, "
            "labels and documents"
        )
    cells = [_cell(row.columns.get(column)) for row in rows]
    found = [cells[place] for place in answers.row]
    counts = Counter(cell for cell in found if cell is not None)
    order = sorted(counts, key=lambda cell: (-counts[cell], cell))
    place = {cell: number for number, cell in enumerate(order)}
    code = np.array([-1 if cell is None else place[cell] for cell in found], dtype=np.int64)
    return Division(title, False, distinct_names([shown(cell) for cell in order]), code)


def _cell(cell: Any) -> str | None:
    """Return a cell as text, None where it is empty."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return None
    try:
        return str(cell).strip() or None
    except ValueError:
        # Python writes no integer of more than some thousand digits.
        return f"a {type(cell).__name__} that is too long to show"
