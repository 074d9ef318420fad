"""The rows that are explained: of a usual length, of 128 tokens, and short ones whose values can be enumerated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from engine.classifier import Classifier
from real_run import sst2

USUAL = range(23, 28)
"""Words of a usual row. From 23 words on shap's tree of phrases takes all of its 500 evaluations."""

LONG = 128
"""Tokens of a long row, the two special ones counted."""

ENUMERATED = range(8, 13)
"""Words of a row whose exact values are enumerated."""


@dataclass(frozen=True)
class Texts:
    """Rows of one source.

    Attributes:
        name: of the source.
        usual, long: rows of one length each, so that any of them can stand for the others.
        short: by number of words, rows whose words are one token each, so that words and tokens are the same players.
        running: the source as one text, for rows of any length.
    """

    name: str
    usual: list[str]
    long: list[str]
    short: dict[int, list[str]]
    running: list[str]

    def of_words(self, words: int, rows: int) -> list[str]:
        """Return rows of so many words."""
        return [" ".join(self.running[start : start + words]) for start in range(0, rows * words, words)]


def texts_of(classifier: Classifier, data: Path | None) -> Texts:
    """Return rows of SST-2 that the model never saw; without data, rows of words drawn from its vocabulary."""
    if data is None:
        draw = np.random.default_rng(0)
        rows = [" ".join(draw.choice(classifier.words, length)) for length in draw.integers(5, 40, 400)]
    else:
        rows = [row["text"] for row in sst2(data).heldout]
    running = [word for row in rows for word in row.split()]
    return Texts(
        name="words drawn by lot" if data is None else "SST-2",
        usual=[row for row in rows if len(row.split()) in USUAL],
        long=_long(classifier, running),
        short={words: [row for row in rows if _plain(classifier, row, words)] for words in ENUMERATED},
        running=running,
    )


def vocabulary_rows(classifier: Classifier, rows: int) -> list[str]:
    """Return long rows in which each token between the special ones is a word."""
    draw = np.random.default_rng(1)
    return [" ".join(draw.choice(classifier.words, longest(classifier) - 2)) for _ in range(rows)]


def longest(classifier: Classifier) -> int:
    """Return the tokens of a long row: fewer where the model takes fewer."""
    return min(LONG, int(classifier.model.config.max_position_embeddings))


def _long(classifier: Classifier, running: list[str]) -> list[str]:
    tokenizer, inner = classifier.tokenizer, longest(classifier) - 2
    found = []
    # A word has a token or more, so that so many words are never too few.
    for start in range(0, len(running) - inner, inner):
        ids = tokenizer(" ".join(running[start : start + inner]), add_special_tokens=False)["input_ids"]
        found.append(str(tokenizer.decode(ids[:inner])))
    return found


def _plain(classifier: Classifier, text: str, words: int) -> bool:
    tokens = classifier.tokenizer(text, add_special_tokens=False)["input_ids"]
    return len(text.split()) == len(tokens) == words
