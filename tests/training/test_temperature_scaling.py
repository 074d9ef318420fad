"""Temperature scaling: the planted temperature is found, written only where it pays, and changes no answer."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    GPT2Config,
    ModernBertConfig,
    RobertaConfig,
)

from modelaudit.errors import ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.quiet import quiet
from modelaudit.training.adapters import adapted
from modelaudit.training.compact import compact_model
from modelaudit.training.examples import TrainingData
from modelaudit.training.measures.temperature import fit_temperature, write_temperature
from modelaudit.training.recipe import Recipe

SHAPE = {"vocab_size": 120, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "pad_token_id": 0}
WIDE = {**SHAPE, "intermediate_size": 16}
CONFIGS = {
    "bert": BertConfig(**WIDE),
    "distilbert": DistilBertConfig(vocab_size=120, dim=16, n_layers=1, n_heads=2, hidden_dim=16, pad_token_id=0),
    "roberta": RobertaConfig(**WIDE),
    "gpt2": GPT2Config(vocab_size=120, n_embd=16, n_layer=1, n_head=2, pad_token_id=0, bos_token_id=1, eos_token_id=2),
    "deberta": DebertaV2Config(**WIDE, relative_attention=True, pos_att_type=["p2c", "c2p"]),
    "modernbert": ModernBertConfig(**WIDE, cls_token_id=1, sep_token_id=2, bos_token_id=1, eos_token_id=2),
}
KINDS = {
    "text-classification": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
}


def made(kind, task):
    config = CONFIGS[kind]
    config.num_labels = 3
    torch.manual_seed(0)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KINDS[task].from_config(config).eval()


def asked(model):
    ids = torch.randint(3, 120, (5, 11), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits


@pytest.mark.parametrize("adapter", ["none", "lora"])
@pytest.mark.parametrize("task", list(KINDS))
@pytest.mark.parametrize("kind", list(CONFIGS))
def test_every_logit_is_divided_in_every_architecture(kind, task, adapter):
    model = adapted(made(kind, task), Recipe.of(adapter=adapter), task=task, updates=10).eval()
    before = asked(model)
    write_temperature(model, 1.7)
    after = asked(model)
    assert torch.allclose(after, before / 1.7, rtol=1e-4, atol=1e-6)
    assert torch.equal(after.argmax(-1), before.argmax(-1))


def test_a_model_whose_last_layer_is_not_its_answer_is_left_as_it_was():
    model = made("bert", "text-classification")
    with torch.no_grad():
        model.classifier.weight.mul_(100.0)
    model.classifier = torch.nn.Sequential(model.classifier, torch.nn.Tanh())
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with pytest.raises(ModelInputError, match="without --temperature"):
        write_temperature(model, 3.0)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    with pytest.raises(ValueError, match="above 0"):
        write_temperature(model, 0.0)


def told(temperature, *, rows=200, seed=0):
    """A tagger and held-back rows whose tags are drawn from its own probabilities, once its logits are divided."""
    rng = np.random.default_rng(seed)
    words = [f"w{place}" for place in range(60)]
    model, tokenizer = compact_model(
        [words], labels=("a", "b", "c"), task="token-classification", layers=1, hidden=16, max_length=24, seed=3
    )
    with torch.no_grad():
        model.classifier.weight.mul_(40.0)
    dev = []
    for place in range(rows):
        drawn = tuple(rng.choice(words, size=int(rng.integers(1, 8))))
        encoded = tokenizer([list(drawn)], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            logits = model(**encoded).logits[0]
        firsts = [encoded.word_ids(0).index(word) for word in range(len(drawn))]
        chances = (logits[firsts].double() / temperature).softmax(-1).numpy()
        tags = tuple(int(rng.choice(3, p=row / row.sum())) for row in chances)
        dev.append(Row(f"t:{place}", " ".join(drawn), words=drawn, tags=tags))
    return model, tokenizer, TrainingData("token-classification", ("a", "b", "c"), (), tuple(dev))


def test_a_planted_temperature_is_found_and_an_honest_model_is_left_alone():
    model, tokenizer, data = told(2.5)
    model.train()
    fitted = fit_temperature(model, tokenizer, data, limit=24)
    assert fitted.value == pytest.approx(2.5, rel=0.2)
    assert model.training
    assert fitted.step.counts["rows asked"] == 200
    assert "lowers the log-loss" in fitted.step.notes[0]
    write_temperature(model, fitted.value)
    again = fit_temperature(model, tokenizer, data, limit=24)
    assert again.value is None
    assert "does not lower the loss" in again.step.notes[0]


def test_too_few_rows_give_none_and_a_reason():
    model, tokenizer, data = told(1.0, rows=19)
    fitted = fit_temperature(model, tokenizer, data, limit=24)
    assert fitted.value is None
    assert fitted.step.notes == ("No temperature was written. 19 rows are held back, and 20 are the least.",)
