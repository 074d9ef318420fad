"""Outputs: what models say of rows, as every checker and every room gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answers", "Losses", "Predictions", "ReferenceKind", "References", "TokenStatistics"]

Floats = NDArray[np.float64]
ReferenceKind = Literal["head", "lora", "distilled"]


@dataclass(frozen=True, slots=True)
class Predictions:
    """The model's answers, in the order asked.

    Attributes:
        logits, probabilities: float64. Text and multi-label classification: (n rows, C). Regression: (n rows, D) the
            outputs as logits, probabilities NaN. Token classification: (sum of words, C), row i at
            `offsets[i]:offsets[i + 1]`; words beyond the model's length have NaN rows. Tasks whose answers are text:
            likewise (sum of judged parts, 1), log-probabilities as logits. The parts are the tokens of the row's
            answer; the start and the end of a span (question answering); the whole transcript (CTC).
        offsets: int64 (n + 1,) for answers word by word or part by part, None otherwise.
        truncated: bool (n,), rows that were longer than the model takes.
    """

    logits: Floats
    probabilities: Floats
    truncated: NDArray[np.bool_]
    offsets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.truncated)

    def words_of(self, row: int) -> Floats:
        """Return the (words, C) probabilities of one row of a token classification, the (tokens, 1) of an answer.

        Raises:
            ValueError: the answer of a row is one and not word by word; use `probabilities[row]`.
        """
        if self.offsets is None:
            raise ValueError("words_of is for answers word by word; use probabilities[row]")
        return self.probabilities[self.offsets[row] : self.offsets[row + 1]]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Index of the most probable class, per row or per word; -1 where a word was cut off, and for a regression."""
        known = ~np.isnan(self.probabilities).any(axis=1)
        best = np.full(len(self.probabilities), -1, dtype=np.int64)
        best[known] = self.probabilities[known].argmax(axis=1)
        return best


@dataclass(frozen=True, slots=True)
class Losses:
    """Cross-entropy of the true label in nats: (n,) per row (mean over words for token classification).

    `per_word` (flat, with `offsets`) is given for token classification; words that were cut off are NaN.
    """

    per_row: Floats
    per_word: Floats | None = None
    offsets: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model answers by itself where answers are text, in the order asked.

    Attributes:
        texts: the best span of the context (empty where the model finds none in it), what was written, or what was
            understood of a sound; without special tokens, and white space at either end.
        log_probs: float64 (n,), the natural log of the probability that the model gives its answer: the sum of the
            start and the end of a span, the mean a token of what was written, the sum over a transcript of CTC.
        ended: bool (n,), False where the limit on new tokens cut an answer.
        truncated: bool (n,), rows that were longer than the model takes, of which some could not be read.
    """

    texts: tuple[str, ...]
    log_probs: Floats
    ended: NDArray[np.bool_]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """What K reference models know of the true labels of rows, members first, then non-members.

    Models 2j and 2j + 1 were trained on complementary halves of all rows, so each row was in the training of exactly
    half of the models, whichever side it is on. The distilled reference is one and was never trained on the row asked.

    Attributes:
        trained_on: bool (K, n), the rows that each model was trained on.
        log_odds: float64 (K, units), log p - log(1 - p) of the true label, in nats. log_probs: likewise log p. Units
            are rows for text classification; all rows' words for token classification, NaN where a word was cut off;
            rows for text generation, where each value is the mean over the row's judged tokens.
        offsets: int64 (n + 1,) for token classification, row i's words at `offsets[i]:offsets[i + 1]`; else None.
        kind: how they were trained.
    """

    trained_on: NDArray[np.bool_]
    log_odds: Floats
    log_probs: Floats
    offsets: NDArray[np.int64] | None
    kind: ReferenceKind


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """How probable a language model finds each judged token of some rows, from one forward pass.

    The judged tokens of a row with an answer are the answer's; of a row without one they are all tokens of its text
    that have something before them. All arrays but the last two are flat over the judged tokens of all rows, row i at
    `offsets[i]:offsets[i + 1]`; a row may have none.

    Attributes:
        log_probs: float64, natural log of the probability of the token that stands there.
        means, deviations: float64, mean and standard deviation of log p over the vocabulary at that place, each token
            weighted by its own probability there.
        top: bool, whether the token is the most probable one.
        tokens: int64, ids of the tokens.
        offsets: int64 (n + 1,).
        truncated: bool (n,), rows that were longer than the model takes: a text lost its end, a row with an answer
            lost of its prompt's beginning first.
    """

    log_probs: Floats
    means: Floats
    deviations: Floats
    top: NDArray[np.bool_]
    tokens: NDArray[np.int64]
    offsets: NDArray[np.int64]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.truncated)
