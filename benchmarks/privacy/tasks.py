"""The rows of the studies: four tasks, each a pool of distinct short rows in an order drawn from their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelaudit.subject.tables import read_table

CLOZE_WORDS = ("and", "of", "to", "in", "that", "with", "for", "as", "but", "on", "by", "from")
"""The words one of which is taken out of a sentence; which one it was is the class."""

GAP = "___"
SENTENCE_WORDS = range(4, 19)
ENTITY_WORDS = range(4, 15)
GENERATED_WORDS = range(6, 25)
BEFORE = 2_500
"""Rows of these lengths that the language model is pre-trained on, beside all longer and shorter ones."""

TextRow = dict[str, Any]


@dataclass(frozen=True)
class Pool:
    """The rows of one task.

    Attributes:
        task: as the audit calls it. labels: names of classes or tags, none for the language model.
        rows: distinct rows. before: rows that the language model was pre-trained on, no row of which is in `rows`.
    """

    name: str
    task: str
    labels: tuple[str, ...]
    rows: tuple[TextRow, ...]
    before: tuple[TextRow, ...] = ()
    source: str = ""

    def take(self, places: Sequence[int]) -> list[TextRow]:
        """Return the rows at some places."""
        return [self.rows[place] for place in places]


def pool(name: str, data: Path) -> Pool:
    """Return the pool of a task by its name."""
    return _POOLS[name](data)


@lru_cache(maxsize=1)
def _sst2(data: Path) -> tuple[tuple[str, int], ...]:
    frames = [
        pd.read_csv(data / "sst2" / f"{part}.tsv", sep="\t", quoting=3, names=["text", "label"], header=None)
        for part in ("train", "dev", "test")
    ]
    return tuple((str(text), int(label)) for frame in frames for text, label in frame.itertuples(index=False))


def _sentiment(data: Path) -> Pool:
    rows = [{"text": text, "label": label} for text, label in _sst2(data) if len(text.split()) in SENTENCE_WORDS]
    labels = ("negative", "positive")
    return Pool("sentiment", "text-classification", labels, _drawn(rows), source=_short("SST-2", SENTENCE_WORDS))


def _cloze(data: Path) -> Pool:
    rows = []
    for text, _ in _sst2(data):
        words = text.split()
        known = [place for place, word in enumerate(words) if word in CLOZE_WORDS]
        if not known or len(words) not in range(6, 23):
            continue
        # The rarest of the words that stand there, so that classes are of like size.
        place = max(known, key=lambda place: CLOZE_WORDS.index(words[place]))
        label = CLOZE_WORDS.index(words[place])
        words[place] = GAP
        rows.append({"text": " ".join(words), "label": label})
    source = f"SST-2, rows of 6 to 22 words with one of {len(CLOZE_WORDS)} words left out; the class is the word"
    return Pool("cloze", "text-classification", CLOZE_WORDS, _balanced(_drawn(rows)), source=source)


def _entities(data: Path) -> Pool:
    rows = []
    for part in ("train", "dev", "test"):
        frame = read_table(str(data / "wikiann-en" / f"{part}.conll"), name=part).frame
        words, tags = frame.columns[:2]
        rows += [
            {"tokens": list(tokens), "ner_tags": list(names)}
            for tokens, names in zip(frame[words], frame[tags], strict=True)
            if len(tokens) in ENTITY_WORDS
        ]
    labels = ("O", *(f"{begin}-{kind}" for kind in ("PER", "ORG", "LOC") for begin in "BI"))
    source = _short("WikiANN English", ENTITY_WORDS)
    return Pool("entities", "token-classification", labels, _drawn(rows), source=source)


def _text(data: Path) -> Pool:
    rows = _drawn([{"text": text} for text, _ in _sst2(data)])
    of_length = [row for row in rows if len(row["text"].split()) in GENERATED_WORDS]
    asked, before = (
        of_length[BEFORE:],
        of_length[:BEFORE] + [row for row in rows if len(row["text"].split()) not in GENERATED_WORDS],
    )
    source = f"{_short('SST-2', GENERATED_WORDS)}, without labels; {len(before):,} other rows for pre-training"
    return Pool("text", "text-generation", (), tuple(asked), before=tuple(before), source=source)


def _letters(_: Path) -> Pool:
    """Rows of made-up words whose label hangs on one of them, and for a fifth of the rows on nothing at all."""
    draw = np.random.default_rng(3)
    words = ["".join(draw.choice(list("abcdefghijklmnop"), 4)) for _ in range(120)]
    rows = []
    for _ in range(1_200):
        chosen = draw.choice(len(words), draw.integers(4, 10), replace=False)
        label = int(draw.random() < 0.5) if draw.random() < 0.2 else int(chosen.min() < 12)
        rows.append({"text": " ".join(words[place] for place in chosen), "label": label})
    return Pool("letters", "text-classification", ("no", "yes"), _drawn(rows), source="Made-up words, for a try")


_POOLS: Mapping[str, Callable[[Path], Pool]] = {
    "sentiment": _sentiment,
    "cloze": _cloze,
    "entities": _entities,
    "text": _text,
    "letters": _letters,
}
TASKS = ("sentiment", "cloze", "entities", "text")
TRY = "letters"
"""A task that needs no data and no pretrained encoder."""
CLASSIFIERS = ("sentiment", "cloze", TRY)


def words_of(row: TextRow) -> list[str]:
    """Return the words of a row of any task."""
    return list(row["tokens"]) if "tokens" in row else row["text"].split()


def _short(name: str, words: range) -> str:
    return f"{name}, rows of {words[0]} to {words[-1]} words"


def _drawn(rows: Sequence[TextRow]) -> tuple[TextRow, ...]:
    """Return the rows with distinct words, in an order that depends on their content alone."""
    distinct = {" ".join(words_of(row)).lower(): row for row in reversed(rows)}
    ordered = sorted(distinct.values(), key=lambda row: hashlib.blake2b(json.dumps(row).encode()).digest())
    return tuple(ordered)


def _balanced(rows: Sequence[TextRow], most: int = 400) -> tuple[TextRow, ...]:
    counts: dict[int, int] = {}
    kept = []
    for row in rows:
        counts[row["label"]] = counts.get(row["label"], 0) + 1
        if counts[row["label"]] <= most:
            kept.append(row)
    return tuple(kept)
