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

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

OUTSIDE = "O"
"""The tag of words that belong to no entity."""
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
    base: Model, rows: Sequence[Row], trained_on: NDArray[np.bool_], *, labels: Sequence[str], seed: int
) -> tuple[Floats, Floats, Labels | None]:
    """Return log-odds and log-probabilities of the true labels, each (K, units), and the offsets of the rows' words.

    Features are states of the base model: those of the audited model know its training rows already.

    Args:
        base: the encoder, asked once. rows: with a label or with tags, as `labels` has them.
        trained_on: (K, n), the rows of each head.
        seed: of the draw of words.
    """
    # Sums of floats hang on their order, and that of a table may change nothing.
    order = np.array(sorted(range(len(rows)), key=[content_key(row) for row in rows].__getitem__), dtype=np.int64)
    back = np.argsort(order)
    found = features_of(base, [rows[place] for place in order])
    if not np.isfinite(found.values).all():
        raise ModelInputError(f"{base.opened.name} gives states with NaN or infinity; its weights are broken")
    chosen = _chosen(found, labels, seed)
    of_units = trained_on[:, order[found.row]]
    if not of_units[:, chosen].any(axis=1).all():
        raise NotAssessable("a half of the rows has nothing that a reference model could learn from; provide more rows")
    heads = train_heads(found.values[chosen], found.labels[chosen], of_units[:, chosen], classes=len(labels))
    odds, probs = heads.scores(found.values, found.labels)
    if found.offsets is None:
        return odds[:, back], probs[:, back], None
    counts = np.diff(found.offsets)
    offsets = np.concatenate([[0], np.cumsum(counts[back])]).astype(np.int64)
    starts = found.offsets[:-1][back]
    asked = np.repeat(starts - offsets[:-1], counts[back]) + np.arange(found.units)
    return spread(odds, found)[:, asked], spread(probs, found)[:, asked], offsets


def spread(values: Floats, found: Features) -> Floats:
    """Return (K, units) from (K, u): NaN for words that have no state."""
    every = np.full((len(values), found.units), np.nan)
    every[:, found.place] = values
    return every


def features_of(base: Model, rows: Sequence[Row]) -> Features:
    """Return the states of the base model for rows, or for the words of tagged rows."""
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


def _chosen(found: Features, labels: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Return the units that heads are trained on."""
    every = np.ones(len(found.labels), dtype=np.bool_)
    if found.offsets is None or OUTSIDE not in labels or len(every) <= MANY_WORDS:
        return every
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, len(every)])))
    chosen: NDArray[np.bool_] = (found.labels != labels.index(OUTSIDE)) | (draw.random(len(every)) < 1 / 3)
    return chosen
