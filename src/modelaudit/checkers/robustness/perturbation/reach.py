"""Reach: whether a change lies within what the model reads of a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.evidence import storable
from modelaudit.rows import Row
from modelaudit.text import Span


def unread(
    model: ModelHandle,
    rows: Sequence[Row],
    trials: Sequence[Trial],
    before: Predictions,
    after: Predictions,
    same_input: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return which trials changed only what the model does not read, shape (trials,); for text classification.

    Such a row is longer than the model takes, before or after the change; the model is given the `same_input` for
    both; and what changed lies outside of the words that are read, both before and after. Where those words can't be
    found in the text, since the tokenizer only knows its own pieces, nobody can tell, and the row is taken as unread.
    """
    beyond = np.zeros(len(trials), dtype=np.bool_)
    doubtful = [
        number
        for number, trial in enumerate(trials)
        if same_input[number] and (before.truncated[trial.place] or after.truncated[number])
    ]
    if not doubtful:
        return beyond
    originals = [rows[trials[number].place] for number in doubtful]
    edited = [trials[number].edited for number in doubtful]
    for number, old, new, old_words, new_words in zip(
        doubtful, originals, edited, model.players(originals), model.players(edited), strict=True
    ):
        same_start, same_end = _alike(old.text, new.text)
        beyond[number] = all(
            _outside((same_start, len(text) - same_end), _seen(words, storable(text)))
            for text, words in ((old.text, old_words), (new.text, new_words))
        )
    return beyond


def _alike(old: str, new: str) -> tuple[int, int]:
    """Return how many characters both texts begin with, and how many more both end with."""
    start = _prefix(old, new)
    return start, _prefix(old[start:][::-1], new[start:][::-1])


def _prefix(one: str, other: str) -> int:
    """Return the length of what both begin with, by bisection: texts may be long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _outside(changed: Span, seen: Span) -> bool:
    return changed[0] >= seen[1] or max(changed[1], changed[0] + 1) <= seen[0]


def _seen(words: Sequence[str], text: str) -> Span:
    """Return the characters that are read: up to the last word, or from the first on where the beginning is cut off."""
    if not words or text.lstrip().startswith(words[0]):
        return 0, _end(words, text)
    return len(text) - _end([word[::-1] for word in reversed(words)], text[::-1]), len(text)


def _end(words: Sequence[str], text: str) -> int:
    """Return where the last of the words ends, each taken at its first place behind the one before; 0 if one lacks."""
    end = 0
    for word in words:
        start = text.find(word, end)
        if start < 0:
            return 0
        end = start + len(word)
    return end
