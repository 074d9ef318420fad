"""Answering: what a causal language model goes on with, and how probable it finds that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from writing_models import SENTENCES, bart

from modelaudit.inference.engine import Engine
from modelaudit.rows import Row
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.tasks.text_generation import TextGeneration

ROOM = 24
ROWS = [Row(f"t:{i}", sentence) for i, sentence in enumerate(SENTENCES)]


def writer(*, end: int | None = None, always: int | None = None) -> Model:
    """A tiny model with random weights, or one that says `always` the same; `end` is what ends a text."""
    _, tokenizer = bart()
    tokenizer.model_max_length = ROOM
    tokenizer.eos_token = None if end is None else tokenizer.convert_ids_to_tokens(end)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=1,
        n_head=2,
        n_positions=ROOM,
        initializer_range=0.5,
        bos_token_id=None,
        eos_token_id=end,
        tie_word_embeddings=False,
    )
    torch.manual_seed(1)
    model: Any = GPT2LMHeadModel(config).eval()
    if always is not None:
        with torch.no_grad():
            model.transformer.ln_f.weight.zero_()
            model.transformer.ln_f.bias.fill_(1.0)
            model.lm_head.weight.zero_()
            model.lm_head.weight[always] = 1.0
    opened = OpenedModel(model=model, tokenizer=tokenizer, name="tiny")
    return Model(opened, TextGeneration(), Engine(model, model_id=f"tiny {end} {always}", device="cpu"))


def test_an_answer_is_what_the_model_generates_with_the_mean_of_its_log_probabilities() -> None:
    model = writer()
    answers = model.answers(ROWS[:4], max_new_tokens=4)
    assert list(answers.texts) == [text.strip() for text in model.generate(ROWS[:4], max_new_tokens=4)]
    assert not answers.ended.any()
    for place, row in enumerate(ROWS[:4]):
        ids = model.encoder.call([row.text], split=False, cut=False)["input_ids"][0][:-1]
        chances = []
        for _ in range(4):
            with torch.inference_mode():
                told = model.opened.model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            ids.append(int(told.argmax()))
            chances.append(float(told.max()))
        assert answers.log_probs[place] == pytest.approx(np.mean(chances), abs=1e-4)


def test_an_end_ends_an_answer_and_counts_in_it() -> None:
    answers = writer(end=2, always=2).answers(ROWS[:2], max_new_tokens=4)
    assert answers.texts == ("", "")
    assert answers.ended.tolist() == [True, True]
    # One logit is 16, 299 others are 0.
    assert answers.log_probs.tolist() == pytest.approx([-np.log1p(299 * np.exp(-16.0))] * 2, abs=1e-6)


def test_each_token_that_ends_a_text_counts_as_its_end() -> None:
    model = writer(end=2, always=2)
    net: Any = model.opened.model
    net.generation_config.eos_token_id = [2, 7]
    with torch.no_grad():
        net.lm_head.weight[7] = 1.0
    answers = model.answers(ROWS[:1], max_new_tokens=4)
    assert answers.texts == ("",)
    assert answers.log_probs[0] == pytest.approx(0.0, abs=1e-4)


def test_the_limit_and_the_length_of_the_model_cut_an_answer() -> None:
    model = writer(end=2, always=300 - 1)
    long = Row("t:9", "peter paid the claim " * 20)
    answers = model.answers([ROWS[0], long], max_new_tokens=3)
    assert answers.ended.tolist() == [False, False]
    assert answers.truncated.tolist() == [False, True]
    assert model.answers([replace(ROWS[0], answer=" a truth")], max_new_tokens=3).texts == answers.texts[:1]
    endless = model.answers([long], max_new_tokens=500)
    assert endless.ended.tolist() == [False]
    assert np.isfinite(endless.log_probs).all()


def test_an_answer_has_a_token_at_least() -> None:
    with pytest.raises(ValueError, match="max_new_tokens is 0"):
        writer().answers(ROWS[:1], max_new_tokens=0)
