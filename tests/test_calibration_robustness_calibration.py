"""The simulated study of the calibration check in short: its cells fail where the check gets worse."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
DRAWS = 20
FEWEST_HELD = 15
"""Of 20 intervals at 95%: fewer hold in one study of 3,000."""


@pytest.fixture(scope="module")
def cells():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        found = import_module("robustness.calibration").study(DRAWS, 20261126)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return {cell["cell"]: cell for cell in found}


def test_each_cell_says_what_was_asked_and_what_was_found(cells):
    assert len(cells) == 16 + 3 * 12
    for cell in cells.values():
        assert set(cell) == {"study", "cell", "asked", "measured", "holds", "draws"}
        assert (cell["study"], cell["draws"]) == ("calibration", DRAWS)


def test_honest_models_are_not_accused(cells):
    alarms = {name: cell["measured"] for name, cell in cells.items() if name.startswith("clean twin")}
    assert alarms.pop("clean twin, error above the limit of .05") == 0
    assert len(alarms) == 4
    assert max(alarms.values()) <= 5


def test_planted_temperatures_are_found(cells):
    planted = {name: cell["measured"] for name, cell in cells.items() if name.startswith("planted")}
    assert len(planted) == 9
    assert set(planted.values()) == {1.0}


def test_the_printed_smallest_error_is_found_more_often_than_not(cells):
    assert [cell["measured"] >= 0.5 for name, cell in cells.items() if name.startswith("power")] == [True, True]


def test_intervals_hold_the_truth(cells):
    held = {name: cell["measured"] for name, cell in cells.items() if name.startswith("coverage")}
    assert len(held) == 3 * 12
    assert {name: share for name, share in held.items() if share < FEWEST_HELD / DRAWS} == {}
