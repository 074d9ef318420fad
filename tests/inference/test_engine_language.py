"""Language models: single tokens judged or named, rows whose tokens keep their positions, the same bits always."""

import numpy as np
import pytest
import torch
from engine_models import build, engine_for
from language_models import TOLD, UNTOLD, VOCABULARY, language_model
from transformers import (
    BertConfig,
    BertLMHeadModel,
    FalconConfig,
    FalconForSequenceClassification,
    MistralConfig,
    MistralForCausalLM,
)

from modelaudit.errors import CapabilityError
from modelaudit.inference import ModelInput, shortened_inputs
from modelaudit.inference.exchange import Parcel
from modelaudit.inference.units import Unit


def judged(n, seed=0, *, longest=40):
    """Return rows whose last one to six tokens are to be judged."""
    draw = np.random.default_rng(seed)
    rows = []
    for length in draw.integers(4, longest + 1, n):
        ids = draw.integers(1, VOCABULARY, length).astype(np.int32)
        places = np.arange(length - 1 - min(length - 2, draw.integers(1, 7)), length - 1, dtype=np.int32)
        rows.append(ModelInput(ids, gather=places, targets=ids[places + 1]))
    return rows


def by_itself(model, row, **arguments):
    ids = torch.from_numpy(row.ids.astype(np.int64))[None]
    with torch.inference_mode():
        return model(input_ids=ids, **arguments).logits[0].double()


@pytest.mark.parametrize("kind", [*TOLD, *UNTOLD])
def test_targets_are_judged_as_the_model_judges_them(kind):
    model, rows = language_model(kind), judged(12)
    answers = engine_for(model).log_probs(rows)
    named = engine_for(model).next_tokens(rows)
    for row, answer, token in zip(rows, answers, named, strict=True):
        logits = by_itself(model, row)[torch.from_numpy(row.gather.astype(np.int64))]
        expected = logits.log_softmax(-1)[torch.arange(len(row.targets)), row.targets.astype(np.int64)]
        np.testing.assert_allclose(answer, expected, atol=1e-4)
        assert token.tolist() == logits.argmax(-1).tolist()


@pytest.mark.parametrize("kind", TOLD)
def test_tokens_taken_out_are_tokens_that_nothing_attends_to(kind):
    model, row = language_model(kind), judged(1, seed=2, longest=30)[0]
    first = int(row.gather[0])
    players = np.where(np.arange(len(row)) <= first, np.arange(len(row)), -1).astype(np.int32)
    keep = np.random.default_rng(0).random((6, first + 1)) < 0.6
    keep[:, first] = True
    variants = shortened_inputs(row, players, keep=keep, blank=0, positions=True)
    engine = engine_for(model)
    assert engine.heeds_positions(longest=40)
    for kept, answer in zip(keep, engine.log_probs(variants), strict=True):
        seen = torch.ones(1, len(row), dtype=torch.long)
        seen[0, : first + 1] = torch.from_numpy(kept.astype(np.int64))
        places = torch.arange(len(row))[None]
        logits = by_itself(model, row, attention_mask=seen, position_ids=places)[row.gather.astype(np.int64)]
        expected = logits.log_softmax(-1)[torch.arange(len(row.targets)), row.targets.astype(np.int64)]
        np.testing.assert_allclose(answer, expected, atol=1e-4)


@pytest.mark.parametrize("kind", UNTOLD)
def test_a_model_without_positions_of_its_own_is_known_by_asking_it(kind):
    assert not engine_for(language_model(kind)).heeds_positions(longest=40)


def test_an_encoder_that_heeds_positions_is_known_too():
    assert engine_for(build("bert")).heeds_positions(longest=40)
    # It counts from its padding token on, so that plain positions are not the ones that it would take.
    assert not engine_for(build("roberta")).heeds_positions(longest=40)


def test_nothing_left_before_an_answer_is_the_start_of_a_text():
    row = ModelInput(np.array([7, 8, 9, 4], np.int32), gather=np.array([2], np.int32), targets=np.array([4], np.int32))
    players = np.array([0, 1, 2, -1], np.int32)
    keep = np.array([[False, False, False], [True, False, False], [True, True, True]])
    none, some, every = shortened_inputs(row, players, keep=keep, blank=0, positions=True)
    assert (none.ids.tolist(), none.gather.tolist(), none.positions.tolist()) == ([0, 4], [0], [0, 3])
    assert (some.ids.tolist(), some.gather.tolist(), some.positions.tolist()) == ([7, 4], [0], [0, 3])
    assert every is row
    moved = shortened_inputs(row, players, keep=keep[1:2], blank=0)[0]
    assert (moved.ids.tolist(), moved.positions) == ([7, 4], None)


