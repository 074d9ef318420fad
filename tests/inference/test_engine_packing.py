"""Packed rows answer what the model answers; where a model does not allow it, the engine finds out by itself."""

import numpy as np
import pytest
import torch
import transformers
from engine_models import SMALL, VOCABULARY, build, engine_for, plain, rows_of
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    BertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    MPNetConfig,
    MPNetForSequenceClassification,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from modelaudit.inference.packing import Packing

INTERFACE = int(transformers.__version__.split(".")[0]) >= 5
"""From this version on models take their attention from a table that others can add to."""

packs = pytest.mark.skipif(not INTERFACE, reason="models of transformers 4 choose their attention by themselves")


def other(kind):
    torch.manual_seed(3)
    shape = {"vocab_size": VOCABULARY, "max_position_embeddings": 66, "num_labels": 3, **SMALL}
    match kind:
        case "albert":
            model = AlbertForSequenceClassification(AlbertConfig(embedding_size=16, **shape))
        case "electra":
            model = ElectraForSequenceClassification(ElectraConfig(embedding_size=16, **shape))
        case "mpnet":
            model = MPNetForSequenceClassification(MPNetConfig(**shape))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return model.eval()


@packs
@pytest.mark.parametrize("kind", ["bert", "bert-tokens", "bert-encoder", "roberta", "distilbert", "albert", "electra"])
def test_encoders_are_packed_and_answer_what_the_model_answers(kind):
    model = other(kind) if kind in ("albert", "electra") else build(kind)
    engine = engine_for(model, batch_tokens=512)
    want = "hidden" if kind == "bert-encoder" else "logits"
    assert want in engine.probe.layout.packed
    assert engine.events == []
    # A head that answers per row looks at first tokens; the layers of ALBERT are one layer, asked again and again.
    assert engine.probe.pruned == (kind in ("bert", "roberta", "distilbert", "electra"))
    rows = rows_of(60, longest=60)
    with torch.inference_mode():
        for row, answer in zip(rows, getattr(engine, want)(rows), strict=True):
            found = plain(model, row)
            expected = found.last_hidden_state[0].mean(0) if want == "hidden" else found.logits[0]
            np.testing.assert_allclose(answer, expected.numpy(), atol=2e-5)
    assert engine.stats.padded_tokens < 1.1 * engine.stats.tokens


@pytest.mark.parametrize("kind", ["gpt2", "mpnet"])
def test_models_of_another_layout_are_asked_row_by_row_of_one_length(kind):
    model = other(kind) if kind == "mpnet" else build(kind)
    engine = engine_for(model)
    assert not engine.probe.layout.packed
    expected = ["Rows are asked one by one: the model has no padding token."] if kind == "gpt2" else []
    assert engine.events == expected
    assert "packed" not in engine.numerics["shape"]
    rows = rows_of(30, longest=60)
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    np.testing.assert_allclose(engine.logits(rows), expected, atol=2e-5)


class Neighbourly(BertForSequenceClassification):
    """A model that takes the mean of its batch from every answer, so that rows depend on one another."""

    def forward(self, input_ids, **others):
        logits = super().forward(input_ids=input_ids, **others).logits
        return SequenceClassifierOutput(logits=logits - logits.mean(0, keepdim=True) / 2)


def test_a_model_whose_rows_depend_on_one_another_is_asked_one_row_at_a_time():
    model = Neighbourly(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    engine = engine_for(model)
    assert engine.probe.layout.single
    assert "not independent" in engine.numerics["rows"]
    rows = rows_of(20)
    together = engine.logits(rows)
    alone = [engine_for(model).logits([row])[0] for row in rows]
    np.testing.assert_array_equal(together, alone)


class Leaky(torch.nn.Module):
    """An encoder in which every token also sees the mean of the whole row."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, hidden_states, *others, **more):
        return self.encoder(hidden_states + hidden_states.mean(1, keepdim=True), *others, **more)


def test_an_encoder_that_would_let_packed_rows_read_one_another_is_not_packed():
    model = BertForSequenceClassification(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    model.bert.encoder = Leaky(model.bert.encoder)
    engine = engine_for(model)
    assert not engine.probe.layout.packed
    assert all("packed answers differ" in event for event in engine.events)
    assert len(engine.events) == int(INTERFACE)
    rows = rows_of(10)
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    np.testing.assert_allclose(engine.logits(rows), expected, atol=2e-5)


@packs
def test_packing_leaves_the_model_as_it_was():
    model = build("bert")
    before = model.config._attn_implementation
    engine_for(model).logits(rows_of(20))
    assert model.config._attn_implementation == before
    assert not model.bert.encoder._forward_hooks
    assert not model.bert.encoder._forward_pre_hooks
    with pytest.raises(RuntimeError, match="half way"), Packing(model).packed([3, 4], slots=16, heads=2):
        raise RuntimeError("half way")
    assert model.config._attn_implementation == before
    assert not model.bert.encoder._forward_hooks


@packs
def test_every_size_that_the_layout_allows_was_shown_to_give_the_same_bits():
    engine = engine_for(build("bert"), batch_tokens=256)
    sizes = engine.probe.layout.sizes
    assert sizes[-1] == 256
    assert str(sizes[0]) in engine.numerics["shape"]
    rows = rows_of(1, longest=4)
    answers = []
    for company in (0, 3, 9, 30):
        answers.append(engine_for(build("bert"), batch_tokens=256).logits([*rows_of(company, seed=5), *rows])[-1])
    assert len({answer.tobytes() for answer in answers}) == 1
