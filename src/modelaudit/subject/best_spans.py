"""Best spans: the answer that a model cuts out of a context, decoded from the logits of its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from modelaudit.subject.windows import Reading, Window

Floats = NDArray[np.float64]

LONGEST = 30
"""Tokens of an answer at the most, as in the evaluation of Devlin et al. 2019."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A span of a context.

    Attributes:
        text: its characters without white space at either end; empty for "the context holds no answer".
        score: logit of its start plus logit of its end, by which windows are compared.
        log_prob: natural log of the probabilities of start and end, each over the tokens of its window.
    """

    text: str
    score: float
    log_prob: float


def best_answer(reading: Reading, logits: Sequence[NDArray[np.float32]], *, leaves_open: bool) -> Answer:
    """Return the best answer of all windows of a reading (Devlin et al. 2019, sections 4.2 and 4.3).

    It is the span with the largest sum of start and end logit, of at most 30 tokens and of the context alone. Where the
    model `leaves_open` whether there is an answer, "no answer" wins if its sum, in the window where that is smallest,
    is larger. Of equals the first window, then the shortest span, then the first one is taken. A context without a
    token has no answer.

    Args:
        reading: the windows. logits: float32 (L, 2) for each, of every token as the start and as the end.
        leaves_open: whether "no answer" is an answer.
    """
    tables = [np.asarray(table, dtype=np.float64) for table in logits]
    nothing = min(
        (
            _scored("", table, (window.nowhere, window.nowhere))
            for window, table in zip(reading.windows, tables, strict=True)
        ),
        key=lambda answer: answer.score,
    )
    spans = [_best(reading, window, table) for window, table in zip(reading.windows, tables, strict=True)]
    found = [span for span in spans if span is not None]
    if not found:
        return nothing
    best = max(found, key=lambda answer: answer.score)
    return nothing if leaves_open and nothing.score > best.score else best


def _best(reading: Reading, window: Window, table: Floats) -> Answer | None:
    characters = window.characters
    # A token that spells nothing, or white space alone, neither begins an answer nor ends one.
    able = np.array([bool(reading.context[begin:end].strip()) for begin, end in characters.tolist()])
    starts, ends = (np.where(able, column, -np.inf) for column in table.T)
    best, places = -np.inf, (0, 0)
    for more in range(min(LONGEST, len(table))):
        sums = starts[: len(table) - more] + ends[more:]
        at = int(sums.argmax())
        if sums[at] > best:
            best, places = float(sums[at]), (at, at + more)
    if not np.isfinite(best):
        return None
    begin, end = int(characters[places[0], 0]), int(characters[places[1], 1])
    return _scored(reading.context[begin:end].strip(), table, places)


def _scored(text: str, table: Floats, places: tuple[int, int]) -> Answer:
    start, end = places
    chances = log_softmax(table, axis=0)
    return Answer(text, float(table[start, 0] + table[end, 1]), float(chances[start, 0] + chances[end, 1]))
