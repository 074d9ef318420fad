"""The study of the measures: its cells name what is there, and its figures say what its audits found."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from modelaudit.plugins import Plugins
from modelaudit.training import MEASURES, Recipe

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
CHECKERS = {item.info.id: item.info for item in Plugins(installed=False).checkers()}


@pytest.fixture(scope="module")
def bench():
    """The study's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield SimpleNamespace(
            **{name: import_module(f"mending.{name}") for name in ("arms", "cells", "figures", "page", "worlds")}
        )
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_each_measure_has_a_cell_whose_check_names_it(bench):
    assert sorted(cell.measure for cell in bench.cells.CELLS) == sorted(MEASURES)
    unnamed = [cell.measure for cell in bench.cells.CELLS if cell.measure not in CHECKERS[cell.checker].measures]
    assert unnamed == []


def test_each_arm_has_a_recipe_that_takes_its_measure_alone(bench):
    _, arms, audits = bench.arms.units_of(list(bench.cells.CELLS), 2)
    assert len(audits) == 2 * len(bench.cells.CELLS)
    for arm in (unit.recipe for unit in arms):
        recipe = Recipe.of(**{**arm["recipe"], "seed": arm["seed"], **arm["settings"]})
        planted = Recipe.of(**arm["recipe"]).measures
        assert set(recipe.measures) - set(planted) == (set() if arm["arm"] == "plain" else {arm["arm"]})


def test_the_same_seed_gives_the_same_rows_and_no_text_stands_in_two_tables(bench):
    tables = bench.worlds.unsure(1)
    assert tables == bench.worlds.unsure(1)
    texts = [{row["text"] for row in rows} for rows in tables.values()]
    assert len(set().union(*texts)) == sum(map(len, texts))


def test_a_measure_that_moves_the_number_away_or_by_chance_has_not_met_its_target(bench):
    [cell] = [each for each in bench.cells.CELLS if each.measure == "temperature-scaling"]
    found = {}
    for seed, (before, after) in enumerate([(0.20, 0.05), (0.22, 0.08), (0.18, 0.04)]):
        found |= _results(cell, seed, before, after)
    record = bench.figures.record_of(cell, found, 3)
    assert record["moved"]["mean"] == pytest.approx(0.1433, abs=1e-4)
    assert [figure.met for figure in bench.figures.figures_of([record])] == [True, None]
    assert "0.200 [" in bench.page.summary({"cells": [record]})
    worse = {}
    for seed, (before, after) in enumerate([(0.05, 0.20), (0.08, 0.22), (0.04, 0.18)]):
        worse |= _results(cell, seed, before, after)
    assert bench.figures.figures_of([bench.figures.record_of(cell, worse, 3)])[0].met is False


def _results(cell, seed, before, after):
    told = {"before": before, "after": after, "difference": after - before, "interval": None, "paired": True}
    arm = {"seconds": 2.0}
    return {
        f"audit/{cell.measure}-{seed}": {"risk": told, "accuracy": told, "group": None},
        f"arm/{cell.world}-plain-{seed}": arm,
        f"arm/{cell.world}-{cell.measure}-{seed}": arm,
    }
