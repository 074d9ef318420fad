"""Whoever of the workers answers, in whatever order and whatever becomes of them: the bits of one process.

The workers live in the test's own process, so that the test decides on their order and their end.
"""

import pickle

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of
from worker_models import BREAKS, NO_ROOM, WANTS, ask, bench_engine, moody, with_token

from modelaudit.errors import WorkerError
from modelaudit.inference.exchange import Fault, Parcel, Sheaf
from modelaudit.inference.staffing import crew_for
from modelaudit.inference.units import Layout


@pytest.mark.parametrize("kind", ["bert", "bert-tokens"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_any_number_of_workers_in_any_order_gives_the_same_bits(kind, size):
    rows = rows_of(80, gather=kind == "bert-tokens")
    engine, bench = bench_engine(build(kind), size, seed=size)
    for want in WANTS:
        assert ask(engine, want, rows) == ask(engine_for(build(kind)), want, rows)
    assert bench.answered > 10
    assert engine.events == []


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_end_at_any_moment_change_no_bit(seed):
    rows = rows_of(120, seed=seed)
    engine, bench = bench_engine(build("bert"), 3, seed=seed, ends=(0, 2, 3, 7, 15))
    assert ask(engine, "logits", rows) == ask(engine_for(build("bert")), "logits", rows)
    assert len(bench.hired) == 3 + 5
    assert len(engine.events) == 5


def test_a_place_is_filled_again_a_few_times_only_and_then_the_run_ends():
    engine, bench = bench_engine(build("bert"), 2, ends=[0] * 100)
    with pytest.raises(
        WorkerError,
        match=r"none of 2 workers could be kept \(the last one was ended by SIGKILL: last words\).*workers=1",
    ):
        engine.logits(rows_of(400))
    assert len(bench.hired) == 2 * 4
    assert sum("not started again" in event for event in engine.events) == 2
    with pytest.raises(WorkerError, match="could be kept"):
        engine.logits(rows_of(400, seed=1))
    assert len(bench.hired) == 2 * 4, "nor are they started for the next call"


def test_a_worker_whose_numbers_differ_gets_no_work():
    rows = rows_of(120)
    engine, bench = bench_engine(build("bert"), 3, spoilt={1})
    assert ask(engine, "logits", rows) == ask(engine_for(build("bert")), "logits", rows)
    assert engine.events == ["Worker 2 was not used: a unit that was answered in this process has other bits there."]
    assert not bench.hired[1].alive
    assert len(bench.hired) == 3


def test_workers_whose_numbers_all_differ_are_a_clear_end():
    engine, _ = bench_engine(build("bert"), 2, spoilt={0, 1})
    with pytest.raises(WorkerError, match="other numbers than this process"):
        engine.logits(rows_of(400))


def test_workers_that_raise_where_this_process_answers_are_not_said_to_give_numbers():
    engine, bench = bench_engine(moody(), 2)
    bench._model = moody()
    bench._model.home = -1
    with pytest.raises(WorkerError, match=r"the last one raised ZeroDivisionError for a row that this process answers"):
        engine.logits([with_token(row, BREAKS) for row in rows_of(400)])


def test_answers_that_nobody_waits_for_any_more_are_let_go():
    rows = rows_of(120)
    engine, _ = bench_engine(build("bert"), 3)
    units = list(engine._layout.units("logits", rows, [0] * len(rows)))
    expected = ask(engine_for(build("bert")), "logits", rows)
    for taken in (3, 5, 8):
        some = engine._executor.run(units)
        for _ in range(taken):
            next(some)
        some.close()
        assert ask(engine, "logits", rows[-50:]) == expected[-50:]
        engine._memo.clear()


def test_ctrl_c_and_close_end_the_workers_and_the_next_call_starts_new_ones(monkeypatch):
    rows = rows_of(120)
    engine, bench = bench_engine(build("bert"), 2)
    expected = ask(engine_for(build("bert")), "logits", rows)

    def interrupted(_timeout):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bench, "hear", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.logits(rows)
    assert [hand.alive for hand in bench.hired] == [False] * 2
    assert ask(engine, "logits", rows) == expected
    engine.close()
    assert [hand.alive for hand in bench.hired] == [False] * 4
    engine._memo.clear()
    assert ask(engine, "logits", rows) == expected
    assert len(bench.hired) == 6


def test_memory_that_runs_out_at_a_trial_is_heard_of():
    rows = [with_token(row, NO_ROOM) for row in rows_of(60, longest=30)]
    engine, bench = bench_engine(moody(), 2)
    bench._model = moody()
    bench._model.home = -1
    assert ask(engine, "logits", rows) == ask(engine_for(build("bert"), batch_tokens=64), "logits", rows)
    assert engine.stats.out_of_memory == 1


@pytest.mark.parametrize("workers", [0, -1, True, "", "many", "ray:", "ray:0", "ray:x", 1.5, "2:3"])
def test_a_number_of_workers_that_means_nothing_is_refused(workers):
    with pytest.raises(WorkerError, match="give a number from 1 up, auto, ray or ray:N"):
        engine_for(build("bert"), workers=workers)


def test_one_worker_is_this_process():
    assert crew_for(1, build("bert"), "cpu") is crew_for("1", build("bert"), "cpu") is None
    assert crew_for("3", build("bert"), "cpu").size == 3


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("gather", [True, False])
def test_units_and_answers_travel_whole(typed, gather):
    (unit, *_) = Layout(batch_tokens=400).units("logits", rows_of(1, typed=typed, gather=gather) * 7, range(7))
    there = pickle.loads(pickle.dumps(Parcel.of(unit))).unit()
    assert (there.want, there.classes, there.slots, there.width, there.packed) == (
        "logits",
        tuple(range(7)),
        unit.slots,
        unit.width,
        False,
    )
    for row, copy in zip(unit.inputs, there.inputs, strict=True):
        assert row.key == copy.key
        np.testing.assert_equal(copy.gather, row.gather)
    answers = [np.arange(n * 3, dtype=np.float32).reshape(n, 3) for n in (2, 0, 4)]
    for answer, copy in zip(answers, pickle.loads(pickle.dumps(Sheaf.of(answers))).answers(), strict=True):
        np.testing.assert_array_equal(copy, answer, strict=True)


class Stubborn(Exception):
    """An exception that can't be made again from its message."""

    def __init__(self, code, reason):
        super().__init__(reason)


def test_an_exception_that_cannot_travel_keeps_its_name():
    fault = Fault.of(Stubborn(3, "planted"))
    assert repr(fault.error) == "RuntimeError('Stubborn: planted')"
    pickle.dumps(fault)
