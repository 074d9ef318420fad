"""Membership signals of answers in parts: the start and the end of a span, or a transcript judged as a whole.

One score a record and attack, higher for membership, NaN where a record has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.membership.signals import LOSS, Signal
from modelaudit.checkers.privacy.token_rows import Ragged
from modelaudit.rows import Row

Vector = NDArray[np.float64]

SPAN = "log-odds attack, span"
TRANSCRIPT = "log-odds attack, transcript"
CERTAIN = -1e-12
"""The log-probability from which on a part counts as no more probable, since its log-odds would have no end."""


def odds(log_p: Vector) -> Vector:
    """Return log p - log(1 - p) of natural logs of probabilities; NaN stays NaN."""
    least = np.minimum(log_p, CERTAIN)
    return np.asarray(least - np.log(-np.expm1(least)))


def span_signals(log_p: Vector, offsets: NDArray[np.int64]) -> tuple[Signal, ...]:
    """Return the attacks on log-probabilities of the start and the end of true spans, the headline first.

    The mean log-odds of the two (Carlini et al. 2022, of each), the loss (Yeom et al. 2018), and the log-odds of the
    one that the model is less sure of.
    """
    parts = Ragged.of(offsets)
    each = odds(log_p)
    return (
        (SPAN, parts.means(each)),
        (LOSS, parts.means(log_p)),
        ("log-odds attack, weaker end of the span", parts.lowest_means(each, 0.0)),
    )


def transcript_signals(log_p: Vector, offsets: NDArray[np.int64], rows: Sequence[Row]) -> tuple[Signal, ...]:
    """Return the attacks on log-probabilities of whole transcripts, summed over all alignments, the headline first.

    The log-odds of a character, by the geometric mean of all of them, the loss of a character (Yeom et al. 2018), and
    the log-probability of the whole.
    """
    whole = Ragged.of(offsets).sums(log_p)
    letters = np.array([max(1, len(row.answer or "")) for row in rows], dtype=np.float64)
    return (
        (TRANSCRIPT, odds(whole / letters)),
        (LOSS, whole / letters),
        ("log-likelihood attack, whole transcript", whole),
    )


def span_traits(rows: Sequence[Row]) -> Vector:
    """Return (n, 5): logs of lengths of question, context and answer, where the answer stands, whether there is one."""
    return np.array([_span_traits(row) for row in rows], dtype=np.float64).reshape(len(rows), 5)


def transcript_traits(rows: Sequence[Row]) -> Vector:
    """Return (n, 3) logs of characters, of seconds, and of characters a second."""
    seconds = np.log([max(0.01, 0.0 if row.sound is None else row.sound.seconds) for row in rows])
    letters = np.log1p([len(row.answer or "") for row in rows])
    return np.stack([letters, seconds, letters - seconds], axis=1)


def _span_traits(row: Row) -> list[float]:
    start, end = (row.spans or ((0, 0),))[0]
    sizes = (len(row.companion or ""), len(row.text), end - start)
    return [*(float(np.log1p(size)) for size in sizes), start / max(1, len(row.text)), float(bool(row.answers))]
