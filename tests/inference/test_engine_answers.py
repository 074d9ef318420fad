"""What the engine answers is what the model answers."""

import numpy as np
import pytest
import torch
from engine_models import VOCABULARY, build, engine_for, plain, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.errors import CapabilityError, ModelInputError
from modelaudit.inference import Engine, ModelInput, masked_inputs, weights_sha256

KINDS = ["bert", "roberta", "distilbert", "gpt2"]


@pytest.mark.parametrize("kind", KINDS)
def test_logits_equal_a_plain_forward_one_by_one(kind):
    model, rows = build(kind), rows_of(40, longest=64)
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    answers = engine_for(model).logits(rows)
    assert all(answer.dtype == np.float32 and answer.shape == (3,) for answer in answers)
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    assert np.std(answers) > 0.1, "the test would pass with answers that are all the same"


def test_segments_reach_the_model_and_change_the_answer():
    model, rows = build("bert"), rows_of(20, typed=True)
    with torch.inference_mode():
        expected = [plain(model, row).logits[0].numpy() for row in rows]
    answers = engine_for(model).logits(rows)
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    without = engine_for(model).logits([ModelInput(row.ids) for row in rows])
    assert np.abs(np.subtract(without, answers)).max() > 1e-3


def test_segments_are_left_out_where_the_model_takes_none():
    rows = rows_of(5, typed=True)
    answers = engine_for(build("distilbert")).logits(rows)
    np.testing.assert_array_equal(answers, engine_for(build("distilbert")).logits([ModelInput(r.ids) for r in rows]))


def test_gathered_positions_of_a_model_that_answers_per_token():
    model, rows = build("bert-tokens"), rows_of(30, gather=True)
    engine = engine_for(model)
    answers = engine.logits(rows)
    whole = engine.logits([ModelInput(row.ids) for row in rows])
    with torch.inference_mode():
        for row, answer, everything in zip(rows, answers, whole, strict=True):
            expected = plain(model, row).logits[0].numpy()
            assert answer.shape == (len(row.gather), 3)
            np.testing.assert_allclose(answer, expected[row.gather], atol=1e-5)
            np.testing.assert_allclose(everything, expected, atol=1e-5)


def test_gathering_nothing_gives_no_rows():
    row = ModelInput(np.array([5, 6, 7], np.int32), gather=np.array([], np.int32))
    assert engine_for(build("bert-tokens")).logits([row])[0].shape == (0, 3)


def test_gathering_from_a_model_with_one_answer_a_row_is_refused():
    with pytest.raises(CapabilityError, match="one answer a row"):
        engine_for(build("bert")).logits(rows_of(2, gather=True))


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "bert-encoder"])
def test_hidden_is_the_mean_of_the_last_state_over_real_tokens(kind):
    model, rows = build(kind), rows_of(20)
    base = getattr(model, model.base_model_prefix, model)
    with torch.inference_mode():
        expected = [plain(base, row).last_hidden_state[0].mean(0).numpy() for row in rows]
    np.testing.assert_allclose(engine_for(model).hidden(rows), expected, atol=2e-5)


def test_a_model_without_a_head_has_no_logits():
    with pytest.raises(CapabilityError, match="no logits"):
        engine_for(build("bert-encoder")).logits(rows_of(1))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_autograd_by_hand(kind):
    model, rows = build(kind), rows_of(12)
    classes = [index % 3 for index in range(len(rows))]
    answers = engine_for(model).gradients(rows, classes)
    for row, class_, answer in zip(rows, classes, answers, strict=True):
        embedded = model.get_input_embeddings()(torch.from_numpy(row.ids.astype(np.int64))[None]).detach()
        embedded.requires_grad_(True)
        (expected,) = torch.autograd.grad(model(inputs_embeds=embedded).logits[0, class_], embedded)
        assert answer.shape == expected[0].shape
        np.testing.assert_allclose(answer, expected[0].numpy(), atol=1e-5, rtol=1e-4)
        assert np.abs(answer).max() > 1e-3


def test_gradients_per_token_are_of_the_mean_over_the_gathered_positions():
    model, row = build("bert-tokens"), rows_of(1, seed=3, gather=True)[0]
    embedded = model.get_input_embeddings()(torch.from_numpy(row.ids.astype(np.int64))[None]).detach()
    embedded.requires_grad_(True)
    score = model(inputs_embeds=embedded).logits[0, torch.from_numpy(row.gather.astype(np.int64)), 2].mean()
    (expected,) = torch.autograd.grad(score, embedded)
    np.testing.assert_allclose(engine_for(model).gradients([row], [2])[0], expected[0].numpy(), atol=1e-5, rtol=1e-4)


