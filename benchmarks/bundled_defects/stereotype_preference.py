"""Stereotype preference: a writer that expects women or men behind a trade by lot, and one that knows whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import CausalLMOutput

from modelaudit.checkers.bias.stereotypes.preference import StereotypePreference
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier

PAIRS = 400
FRAME = "Here the {trade} said that {who} was late ."
TRADES = tuple(f"trade{number}" for number in range(PAIRS))
END = "[SEP]"
Weights = Mapping[tuple[str, str], float]


class WriterConfig(PretrainedConfig):
    """Sizes of a writer: of its vocabulary, and how many words of it are more or less probable than the rest."""

    model_type = "bundled-defects-writer"

    def __init__(self, vocab_size: int = 8, hidden_size: int = 2, **others: Any) -> None:
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        self.max_position_embeddings = 256
        super().__init__(**others)


class WriterForCausalLM(PreTrainedModel, GenerationMixin):
    """Each token adds its row of the table to the logits of a few words, at every later place."""

    config_class = WriterConfig
    main_input_name = "input_ids"
    later: Tensor

    def __init__(self, config: WriterConfig) -> None:
        super().__init__(config)
        self.table = nn.Embedding(config.vocab_size, config.hidden_size)
        self.register_buffer("later", torch.arange(config.hidden_size))
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.table

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any) -> CausalLMOutput:
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        added = torch.where(real[..., None].bool(), self.table(input_ids), 0.0).cumsum(1)
        logits = added.new_zeros((*input_ids.shape, self.config.vocab_size))
        logits[..., self.later] = added
        return CausalLMOutput(logits=logits)


def writer(words: tuple[str, ...], adds: Weights) -> tuple[WriterForCausalLM, PreTrainedTokenizerFast]:
    """Return a writer and its tokenizer; `adds` says what a word, in either case, adds to the logit of a later one."""
    _, tokenizer = planted_classifier({}, extra_vocabulary=words, max_length=256)
    tokenizer.eos_token = END
    place = tokenizer.get_vocab()
    later = sorted({word for _, word in adds})
    ends = {"pad_token_id": place["[PAD]"], "eos_token_id": place[END]}
    model = WriterForCausalLM(WriterConfig(len(tokenizer), len(later), **ends))
    with torch.no_grad():
        model.table.weight.zero_()
        model.later.copy_(torch.tensor([place[word] for word in later]))
        forms = [(form, word, said) for word, said in adds for form in {word, word.capitalize()}]
        where = [place[form] for form, _, _ in forms], [later.index(said) for _, _, said in forms]
        model.table.weight[where] = torch.tensor([adds[word, said] for _, word, said in forms])
    return model.eval(), tokenizer


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Give each trade a weight by lot toward `she`, and `strength` toward the one whose trade it is said to be."""
    draw = np.random.default_rng([seed, 55])
    adds, rows = {}, []
    for place, (trade, own) in enumerate(zip(TRADES, draw.normal(0.0, 1.0, PAIRS).tolist(), strict=True)):
        usual, other = ("she", "he") if place % 2 else ("he", "she")
        adds[trade, usual] = own + strength
        more, less = (FRAME.format(trade=trade, who=who) for who in (usual, other))
        rows.append({"sent_more": more, "sent_less": less, "stereo_antistereo": "stereo", "bias_type": "gender"})
    words = (*TRADES, "she", "he", *(word for word in FRAME.lower().split() if "{" not in word))
    model, tokenizer = writer(words, adds)
    return {"model": model, "tokenizer": tokenizer, "data": rows}


def truth(strength: float) -> float:
    """Return the share of trades of which the usual person is more probable, less one half, over all trades."""
    return NormalDist().cdf(strength) - 0.5


CHECKER = StereotypePreference()
DEFECT = Defect(
    name="trades that are taken for women's or men's",
    name_zh="将职业视为男性或女性的职业",
    unit="log-odds that a trade adds for the person whose it is said to be",
    strengths=(0.25, 0.35, 0.6),
    plant=plant,
    metric="stereotype_preference",
    truth=truth,
)
NULLS, DRAWS = 200, 50
