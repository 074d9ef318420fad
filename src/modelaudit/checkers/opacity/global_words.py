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
    """One word over the rows that have it and in which one output is explained.

    Attributes:
        output: the class, label, entity or output. rows: how many.
        value, size: mean value, and mean absolute value. consistency: share of rows with the commoner sign.
        identity: whether it names a kind of person.
    """

    word: str
    output: str
    rows: int
    value: float
    size: float
    consistency: float
    identity: bool


def global_words(explanations: Sequence[Explanation]) -> list[GlobalWord]:
    """Return the words of two rows or more, the largest mean size first; values of one output count together.

    A word that stands twice in a row counts with its sum there, and a row in which an output is explained more than
    once (two entities of a type) with its mean.
    """
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for each in explanations:
        if each.game.units.grouped:
            continue
        of_row: dict[str, float] = {}
        for name, value in zip(each.game.units.names, each.shapley.values, strict=True):
            word = name.casefold()
            of_row[word] = of_row.get(word, 0.0) + float(value)
        for word, value in of_row.items():
            found.setdefault((word, each.game.target.name), {}).setdefault(each.game.row.id, []).append(value)
    known = {name.name.casefold() for name in load_known_names()}
    words = []
    for (word, output), by_row in found.items():
        if len(by_row) < LEAST_ROWS:
            continue
        values = np.array([np.mean(of_row) for of_row in by_row.values()])
        words.append(
            GlobalWord(
                word=word,
                output=output,
                rows=len(values),
                value=float(values.mean()),
                size=float(np.abs(values).mean()),
                consistency=max(float((values > 0).mean()), float((values < 0).mean())),
                identity=word in known or bool(gendered_words(Document(word))),
            )
        )
    return sorted(words, key=lambda word: (-word.size, word.word, word.output))


def global_table(explanations: Sequence[Explanation], unit: str) -> Table:
    """Return the strongest words as a table; `unit` is that of the values."""
    return Table(
        title="Words over all explained rows",
        columns=(
            "Word",
            "Explained",
            "Rows",
            f"Mean value ({unit})",
            "Mean size",
            "Same sign",
            "Names a kind of person",
        ),
        rows=tuple(
            (word.word, word.output, word.rows, word.value, word.size, word.consistency, word.identity)
            for word in global_words(explanations)[:MOST_WORDS]
        ),
        holds_text=True,
    )
