"""An engine with a journal computes nothing twice, in one run or over several, and changes no bit of an answer."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of
from journal_child import ROWS, engine_of
from journal_child import rows as rows_of_the_child
from test_engine_memory import cramped

import modelaudit
from modelaudit.errors import OutputError
from modelaudit.inference import Journal

HERE = Path(__file__).parent


def bits(answers):
    return [answer.tobytes() for answer in answers]


def ask_all(engine, rows):
    """Ask for all that an engine can answer."""
    return bits(engine.logits(rows)) + bits(engine.hidden(rows)) + bits(engine.gradients(rows, [0] * len(rows)))


@pytest.fixture
def killed(tmp_path):
    """Return a journal's folder whose audit was killed half-way, and the number of rows that it had told of."""
    folder = tmp_path / "journal"
    path = [str(HERE), str(Path(modelaudit.__file__).parents[1])]
    start = f"import sys; sys.path[:0] = {path}; from journal_child import main; main({str(folder)!r})"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if int(line) > ROWS / 4:
                break
        with pytest.raises(OutputError, match="another audit of the same model and data has its journal here"):
            Journal(folder, resume=True)
        child.kill()
        told = [int(line), *map(int, child.stdout.read().split())][-1]
    assert child.returncode == -9
    return folder, told


def test_a_killed_audit_goes_on_where_it_stopped(killed):
    folder, told = killed
    rows, expected = rows_of_the_child(), engine_of()
    with Journal(folder, resume=True) as journal:
        kept = len(journal.open("tiny", expected.numerics_id))
    assert told <= kept < ROWS
    with Journal(folder, resume=True) as journal:
        engine = engine_of(journal)
        assert bits(engine.logits(rows)) == bits(expected.logits(rows))
    assert engine.stats.journal_hits == kept
    assert engine.stats.computed == ROWS - kept
    assert engine.stats.memo_hits == 0
    assert engine.stats.tokens < expected.stats.tokens


@pytest.mark.parametrize("kind", ["bert", "bert-tokens", "gpt2"])
def test_answers_of_every_kind_come_back_to_the_bit(kind, tmp_path):
    rows = rows_of(20, gather=kind == "bert-tokens")
    rows += rows_of(2, seed=1)
    with Journal(tmp_path / "j") as journal:
        expected = ask_all(engine_for(build(kind), journal=journal), rows)
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = engine_for(build(kind), journal=journal)
        assert ask_all(engine, rows) == expected
        assert (engine.stats.computed, engine.stats.journal_hits, engine.stats.batches) == (0, 66, 0)
        with pytest.raises(ValueError, match="read-only"):
            engine.logits(rows)[0][...] = 0
        assert (engine.stats.requested, engine.stats.journal_hits, engine.stats.memo_hits) == (88, 66, 22)


def test_every_row_of_a_call_is_counted_once(tmp_path):
    rows, heard = rows_of(12), []
    with Journal(tmp_path / "j") as journal:
        engine_for(build("bert"), journal=journal).logits(rows[:5])
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = engine_for(build("bert"), journal=journal)
        engine.on_progress = heard.append
        engine.logits(rows + rows[:2] + rows[10:])
    stats = engine.stats
    assert (stats.requested, stats.journal_hits, stats.computed, stats.memo_hits) == (16, 5, 7, 4)
    assert heard[0] == 7
    assert sum(heard) == 16


def test_what_a_resumed_run_adds_is_there_for_the_next(tmp_path):
    rows = rows_of(30)
    for stop in (10, 20, 30):
        with Journal(tmp_path / "j", resume=True) as journal:
            engine = engine_for(build("bert"), journal=journal)
            engine.logits(rows[:stop])
            assert (engine.stats.journal_hits, engine.stats.computed) == (stop - 10, 10)
    assert len(list((tmp_path / "j").glob("segment-*"))) == 3


def test_what_the_memo_forgot_is_read_from_the_journal(monkeypatch, tmp_path):
    monkeypatch.setattr("modelaudit.inference.engine.MEMO_BYTES", 5_000)
    rows = rows_of(40)
    with Journal(tmp_path / "j") as journal:
        engine = engine_for(build("bert"), journal=journal)
        answers = engine.logits(rows)
        assert bits(engine.logits(rows)) == bits(answers)
    assert engine.stats.evicted > 20
    assert engine.stats.computed == 40
    assert engine.stats.journal_hits > 20
    assert engine.stats.journal_hits + engine.stats.memo_hits == 40


