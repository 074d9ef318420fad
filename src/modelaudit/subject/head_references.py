"""Reference heads on the base encoder: features asked once, and all heads trained on them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError, ModelInputError, NotAssessable
from modelaudit.inference.halves import content_key
from modelaudit.inference.heads import train_heads
from modelaudit.rows import Row
from modelaudit.subject.model import Model
from modelaudit.text.tags import OUTSIDE

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MANY_WORDS = 20_000
"""From so many words on, the heads are trained on one in three words outside of entities, drawn by content."""
ROWS_AT_ONCE = 1_000
"""Rows whose words' states are asked at once; they are held twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What heads are trained on: one vector for each unit, which is a row or, for tags, a word that has a state.

    Attributes:
        values: float32 (u, d). labels: (u,), the true class or tag. row: (u,), the row of each unit.
        place: (u,), where each stands among `units` outputs, which words that were cut off have as well.
        offsets: (n + 1,), the words of each row; None where units are rows.
    """

    values: NDArray[np.float32]
    labels: Labels
    row: Labels
    place: Labels
    units: int
    offsets: Labels | None


def head_outputs(
    found: Features, rows: Sequence[Row], trained_on: NDArray[np.bool_], *, labels: Sequence[str], seed: int
) -> tuple[Floats, Floats, Labels | None]:
    """Return log-odds and log-probabilities of the true labels, each (K, units), and the offsets of the rows' words.

    Features are states of the base model: those of the audited model know its training rows already.

    Args:
        found: states of the base model. rows: theirs, with a label or with tags, as `labels` has them.
        trained_on: (K, n), the rows of each head.
        seed: of the draw of words.
    """
    # Sums of floats hang on their order, and that of a table may change nothing.
    keys = [content_key(row) for row in rows]
    rank = np.empty(len(rows), dtype=np.int64)
    rank[sorted(range(len(rows)), key=keys.__getitem__)] = np.arange(len(rows))
    order = np.argsort(rank[found.row], kind="stable")
    values, truths, row = found.values[order], found.labels[order], found.row[order]
    chosen = _chosen(truths, labels, seed, words=found.offsets is not None)
    of_units = trained_on[:, row]
    if not of_units[:, chosen].any(axis=1).all():
        raise NotAssessable("a half of the rows has nothing that a reference model could learn from; provide more rows")
    heads = train_heads(values[chosen], truths[chosen], of_units[:, chosen], classes=len(labels))
    odds, probs = (scores[:, np.argsort(order)] for scores in heads.scores(values, truths))
    return spread(odds, found), spread(probs, found), found.offsets


def spread(values: Floats, found: Features) -> Floats:
    """Return (K, units) from (K, u): NaN for words that have no state."""
    every = np.full((len(values), found.units), np.nan)
    every[:, found.place] = values
    return every


def features_of(base: Model, rows: Sequence[Row]) -> Features:
    """Return the states of the base model for rows, or for the words of tagged rows.

    Raises:
        ModelInputError: a state is NaN or infinite.
    """
    found = _states(base, rows)
    if not np.isfinite(found.values).all():
        raise ModelInputError(f"{base.opened.name} gives states with NaN or infinity; its weights are broken")
    return found


def _states(base: Model, rows: Sequence[Row]) -> Features:
    every = np.arange(len(rows))
    if not base.task.per_word:
        values = base.embed(rows).astype(np.float32)
        return Features(values, np.array([row.label for row in rows], dtype=np.int64), every, every, len(rows), None)
    values, index, counts = word_states(base, rows)
    offsets = np.concatenate([[0], np.cumsum([len(row.tags or ()) for row in rows])]).astype(np.int64)
    row_of = np.repeat(every, counts)
    place = offsets[row_of] + index
    tags = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
    return Features(values, tags[place], row_of, place, int(offsets[-1]), offsets)


def word_states(base: Model, rows: Sequence[Row]) -> tuple[NDArray[np.float32], Labels, Labels]:
    """Return the last hidden state at each word's first token (words, H), the words' numbers, and how many a row has.

    Words that were cut off, and those of which the tokenizer makes no token, have none.
    """
    encodings = base.encodings(rows)
    counts = np.array([len(encoding.word_index) for encoding in encodings], dtype=np.int64)
    index = np.concatenate([encoding.word_index for encoding in encodings]).astype(np.int64)
    if not counts.sum():
        raise CapabilityError(f"the tokenizer of {base.opened.name} makes no token of any word")
    values: NDArray[np.float32] | None = None
    ends = np.concatenate([[0], np.cumsum(counts)])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, len(rows))
        states = np.concatenate(base.engine.states([encoding.input for encoding in encodings[start:stop]]))
        if values is None:
            values = np.empty((int(ends[-1]), states.shape[1]), dtype=np.float32)
        values[ends[start] : ends[stop]] = states
    assert values is not None
    return values, index, counts


def _chosen(truths: Labels, labels: Sequence[str], seed: int, *, words: bool) -> NDArray[np.bool_]:
    """Return the units that heads are trained on."""
    every = np.ones(len(truths), dtype=np.bool_)
    if not words or OUTSIDE not in labels or len(every) <= MANY_WORDS:
        return every
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, len(every)])))
    chosen: NDArray[np.bool_] = (truths != labels.index(OUTSIDE)) | (draw.random(len(every)) < 1 / 3)
    return chosen
