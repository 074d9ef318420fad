"""A row's answer is the same to the last bit, whatever else is asked, and nothing is computed twice."""

import numpy as np
import pytest
import torch
from engine_models import build, engine_for, rows_of
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.inference import ModelInput
from modelaudit.inference.memo import Memo
from modelaudit.inference.units import Layout


def bits(answers):
    return [answer.tobytes() for answer in answers]


def ask(engine, want, rows):
    return (
        engine.gradients(rows, [len(row) % 3 for row in rows]) if want == "gradients" else getattr(engine, want)(rows)
    )


@pytest.mark.parametrize("want", ["logits", "hidden", "gradients"])
@pytest.mark.parametrize("kind", ["bert", "bert-tokens", "roberta", "distilbert", "gpt2"])
def test_order_neighbours_and_call_size_change_no_bit(kind, want):
    model = build(kind)
    # Lengths up to the longest row that the model takes, whose batches alone have no padding.
    rows = rows_of(40, longest=64, gather=kind == "bert-tokens")
    expected = bits(ask(engine_for(model), want, rows))
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = bits(ask(engine_for(model), want, [rows[i] for i in order]))
    assert [shuffled[i] for i in np.argsort(order)] == expected
    split = engine_for(model)
    assert [b for start in range(0, 40, 7) for b in bits(ask(split, want, rows[start : start + 7]))] == expected
    alone = engine_for(model)
    assert [bits(ask(alone, want, [row]))[0] for row in rows] == expected


def test_the_number_of_threads_changes_no_bit():
    rows = rows_of(80)
    before = torch.get_num_threads()
    try:
        answers = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            answers.append(bits(engine_for(build("bert"), batch_tokens=1024).logits(rows)))
    finally:
        torch.set_num_threads(before)
    assert answers[0] == answers[1]


@given(
    st.lists(st.integers(1, 90), max_size=60),
    st.sampled_from([1, 7, 32, 64, 300]),
    st.booleans(),
    st.sampled_from([(), (4, 8)]),
)
def test_every_row_has_one_place_in_a_unit_of_an_allowed_shape(lengths, budget, packs, widths):
    packed = frozenset({"logits"}) if packs and budget >= 32 else frozenset()
    sizes = tuple(size for size in (16, 32) if size < budget)
    layout = Layout(
        batch_tokens=budget, packed=packed, sizes=(*sizes, budget), widths=widths, widened=frozenset({"logits"})
    )
    inputs = [ModelInput(np.ones(length, np.int32)) for length in lengths]
    seen = []
    for unit in layout.units("logits", inputs, [0] * len(inputs)):
        assert 1 <= len(unit.inputs) <= unit.width
        assert [len(row) for row in unit.inputs] == [lengths[place] for place in unit.places]
        if unit.packed:
            assert unit.slots in layout.sizes
            assert unit.tokens <= unit.slots
            assert unit.width == unit.slots // 8
        else:
            [length] = {len(row) for row in unit.inputs}
            most = max(1, budget // length)
            assert unit.slots == length * unit.width
            assert unit.width == most or unit.width in widths
        seen.extend(unit.places)
    assert sorted(seen) == list(range(len(lengths)))


def test_rows_that_do_not_fill_a_unit_are_shared_out_over_smaller_ones():
    layout = Layout(batch_tokens=1024, packed=frozenset({"logits"}), sizes=(32, 64, 128, 256, 512, 1024))
    slots = {}
    for count in (20, 24, 41, 51):
        inputs = [ModelInput(np.ones(25, np.int32))] * count
        slots[count] = [unit.slots for unit in layout.units("logits", inputs, [0] * count)]
    # 500, 600, 1025 and 1275 tokens; a little waste in one unit is better than another small unit.
    assert slots == {20: [512], 24: [512, 128], 41: [1024, 32], 51: [1024, 256, 32]}


def test_a_long_row_does_not_stand_in_one_pack_with_many_short_ones():
    layout = Layout(batch_tokens=1024, packed=frozenset({"logits"}), sizes=(128, 256, 512, 1024))
    inputs = [ModelInput(np.ones(length, np.int32)) for length in (500, *[5] * 104)]
    units = list(layout.units("logits", inputs, [0] * len(inputs)))
    assert max(len(unit.inputs) * max(map(len, unit.inputs)) for unit in units) <= 2 * 1024
    assert sum(len(unit.inputs) for unit in units) == 105


def test_equal_rows_of_a_call_are_computed_once():
    rows = rows_of(10)
    engine = engine_for(build("bert"))
    answers = engine.logits(rows + rows + rows[:3])
    assert bits(answers[10:20]) == bits(answers[:10])
    assert bits(answers[20:]) == bits(answers[:3])
    assert (engine.stats.requested, engine.stats.computed, engine.stats.memo_hits) == (23, 10, 13)
    assert engine.stats.tokens == sum(map(len, rows))
    assert engine.stats.padded_tokens >= engine.stats.tokens


def test_rows_known_from_before_cost_no_batch():
    rows = rows_of(10)
    engine = engine_for(build("bert"))
    first, batches = engine.logits(rows), engine.stats.batches
    again = engine.logits([ModelInput(row.ids.copy()) for row in reversed(rows)])
    assert bits(reversed(again)) == bits(first)
    assert engine.stats.batches == batches
    assert (engine.stats.computed, engine.stats.memo_hits) == (10, 10)


def test_other_questions_about_a_row_are_other_answers():
    engine, row = engine_for(build("bert-tokens")), rows_of(1, gather=True)[0]
    some, others = engine.logits([row, ModelInput(row.ids, gather=row.gather[:1])])
    assert some.shape != others.shape
    assert engine.hidden([row])[0].shape == (32,)
    by_class = engine.gradients([row, row], [0, 1])
    assert not np.array_equal(*by_class)
    assert engine.stats.memo_hits == 0


def test_nobody_can_write_into_a_shared_answer():
    engine, rows = engine_for(build("bert")), rows_of(2)
    for answer in (engine.logits(rows)[0], engine.hidden(rows)[0], engine.gradients(rows, [0, 0])[0]):
        with pytest.raises(ValueError, match="read-only"):
            answer[...] = 0


def test_the_memo_forgets_the_oldest_and_answers_stay_right(monkeypatch):
    monkeypatch.setattr("modelaudit.inference.engine.MEMO_BYTES", 5_000)
    rows, engine = rows_of(40), engine_for(build("bert"))
    answers = engine.logits(rows)
    assert engine.stats.evicted > 20
    assert bits(engine.logits(rows)) == bits(answers)
    assert engine.stats.computed > 40


def test_a_memo_holds_no_more_than_its_limit():
    memo = Memo(limit_bytes=2_000)
    for number in range(10):
        memo.put((bytes([number]), "logits", None), np.zeros(25, np.float32))
    assert len(memo) == 4
    assert memo.evicted == 6
    assert memo.get((bytes([5]), "logits", None)) is None
    assert memo.get((bytes([6]), "logits", None)) is not None


def test_progress_counts_every_row_once():
    rows, heard = rows_of(30), []
    engine = engine_for(build("bert"))
    engine.on_progress = heard.append
    engine.logits(rows + rows[:5])
    assert sum(heard) == 35
    assert len(heard) == engine.stats.batches
    heard.clear()
    engine.logits(rows[:7])
    assert heard == [7]
    engine.logits([])
    assert heard == [7]
