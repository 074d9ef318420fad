"""Whoever runs the model, here or in another process, in whatever order and whatever becomes of them: the same bits."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
import torch
from engine_models import build, engine_for, rows_of
from plain_model import Plain, bring_up
from worker_models import BREAKS, NO_ROOM, REFUSES, Unused, bench_engine, moody

from modelaudit.errors import CapabilityError, ModelInputError, WorkerError
from modelaudit.inference import ModelInput
from modelaudit.inference.exchange import Fault, Parcel, Sheaf
from modelaudit.inference.staffing import crew_for
from modelaudit.inference.units import Layout
from modelaudit.inference.worker import load_model, serve

WANTS = ("logits", "hidden", "gradients")


def bits(answers):
    return [answer.tobytes() for answer in answers]


def ask(engine, want, rows):
    return bits(engine.ask(want, rows, [len(row) % 3 for row in rows]))


def with_token(row, token):
    ids = row.ids.copy()
    ids[1] = token
    return ModelInput(ids, row.type_ids, row.gather)


# Two processes, shared by the tests from here to the one that runs out of memory.


@pytest.fixture(scope="module")
def pair():
    engine = engine_for(moody(), workers=2)
    bring_up(engine, *WANTS)
    yield engine
    engine.close()
    assert not engine._executor._crew._hands


@pytest.fixture
def away(pair, monkeypatch):
    """Two processes that are up, and an engine that must not do the work itself."""
    bring_up(pair, *WANTS)
    with monkeypatch.context() as patch:
        patch.setattr(pair._executor, "_local", Unused())
        yield pair


@pytest.mark.parametrize("want", WANTS)
def test_two_processes_answer_as_one_in_any_order(away, want):
    rows = [*rows_of(60, seed=1), *rows_of(60, seed=2, typed=True)]
    expected = ask(engine_for(build("bert")), want, rows)
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = ask(away, want, [rows[i] for i in order])
    assert [shuffled[i] for i in np.argsort(order)] == expected


def test_answers_from_a_process_are_read_only(away):
    answer = away.logits(rows_of(60, seed=3))[0]
    with pytest.raises(ValueError, match="read-only"):
        answer[...] = 0


@pytest.mark.parametrize(
    ("token", "kind", "message"),
    [(REFUSES, ModelInputError, "not for me"), (BREAKS, ZeroDivisionError, "planted")],
)
def test_what_a_worker_raises_comes_out_as_it_was(away, token, kind, message):
    rows = rows_of(60, seed=4 + token)
    with pytest.raises(kind, match=message) as caught:
        away.logits([*rows[:30], with_token(rows[30], token), *rows[31:]])
    assert any("worker_models.py" in note for note in caught.value.__notes__)


def test_a_question_that_the_model_has_no_answer_to(away):
    with pytest.raises(CapabilityError, match="one answer a row"):
        away.logits(rows_of(60, seed=8, gather=True))


def test_a_killed_process_takes_nothing_with_it_and_is_started_again(away):
    rows, lost = rows_of(300, seed=9), []
    victim = away._executor._places[1]
    process = victim.hand.process

    def kill(_done):
        if not lost and victim.awaited():
            lost.extend(victim.awaited())
            process.kill()

    away.on_progress = kill
    answers = ask(away, "logits", rows)
    away.on_progress = None
    assert lost, "the process was not killed in the middle of the work"
    assert answers == ask(engine_for(build("bert")), "logits", rows)
    assert process.returncode == -signal.SIGKILL
    assert away.events == [
        "Worker 2 was ended by SIGKILL and was started again; what it had not answered was done anew."
    ]


def test_small_calls_stay_here(pair, monkeypatch):
    monkeypatch.setattr(pair._executor, "_spread", None)
    row = rows_of(1, seed=10)
    assert ask(pair, "logits", row) == ask(engine_for(build("bert")), "logits", row)


def test_memory_that_runs_out_at_a_worker_halves_the_batch_here_as_well(pair, monkeypatch):
    bring_up(pair, "logits")
    rows = rows_of(60, seed=11, longest=30)
    rows[40] = with_token(rows[40], NO_ROOM)
    answers = ask(pair, "logits", rows)
    assert pair.numerics["batch_tokens"] == "64"
    assert pair.events[-1] == "Ran out of memory at 128 tokens a batch; went on with 64."
    assert answers == ask(engine_for(build("bert"), batch_tokens=64), "logits", rows)
    bring_up(pair, "logits")
    monkeypatch.setattr(pair._executor, "_local", Unused())
    rows = rows_of(60, seed=12)
    assert ask(pair, "logits", rows) == ask(engine_for(build("bert"), batch_tokens=64), "logits", rows)


# However the process that started them ends.

SCRIPT = """
import sys, time
sys.path.insert(0, {here!r})
from plain_model import Plain, bring_up
from modelaudit.inference import Engine

