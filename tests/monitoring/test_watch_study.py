"""The study of the watch, in short: unchanged data stays quiet, and a planted change is found by its own measure."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from monitoring.watch import CHANGES, LOOKS, World, monitor, study, surge

from modelaudit.monitoring.alert_rule import AlertRule


def test_monitors_of_unchanged_data_stay_quiet():
    alarmed = [any(monitor([World()] * 4, np.random.default_rng([7, draw]))) for draw in range(6)]
    assert sum(alarmed) <= 2  # 99.8% of 6 at 5%, for all looks there could be


@pytest.mark.parametrize("name", ["length, median 80 to 110 characters", "accuracy, 85% to 70%"])
def test_a_change_is_found_by_its_own_measure_and_not_before(name):
    measure, world = CHANGES[name]
    looks = monitor([World(), world, world, world], np.random.default_rng(3))
    assert measure not in looks[0]
    assert measure in {*looks[1], *looks[2], *looks[3]}


def test_a_surge_is_found_within_some_hundred_rows():
    cell = surge(2, 5)
    assert cell["value"] == 1.0
    assert cell["median_rows"] <= 600


def test_a_rule_that_is_not_met_stays_quiet_on_its_very_edge():
    rule = AlertRule(label="negative", kind="above", share=0.2)
    looks = [monitor([World()] * 4, np.random.default_rng([11, draw]), (rule,)) for draw in range(3)]
    assert sum(any(f"alert: {rule.name}" in names for names in each) for each in looks) <= 1


@pytest.mark.heavy
def test_the_study_has_a_cell_for_each_change():
    cells = study(4, 0, looks=3)
    assert len(cells) == len(CHANGES) + 2
    assert LOOKS == 30
    assert all("name" in cell and "value" in cell for cell in cells)
