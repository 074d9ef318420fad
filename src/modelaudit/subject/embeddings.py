"""Input embeddings: how steeply an answer reacts to each word of a row, and which words lie near to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.evidence import storable
from modelaudit.subject.encoding import SPECIAL, Encoder, Segments

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Floats = NDArray[np.float64]

AT_ONCE = 256
"""Words whose likeness with the whole vocabulary is held at once."""


def saliency(segments: Sequence[Segments], slopes: Sequence[Floats]) -> list[Floats]:
    """Return (players,) for each row: the lengths of the gradients at the tokens of each word, summed.

    `slopes` are (tokens, H) gradients of a logit by the input embeddings. What the gradient says along the word's own
    embedding, which is the estimate of what hiding the word takes, is signed but tells the word that matters most
    less often: hiding is no small step.
    """
    found = []
    for segment, slope in zip(segments, slopes, strict=True):
        inner = segment.player_of_position != SPECIAL
        lengths = np.linalg.norm(slope[inner], axis=1)
        owner = segment.player_of_position[inner]
        found.append(np.bincount(owner, weights=lengths, minlength=len(segment.players)).astype(np.float64))
    return found


class Embeddings:
    """A model's input embeddings with its tokenizer.

    Args:
        model, encoder: those of the handle.
    """

    def __init__(self, model: PreTrainedModel, encoder: Encoder) -> None:
        weight: Any = model.get_input_embeddings().weight
        self._table: NDArray[np.float32] = weight.detach().float().cpu().numpy()
        self._encoder = encoder
        self._words: tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]] | None = None

    def neighbours(self, words: Sequence[str], k: int) -> list[tuple[str, ...]]:
        """Return for each word the k whole words of the vocabulary with the nearest embeddings, the nearest first.

        Nearest by the cosine. Only words that are one token have neighbours; their own spellings are none of them.
        """
        surfaces, tokens, directions = self._vocabulary()
        place = {int(token): number for number, token in enumerate(tokens)}
        asked = [place.get(ids[0], -1) if len(ids) == 1 else -1 for ids in self._ids(words)]
        found: list[tuple[str, ...]] = []
        for start in range(0, len(words), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            likeness = directions[part] @ directions.T
            for word, own, row in zip(words[start : start + AT_ONCE], part, likeness, strict=True):
                # A few more than wanted: spellings of the word itself are dropped.
                order = np.argsort(-row, kind="stable")[: k + 8] if own >= 0 else ()
                others = [surfaces[number] for number in order if surfaces[number].lower() != word.lower()]
                found.append(tuple(others[:k]))
        return found

    def _vocabulary(self) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]:
        """Return the whole words that are one token, their tokens, and the directions of their embeddings."""
        if self._words is None:
            tokenizer = self._encoder.tokenizer
            special = set(tokenizer.all_special_ids)
            named = sorted((token, name) for name, token in tokenizer.get_vocab().items() if token not in special)
            texts = [(token, tokenizer.convert_tokens_to_string([name]).strip()) for token, name in named]
            texts = [(token, text) for token, text in texts if len(text) > 1 and text.isalpha()]
            ids = self._ids([text for _, text in texts])
            whole = [(token, text) for (token, text), own in zip(texts, ids, strict=True) if own == [token]]
            tokens = np.array([token for token, _ in whole], dtype=np.int64)
            lengths = np.linalg.norm(self._table[tokens], axis=1, keepdims=True)
            directions = self._table[tokens] / np.where(lengths > 0, lengths, 1.0)
            self._words = tuple(text for _, text in whole), tokens, directions.astype(np.float32)
        return self._words

    def _ids(self, words: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each word as it stands inside a text, behind a space."""
        if not words:
            return []
        called = self._encoder.call([f" {storable(word)}" for word in words], split=False, cut=False, special=False)
        return [list(ids) for ids in called["input_ids"]]
