"""How surely the model takes a name for a person, and how often a name beats its decoys in that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.privacy.entities.decoys import Trial
from modelaudit.checkers.privacy.entities.frames import Frame
from modelaudit.statistics import exposure
from modelaudit.text.tags import type_of

Vector = NDArray[np.float64]

ROWS_A_CALL = 20_000
"""Bounds the memory that answers take; the engine packs each call as it likes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a name stands among its decoys.

    Attributes:
        win_rate: the share of its decoys that it beats, ties counted half; .5 is chance.
        bits: its exposure, log2(decoys + 1) - log2(rank), ties counted against it.
    """

    win_rate: float
    bits: float


def standings(
    models: Sequence[ModelHandle], trials: Sequence[Trial], frames: Sequence[Frame], *, types: Collection[str]
) -> list[Standing | None]:
    """Return each name's standing; None where some of its words were read in no frame.

    The score of a name is the mean log-odds that its words are of one of the types, whatever prefix the tags have,
    over its words and over the frames. With two models the second's score, the base model's, is taken off. A frame in
    which a word of the name or of a decoy was cut off counts for neither; so does a frame that held the name before.
    """
    found: list[Standing | None] = []
    trial_rows = max(1, max((1 + len(trial.decoys) for trial in trials), default=1) * len(frames))
    step = max(1, ROWS_A_CALL // trial_rows)
    for start in range(0, len(trials), step):
        some = trials[start : start + step]
        scores = _scores(models[0], some, frames, types)
        for base in models[1:]:
            scores = [one - other for one, other in zip(scores, _scores(base, some, frames, types), strict=True)]
        found += [_standing(table) for table in scores]
    return found


def _scores(
    model: ModelHandle, trials: Sequence[Trial], frames: Sequence[Frame], types: Collection[str]
) -> list[Vector]:
    """Return one table a trial, (1 + decoys, frames), the name first; NaN where it was not read or must not count."""
    asked: list[Row] = []
    spans: list[tuple[int, int]] = []
    for trial in trials:
        for words in (trial.name.words, *trial.decoys):
            for frame in frames:
                asked.append(frame.holding(words))
                spans.append((len(frame.before), len(frame.before) + len(words)))
    answers = model.predict(asked)
    if answers.offsets is None:
        raise ValueError("entities are scored word by word, and this model answers for whole texts")
    odds = type_log_odds(answers.logits, model.labels, types)
    flat = np.array(
        [
            odds[offset + start : offset + end].mean()
            for offset, (start, end) in zip(answers.offsets[:-1], spans, strict=True)
        ]
    )
    tables, at = [], 0
    for trial in trials:
        size = (1 + len(trial.decoys)) * len(frames)
        table = flat[at : at + size].reshape(1 + len(trial.decoys), len(frames))
        table[:, [frame.knows(trial.name.key) for frame in frames]] = np.nan
        tables.append(table)
        at += size
    return tables


def type_log_odds(logits: Vector, labels: Sequence[str], types: Collection[str]) -> Vector:
    """Return the log-odds that each word is of one of the types (shape [words]); NaN where the model read none.

    `logits` are (words, C). log p - log(1 - p) with p the sum over the tags of the types: two log-sum-exps, which do
    not saturate where p rounds to 1.
    """
    inside = np.array([type_of(label) in types for label in labels], dtype=np.bool_)
    if not inside.any() or inside.all():
        raise ValueError(f"none or all of the tags {list(labels)} are of the types {sorted(types)}")
    odds = np.full(len(logits), np.nan)
    known = np.isfinite(logits).all(axis=1)
    given = logits[known]
    odds[known] = logsumexp(given[:, inside], axis=1) - logsumexp(given[:, ~inside], axis=1)
    return odds


def _standing(table: Vector) -> Standing | None:
    read = ~np.isnan(table).any(axis=0)
    if not read.any():
        return None
    means = table[:, read].mean(axis=1, dtype=np.float64).round(9)
    name, decoys = means[0], means[1:]
    wins = float(((decoys < name) + 0.5 * (decoys == name)).mean())
    return Standing(wins, exposure(float(name), decoys))
