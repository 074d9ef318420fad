"""Which rows a question about the data is put to: decided by what rows say, never by the order of a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.drawing import digest, folded
from modelaudit.drawing import documents as shared_documents
from modelaudit.drawing import medium_of as shared_medium
from modelaudit.rows import Row

SHOWN = 40
MEDIUM = "medium\x1f"
"""Stands before what is no text; `folded` leaves it in no text."""


def whole_text(row: Row, most: int | None = None) -> str:
    """Return all that the model reads of a row, of each part so much: turns of a chat, text, second text, answer."""
    parts = [*(said for _, said in row.turns or ()), row.text, row.companion, row.answer]
    return " ".join(part[:most] for part in parts if part is not None)


def likeness(row: Row) -> str:
    """Return what two rows share whose texts differ in compatibility forms, case and white space alone.

    Of a picture or a sound it is what is seen or heard, whatever is written beside it.
    """
    return folded(whole_text(row)) if row.medium is None else f"{MEDIUM}{row.medium.digest}"


def distinct(rows: Iterable[Row], *, seed: int) -> list[Row]:
    """Return one row of each text, in a pseudo-random order that seed and content decide.

    Which of the rows of one text it is hangs on their labels and the seed: each has the same chance.
    """
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(likeness(row), []).append(row)
    order = sorted(alike, key=lambda text: (digest(text, seed=seed, purpose="order"), text))
    return [_one_of(alike[text], text, seed) for text in order]


def unit(row: Row) -> str:
    """Return what is independent of other rows: the row's document where it has one, else its context, or its text."""
    if row.group is not None:
        return f"group\x1f{row.group}"
    return f"text\x1f{likeness(row) if not asks(row) else folded(row.text)}"


def asks(row: Row) -> bool:
    """Whether the row is a question put to a context, which other questions are put to as well."""
    truths = (row.label, row.label_set, row.values, row.answer)
    return row.companion is not None and all(truth is None for truth in truths)


def documents(rows: Sequence[Row]) -> NDArray[np.int64] | None:
    """Return the document of each row as a number, questions on one context in one; None where none is shared."""
    if not any(map(asks, rows)):
        return shared_documents(rows)
    code: dict[str, int] = {}
    found = [code.setdefault(unit(row), len(code)) for row in rows]
    return None if len(code) == len(rows) else np.array(found, dtype=np.int64)


def medium_of(rows: Sequence[Row]) -> str:
    """Return what rows are in a word: text, picture or sound."""
    return shared_medium(rows) if rows else "text"


def shown(text: str) -> str:
    """Return a name of the data as the report shows it: no control characters, one line, cut where it is long."""
    head = text[: 4 * SHOWN]
    plain = " ".join("".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in head).split())
    if len(plain) > SHOWN or len(head) < len(text):
        return f"{plain[:SHOWN]}…"
    return plain or "not printable"


def _one_of(rows: Sequence[Row], text: str, seed: int) -> Row:
    ordered = sorted(rows, key=lambda row: (str(_truth(row)), row.text, row.group or "", row.id))
    return ordered[int.from_bytes(digest(text, seed=seed, purpose="one of a text")) % len(ordered)]


def _truth(row: Row) -> tuple[object, ...]:
    return row.label, row.tags, row.label_set, row.values, row.answer, row.answers
