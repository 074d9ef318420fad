"""Tiny random models of the layouts that differ for an engine, and rows for them."""

from functools import cache

import numpy as np
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from modelaudit.inference import Engine, ModelInput

VOCABULARY = 200
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}


@cache
def build(kind):
    torch.manual_seed(7)
    bert = BertConfig(vocab_size=VOCABULARY, max_position_embeddings=64, num_labels=3, **SMALL)
    match kind:
        case "bert":
            model = BertForSequenceClassification(bert)
        case "bert-tokens":
            model = BertForTokenClassification(bert)
        case "bert-encoder":
            model = BertModel(bert)
        case "roberta":
            model = RobertaForSequenceClassification(
                RobertaConfig(vocab_size=VOCABULARY, max_position_embeddings=66, num_labels=3, **SMALL)
            )
        case "distilbert":
            model = DistilBertForSequenceClassification(
                DistilBertConfig(
                    vocab_size=VOCABULARY, dim=32, n_layers=2, n_heads=2, hidden_dim=48, num_labels=3,
                    max_position_embeddings=64,
                )
            )  # fmt: skip
        case "gpt2":
            model = GPT2ForSequenceClassification(
                GPT2Config(
                    vocab_size=VOCABULARY,
                    n_embd=32,
                    n_layer=2,
                    n_head=2,
                    n_positions=64,
                    num_labels=3,
                    bos_token_id=1,
                    eos_token_id=2,
                )
            )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)  # the usual start gives logits that differ by little more than rounding
    return model.eval()


def engine_for(model, **options):
    options = {"model_id": "tiny", "device": "cpu", "batch_tokens": 128} | options
    return Engine(model, **options)


def rows_of(n, seed=0, *, longest=40, gather=False, typed=False):
    """Return n distinct rows of 3 to `longest` tokens, none of them padding."""
    draw = np.random.default_rng(seed)
    rows = []
    for length in draw.integers(3, longest + 1, n):
        ids = draw.integers(5, VOCABULARY, length).astype(np.int32)
        types = (np.arange(length) >= length // 2).astype(np.int32) if typed else None
        positions = np.arange(1, length - 1, 2, dtype=np.int32) if gather else None
        rows.append(ModelInput(ids, types, positions))
    return rows


def plain(model, row):
    """Ask the model itself: one row, no padding, no mask."""
    arguments = {"input_ids": torch.from_numpy(row.ids.astype(np.int64))[None]}
    if row.type_ids is not None:
        arguments["token_type_ids"] = torch.from_numpy(row.type_ids.astype(np.int64))[None]
    return model(**arguments)
