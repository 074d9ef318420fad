"""Pairs: two texts that a model reads together, found in a table and encoded as its tokenizer joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.columns import mostly
from modelaudit.subject.encoding import SPECIAL, Encoder, Encoding, Segments, Tokens
from modelaudit.subject.tables import Table

Pair = tuple[str, str]

PAIRS: tuple[Pair, ...] = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence_a", "sentence_b"), ("sent1", "sent2"),
    ("question1", "question2"), ("question_1", "question_2"),
    ("text", "text_pair"), ("text1", "text2"), ("text_1", "text_2"), ("text_a", "text_b"),
    ("query", "passage"), ("query", "document"),
    ("question", "sentence"), ("question", "passage"),
)  # fmt: skip
"""Names of columns that together are a pair, the first text before the second; compared without case."""


def pair_columns(table: Table, *, taken: Sequence[str | None]) -> Pair | None:
    """Return the columns of a pair that are known by their names and hold texts, or None; the first of `PAIRS` wins.

    Args:
        table: the table to look in.
        taken: columns that already have a meaning.
    """
    by_name = {column.strip().casefold(): column for column in table.columns if column not in taken}
    for first, second in PAIRS:
        found = [by_name[name] for name in (first, second) if name in by_name]
        if len(found) == 2 and all(mostly(table, column, _is_text) for column in found):
            return found[0], found[1]
    return None


def check_pair_column(table: Table, named: str, *, taken: Sequence[str | None]) -> None:
    """Raise DataInputError where the column that the user named for second texts is not there, or has a meaning."""
    if named not in table.columns:
        listed = ", ".join(map(repr, table.columns))
        raise DataInputError(f"{table.name}: there is no column {named!r} for the second text; it has {listed}")
    if named in taken:
        raise DataInputError(
            f"{table.name}: column {named!r} is named for the second text of a pair and for something else; name two "
            "columns"
        )


def encoded_pairs(pairs: Sequence[Pair], encoder: Encoder) -> list[Encoding]:
    """Return one encoding a pair, cut to the model's length where it is longer; the row has one output."""
    return [Encoding(ModelInput(row.ids, row.types), lost) for row, lost, _ in _tokens(pairs, encoder)]


def pair_segments(pairs: Sequence[Pair], encoder: Encoder) -> list[Segments]:
    """Return the words of both texts of each pair, those of the first before those of the second.

    Tokens where the tokenizer knows no words.
    """
    clean = [(storable(first), storable(second)) for first, second in pairs]
    tokens = _tokens(pairs, encoder)
    return [_segments(row, sides, pair, encoder) for (row, _, sides), pair in zip(tokens, clean, strict=True)]


def _tokens(pairs: Sequence[Pair], encoder: Encoder) -> list[tuple[Tokens, int, NDArray[np.int8]]]:
    """Tokens of each pair within the model's length, how many were lost, and the text (0, 1 or -1) of each token."""
    if not pairs:
        return []
    firsts, seconds = zip(*((storable(first), storable(second)) for first, second in pairs), strict=True)
    full = encoder.call(firsts, split=False, cut=False, companions=seconds)
    lengths = [len(ids) for ids in full["input_ids"]]
    found = [(encoder.row(full, place, words=True), _sides(full, place)) for place in range(len(pairs))]
    long = [place for place, length in enumerate(lengths) if length > encoder.max_length]
    if long:
        cut = encoder.call(
            [firsts[i] for i in long], split=False, cut=True, companions=[seconds[i] for i in long]
        )  # fmt: skip
        for at, place in enumerate(long):
            found[place] = encoder.row(cut, at, words=True), _sides(cut, at)
    return [
        (row, max(0, length - len(row.ids)), sides) for (row, sides), length in zip(found, lengths, strict=True)
    ]  # fmt: skip


def _sides(called: Any, place: int) -> NDArray[np.int8]:
    """The text that each token belongs to; -1 for special tokens, and for all where the tokenizer does not say."""
    known = called.encodings[place].sequence_ids if called.encodings else []
    count = max(1, len(called["input_ids"][place]))
    return np.array([SPECIAL if side is None else side for side in known] or [SPECIAL] * count, dtype=np.int8)


def _segments(row: Tokens, sides: NDArray[np.int8], pair: Pair, encoder: Encoder) -> Segments:
    if row.words is None:
        return encoder.segments_of(row, "")
    first, second = (encoder.segments_of(_of_side(row, sides == side), text) for side, text in enumerate(pair))
    behind = second.player_of_position
    player_of = np.where(behind == SPECIAL, first.player_of_position, behind + len(first.players))
    return Segments((*first.players, *second.players), player_of.astype(np.int32))


def _of_side(row: Tokens, inside: NDArray[np.bool_]) -> Tokens:
    """The row with the words of one text alone; the others' characters are counted in another text."""
    assert row.words is not None
    spans = [span if here else (0, 0) for span, here in zip(row.spans or (), inside.tolist(), strict=True)]
    return replace(row, words=np.where(inside, row.words, SPECIAL).astype(np.int32), spans=tuple(spans))


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)
