"""Language models: how probable is what follows the edit, or the row's answer, a token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checker import ModelHandle
from modelaudit.checkers.bias.scoring.reading import unread
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant

LOG_RATIO = Score(
    "log_ratio",
    "Paired log-ratio",
    "nats a token",
    "the log-probability of the words that follow",
    bounded=False,
    points=False,
)


class ContinuationScoring:
    """Follows the mean log-probability of a token of the text that no arm edits; it decides nothing.

    The words are the same in every arm, so the difference is the logarithm of the ratio of their probabilities, a
    token. A causal model reads what stands before them, a masked one both sides with one token hidden at a time.
    """

    def __init__(self, model: ModelHandle) -> None:
        self._model = model

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return the one score."""
        return (LOG_RATIO,)

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for the probability of each continuation."""
        found = self._model.token_statistics([variant.row for variant in variants])
        counts = np.diff(found.offsets)
        totals = np.add.reduceat(np.append(found.log_probs, 0.0), found.offsets[:-1]) if len(variants) else np.zeros(0)
        values: Floats = np.divide(totals, counts, out=np.full(len(variants), np.nan), where=counts > 0)
        values[unread(self._model, variants, found.truncated)] = np.nan
        return [Answer(variant, scores, None) for variant, scores in zip(variants, values[:, None], strict=True)]
