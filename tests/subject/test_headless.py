"""Base models without a head: the half that reads alone, and parts that a checkpoint lacks."""

import numpy as np
import pytest
import torch
from tiny_models import make_tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
    UMT5Config,
    UMT5EncoderModel,
)

from modelaudit.inference.weights import weights_sha256
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.quiet import quiet
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import build_subject

ROWS = [Row(str(place), text) for place, text in enumerate(("peter paid", "the claim", "anna was not paid"))]
SMALL = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
BERT = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def save(kind, config, folder):
    torch.manual_seed(1)
    model = kind(config).eval()
    with quiet():
        model.save_pretrained(folder)
        make_tokenizer().save_pretrained(folder)
    return model


@pytest.mark.parametrize(("kind", "config"), [(T5EncoderModel, T5Config), (UMT5EncoderModel, UMT5Config)])
def test_the_half_that_reads_is_a_base_model_by_itself(tmp_path, kind, config):
    ends = {"pad_token_id": 0, "eos_token_id": 3}
    sizes = {**SMALL, **ends, "vocab_size": len(make_tokenizer())}
    save(T5ForConditionalGeneration, T5Config(**sizes), tmp_path / "model")
    saved = save(kind, config(**sizes), tmp_path / "base")
    base = open_model(tmp_path / "base", OpenOptions(headless=True))
    made = build_subject(
        open_model(tmp_path / "model"),
        data=[{"text": row.text, "summary": "peter"} for row in ROWS],
        base=base,
        device="cpu",
    )
    assert made.info.base_model.architecture == kind.__name__
    assert made.info.base_model.weights_sha256 == weights_sha256(saved)
    assert made.base_model.capabilities == {"embed", "token_counts"}
    with torch.no_grad():
        ids = base.tokenizer(ROWS[2].text, return_tensors="pt")["input_ids"]
        expected = saved(input_ids=ids).last_hidden_state.mean(dim=1)
    np.testing.assert_allclose(made.base_model.embed(ROWS[2:]), expected, atol=1e-5)


def test_what_a_checkpoint_lacks_is_the_same_each_time_and_takes_no_random_numbers_of_others(tmp_path):
    save(BertForMaskedLM, BertConfig(vocab_size=len(make_tokenizer()), **BERT), tmp_path / "base")
    torch.manual_seed(5)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    first, second = (open_model(tmp_path / "base", OpenOptions(headless=True)) for _ in range(2))
    assert torch.equal(torch.rand(1), drawn)
    # A masked model has no pooler; the encoder is given one, which nobody asks.
    assert first.model.pooler is not None
    assert weights_sha256(first.model) == weights_sha256(second.model)
