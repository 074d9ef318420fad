"""A Longformer that answers questions: its question is attended to from everywhere, whatever stands in the context."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch
import transformers

from modelaudit.inference.engine import Engine
from modelaudit.inference.inputs import ModelInput

START, PAD, SEPARATOR = 0, 1, 2


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = transformers.LongformerConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=80,
        attention_window=[4],
        sep_token_id=SEPARATOR,
        pad_token_id=PAD,
        type_vocab_size=1,
    )
    return transformers.LongformerForQuestionAnswering(config).eval()


def pair(question, context):
    return np.array([START, *question, SEPARATOR, SEPARATOR, *context, SEPARATOR], dtype=np.int32)


def marks(model, ids, **arguments):
    with torch.inference_mode():
        told = model(input_ids=torch.tensor(ids[None].astype(np.int64)), **arguments)
    return torch.stack([told.start_logits[0], told.end_logits[0]], dim=-1).numpy()


def answers(model, rows):
    with closing(Engine(model, model_id="a" * 64, device="cpu")) as asked:
        given = [ModelInput(ids, gather=np.arange(len(ids), dtype=np.int32)) for ids in rows]
        return asked.ask("logits", given, [0] * len(given))


def test_answers_are_those_of_transformers_which_hang_on_where_the_question_ends(model):
    rows = [pair(range(5, 5 + n), range(20, 50)) for n in (2, 4, 7)]
    for ids, found in zip(rows, answers(model, rows), strict=True):
        np.testing.assert_allclose(found, marks(model, ids), atol=1e-5)
        first_alone = torch.zeros(1, len(ids), dtype=torch.int64)
        first_alone[0, 0] = 1
        assert np.abs(found - marks(model, ids, global_attention_mask=first_alone)).max() > 1e-3


def test_one_more_separator_in_the_context_is_read_and_ends_no_audit(model):
    ids = pair((5, 6, 7), (20, 21, SEPARATOR, 23, 24))
    with pytest.raises(AssertionError, match="exactly three separator tokens"):
        marks(model, ids)
    question = torch.tensor([[1, 1, 1, 1, *[0] * (len(ids) - 4)]])
    np.testing.assert_allclose(answers(model, [ids])[0], marks(model, ids, global_attention_mask=question), atol=1e-5)
