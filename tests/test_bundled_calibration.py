"""The calibration of the bundled checkers in short: it fails where a checker, or the fault to be found, gets worse."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import torch

from modelaudit.cards import cards
from modelaudit.checkers import modelaudit_checkers

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
STUDIED = "studied"
NOUNS = sorted(
    file.stem for file in (BENCHMARKS / "bundled_defects").glob("*.py") if file.stem not in {"__init__", STUDIED}
)
NULL, DRAW = 2_000_000, 1_000
"""Seeds that the calibration itself does not ask: its clean twins and draws have others."""
WITHOUT = {"modelaudit/entity-exposure", "modelaudit/canary-audit"}
"""They have studies of their own, and no row of the standard subject that an audit could be timed on."""


@pytest.fixture
def bench(monkeypatch):
    """The modules of the calibration, as they import one another."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("bundled_defects")


@pytest.fixture
def one_thread():
    """Audits of a calibration run on one thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_every_bundled_checker_is_calibrated_or_has_a_study_of_its_own(bench):
    known = {checker.info.id for checker in modelaudit_checkers()}
    assert known - bench.entries().keys() == WITHOUT
    own = {name for name, entry in bench.entries().items() if entry.draws}
    assert own == {f"modelaudit/{noun.replace('_', '-')}" for noun in NOUNS}


def test_every_bundled_checker_has_a_card_of_its_present_version():
    versions = {checker.info.id: checker.info.version for checker in modelaudit_checkers()}
    found = {card.checker: card.version for card in cards()}
    assert found == versions


@pytest.mark.parametrize("noun", NOUNS)
def test_equal_seeds_plant_equal_subjects_and_others_other_rows(bench, noun):
    defect = import_module(f"bundled_defects.{noun}").DEFECT
    first, again, other = (defect.clean(seed) for seed in (NULL, NULL, NULL + 1))
    assert repr(first["data"]) == repr(again["data"])
    weights = [subject["model"].state_dict() for subject in (first, again, other)]
    assert all(torch.equal(each, weights[1][name]) for name, each in weights[0].items())
    assert repr(first["data"]) != repr(other["data"]) or any(
        not torch.equal(each, weights[2][name]) for name, each in weights[0].items()
    )


@pytest.mark.heavy
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("noun", NOUNS)
def test_two_clean_twins_are_quiet_and_the_strongest_fault_is_found(bench, noun):
    module, ask = import_module(f"bundled_defects.{noun}"), import_module("modelaudit.testing.calibration.unit").ask
    asked = [(0.0, NULL), (0.0, NULL + 1), (module.DEFECT.strengths[-1], DRAW)]
    units = [ask(module.CHECKER, module.DEFECT, *place, "quick") for place in asked]
    assert [(unit.status, unit.judged) for unit in units] == [("completed", True)] * 3
    assert [unit.alarm for unit in units] == [False, False, True]
    if module.DEFECT.truth is not None:
        # Of three intervals of 95%, one may miss by chance; that two do, one calibration in 140 would show.
        assert sum(bool(unit.holds(module.DEFECT.truth(unit.strength))) for unit in units) >= 2
