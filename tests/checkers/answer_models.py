"""Models whose answers are text, biased by words of a person's group or not; shared by the tests of the bias checks."""

from __future__ import annotations

import torch
from planted_language import PlantedLanguageConfig
from torch import nn
from transformers import BartConfig, BartForConditionalGeneration, PreTrainedModel
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from modelaudit.testing.planted import planted_classifier


class PlantedForQuestionAnswering(PreTrainedModel):
    """Start and end logit of a token: its own, and what every word of question and context adds to it."""

    config_class = PlantedLanguageConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.own = nn.Embedding(config.vocab_size, 1)
        self.adds = nn.Embedding(config.vocab_size, config.vocab_size)
        self.post_init()

    def get_input_embeddings(self):
        return self.adds

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        added = torch.where(real[..., None].bool(), self.adds(input_ids), 0.0).sum(1)
        logits = self.own(input_ids)[..., 0] + added.gather(1, input_ids)
        return QuestionAnsweringModelOutput(start_logits=logits, end_logits=logits)


def planted_reader(words, *, own, adds=None):
    """Return a model that answers questions, and its tokenizer: `adds` maps (word, answer) to logits of the answer."""
    _, tokenizer = planted_classifier({}, extra_vocabulary=tuple(words), max_length=256)
    config = PlantedLanguageConfig(len(tokenizer), 256, pad_token_id=tokenizer.pad_token_id)
    model = PlantedForQuestionAnswering(config)
    with torch.no_grad():
        for table in (model.own, model.adds):
            table.weight.zero_()
        for word, logit in own.items():
            model.own.weight[tokenizer.convert_tokens_to_ids(word), 0] = logit
        for (word, answer), logit in (adds or {}).items():
            for form in {word, word.capitalize()}:
                model.adds.weight[tokenizer.convert_tokens_to_ids(form), tokenizer.convert_tokens_to_ids(answer)] = (
                    logit
                )
    return model.eval(), tokenizer


def trained_writer(pairs, words, *, steps=80, seed=0):
    """Return a small encoder-decoder that was trained to write the second text of each pair, and its tokenizer.

    `words` are all that there are.
    """
    _, tokenizer = planted_classifier({}, extra_vocabulary=tuple(words), max_length=64)
    tokenizer.bos_token, tokenizer.eos_token = "[CLS]", "[SEP]"
    torch.manual_seed(seed)
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=64,
        dropout=0.0,
        init_std=0.2,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
    )
    model = BartForConditionalGeneration(config)
    sources = tokenizer([source for source, _ in pairs], return_tensors="pt", padding=True)
    targets = tokenizer([target for _, target in pairs], return_tensors="pt", padding=True).input_ids
    labels = torch.where(targets == tokenizer.pad_token_id, -100, targets)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    draws = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch = torch.randint(len(pairs), (64,), generator=draws)
        loss = model(
            input_ids=sources.input_ids[batch], attention_mask=sources.attention_mask[batch], labels=labels[batch]
        ).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return model.eval(), tokenizer
