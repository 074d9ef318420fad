"""Processes that run the model answer with the bits of this one, and none is left behind."""

import gc
import os
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
from worker_models import BREAKS, NO_ROOM, REFUSES, WANTS, Unused, ask, moody, with_token

import modelaudit
from modelaudit.errors import CapabilityError, ModelInputError, WorkerError
from modelaudit.inference.staffing import crew_for
from modelaudit.inference.worker import load_model, serve
from modelaudit.inference.workers import ProcessCrew

# Two processes, shared by the tests from here to the one that runs out of memory.


@pytest.fixture(scope="module")
def pair():
    engine = engine_for(moody(), workers=2)
    bring_up(engine, *WANTS)
    yield engine
    processes = [place.hand.process for place in engine._executor._places]
    engine.close()
    assert None not in [process.returncode for process in processes]


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


@pytest.mark.heavy
def test_five_processes_two_of_which_are_killed():
    engine, killed = engine_for(moody(), workers=5), []
    bring_up(engine, "logits")

    def kill(_done):
        for place in engine._executor._places[1:3]:
            if place.name not in killed and place.awaited():
                killed.append(place.name)
                place.hand.process.kill()

    engine.on_progress = kill
    rows = rows_of(900, seed=13)
    assert ask(engine, "logits", rows) == ask(engine_for(build("bert")), "logits", rows)
    assert sorted(killed) == sorted(event[:8] for event in engine.events) == ["Worker 2", "Worker 3"]
    engine.close()


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


SCRIPT = """
import signal, sys, time
# A shell that runs the tests in the background has its children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = {places!r}
from plain_model import Plain, bring_up
from modelaudit.inference import Engine

engine = Engine(Plain(), model_id="plain", device="cpu", batch_tokens=128, workers=2)
bring_up(engine, "logits")
print(*[place.hand.process.pid for place in engine._executor._places], flush=True)
while sys.argv[1] == "SIGINT":
    engine._memo.clear()
    bring_up(engine, "logits")
if sys.argv[1] == "SIGKILL":
    time.sleep(600)  # workers that have nothing to do hear of it as well
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
    script.write_text(SCRIPT.format(places=[str(Path(__file__).parent), str(Path(modelaudit.__file__).parents[1])]))
    beside = tmp_path / "data"
    beside.mkdir()
    (beside / "torch.py").write_text("raise SystemExit('a file beside the data was run')")
    parents = {}
    for way in WAYS:
        (tmp_path / way).mkdir()
        parents[way] = subprocess.Popen(
            [sys.executable, script, way],
            env=os.environ | {"TMPDIR": str(tmp_path / way)},
            cwd=beside,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
    workers = []
    for way, parent in parents.items():
        started = [int(pid) for pid in parent.stdout.readline().split()]
        workers += started
        if started and way != "exit":
            assert all(map(is_there, started))
            # Ctrl-C is for all processes of a terminal's foreground group.
            (os.killpg if way == "SIGINT" else os.kill)(parent.pid, signal.Signals[way])
        _, said = parent.communicate(timeout=120)
        assert len(started) == 2, said
        assert parent.returncode == (0 if way == "exit" else -signal.Signals[way]), said
        assert ("KeyboardInterrupt" in said) == (way == "SIGINT")
    deadline = time.monotonic() + 20
    while any(map(is_there, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_there, workers))
    assert not [file for way in WAYS for file in (tmp_path / way).iterdir()]


def test_processes_end_with_the_engine_that_nobody_holds_any_more():
    crew = ProcessCrew(Plain(), "cpu", 2)
    process, file = crew.hire(0).process, crew._file
    assert os.fstat(file.fileno()).st_mode & 0o077 == 0
    assert os.fstat(file.fileno()).st_nlink == 0
    crew._end.peek()[1](os.getpid() + 1, *crew._end.peek()[2][1:])
    assert process.poll() is None, "a fork of this process, when it exits, ended the workers"
    del crew
    gc.collect()
    assert process.returncode == -signal.SIGKILL
    assert file.closed


def test_processes_share_devices_and_cores(monkeypatch):
    monkeypatch.setattr("modelaudit.inference.workers.cores", lambda: 16)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    assert [ProcessCrew(Plain(), "cpu", size)._threads for size in (2, 4, 5, 99)] == [6, 4, 3, 1]
    assert crew_for("auto", Plain(), "cpu").size == 4
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert crew_for("auto", Plain(), "cuda").size == 3
    assert crew_for("auto", Plain(), "cuda:1") is None
    assert ProcessCrew(Plain(), "cuda", 4)._devices == ["cuda:0", "cuda:1", "cuda:2"]
    assert ProcessCrew(Plain(), "cuda:1", 2)._devices == ["cuda:1"]


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
