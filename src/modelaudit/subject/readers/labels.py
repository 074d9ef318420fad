"""Labels: a transcript as a model with connectionist temporal classification spells it, character by character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.evidence import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Labeller", "Spelled", "check_tokens"]


@dataclass(frozen=True, slots=True)
class Spelled:
    """A transcript on labels: int32 (k,), and whether characters without a label were left out of it."""

    labels: NDArray[np.int32]
    incomplete: bool


@dataclass(frozen=True)
class Labeller:
    """A tokenizer of single characters.

    Attributes:
        case: "upper" or "lower" where the model has letters of one case alone, which transcripts are then put into.
        left_out: labels that are no characters: what is unknown, what pads, begins and ends.
        parting: the label between words, or None.
    """

    tokenizer: PreTrainedTokenizerBase
    case: str
    left_out: frozenset[int]
    parting: int | None

    @classmethod
    def of(cls, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, name: str) -> Labeller:
        """Return the labeller of a model; raise ModelInputError for a tokenizer with labels that it does not have."""
        check_tokens(tokenizer, int(model.config.vocab_size), name=name)
        vocabulary = tokenizer.get_vocab()
        letters = [token for token in vocabulary if len(token) == 1 and token.upper() != token.lower()]
        upper, lower = any(map(str.isupper, letters)), any(map(str.islower, letters))
        case = "upper" if upper and not lower else "lower" if lower and not upper else ""
        marks = (tokenizer.unk_token_id, tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id)
        blank = getattr(model.config, "pad_token_id", None)
        left_out = frozenset(int(mark) for mark in (*marks, blank) if mark is not None)
        return cls(tokenizer, case, left_out, vocabulary.get(getattr(tokenizer, "word_delimiter_token", None) or ""))

    def spell(self, transcript: str) -> Spelled:
        """Return the labels of a transcript, one space between words, without characters it does not know."""
        text = " ".join(storable(transcript).split())
        text = text.upper() if self.case == "upper" else text.lower() if self.case == "lower" else text
        # A tokenizer without a token for what is unknown gives None for it.
        found: Sequence[int | None] = self.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        kept = [label for label in found if label is not None and label not in self.left_out]
        labels = [
            label
            for label, before in zip(kept, [self.parting, *kept], strict=False)
            if label != self.parting or label != before
        ]
        if labels and labels[-1] == self.parting:
            labels.pop()
        return Spelled(np.array(labels, dtype=np.int32), len(kept) < len(found))

    def text(self, labels: Sequence[int]) -> str:
        """Return what labels spell; equal ones that follow each other are two characters."""
        called: Any = self.tokenizer.decode(list(labels), skip_special_tokens=True, group_tokens=False)
        return str(called).strip()


def check_tokens(tokenizer: PreTrainedTokenizerBase, size: int, *, name: str) -> None:
    """Raise ModelInputError for a tokenizer with ids beyond the `size` that the model's head has.

    Special tokens may lie there: tokenizers add begin and end marks that a model of frames never had.
    """
    special = set(tokenizer.all_special_ids)
    largest = max((token for token in tokenizer.get_vocab().values() if token not in special), default=-1)
    if largest >= size:
        raise ModelInputError(
            f"{name}: the tokenizer does not fit the model: it has token ids up to {largest}, but the head ends "
            f"at {size - 1}; pass the tokenizer that the model was trained with"
        )