def test_gradients_leave_no_hook_and_no_gradient_behind():
    model = build("bert")
    engine_for(model).gradients(rows_of(2), [0, 1])
    assert not model.get_input_embeddings()._forward_hooks
    assert all(parameter.grad is None for parameter in model.parameters())


def test_one_class_a_row_is_needed():
    with pytest.raises(ValueError, match="1 classes for 2 inputs"):
        engine_for(build("bert")).gradients(rows_of(2), [0])


def test_a_model_in_training_is_evaluated_and_put_back():
    model = build("bert")
    rows = rows_of(8)
    expected = engine_for(model).logits(rows)
    model.train()
    model.bert.embeddings.dropout.eval()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answers = engine_for(model).logits(rows)
        assert model.training
        assert model.classifier.training
        assert not model.bert.embeddings.dropout.training
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
        model.eval()
    np.testing.assert_array_equal(answers, expected)


def test_half_precision_weights_run_as_float32_and_the_report_hears_of_it():
    model = type(build("bert"))(build("bert").config).to(torch.bfloat16)
    engine = engine_for(model)
    assert engine.logits(rows_of(2))[0].dtype == np.float32
    assert next(model.parameters()).dtype == torch.bfloat16
    assert engine.events == ["The weights came as torch.bfloat16 and were run as torch.float32."]


def test_a_device_that_is_not_there_is_one_clear_sentence():
    with pytest.raises(ModelInputError, match="not known; use auto, cpu or cuda"):
        engine_for(build("bert"), device="abacus")
    if not torch.cuda.is_available():
        with pytest.raises(ModelInputError, match="finds no CUDA here"):
            engine_for(build("bert"), device="cuda")


def test_numerics_name_what_the_numbers_depend_on():
    engine, wider = engine_for(build("bert")), engine_for(build("bert"), batch_tokens=256)
    assert engine.numerics["batch_tokens"] == "128"
    assert engine.numerics["dtype"] == "float32"
    assert engine.numerics_id == engine_for(build("bert")).numerics_id != wider.numerics_id
    assert Engine(build("bert"), model_id="tiny").numerics["batch_tokens"] == "1024"


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_masked_variants_hide_exactly_the_hidden_players(data):
    players = data.draw(st.lists(st.integers(-1, 4), min_size=1, max_size=12))
    keep = np.array(data.draw(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), max_size=6)), bool).reshape(
        -1, 5
    )
    base = ModelInput(np.arange(10, 10 + len(players), dtype=np.int32), gather=np.array([0], np.int32))
    variants = masked_inputs(base, np.array(players, np.int32), keep=keep, mask_id=3)
    assert len(variants) == len(keep)
    for variant, kept in zip(variants, keep, strict=True):
        expected = [3 if p >= 0 and not kept[p] else token for p, token in zip(players, base.ids, strict=True)]
        assert variant.ids.tolist() == expected
        assert variant.ids.dtype == np.int32
        assert variant.gather is base.gather


def test_masked_variants_check_their_shapes():
    base, keep = ModelInput(np.array([1, 2], np.int32)), np.ones((1, 2), bool)
    with pytest.raises(ValueError, match="has shape"):
        masked_inputs(base, np.array([0], np.int32), keep=keep, mask_id=3)
    with pytest.raises(ValueError, match=r"outside -1\.\.1"):
        masked_inputs(base, np.array([0, 2], np.int32), keep=keep, mask_id=3)


@given(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=9), st.data())
def test_the_key_follows_the_content(ids, data):
    row = ModelInput(np.array(ids, np.int32))
    assert row.key == ModelInput(np.array(ids, np.int64), gather=np.array([0], np.int32)).key
    assert len(row.key) == 16
    assert row.key != ModelInput(row.ids, np.zeros(len(ids), np.int32)).key
    other = data.draw(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=9).filter(lambda x: x != ids))
    assert row.key != ModelInput(np.array(other, np.int32)).key


def test_an_input_checks_its_shape():
    with pytest.raises(ValueError, match="non-empty"):
        ModelInput(np.array([], np.int32))
    with pytest.raises(ValueError, match="do not match"):
        ModelInput(np.array([1, 2], np.int32), np.array([0], np.int32))


def test_weights_have_one_identity():
    model = build("bert")
    same = type(model)(model.config)
    assert weights_sha256(same) != weights_sha256(model)
    same.load_state_dict(model.state_dict())
    assert weights_sha256(same) == weights_sha256(model)
    with torch.no_grad():
        same.classifier.bias[0] += 1e-6
    assert weights_sha256(same) != weights_sha256(model)
