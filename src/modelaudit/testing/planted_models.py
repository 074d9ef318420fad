"""Models whose every logit is known: a bag of words with planted terms, as real `PreTrainedModel`s.

The input embedding of a token is what the token adds to each logit, so a model is written down, not trained. Sums
run in float32: where weights, shifts and strengths are multiples of 1/1024, every logit is exact in whatever order
and padding the tokens are added; other weights carry the usual rounding of about 1e-7.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import SequenceClassifierOutput, TokenClassifierOutput

__all__ = [
    "PlantedConfig",
    "PlantedForSequenceClassification",
    "PlantedForTokenClassification",
    "fingerprints",
]


class PlantedConfig(PretrainedConfig):  # type: ignore[misc]
    """Shape and strengths of a planted model; what each token adds stands in the weights.

    Attributes:
        vocab_size: tokens of the tokenizer; hidden_size equals the number of labels.
        members: how many rows the model remembers.
        memory: log-odds by which a remembered row is moved toward its remembered label.
        pairs: how many pairs of words interact; pair_words: how many words take part.
        logit_temperature: the logits are divided by it; below 1 the model is overconfident.
    """

    model_type = "modelaudit-planted"

    def __init__(
        self,
        vocab_size: int = 5,
        max_position_embeddings: int = 512,
        members: int = 0,
        memory: float = 0.0,
        pairs: int = 0,
        pair_words: int = 0,
        logit_temperature: float = 1.0,
        pad_token_id: int = 0,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        self.members = members
        self.memory = memory
        self.pairs = pairs
        self.pair_words = pair_words
        self.logit_temperature = logit_temperature
        super().__init__(pad_token_id=pad_token_id, **kwargs)
        self.hidden_size = self.num_labels


def fingerprints(input_ids: Tensor, real: Tensor) -> Tensor:
    """Return (rows,) int64 hashes of the real token ids in their order; padding on either side changes nothing.

    Args:
        input_ids: int64 (rows, tokens).
        real: bool (rows, tokens), False at padding.
    """
    position = real.long().cumsum(1)
    mixed = input_ids * 0x2545F4914F6CDD1D + position * 0x369DEA0F31A53F85
    for shift, factor in ((29, 0x1B873593CC9E2D51), (32, 0x2127599BF4325C37)):
        mixed = (mixed ^ (mixed >> shift)) * factor
    return torch.where(real, mixed ^ (mixed >> 31), 0).sum(1)


class _Planted(PreTrainedModel):  # type: ignore[misc]
    """What both planted models share: the table of addends and the memory of rows."""

    config_class = PlantedConfig
    base_model_prefix = "planted"
    main_input_name = "input_ids"

    remembered_rows: Tensor
    remembered_labels: Tensor
    pair_word_of_token: Tensor
    pair_words: Tensor
    pair_strengths: Tensor

    def __init__(self, config: PlantedConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.embeddings = nn.Embedding(config.vocab_size, config.num_labels)
        self.bias = nn.Parameter(torch.zeros(config.num_labels))
        self.register_buffer("remembered_rows", torch.zeros(config.members, dtype=torch.int64))
        self.register_buffer("remembered_labels", torch.zeros(config.members, dtype=torch.int64))
        self.register_buffer("pair_word_of_token", torch.full((config.vocab_size,), -1, dtype=torch.int64))
        self.register_buffer("pair_words", torch.zeros(config.pairs, 2, dtype=torch.int64))
        self.register_buffer("pair_strengths", torch.zeros(config.pairs))
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the table of what each token adds to each logit."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        """Replace the table of addends."""
        self.embeddings = value

    def _addends(
        self, input_ids: Tensor | None, attention_mask: Tensor | None, inputs_embeds: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return what each token adds (rows, tokens, labels) and which tokens are real (rows, tokens)."""
        if input_ids is None and (inputs_embeds is None or self.config.members or self.config.pairs):
            raise ValueError("a planted model with a memory or with pairs reads token ids: pass input_ids")
        addends = self.embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is not None:
            return addends, attention_mask.bool()
        if input_ids is None:
            return addends, torch.ones(addends.shape[:2], dtype=torch.bool, device=addends.device)
        return addends, input_ids != self.config.pad_token_id

    def _recalled(self, input_ids: Tensor, real: Tensor) -> Tensor:
        """Return for each row the remembered label, or -1 where the row is not remembered."""
        known = fingerprints(input_ids, real)[:, None] == self.remembered_rows[None, :]
        return torch.where(known.any(1), self.remembered_labels[known.int().argmax(1)], -1)


class PlantedForSequenceClassification(_Planted):
    """A bag of words: logits = (bias + sum of the tokens' addends + pairs + memory) / temperature."""

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> SequenceClassifierOutput:
        """Return logits (rows, labels), and the mean cross-entropy where labels are given."""
        addends, real = self._addends(input_ids, attention_mask, inputs_embeds)
        logits = self.bias + torch.where(real[..., None], addends, 0.0).sum(1)
        if input_ids is not None and self.config.pairs:
            last = torch.full_like(logits[:, 0], self.num_labels - 1, dtype=torch.int64)
            logits = logits + _toward(self._xor(input_ids, real), last, self.num_labels)
        if input_ids is not None and self.config.members:
            label = self._recalled(input_ids, real)
            amount = self.config.memory * (label >= 0).to(logits.dtype)
            logits = logits + _toward(amount, label.clamp(min=0), self.num_labels)
        logits = logits / self.config.logit_temperature
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(
            loss=loss, logits=logits, hidden_states=(addends,) if output_hidden_states else None
        )

    def _xor(self, input_ids: Tensor, real: Tensor) -> Tensor:
        """Return (rows,) the strengths of all pairs of which exactly one word is there, summed."""
        word = torch.where(real, self.pair_word_of_token[input_ids], -1)
        every = torch.arange(self.config.pair_words, device=word.device)
        present = (word[:, :, None] == every).any(1)
        one = present[:, self.pair_words[:, 0]] != present[:, self.pair_words[:, 1]]
        strength: Tensor = (one * self.pair_strengths).sum(1)
        return strength


class PlantedForTokenClassification(_Planted):
    """A lexicon tagger: a token's logits are its addends; a remembered row is surer of the tags it gives anyway."""

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> TokenClassifierOutput:
        """Return logits (rows, tokens, labels), and the mean cross-entropy where labels are given (-100 left out)."""
        addends, real = self._addends(input_ids, attention_mask, inputs_embeds)
        logits = self.bias + addends
        if input_ids is not None and self.config.members:
            known = (self._recalled(input_ids, real) >= 0).to(logits.dtype)[:, None, None]
            own = nn.functional.one_hot(logits.argmax(-1), self.num_labels)
            logits = logits + self.config.memory * known * own
        logits = logits / self.config.logit_temperature
        loss = None if labels is None else nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return TokenClassifierOutput(
            loss=loss, logits=logits, hidden_states=(addends,) if output_hidden_states else None
        )


def _toward(amount: Tensor, label: Tensor, n_labels: int) -> Tensor:
    """Return (rows, labels) addends that raise one label's logit by `amount` (rows,); two labels share it evenly."""
    one = nn.functional.one_hot(label, n_labels).to(amount.dtype)
    if n_labels == 2:
        one = one - 0.5
    toward: Tensor = amount[:, None] * one
    return toward


AutoConfig.register(PlantedConfig.model_type, PlantedConfig, exist_ok=True)
AutoModelForSequenceClassification.register(PlantedConfig, PlantedForSequenceClassification, exist_ok=True)
AutoModelForTokenClassification.register(PlantedConfig, PlantedForTokenClassification, exist_ok=True)
