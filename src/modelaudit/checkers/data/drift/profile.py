"""What rows are like without their meaning: length, language, new words; size and light, length and loudness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.data.drawing import documents, whole_text
from modelaudit.checkers.data.drift.sides import Sides
from modelaudit.media.measures import measured
from modelaudit.statistics import Estimate, clustered_auc, clustered_proportion, holm, p_above, p_below
from modelaudit.text import language_of, word_spans
from modelaudit.text.tags import OUTSIDE

MOST_CHARACTERS = 20_000
"""Of a row; lengths are those of the whole row."""
LANGUAGES = {"en": "English", "zh": "Chinese", None: "other, or not told"}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Measures of rows: `values` (rows, measures), one name and unit for each column.

    `layout` (rows, places) is what else is known of pictures and sounds; no rows of text have it.
    """

    names: tuple[str, ...]
    values: Floats
    layout: Floats | None = None

    def of(self, name: str) -> Floats:
        """Return one measure of all rows (rows,)."""
        return self.values[:, self.names.index(name)]


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """One measure on both sides: medians (means of 0/1 measures), the AUC of evaluation over training, and p (Holm)."""

    name: str
    training: float
    evaluation: float
    auc: Estimate
    p: float


def profile_of(model: ModelHandle, rows: Sequence[Row]) -> Profile:
    """Return the measures of each row; those of tokens and tags where the model and the rows have them.

    Pictures and sounds have their own, and those of texts where each has a transcript. There is at least one row.
    """
    media = [row.medium for row in rows if row.medium is not None]
    if not media:
        columns = _of_texts(model, rows)
        return Profile(tuple(columns), np.column_stack(list(columns.values())))
    found = measured(media)
    columns = dict(zip(found.names, found.values.T, strict=True)) | (_of_texts(model, rows) if worded(rows) else {})
    return Profile(tuple(columns), np.column_stack(list(columns.values())), found.layout)


def worded(rows: Sequence[Row]) -> bool:
    """Whether there are words to compare: rows of text, or sounds that all have a transcript."""
    return all(row.medium is None or whole_text(row).strip() for row in rows)


def _of_texts(model: ModelHandle, rows: Sequence[Row]) -> dict[str, Floats]:
    texts = [whole_text(row) for row in rows]
    heads = [text[:MOST_CHARACTERS] for text in texts]
    words = [word_count(row) for row in rows]
    columns: dict[str, Floats] = {
        "characters": np.array([len(text) for text in texts], dtype=np.float64),
        "words": np.array(words, dtype=np.float64),
        "characters a word": np.array([len(t) / max(w, 1) for t, w in zip(texts, words, strict=True)]),
        "share of digits": _share(heads, str.isdigit),
        "share of capitals": _share(heads, str.isupper),
        "no letter at all": np.array([not any(map(str.isalpha, head)) for head in heads], dtype=np.float64),
    }
    languages = [language_of(text) for text in texts]
    for code, name in LANGUAGES.items():
        columns[f"language: {name}"] = np.array([each == code for each in languages], dtype=np.float64)
    if "token_counts" in model.capabilities:
        columns["tokens a word"] = model.token_counts(texts) / np.maximum(np.array(words), 1.0)
    if OUTSIDE in model.labels and all(row.tags is not None for row in rows):
        outside = model.labels.index(OUTSIDE)
        inside = [sum(tag != outside for tag in row.tags or ()) / max(len(row.tags or ()), 1) for row in rows]
        columns["share of words in entities"] = np.array(inside)
    return columns


def shifts(sides: Sides, profile: Profile) -> list[Shift]:
    """Return how each measure differs between the sides, with the p-values adjusted for all of them (Holm)."""
    split, units = len(sides.training), documents(sides.rows)
    inside = np.arange(len(sides.rows)) >= split
    tables = [(name, profile.of(name), inside) for name in profile.names]
    if worded(sides.rows):
        tables.append(("share of words that training rows lack", *_new_words(sides)))
    kept = np.concatenate([np.arange(split)[1::2], np.arange(split, len(sides.rows))])
    found = []
    for name, values, side in tables:
        names = units if units is None or len(values) == len(sides.rows) else [units[place] for place in kept]
        auc = clustered_auc(
            values[side],
            values[~side],
            pos_units=None if names is None else [n for n, is_in in zip(names, side, strict=True) if is_in],
            neg_units=None if names is None else [n for n, is_in in zip(names, side, strict=True) if not is_in],
        )
        middle = np.mean if _is_share(name) else np.median
        p = min(1.0, 2.0 * min(p_above(auc.bounds, 0.5), p_below(auc.bounds, 0.5))) if auc.bounds else 1.0
        found.append(Shift(name, float(middle(values[~side])), float(middle(values[side])), auc, p))
    adjusted = holm([each.p for each in found])
    return [
        Shift(each.name, each.training, each.evaluation, each.auc, float(p))
        for each, p in zip(found, adjusted, strict=True)
    ]


def main_language(rows: Sequence[Row], profile: Profile) -> tuple[str, Estimate]:
    """Return the commonest language of the rows and its share, with an exact interval."""
    flags = {name: profile.of(f"language: {name}") for name in LANGUAGES.values()}
    name = max(flags, key=lambda each: float(flags[each].sum()))
    return name, clustered_proportion(flags[name], documents(rows))


def word_count(row: Row) -> int:
    """Return how many words a row has; of pre-tokenised rows their own, of Chinese each character."""
    if row.words is not None:
        return len(row.words)
    text = whole_text(row)
    return len(word_spans(_HAN.sub(" ", text))) + len(_HAN.findall(text))


def _new_words(sides: Sides) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each row's share of words that half of the training rows lack, and whether it is an evaluation row.

    The other half of the training rows stands for what is new to a model although nothing has drifted.
    """
    known = {word for row in sides.training[::2] for word in _vocabulary(row)}
    rows = (*sides.training[1::2], *sides.evaluation)
    shares = []
    for row in rows:
        words = _vocabulary(row)
        shares.append(len(words - known) / max(len(words), 1))
    return np.array(shares), np.arange(len(rows)) >= len(sides.training[1::2])


def _vocabulary(row: Row) -> set[str]:
    text = whole_text(row, MOST_CHARACTERS).casefold()
    return {text[start:end] for start, end in word_spans(_HAN.sub(" ", text))} | set(_HAN.findall(text))


def _share(texts: Sequence[str], test: object) -> Floats:
    holds = test if callable(test) else bool
    return np.array([sum(map(holds, text)) / max(len(text), 1) for text in texts], dtype=np.float64)


def _is_share(name: str) -> bool:
    return name.startswith(("language", "no letter", "share"))
