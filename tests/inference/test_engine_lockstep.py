"""Searches in lockstep answer as one by one, in fewer batches, and none of them can hold the others up."""

import threading

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of

from modelaudit.errors import CapabilityError
from modelaudit.inference import ModelInput, lockstep_map


def greedy(engine):
    """A search that goes on until the score stops falling: items take different numbers of steps."""

    def search(row):
        ids, path = row.ids.copy(), []
        best = float(engine.logits([row])[0][0])
        for position in range(min(6, len(ids))):
            trial = ids.copy()
            trial[position] = 3
            score = float(engine.logits([ModelInput(trial)])[0][0])
            path.append(score)
            if score < best:
                ids, best = trial, score
            elif position > 2:
                break
        return tuple(path)

    return search


def alike(n, length):
    """Return n rows of one length: those share batches on every path."""
    return [ModelInput(row.ids[:length]) for row in rows_of(8 * n, longest=40) if len(row) >= length][:n]


@pytest.mark.parametrize("width", [2, 5, 64])
def test_lockstep_equals_one_by_one_and_shares_batches(width):
    rows = [*alike(20, 12), *rows_of(10)]
    alone, together = engine_for(build("bert")), engine_for(build("bert"))
    expected = [greedy(alone)(row) for row in rows]
    assert len({len(path) for path in expected}) > 1, "the searches should end at different times"
    assert lockstep_map(together, greedy(together), rows, width=width) == expected
    assert together.stats.computed == alone.stats.computed
    assert together.stats.batches < alone.stats.batches


def test_wide_lockstep_shares_most_batches():
    rows = alike(30, 8)
    alone, together = engine_for(build("bert")), engine_for(build("bert"))
    for row in rows:
        greedy(alone)(row)
    lockstep_map(together, greedy(together), rows)
    assert together.stats.batches < alone.stats.batches / 5


def test_different_questions_are_merged_each_with_its_own():
    rows, engine = rows_of(12), engine_for(build("bert"))

    def search(row):
        return engine.logits([row])[0], engine.hidden([row])[0], engine.gradients([row, row], [0, 2])[1]

    reference = engine_for(build("bert"))
    for row, (logits, hidden, gradient) in zip(rows, lockstep_map(engine, search, rows), strict=True):
        np.testing.assert_array_equal(logits, reference.logits([row])[0])
        np.testing.assert_array_equal(hidden, reference.hidden([row])[0])
        np.testing.assert_array_equal(gradient, reference.gradients([row], [2])[0])


def test_items_that_ask_nothing_hold_nobody_up():
    rows, engine = rows_of(20), engine_for(build("bert"))
    answers = lockstep_map(engine, lambda i: engine.logits([rows[i]])[0] if i % 3 else None, range(20), width=4)
    assert [answer is None for answer in answers] == [i % 3 == 0 for i in range(20)]


@pytest.mark.parametrize("items", [0, 1])
def test_few_items_need_no_threads(items):
    engine = engine_for(build("bert"))
    rows = rows_of(items)
    here = threading.get_ident()
    assert (
        lockstep_map(engine, lambda row: (len(engine.logits([row])), threading.get_ident()), rows)
        == [(1, here)] * items
    )


def test_an_exception_stops_the_others_and_comes_out():
    rows, engine, steps = rows_of(40), engine_for(build("bert")), []

    def search(index):
        for step in range(50):
            steps.append(index)
            if index == 17 and step == 2:
                raise KeyError("planted")
            engine.logits([rows[(index + step) % 40]])
        return index

    with pytest.raises(KeyError, match="planted"):
        lockstep_map(engine, search, range(40), width=8)
    assert len(steps) < 40 * 50 / 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lockstep")]
    assert len(engine.logits(rows)) == 40, "the engine is free again"


def test_a_search_may_handle_what_the_engine_refuses():
    engine = engine_for(build("bert-encoder"))

    def search(row):
        try:
            return engine.logits([row])[0]
        except CapabilityError:
            return engine.hidden([row])[0]

    assert [answer.shape for answer in lockstep_map(engine, search, rows_of(6))] == [(32,)] * 6


def test_a_fault_of_the_model_comes_out_and_leaves_no_thread():
    engine = engine_for(build("bert"))
    beyond = ModelInput(np.array([5, 10_000], np.int32))
    with pytest.raises(IndexError):
        lockstep_map(engine, lambda row: engine.logits([row]), [*rows_of(5), beyond])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lockstep")]


def test_lockstep_inside_lockstep():
    rows, engine = rows_of(16), engine_for(build("bert"))

    def outer(group):
        return lockstep_map(engine, lambda row: engine.logits([row])[0].tobytes(), rows[group * 4 : group * 4 + 4])

    answers = lockstep_map(engine, outer, range(4))
    assert [bits for group in answers for bits in group] == [
        a.tobytes() for a in engine_for(build("bert")).logits(rows)
    ]


def test_plain_threads_may_share_an_engine():
    rows, engine, answers = rows_of(40), engine_for(build("bert")), {}
    threads = [
        threading.Thread(target=lambda i=i: answers.update({i: engine.logits(rows[i * 10 : i * 10 + 10])}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(
        np.concatenate([answers[i] for i in range(4)]), engine_for(build("bert")).logits(rows)
    )