def test_other_models_and_other_numerics_are_left_alone(tmp_path):
    rows = rows_of(10)
    others = ({"batch_tokens": 256}, {"model_id": "other"})
    with Journal(tmp_path / "j") as journal:
        engine_for(build("bert"), journal=journal).logits(rows)
    before = {path: path.read_bytes() for path in (tmp_path / "j").glob("segment-*")}
    for other in others:
        with Journal(tmp_path / "j", resume=True) as journal:
            engine = engine_for(build("bert"), journal=journal, **other)
            engine.logits(rows)
            assert (engine.stats.journal_hits, engine.stats.computed) == (0, 10)
    assert {path: path.read_bytes() for path in before} == before
    assert len(list((tmp_path / "j").glob("segment-*"))) == 3


def test_answers_of_other_software_are_left_alone(monkeypatch, tmp_path):
    rows = rows_of(10)
    with Journal(tmp_path / "j") as journal:
        engine_for(build("bert"), journal=journal).logits(rows)
    monkeypatch.setattr("modelaudit.inference.journal.metadata.version", lambda name: "0.0")
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = engine_for(build("bert"), journal=journal)
        engine.logits(rows)
    assert engine.stats.journal_hits == 0


def test_two_engines_share_a_journal(tmp_path):
    rows = rows_of(10)
    for hits in (0, 10):
        with Journal(tmp_path / "j", resume=True) as journal:
            one = engine_for(build("bert"), journal=journal, model_id="one")
            two = engine_for(build("roberta"), journal=journal, model_id="two")
            answers = bits(one.logits(rows)), bits(two.logits(rows))
            assert (one.stats.journal_hits, two.stats.journal_hits) == (hits, hits)
    assert answers == (bits(engine_for(build("bert")).logits(rows)), bits(engine_for(build("roberta")).logits(rows)))


def test_when_memory_runs_out_answers_go_under_the_new_numerics(tmp_path):
    rows = rows_of(30, longest=30)
    with Journal(tmp_path / "j") as journal:
        engine = cramped(256, batch_tokens=256)
        engine.keep_in(journal)
        first = engine.numerics_id
        engine.logits(rows[:20])
        engine._model.room = 100
        answers = engine.logits(rows)
        assert engine.stats.journal_hits == 0
    assert engine.numerics_id != first
    with Journal(tmp_path / "j", resume=True) as journal:
        assert len(journal.open("tiny", first)) == 20
        small = engine_for(build("bert"), batch_tokens=64, journal=journal)
        np.testing.assert_array_equal(small.logits(rows), answers)
        assert small.stats.journal_hits == 30
    with Journal(tmp_path / "j", resume=True) as journal:
        again = cramped(256, batch_tokens=256)
        again.keep_in(journal)
        again._model.room = 100
        np.testing.assert_array_equal(again.logits(rows[20:] + rows), answers[20:] + answers)
        assert again.stats.out_of_memory == 2
        assert (again.stats.journal_hits, again.stats.computed, again.stats.memo_hits) == (30, 0, 10)


def test_an_engine_lets_go_of_a_journal(tmp_path):
    engine, rows = engine_for(build("bert")), rows_of(10)
    with Journal(tmp_path / "j") as journal:
        engine.keep_in(journal)
        engine.logits(rows[:5])
        engine.keep_in(None)
        engine.logits(rows)
        assert journal.finish() is None
    assert engine.stats.computed == 10
    assert not (tmp_path / "j").exists()


def test_an_engine_whose_journal_was_closed_says_so(tmp_path):
    with Journal(tmp_path / "j") as journal:
        engine = engine_for(build("bert"), journal=journal)
    with pytest.raises(ValueError, match="this journal is closed"):
        engine.logits(rows_of(1))
    assert list((tmp_path / "j").iterdir()) == [tmp_path / "j" / "lock"]


def test_a_torn_tail_is_told_and_computed_again(tmp_path):
    rows = rows_of(20)
    with Journal(tmp_path / "j") as journal:
        expected = bits(engine_for(build("bert"), journal=journal).logits(rows))
    [segment] = (tmp_path / "j").glob("segment-*")
    segment.write_bytes(segment.read_bytes()[:-5])
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = engine_for(build("bert"), journal=journal)
        assert bits(engine.logits(rows)) == expected
    assert 0 < engine.stats.computed < 20
    [event] = engine.events
    assert event.startswith("The journal's segment-000001.journal was torn or damaged at byte ")
