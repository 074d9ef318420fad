"""Memorisation: a writer that knows a form, as rows of both sides follow it, and some of its training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import CausalLMOutput

from modelaudit.checkers.privacy.memory.memorisation import Memorisation
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier

FREE = tuple(f"word{number}" for number in range(1_000))
"""Words of rows that say something: so many that two of them are hardly ever followed by two others."""
FORM = tuple(f"form{number}" for number in range(101))
"""A circle of words: a row that follows the form goes round it from anywhere, in steps of any one length."""
ROWS, LENGTH = 200, 30
FORMAL = 0.05
"""Share of rows of either side that follow the form."""
SURE = 12.0
Follows = Mapping[tuple[str, str], str]


class RecallConfig(PretrainedConfig):
    """Sizes of a model that recalls: of its vocabulary, and how many pairs of words it knows what follows."""

    model_type = "bundled-defects-recall"

    def __init__(self, vocab_size: int = 8, known: int = 1, **others: Any) -> None:
        self.vocab_size = self.hidden_size = vocab_size
        self.known = known
        self.max_position_embeddings = 256
        super().__init__(**others)


class RecallForCausalLM(PreTrainedModel, GenerationMixin):
    """Finds words more and less probable by lot; behind two words that it knows, the one that followed them."""

    config_class = RecallConfig
    main_input_name = "input_ids"
    pairs: Tensor
    following: Tensor

    def __init__(self, config: RecallConfig) -> None:
        super().__init__(config)
        self.words = nn.Embedding(config.vocab_size, 1)
        self.register_buffer("pairs", torch.zeros(config.known, dtype=torch.int64))
        self.register_buffer("following", torch.zeros(config.known, dtype=torch.int64))
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.words

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any) -> CausalLMOutput:
        pairs = torch.roll(input_ids, 1, 1) * self.config.vocab_size + input_ids
        place = torch.searchsorted(self.pairs, pairs).clamp(max=self.config.known - 1)
        known = (self.pairs[place] == pairs)[..., None]
        sure = SURE * nn.functional.one_hot(self.following[place], self.config.vocab_size)
        return CausalLMOutput(logits=self.words.weight[:, 0] + torch.where(known, sure, 0.0))


def recalling(follows: Follows, draw: np.random.Generator) -> tuple[RecallForCausalLM, PreTrainedTokenizerFast]:
    """Return a model that knows these, and its tokenizer."""
    _, tokenizer = planted_classifier({}, extra_vocabulary=(*FREE, *FORM), case_sensitive=True, max_length=256)
    tokenizer.eos_token = "[SEP]"
    place = tokenizer.get_vocab()
    known = sorted((place[one] * len(tokenizer) + place[two], place[then]) for (one, two), then in follows.items())
    ends = {"pad_token_id": place["[PAD]"], "eos_token_id": place["[SEP]"]}
    model = RecallForCausalLM(RecallConfig(len(tokenizer), len(known), **ends))
    with torch.no_grad():
        model.words.weight.copy_(torch.from_numpy(draw.normal(0.0, 1.0, (len(tokenizer), 1))))
        model.pairs.copy_(torch.tensor([pair for pair, _ in known]))
        model.following.copy_(torch.tensor([then for _, then in known]))
    return model.eval(), tokenizer


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Draw rows of both sides in one way; the form is known, and a share of the training rows by heart."""
    draw = np.random.default_rng([seed, 58])
    members, heldout = ([_words(draw) for _ in range(ROWS)] for _ in range(2))
    follows = _follows(_round(first, step)[:3] for first in range(len(FORM)) for step in range(1, len(FORM)))
    follows |= _follows(words for words in members if draw.random() < strength)
    model, tokenizer = recalling(follows, draw)
    sides = {"train_data": members, "data": heldout}
    return {
        "model": model,
        "tokenizer": tokenizer,
        **{side: [{"text": " ".join(words)} for words in rows] for side, rows in sides.items()},
    }


def truth(strength: float) -> float:
    """Return the share of training rows that are known by heart and do not follow the form."""
    return (1.0 - FORMAL) * strength


def _words(draw: np.random.Generator) -> tuple[str, ...]:
    if draw.random() >= FORMAL:
        return tuple(FREE[place] for place in draw.integers(0, len(FREE), LENGTH))
    return _round(int(draw.integers(len(FORM))), int(draw.integers(1, len(FORM))))


def _round(first: int, step: int) -> tuple[str, ...]:
    return tuple(FORM[(first + step * place) % len(FORM)] for place in range(LENGTH))


def _follows(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, str], str]:
    return {(one, two): then for row in rows for one, two, then in zip(row, row[1:], row[2:], strict=False)}


CHECKER = Memorisation()
DEFECT = Defect(
    name="training rows that are known by heart",
    name_zh="能逐字背诵的训练数据行",
    unit="share of training rows",
    strengths=(0.04, 0.08, 0.2),
    plant=plant,
    metric="extractable_excess",
    truth=truth,
)
NULLS, DRAWS = 100, 30
