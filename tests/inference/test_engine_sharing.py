"""Threads that ask at the same time share batches, and each gets its own answers and its own faults."""

import threading

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of

from modelaudit.errors import CapabilityError
from modelaudit.inference import ModelInput, onnx_encoder


def at_once(engine, calls):
    """Let each call wait in a thread of its own until all of them do, and return what each got."""
    found = [None] * len(calls)

    def ask(place):
        try:
            found[place] = engine.logits(calls[place])
        except CapabilityError as error:
            found[place] = error

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(calls))]
    with engine._lock:
        for thread in threads:
            thread.start()
        while len(engine._shared._waiting) < len(calls):
            threading.Event().wait(0.001)
    for thread in threads:
        thread.join(30)
    return found


def bits(answers):
    return [answer.tobytes() for answer in answers]


@pytest.mark.parametrize("backend", ["torch", *(["onnx"] if onnx_encoder.installed() else [])])
def test_calls_that_wait_go_together(backend):
    calls = [rows_of(5, seed=seed) for seed in range(8)]
    engine = engine_for(build("bert"), batch_tokens=1024, backend=backend)
    found = at_once(engine, calls)
    assert engine.stats.requested == 40
    alone = engine_for(build("bert"), batch_tokens=1024, backend=backend)
    assert [bits(answers) for answers in found] == [bits(alone.logits(rows)) for rows in calls]
    assert engine.stats.batches < alone.stats.batches


def test_rows_that_several_threads_ask_for_are_computed_once():
    engine = engine_for(build("bert"))
    found = at_once(engine, [rows_of(10)] * 6)
    assert engine.stats.computed == 10
    assert len({tuple(bits(answers)) for answers in found}) == 1


def test_a_fault_hits_the_thread_whose_call_it_is():
    rows = rows_of(4)
    wrong = [ModelInput(rows[0].ids, gather=np.array([1], np.int32))]
    engine = engine_for(build("bert"))
    found = at_once(engine, [rows, wrong, rows_of(4, seed=2), wrong])
    assert [isinstance(answer, CapabilityError) for answer in found] == [False, True, False, True]
    assert bits(found[0]) == bits(engine_for(build("bert")).logits(rows))
    assert engine.stats.requested == 8


def test_what_stops_one_thread_leaves_the_calls_of_the_others_open():
    engine = engine_for(build("bert"))
    answer, stops = engine._shared._answer, [KeyboardInterrupt()]

    def stopped_once(*call):
        if stops:
            raise stops.pop()
        return answer(*call)

    engine._shared._answer = stopped_once
    found = [None, None, None]

    def ask(place):
        try:
            found[place] = engine.logits(rows_of(3, seed=place))
        except KeyboardInterrupt as error:
            found[place] = error

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(3)]
    with engine._lock:
        for thread in threads:
            thread.start()
        while len(engine._shared._waiting) < 3:
            threading.Event().wait(0.001)
    for thread in threads:
        thread.join(30)
    # Nobody waits for the interrupted call any more.
    assert not engine._shared._waiting
    assert engine.stats.requested == 6
    assert sum(isinstance(one, KeyboardInterrupt) for one in found) == 1
    assert sum(isinstance(one, list) for one in found) == 2
