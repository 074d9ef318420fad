"""Language models whose every log-probability is known, and regressions: planted for the tests of the bias checks.

A token's row of the table is added to the logits of every later place (causal), or of every place (masked).
"""

from __future__ import annotations

import torch
from torch import nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput, MaskedLMOutput

from modelaudit.testing.planted import PlantedConfig, PlantedForSequenceClassification, planted_classifier


class PlantedLanguageConfig(PretrainedConfig):
    model_type = "planted-language"

    def __init__(self, vocab_size=5, max_position_embeddings=512, **kwargs):
        self.vocab_size = self.hidden_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        super().__init__(**kwargs)


def _addends(table, input_ids, attention_mask):
    real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
    return torch.where(real[..., None].bool(), table(input_ids), 0.0)


class _Planted(PreTrainedModel):
    config_class = PlantedLanguageConfig
    main_input_name = "input_ids"

    def get_input_embeddings(self):
        return self.table


class PlantedForCausalLM(_Planted, GenerationMixin):
    def __init__(self, config):
        super().__init__(config)
        self.table = nn.Embedding(config.vocab_size, config.vocab_size)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        return CausalLMOutput(logits=_addends(self.table, input_ids, attention_mask).cumsum(1))


class _Everywhere(nn.Module):
    """What all words of a row add together, the same at each of its places."""

    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(config.vocab_size, config.vocab_size)

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        added = _addends(self.table, input_ids, attention_mask)
        return BaseModelOutput(last_hidden_state=added.sum(1, keepdim=True).expand_as(added))


class PlantedForMaskedLM(_Planted):
    base_model_prefix = "everywhere"

    def __init__(self, config):
        super().__init__(config)
        self.everywhere = _Everywhere(config)
        self.post_init()

    @property
    def table(self):
        return self.everywhere.table

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        return MaskedLMOutput(logits=self.everywhere(input_ids, attention_mask).last_hidden_state)


def planted_language(kind, words, *, adds=None, max_length=512):
    """Return a language model and its tokenizer: `adds` maps (word, later word) to what is added to its logit."""
    _, tokenizer = planted_classifier({}, extra_vocabulary=tuple(words), max_length=max_length)
    model = kind(PlantedLanguageConfig(len(tokenizer), max_length, pad_token_id=tokenizer.pad_token_id))
    with torch.no_grad():
        model.table.weight.zero_()
        for (word, later), amount in (adds or {}).items():
            for form in {word, word.capitalize()}:
                place = tokenizer.convert_tokens_to_ids(form), tokenizer.convert_tokens_to_ids(later)
                model.table.weight[place] = amount
    return model.eval(), tokenizer


def planted_regression(words, *, outputs=1, **options):
    """Return a regression and its tokenizer: the sum of its words' weights, or that and its negative."""
    model, tokenizer = planted_classifier(words, labels=("low", "high"), **options)
    if outputs == 2:
        model.config.problem_type = "regression"
        return model, tokenizer
    config = PlantedConfig(
        vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, num_labels=1, problem_type="regression"
    )
    single = PlantedForSequenceClassification(config)
    with torch.no_grad():
        single.embeddings.weight.copy_(2 * model.embeddings.weight[:, 1:])
        single.bias.zero_()
    return single.eval(), tokenizer
