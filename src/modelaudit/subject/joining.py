"""Joining: answers of portions of rows, as if all rows had been asked at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Predictions

__all__ = ["all_answers", "joined"]


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of all portions, in their order; one portion at least."""
    if len(parts) == 1:
        return parts[0]
    offsets: NDArray[np.int64] | None = None
    if parts[0].offsets is not None:
        counts = [np.diff(part.offsets) for part in parts if part.offsets is not None]
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return Predictions(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.truncated for part in parts]),
        offsets,
    )


def all_answers(parts: Sequence[Answers]) -> Answers:
    """Return the answers of all portions, in their order; one portion at least."""
    return Answers(
        texts=tuple(text for part in parts for text in part.texts),
        log_probs=np.concatenate([part.log_probs for part in parts]),
        ended=np.concatenate([part.ended for part in parts]),
        truncated=np.concatenate([part.truncated for part in parts]),
    )
