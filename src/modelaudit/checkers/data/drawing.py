"""Which rows a question about the data is put to: decided by what rows say, never by the order of a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from modelaudit.drawing import digest
from modelaudit.rows import Row

SHOWN = 40


def whole_text(row: Row, most: int | None = None) -> str:
    """Return all that the model reads of a row: its text, and its answer where it has one, of each so much."""
    return row.text[:most] if row.answer is None else f"{row.text[:most]} {row.answer[:most]}"


def likeness(row: Row) -> str:
    """Return what two rows share whose texts differ in compatibility forms, case and white space alone."""
    return " ".join(unicodedata.normalize("NFKC", whole_text(row)).casefold().split())


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
    """Return what is independent of other rows: the row's document where it has one, else its text."""
    return f"text\x1f{likeness(row)}" if row.group is None else f"group\x1f{row.group}"


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
    return row.label, row.tags, row.label_set, row.values
