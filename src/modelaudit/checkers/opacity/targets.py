"""What is explained: one output of the model on one row, as log-odds and as probability.

Text classification: the class that the model predicts for the whole row. Token classification: the predicted tags of
each entity that the model finds, averaged over the entity's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modelaudit.checker import Predictions

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """The output to explain: the words that are looked at (None: the row as a whole), the class of each, and a name."""

    words: tuple[int, ...] | None
    classes: tuple[int, ...]
    name: str

    def log_odds(self, predictions: Predictions) -> Floats:
        """Return (variants,) log p - log(1 - p) of the class, averaged over the words; from the logits, so exact."""
        logits = self._of_words(predictions, predictions.logits)
        chosen = np.array(self.classes)
        own = np.take_along_axis(logits, chosen[None, :, None], axis=2)[..., 0]
        others = np.where(np.arange(logits.shape[2])[None, None, :] == chosen[None, :, None], -np.inf, logits)
        # Of two classes the other one is all the rest, and the logarithm of its exponential is itself.
        rest = others.max(axis=2) if others.shape[2] == 2 else logsumexp(others, axis=2)
        value: Floats = (own - rest).mean(axis=1)
        return value

    def probability(self, predictions: Predictions) -> Floats:
        """Return (variants,) probability of the class, averaged over the words."""
        probabilities = self._of_words(predictions, predictions.probabilities)
        own = np.take_along_axis(probabilities, np.array(self.classes)[None, :, None], axis=2)
        value: Floats = own.mean(axis=(1, 2))
        return value

    def _of_words(self, predictions: Predictions, outputs: Floats) -> Floats:
        """Return (variants, words of the target, C)."""
        if self.words is None:
            return outputs[:, None, :]
        if predictions.offsets is None:
            raise ValueError("a target with words is for token classification")
        chosen: Floats = outputs[predictions.offsets[:-1, None] + np.array(self.words)[None, :]]
        return chosen


def targets_of(predictions: Predictions, labels: Sequence[str]) -> list[tuple[Target, ...]]:
    """Return each row's targets: its class, or every entity that the model finds in it."""
    if predictions.offsets is None:
        return [(Target(None, (int(label),), str(labels[label])),) for label in predictions.labels]
    tags = predictions.labels
    return [
        tuple(_entities(tags[start:stop], labels))
        for start, stop in zip(predictions.offsets[:-1], predictions.offsets[1:], strict=True)
    ]


def _entities(tags: NDArray[np.int64], labels: Sequence[str]) -> Iterator[Target]:
    names = [labels[tag] if tag >= 0 else "O" for tag in tags]
    start = 0
    while start < len(names):
        kind = entity_type(names[start])
        stop = start + 1
        while stop < len(names) and not names[stop].startswith(("B-", "S-", "U-")) and entity_type(names[stop]) == kind:
            stop += 1
        if kind is not None:
            yield Target(tuple(range(start, stop)), tuple(int(tag) for tag in tags[start:stop]), f"entity {kind}")
        start = stop


def entity_type(tag: str) -> str | None:
    """Return the type of a tag in any of the schemes IO, BIO and BIOES ("B-PER" is of type PER); None for "O"."""
    if tag == "O":
        return None
    head, dash, tail = tag.partition("-")
    return tail if dash and head in {"B", "I", "E", "S", "L", "U"} else tag
