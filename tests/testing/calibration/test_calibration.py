"""A calibration counts what audits found, goes on where it was stopped, and tells truly of wrong checkers."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace

import pytest
from marked_rows import BROKEN, MARKED, UNLIMITED, Failing, Never, Shouting, Stating

from modelaudit.cards import parse_card
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.errors import InputError, PluginError
from modelaudit.testing import BIASED, planted_classifier, planted_rows
from modelaudit.testing.calibration import calibrate, card_text
from modelaudit.testing.calibration.measuring import Measured, measure
from modelaudit.testing.calibration.tally import card_of
from modelaudit.testing.calibration.unit import Unit, ask


def units_in(folder):
    return sorted(path for path in folder.glob("*/*.json") if path.name != "key.json")


def told(card):
    """What does not vary from run to run."""
    content = json.loads(card_text(card))
    content["cost"].pop("seconds")
    return content


def test_the_one_group_that_was_measured_is_the_value_and_of_several_there_is_none():
    one = ask(CounterfactualSubstitution(), BIASED, 1.0, 1, "quick")
    assert one.holds(BIASED.truth(1.0))
    assert not one.holds(BIASED.truth(0.0))
    words = {"Maria": 1.0, "James": 0.0, "she": 1.0, "he": 0.0, "good": 1.0, "bad": -1.0}
    model, tokenizer = planted_classifier(words, extra_vocabulary=["Linda", "Robert"])
    rows = planted_rows(80, 1, words={"good": 1.0, "bad": -1.0}, mentions=("she", "he", "Maria", "James"))
    both = replace(BIASED, plant=lambda strength, seed: {"model": model, "tokenizer": tokenizer, "data": rows})
    several = ask(CounterfactualSubstitution(), both, 1.0, 1, "quick")
    assert (several.status, several.judged, several.value) == ("completed", True, None)


class Stop(Exception):
    """Somebody stops the run."""


def test_a_card_counts_what_the_audits_found(tmp_path):
    card = calibrate(Shouting(), MARKED, nulls=6, draws=4, folder=tmp_path)
    assert parse_card(card_text(card), name="own") == card
    [alarms] = card.false_alarms
    assert (alarms.k, alarms.n, alarms.nominal) == (0, 6, 0.05)
    assert [(power.effect, power.n, power.unit) for power in card.power] == [
        (0.1, 4, "share of rows"),
        (0.4, 4, "share of rows"),
    ]
    assert card.power[1].k == 4
    assert [cover.n for cover in card.coverage] == [6, 4, 4]
    assert (card.cost.n, card.cost.evaluations, card.cost.preset) == (6, 100, "quick")
    assert card.version == "1.2.3"
    assert "6 audits of the clean twin and 4 audits at each strength (0.1, 0.4: share of rows)" in card.study
    assert "被标点改变的回答" in card.study_zh


def test_each_unit_says_what_its_audit_said():
    clean, marked = ask(Shouting(), MARKED, 0.0, 5, "quick"), ask(Shouting(), MARKED, 0.4, 5, "quick")
    assert (clean.judged, clean.alarm, clean.value) == (True, False, 0.0)
    assert (marked.judged, marked.alarm) == (True, True)
    assert marked.low < marked.value < marked.high
    assert marked.value == pytest.approx(0.4, abs=0.2)
    assert marked.holds(marked.value)
    assert not marked.holds(0.0)


def test_a_stopped_run_goes_on_and_a_second_one_asks_nothing(tmp_path):
    def stop(done, total):
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        calibrate(Shouting(), MARKED, nulls=4, draws=3, folder=tmp_path, progress=stop)
    first = {path: path.stat().st_mtime_ns for path in units_in(tmp_path)}
    assert len(first) == 5
    heard = []
    gone_on = calibrate(
        Shouting(), MARKED, nulls=4, draws=3, folder=tmp_path, progress=lambda *each: heard.append(each)
    )
    assert heard == [(done, 10) for done in range(5, 11)]
    after = {path: path.stat().st_mtime_ns for path in units_in(tmp_path)}
    assert {path: after[path] for path in first} == first
    heard.clear()
    again = calibrate(Shouting(), MARKED, nulls=4, draws=3, folder=tmp_path, progress=lambda *each: heard.append(each))
    assert heard == [(10, 10)]
    assert card_text(again) == card_text(gone_on)
    assert told(again) == told(calibrate(Shouting(), MARKED, nulls=4, draws=3, folder=tmp_path / "anew"))


def test_more_draws_keep_those_that_are_there(tmp_path):
    measure(Shouting(), MARKED, nulls=1, draws=1, folder=tmp_path)
    heard = []
    measure(Shouting(), MARKED, nulls=2, draws=2, folder=tmp_path, progress=lambda *each: heard.append(each))
    assert heard[0] == (3, 6)


@pytest.mark.parametrize(
    ("checker", "defect"),
    [
        (Shouting("!!"), MARKED),
        (Shouting(), replace(MARKED, limits={"flip_rate": {"max": 0.2}})),
        (Shouting(), replace(MARKED, name="another")),
    ],
)
def test_what_could_change_an_answer_makes_it_ask_anew(tmp_path, checker, defect):
    measure(Shouting(), MARKED, nulls=1, draws=0, folder=tmp_path)
    heard = []
    measure(checker, defect, nulls=1, draws=0, folder=tmp_path, progress=lambda *each: heard.append(each))
    assert heard[0] == (0, 1)


def test_changed_code_makes_it_ask_anew(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    code = "from marked_rows import Shouting\n\nclass Own(Shouting):\n    margin = "
    file = tmp_path / "own_code.py"

    def kept(margin):
        file.write_text(f"{code}{margin}\n")
        module = importlib.reload(importlib.import_module("own_code"))
        heard = []
        folder = tmp_path / "units"
        measure(module.Own(), MARKED, nulls=1, draws=0, folder=folder, progress=lambda *each: heard.append(each))
        return heard[0][0]

    assert [kept(margin) for margin in (1, 1, 22)] == [0, 1, 0]


@pytest.mark.heavy
def test_the_card_is_the_same_whatever_the_number_of_processes(tmp_path):
    sizes = {"nulls": 3, "draws": 2}
    alone = calibrate(Shouting(), MARKED, **sizes, folder=tmp_path / "1")
    assert told(calibrate(Shouting(), MARKED, **sizes, folder=tmp_path / "2", jobs=2)) == told(alone)


def test_what_no_other_process_can_be_sent_is_refused_before_anything_is_asked(tmp_path):
    with pytest.raises(InputError, match="take jobs=1"):
        calibrate(Shouting(), replace(MARKED, plant=lambda strength, seed: {}), folder=tmp_path, jobs=2)


def test_a_checker_that_never_alarms_finds_nothing(tmp_path):
    card = calibrate(Stating(0), MARKED, nulls=3, draws=3, folder=tmp_path)
    assert [(power.k, power.n) for power in card.power] == [(0, 3), (0, 3)]
    assert card.false_alarms[0].k == 0
    # Its interval is around 0, which is far from the truth where the fault is strong.
    assert [cover.k for cover in card.coverage] == [3, 0, 0]


def test_a_checker_that_always_alarms_does_so_without_the_fault_as_well(tmp_path):
    card = calibrate(Stating(50), MARKED, nulls=3, draws=3, folder=tmp_path)
    assert [power.k for power in card.power] == [3, 3]
    [alarms] = card.false_alarms
    assert (alarms.k, alarms.n) == (3, 3)
    assert alarms.low > alarms.nominal
    assert card.coverage[0].k == 0


def test_nulls_that_failed_are_no_quiet_ones(tmp_path):
    card = calibrate(Failing(), MARKED, nulls=3, draws=2, folder=tmp_path)
    assert card.false_alarms == ()
    assert card.cost is None
    assert "3 of 3 audits of the clean twin did not complete" in card.missing
    assert "3 errored" in card.missing
    assert "nothing faint here" in card.missing
    assert "3 次审计中有 3 次未完成" in card.missing_zh


def test_draws_that_did_not_complete_count_as_not_found():
    made = {"evaluations": 1, "tokens": 1, "seconds": 1, "hardware": "a machine", "made_on": "2026-11-27"}
    found = {**made, "status": "completed", "judged": True, "alarm": True}
    silent = {**made, "status": "skipped", "reason": "too few rows"}
    units = tuple(
        Unit.model_validate({"strength": strength, "seed": seed, **each})
        for strength, seed, each in [(0.0, 9, {**found, "alarm": False}), (0.1, 1, found), (0.1, 2, silent)]
    )
    card = card_of(Measured("a/b", "1", MARKED, "quick", 1, 2, 0.05, units), command="as here")
    [power] = card.power
    assert (power.k, power.n) == (1, 2)
    assert (
        "1 of 2 audits with the fault did not complete and count as not found (1 skipped: too few rows)" in card.missing
    )
    assert "3 of 3" not in card.missing


@pytest.mark.parametrize(
    ("checker", "defect", "error", "says"),
    [
        (Never(), MARKED, InputError, "gave no answer in any of 3 audits; the first is skipped: there is never enough"),
        (Shouting(), UNLIMITED, InputError, "no policy limit could be held against any metric of sample/shouting"),
        (Shouting(), BROKEN, InputError, "can't be planted at strength 0 with seed 1000000: ZeroDivisionError"),
        (Shouting, MARKED, PluginError, r"Shouting is a class; give an instance of it, Shouting\(\)"),
    ],
)
def test_what_can_give_no_card_is_said_with_the_next_step(tmp_path, checker, defect, error, says):
    with pytest.raises(error, match=says):
        calibrate(checker, defect, nulls=1, draws=1, folder=tmp_path)


def test_numbers_that_make_no_sense_and_spoilt_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="nulls and draws are both 0"):
        calibrate(Shouting(), MARKED, nulls=0, draws=0, folder=tmp_path)
    with pytest.raises(InputError, match="jobs is 0"):
        calibrate(Shouting(), MARKED, folder=tmp_path, jobs=0)
    measure(Shouting(), MARKED, nulls=2, draws=0, folder=tmp_path)
    first, second = units_in(tmp_path)
    kept = first.read_text()
    first.write_text(second.read_text())
    with pytest.raises(InputError, match="holds another audit"):
        measure(Shouting(), MARKED, nulls=2, draws=0, folder=tmp_path)
    first.write_text(kept[:20])
    with pytest.raises(InputError, match="Delete it, to ask anew"):
        measure(Shouting(), MARKED, nulls=2, draws=0, folder=tmp_path)