@pytest.mark.parametrize("kind", ["gpt2", "bloom"])
def test_bits_do_not_hang_on_company_or_order(kind):
    rows = judged(60, seed=1)
    engine = engine_for(language_model(kind))
    together = engine.log_probs(rows)
    for again in (engine_for(language_model(kind)).log_probs(rows[::-1])[::-1],
                  [engine_for(language_model(kind)).log_probs([row])[0] for row in rows[:8]]):  # fmt: skip
        for one, other in zip(together, again, strict=False):
            assert one.tobytes() == other.tobytes()


def test_what_is_asked_is_part_of_what_is_remembered():
    ids = np.array([5, 6, 7, 8], np.int32)
    place = np.array([2], np.int32)
    rows = [
        ModelInput(ids, gather=place, targets=np.array([8], np.int32)),
        ModelInput(ids, gather=place, targets=np.array([9], np.int32)),
        ModelInput(ids, gather=place, targets=np.array([8], np.int32), positions=np.array([0, 1, 2, 9], np.int32)),
        ModelInput(ids, gather=place, targets=np.array([8], np.int32), positions=np.array([0, 4, 8, 9], np.int32)),
    ]
    engine = engine_for(language_model("gpt2"))
    answers = [float(answer[0]) for answer in engine.log_probs(rows)]
    assert engine.stats.computed == 4
    assert len({round(answer, 4) for answer in answers}) == 3
    assert answers[2] == pytest.approx(answers[0], abs=1e-5)  # the judged place itself sees the same


def test_a_unit_of_judged_rows_crosses_to_a_worker_as_it_is():
    rows = tuple(row for row in judged(9, seed=4, longest=9) if len(row) == 9) or tuple(judged(1))
    moved = tuple(ModelInput(r.ids, None, r.gather, r.targets, np.arange(len(r), dtype=np.int32) * 2) for r in rows)
    unit = Unit("log_probs", tuple(range(len(moved))), moved, (0,) * len(moved), 64, len(moved), False)
    again = Parcel.of(unit).unit()
    for before, after in zip(unit.inputs, again.inputs, strict=True):
        for name in ("ids", "gather", "targets", "positions"):
            assert getattr(before, name).tolist() == getattr(after, name).tolist()


def test_two_workers_give_the_bits_of_one_process():
    rows = judged(300, seed=6)
    model = language_model("gpt2")
    crew = engine_for(model, workers=2)
    try:
        for one, other in zip(engine_for(model).log_probs(rows), crew.log_probs(rows), strict=True):
            assert one.tobytes() == other.tobytes()
    finally:
        crew.close()


def test_what_is_no_language_model_knows_no_token():
    row = ModelInput(np.array([5, 6], np.int32), gather=np.array([0], np.int32), targets=np.array([6], np.int32))
    with pytest.raises(CapabilityError, match="no language model"):
        engine_for(build("bert")).log_probs([row])


def test_tokens_and_places_that_are_not_there_are_refused():
    ids = np.array([5, 6], np.int32)
    engine = engine_for(language_model("gpt2"))
    with pytest.raises(ValueError, match="outside the vocabulary of 257"):
        engine.log_probs([ModelInput(ids, gather=np.array([0], np.int32), targets=np.array([300], np.int32))])
    with pytest.raises(ValueError, match="outside the row"):
        engine.next_tokens([ModelInput(ids, gather=np.array([2], np.int32))])
    with pytest.raises(ValueError, match="not as many"):
        ModelInput(ids, gather=np.array([0], np.int32), targets=np.array([3, 4], np.int32))


def test_a_window_counts_the_tokens_that_are_there_so_none_may_be_taken_out():
    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        intermediate_size=48, max_position_embeddings=64, sliding_window=32,
    )  # fmt: skip
    engine = engine_for(MistralForCausalLM(config).eval())
    assert engine.heeds_positions(longest=32)
    assert not engine.heeds_positions(longest=33)


def test_a_head_that_takes_no_positions_is_not_told_any():
    torch.manual_seed(0)
    config = FalconConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, alibi=False, pad_token_id=0
    )
    assert not engine_for(FalconForSequenceClassification(config).eval()).heeds_positions(longest=20)


@pytest.mark.parametrize("decoder", [False, True])
def test_a_model_that_reads_both_ways_is_known_by_asking_it(decoder):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        initializer_range=0.5, is_decoder=decoder,
    )  # fmt: skip
    assert engine_for(BertLMHeadModel(config).eval()).looks_ahead is not decoder
    assert not engine_for(language_model("gpt2")).looks_ahead
