"""Layers in ONNX Runtime answer what the model answers, to the same bits everywhere; where they don't, torch does."""

import copy
import tempfile

import numpy as np
import pytest
import torch
import transformers
from engine_models import build, engine_for, plain, rows_of
from transformers import BertForSequenceClassification

from modelaudit.errors import ModelInputError
from modelaudit.inference import numerics, onnx_encoder
from modelaudit.inference.exchange import Findings, Parcel
from modelaudit.inference.worker import Worker

pytestmark = pytest.mark.skipif(
    int(transformers.__version__.split(".")[0]) < 5 or not onnx_encoder.installed(),
    reason="needs ONNX Runtime, and models that take their attention from a table",
)

KINDS = ["bert", "bert-tokens", "bert-encoder", "roberta", "distilbert"]


def want_of(kind):
    return "hidden" if kind == "bert-encoder" else "logits"


def bits(answers):
    return [answer.tobytes() for answer in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_are_those_of_the_model(kind):
    model = build(kind)
    engine = engine_for(model, batch_tokens=512, backend="onnx")
    assert engine.probe.onnx
    assert engine.events == []
    assert engine.numerics["layers"].startswith("onnxruntime ")
    rows = [*rows_of(40, longest=60), *rows_of(20, longest=60, typed=True, seed=3)]
    with torch.inference_mode():
        for row, answer in zip(rows, getattr(engine, want_of(kind))(rows), strict=True):
            found = plain(model, row)
            expected = found.last_hidden_state[0].mean(0) if kind == "bert-encoder" else found.logits[0]
            np.testing.assert_allclose(answer, expected.numpy(), atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_order_company_and_threads_change_no_bit(kind):
    want, rows = want_of(kind), rows_of(40, longest=60)
    before = torch.get_num_threads()
    expected = bits(getattr(engine_for(build(kind), batch_tokens=1024, backend="onnx"), want)(rows))
    try:
        for threads in (2, 3):
            torch.set_num_threads(threads)
            engine = engine_for(build(kind), batch_tokens=1024, backend="onnx")
            order = np.random.default_rng(threads).permutation(len(rows))
            shuffled = bits(getattr(engine, want)([rows[place] for place in order]))
            assert [shuffled[place] for place in np.argsort(order)] == expected
    finally:
        torch.set_num_threads(before)
    alone = engine_for(build(kind), batch_tokens=1024, backend="onnx")
    assert [bits(getattr(alone, want)([row]))[0] for row in rows] == expected


def test_states_of_a_model_that_answers_per_row_keep_their_bits_in_torch():
    rows = rows_of(60, longest=60)
    engine = engine_for(build("bert"), batch_tokens=1024, backend="onnx")
    expected = bits(engine.hidden(rows))
    alone = engine_for(build("bert"), batch_tokens=1024, backend="onnx")
    assert [bits(alone.hidden([row]))[0] for row in rows] == expected


def test_a_worker_follows_when_the_way_to_pack_changes():
    model, rows = build("bert"), rows_of(20)
    engines = [engine_for(model, batch_tokens=512, backend=backend) for backend in ("onnx", "torch")]
    worker = Worker(copy.deepcopy(model), "cpu", 0)
    for engine in engines:
        [unit] = engine.probe.layout.units("logits", rows, [0] * 20)
        outcome = worker.answer(Parcel.of(unit), Findings.of(engine._forward))
        assert bits(outcome.answers()) == [engine.logits(rows)[place].tobytes() for place in unit.places]


def test_two_workers_answer_with_the_bits_of_one_process():
    rows = rows_of(300, longest=60)
    engine = engine_for(build("bert"), batch_tokens=256, workers=2, backend="onnx")
    try:
        assert bits(engine.logits(rows)) == bits(
            engine_for(build("bert"), batch_tokens=256, backend="onnx").logits(rows)
        )
    finally:
        engine.close()


def test_the_two_runtimes_have_numerics_of_their_own():
    one, other = (engine_for(build("bert"), backend=backend) for backend in ("torch", "onnx"))
    assert one.numerics_id != other.numerics_id
    assert not one.probe.onnx


def test_the_model_is_left_as_it_was_and_nothing_lies_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    model = build("bert")
    model.train()
    try:
        engine_for(model, backend="onnx").logits(rows_of(20))
        assert all(module.training for module in model.modules())
        assert "forward" not in vars(model.bert.encoder)
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
        assert list(tmp_path.iterdir()) == []
    finally:
        model.eval()


class Twofold(torch.nn.Module):
    """An encoder that does something else with zeros, which is what a trace is made with."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, hidden_states, *others, **more):
        factor = 2.0 if bool(hidden_states.any()) else 1.0
        return self.encoder(hidden_states * factor, *others, **more)


class Inverting(Twofold):
    """An encoder with a step that has no counterpart in ONNX."""

    def forward(self, hidden_states, *others, **more):
        hidden_states = hidden_states + 0.0 * torch.linalg.eigvalsh(hidden_states[0, :2, :2]).sum()
        return self.encoder(hidden_states, *others, **more)


@pytest.mark.parametrize(("wrapper", "reason"), [(Twofold, "answers differ by up to"), (Inverting, "It does not take")])
def test_a_graph_that_does_not_answer_as_the_model_does_is_not_used(wrapper, reason):
    model = BertForSequenceClassification(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    model.bert.encoder = wrapper(model.bert.encoder)
    engine = engine_for(model, backend="onnx")
    assert not engine.probe.onnx
    assert "packed" in engine.numerics["shape"]
    [event] = engine.events
    assert event.startswith("ONNX Runtime is not used. ")
    assert reason in event
    rows = rows_of(10)
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    np.testing.assert_allclose(engine.logits(rows), expected, atol=2e-5)


def test_a_model_without_an_encoder_runs_in_torch_and_says_so_where_the_runtime_was_asked_for():
    events = [engine_for(build("gpt2"), backend=backend).events for backend in ("torch", "auto", "onnx")]
    assert events[0] == events[1]
    assert events[2] == [*events[0], "ONNX Runtime is not used: the rows of this model are not packed."]


def test_by_itself_only_a_large_model_is_exported():
    small = build("bert")
    assert numerics.choose_backend("auto", small, "cpu") == "torch"
    large = torch.nn.ModuleList([torch.nn.Linear(2400, 2400)])
    assert numerics.choose_backend("auto", large, "cpu") == "onnx"
    assert numerics.choose_backend("auto", large, "cuda") == "torch"


def test_a_backend_that_can_not_be_had_is_one_sentence(monkeypatch):
    with pytest.raises(ModelInputError, match="'tensorrt' is not known; use auto, torch or onnx"):
        engine_for(build("bert"), backend="tensorrt")
    with pytest.raises(ModelInputError, match="is for the CPU"):
        numerics.choose_backend("onnx", build("bert"), "cuda")
    monkeypatch.setattr(onnx_encoder, "installed", lambda: False)
    with pytest.raises(ModelInputError, match=r"install modelaudit-core\[onnx\]"):
        engine_for(build("bert"), backend="onnx")


def test_rows_of_the_audit_are_compared_and_the_numerics_say_how_they_came_out():
    engine = engine_for(build("bert"), batch_tokens=512, backend="onnx")
    named = engine.numerics_id
    rows = rows_of(300, longest=60)
    engine.certify(rows)
    assert engine.numerics["agreement"].startswith("ONNX Runtime against torch on 256 rows of the audit: ")
    assert engine.numerics["agreement"].endswith("decisions that differ: 0.")
    assert engine.numerics_id == named
    engine.logits(rows)
    assert (engine.stats.computed, engine.stats.memo_hits) == (44, 256)


def test_a_row_on_which_the_runtimes_differ_takes_the_audit_back_to_torch():
    model = BertForSequenceClassification(build("bert").config).eval()
    model.load_state_dict(build("bert").state_dict())
    engine = engine_for(model, batch_tokens=512, backend="onnx")
    assert engine.probe.onnx
    rows = rows_of(20)
    with torch.no_grad():
        # What was exported is not the model any more: the certificate has to see it.
        model.bert.encoder.layer[0].output.dense.bias[0].add_(5.0)
    engine.certify(rows)
    assert not engine.probe.onnx
    assert engine.numerics["layers"].startswith("torch ")
    assert "agreement" not in engine.numerics
    assert engine.events[-1].startswith("ONNX Runtime is not used. ONNX Runtime against torch on 20 rows of the audit")
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    np.testing.assert_allclose(engine.logits(rows), expected, atol=2e-5)