engine = Engine(Plain(), model_id="plain", device="cpu", batch_tokens=128, workers=2)
bring_up(engine, "logits")
print(*[place.hand.process.pid for place in engine._executor._places], flush=True)
while sys.argv[1] != "exit":
    engine._memo.clear()
    bring_up(engine, "logits")
"""
WAYS = ("exit", "SIGINT", "SIGKILL")


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_process_and_no_file_is_left_however_the_parent_ends(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(here=str(Path(__file__).parent)))
    parents = {}
    for way in WAYS:
        (tmp_path / way).mkdir()
        environment = os.environ | {"TMPDIR": str(tmp_path / way)}
        command = [sys.executable, script, way]
        parents[way] = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    workers = []
    for way, parent in parents.items():
        started = [int(pid) for pid in parent.stdout.readline().split()]
        workers += started
        if started and way != "exit":
            assert all(map(is_there, started))
            parent.send_signal(signal.Signals[way])
        _, said = parent.communicate(timeout=60)
        assert len(started) == 2, said
        assert parent.returncode == (0 if way == "exit" else -signal.Signals[way]), said
        assert ("KeyboardInterrupt" in said) == (way == "SIGINT")
    deadline = time.monotonic() + 20
    while any(map(is_there, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_there, workers))
    assert not [file for way in WAYS for file in (tmp_path / way).iterdir()]


# The rest needs no process: workers that live here, and whose order and end the test decides.


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
        assert ask(engine, "logits", rows) == expected
        engine._memo.clear()


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


def test_a_model_that_cannot_be_sent_is_refused_before_any_work():
    held = Plain()
    held.register_forward_hook(lambda *call: None)
    with pytest.raises(WorkerError, match=r"can't be sent to workers \(.*lambda.*use workers=1"):
        engine_for(held, workers=2)
    script = type("Mine", (Plain,), {"__module__": "__main__"})
    with pytest.raises(WorkerError, match=r"Mine is defined in the main script or notebook.*use workers=1"):
        engine_for(script(), workers=2)


def test_a_model_that_cannot_be_loaded_is_a_clear_end():
    hidden = type(sys)("hidden_module")
    sys.modules["hidden_module"] = hidden
    hidden.Hidden = type("Hidden", (Plain,), {"__module__": "hidden_module"})
    engine = engine_for(hidden.Hidden(), workers=2)
    try:
        with pytest.raises(WorkerError, match=r"could not take the model over \(ModuleNotFoundError.*hidden_module"):
            bring_up(engine, "logits")
    finally:
        del sys.modules["hidden_module"]
        engine.close()


@pytest.mark.parametrize("shared", [True, False])
def test_a_model_comes_back_from_a_file_without_a_name(shared):
    if shared and not Path("/proc/self/fd").is_dir():
        pytest.skip("this system has no /proc")
    model = build("bert")
    with tempfile.TemporaryFile() as file:
        torch.save(model, file)
        file.flush()
        copy = load_model(file.fileno(), shared=shared)
    assert all(torch.equal(a, b) for a, b in zip(copy.parameters(), model.parameters(), strict=True))


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


def test_a_worker_waits_for_the_others_before_it_gives_a_unit_up():
    """On a device that works by itself: what is begun takes up memory until it has landed."""
    begun, told, asked = [], [], SimpleQueue()

    class Cramped:
        def strict(self):
            return threading.Lock()

        def begin(self, number, room):
            if len(begun) - len(told) >= room:
                return None
            begun.append(number)
            return lambda: number

    for number, room in enumerate([9, 9, 9, 1, 9, 0, 9]):
        asked.put((number, number, room))

    def tell(ticket, outcome):
        told.append((ticket, outcome))
        if ticket == 6:
            raise EOFError

    with pytest.raises(EOFError):
        serve(Cramped(), asked, tell, in_flight=3)
    assert told == [(n, None if n == 5 else n) for n in range(7)]
