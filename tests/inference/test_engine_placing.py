"""A model handed in is left as it is: where it would have to change, a copy runs."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from engine_models import build, engine_for, rows_of

from modelaudit import Audit
from modelaudit.errors import ModelInputError
from modelaudit.inference.placing import placed


def state(model):
    return {name: (tensor.dtype, tensor.device.type, tensor.clone()) for name, tensor in model.state_dict().items()}


def assert_same(model, before):
    for name, (dtype, device, tensor) in before.items():
        after = model.state_dict()[name]
        assert (after.dtype, after.device.type) == (dtype, device)
        assert torch.equal(after, tensor)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_precision_of_the_users_model_stays(dtype):
    model = copy.deepcopy(build("bert")).to(dtype)
    model.train()
    before = state(model)
    engine = engine_for(model)
    answers = engine.logits(rows_of(4))
    engine.gradients(rows_of(2), [0, 1])
    assert_same(model, before)
    assert model.training
    assert engine.events == [f"The weights came as {dtype} and were run as torch.float32."]
    expected = engine_for(copy.deepcopy(model).to(torch.float32)).logits(rows_of(4))
    np.testing.assert_array_equal(answers, expected)


def test_a_model_that_need_not_change_is_not_copied():
    model = build("bert")
    assert placed(model, "cpu") is model


def test_a_copy_keeps_tied_weights_tied_and_shares_what_need_not_change():
    model = copy.deepcopy(build("bert"))
    model.classifier.half()
    model.tied = torch.nn.Linear(1, 1)
    model.tied.weight = model.classifier.weight
    made = placed(model, "cpu")
    assert made.tied.weight is made.classifier.weight
    assert made.classifier.weight.dtype == torch.float32
    assert model.classifier.weight.dtype == torch.float16
    own, other = made.bert.embeddings.word_embeddings.weight, model.bert.embeddings.word_embeddings.weight
    assert own.data_ptr() == other.data_ptr()


def test_a_device_that_the_model_is_not_on_gets_a_copy():
    # The meta device stands for any other: what is asked is which object was moved.
    model = copy.deepcopy(build("bert"))
    made = placed(model, "meta")
    assert {parameter.device.type for parameter in made.parameters()} == {"meta"}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    with pytest.raises(ModelInputError, match="can't be copied there"):
        placed(made, "cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_model_on_the_cpu_stays_there():
    model = copy.deepcopy(build("bert"))
    before = state(model)
    engine_for(model, device="cuda").logits(rows_of(2))
    assert_same(model, before)


def test_an_audit_leaves_a_half_precision_model_as_it_was(classifier, rows):
    model, tokenizer = classifier
    half = copy.deepcopy(model).half()
    before = state(half)
    report = Audit(half, rows[:40], tokenizer=tokenizer, preset="quick", device="cpu").run("robustness").report
    assert_same(half, before)
    assert any("torch.float16" in event for event in report.run.events)
