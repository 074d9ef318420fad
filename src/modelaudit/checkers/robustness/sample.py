"""Which rows are drawn: one of each text, decided by seed and content, never by the order of a file or of memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from modelaudit.checker import Context
from modelaudit.rows import Row


def drawn(ctx: Context, rows: Sequence[Row], size: int) -> list[Row]:
    """Return at most `size` rows of different texts, in a pseudo-random order that seed and content decide.

    The model answers rows of one text alike, so together they tell hardly more than one of them. One is drawn and not
    one of each label: a text that is labelled A eight times in ten must stay A with a chance of .8, or an honest
    confidence of .8 would look wrong. Labelled rows go before others. A note says how many were left out.
    """
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(content(row), []).append(row)
    if repeats := len(rows) - len(alike):
        ctx.note(f"{repeats:,} rows repeat the text of another row; of each text one row was drawn.")
    order = sorted(alike, key=lambda text: _digest(text, ctx.seed, purpose="robustness"))
    return [_one_of(alike[text], ctx.seed) for text in order[:size]]


def content(row: Row) -> str:
    """Return what the model reads of the row as one string."""
    return row.text if row.words is None else "\x1f".join(["words", *row.words])


def _one_of(alike: Sequence[Row], seed: int) -> Row:
    labelled = [row for row in alike if row.label is not None or row.tags is not None] or alike
    ordered = sorted(labelled, key=lambda row: (str(row.label), str(row.tags), row.group or "", row.id))
    return ordered[int.from_bytes(_digest(content(ordered[0]), seed, purpose="one of a text")) % len(ordered)]


def _digest(text: str, seed: int, *, purpose: str) -> bytes:
    keyed = "\x1f".join([str(seed), purpose, text])
    return hashlib.blake2b(keyed.encode("utf-8", "surrogatepass"), digest_size=16).digest()
