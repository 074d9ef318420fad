"""Which rows are drawn: one of each text, decided by seed and content, never by the order of a file or of memory."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.rows import Row

__all__ = ["content", "digest", "documents", "drawn", "folded", "medium_of"]


def drawn(ctx: Context, rows: Sequence[Row], size: int, *, quiet: bool = False) -> list[Row]:
    """Return at most `size` rows of different texts, in a pseudo-random order that seed and content decide.

    The model answers rows of one text alike, so together they tell hardly more than one of them. One is drawn and not
    one of each label: a text that is labelled A eight times in ten must stay A with a chance of .8, or an honest
    confidence of .8 would look wrong. Labelled rows go before others. A note says how many were left out,
    unless `quiet`.
    """
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(content(row), []).append(row)
    if (repeats := len(rows) - len(alike)) and not quiet:
        medium = medium_of(rows)
        ctx.note(f"{repeats:,} rows repeat the {medium} of another row; of each {medium} one row was drawn.")
    order = sorted(alike, key=lambda text: digest(text, seed=ctx.seed, purpose="robustness"))
    return [_one_of(alike[text], ctx.seed) for text in order[:size]]


def content(row: Row) -> str:
    """Return what the model reads, sees or hears of the row as one string."""
    if row.medium is not None:
        return f"medium\x1f{row.medium.digest}"
    if row.words is not None:
        return "\x1f".join(["words", *row.words])
    if row.companion is None and row.turns is None:
        return row.text
    turns = [part for turn in row.turns or () for part in turn]
    return "\x1f".join(["read together", *turns, row.text, row.companion or ""])


def folded(text: str) -> str:
    """Return what two texts share that differ in compatibility forms, case and white space alone."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def medium_of(rows: Sequence[Row]) -> str:
    """Return what rows are in a word: text, picture or sound. There is at least one row."""
    return "picture" if rows[0].picture is not None else "sound" if rows[0].sound is not None else "text"


def documents(rows: Sequence[Row]) -> NDArray[np.int64] | None:
    """Return the document of each row as a number, rows without one standing for themselves; None where none is shared.

    Questions that are put to one context share it as their document. Numbers and no names, which may be as long as a
    text.

    The numbers have one entry a row, shape [n].
    """
    code: dict[str, int] = {}
    found = [code.setdefault(_document(at, row), len(code)) for at, row in enumerate(rows)]
    return None if len(code) == len(rows) else np.array(found, dtype=np.int64)


def _document(at: int, row: Row) -> str:
    if row.group is not None:
        return f"group {row.group}"
    return f"row {at}" if row.answers is None else f"context {row.text}"


def _one_of(alike: Sequence[Row], seed: int) -> Row:
    labelled = [row for row in alike if any(truth is not None for truth in _truths(row))] or alike
    if len(labelled) == 1:
        return labelled[0]
    ordered = sorted(labelled, key=_all_but_place)
    return ordered[int.from_bytes(digest(content(ordered[0]), seed=seed, purpose="one of a text")) % len(ordered)]


def _truths(row: Row) -> tuple[object, ...]:
    return row.label, row.tags, row.values, row.label_set, row.answer, row.answers


def _all_but_place(row: Row) -> tuple[str, ...]:
    """Return what tells rows of one text apart; the id, which is their place in the file, only where nothing does."""
    try:
        cells = repr(sorted(row.columns.items(), key=lambda cell: cell[0]))
    except ValueError:
        # A whole number of thousands of digits, which Python does not write out.
        cells = ""
    own = str(row.label), str(row.tags), str(row.values), row.group or "", cells
    # Truths of other tasks come behind, so that what was drawn before is drawn again.
    return *own, str(row.label_set), str(row.answer), str(row.answers), row.id


def digest(text: str, *, seed: int, purpose: str) -> bytes:
    """Return 16 bytes that depend on the seed, the purpose and the text; lone surrogates are hashed as they are."""
    keyed = f"{seed}\x1f{purpose}\x1f{text}"
    return hashlib.blake2b(keyed.encode("utf-8", "surrogatepass"), digest_size=16).digest()
