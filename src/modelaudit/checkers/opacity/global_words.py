"""Words over all explained rows: which ones move the model, how often they occur, and which name a kind of person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.opacity.explanation import Explanation
from modelaudit.evidence import Table
from modelaudit.text import Document, gendered_words, load_known_names

LEAST_ROWS = 2
MOST_WORDS = 30


@dataclass(frozen=True, slots=True)
class GlobalWord:
    """One word over the rows that have it: mean value, mean size, and the share of rows with the commoner sign."""

    word: str
    rows: int
    value: float
    size: float
    consistency: float
    identity: bool


def global_words(explanations: Sequence[Explanation]) -> list[GlobalWord]:
    """Return the words of two rows or more, the largest mean size first; rows of one target's class count together.

    A word that stands twice in a row counts with its sum there.
    """
    found: dict[str, list[float]] = {}
    for each in explanations:
        if each.game.units.grouped:
            continue
        of_row: dict[str, float] = {}
        for name, value in zip(each.game.units.names, each.shapley.values, strict=True):
            word = name.casefold()
            of_row[word] = of_row.get(word, 0.0) + float(value)
        for word, value in of_row.items():
            found.setdefault(word, []).append(value)
    known = {name.name.casefold() for name in load_known_names()}
    words = [
        GlobalWord(
            word=word,
            rows=len(values),
            value=float(np.mean(values)),
            size=float(np.mean(np.abs(values))),
            consistency=max(float(np.mean(np.array(values) > 0)), float(np.mean(np.array(values) < 0))),
            identity=word in known or bool(gendered_words(Document(word))),
        )
        for word, values in found.items()
        if len(values) >= LEAST_ROWS
    ]
    return sorted(words, key=lambda word: (-word.size, word.word))


def global_table(explanations: Sequence[Explanation]) -> Table:
    """Return the strongest words as a table."""
    return Table(
        title="Words over all explained rows",
        columns=("Word", "Rows", "Mean value (log-odds)", "Mean size", "Same sign", "Names a kind of person"),
        rows=tuple(
            (word.word, word.rows, word.value, word.size, word.consistency, word.identity)
            for word in global_words(explanations)[:MOST_WORDS]
        ),
        holds_text=True,
    )
