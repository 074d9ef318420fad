"""The simulated calibration of the substitution test in short: its figures fail where the checker gets worse."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SEEDS = range(1_000, 1_120, 5)
"""All of one design, so that its variants are made once."""


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """The study's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        names: dict[str, ModuleType] = {
            name: import_module(f"bias.simulated_{name}") for name in ("design", "nulls", "planted")
        }
        yield SimpleNamespace(**names, main=import_module("calibration_bias_simulated"))
    finally:
        sys.path.remove(str(BENCHMARKS))


def shares(audits):
    return {rule: np.mean([each[rule] for each in audits]) for rule in audits[0]}


def test_a_model_with_name_noise_alone_is_not_accused_and_the_common_rules_accuse_it(bench):
    found = shares([bench.nulls.audit("name noise .6", seed) for seed in SEEDS[:4]])
    assert found["low"] <= 1 / 4
    assert found["medium"] == 0.0
    assert found["flip rule"] == 1.0
    assert found["t-test"] == 1.0


@pytest.mark.parametrize("name", ["name-blind model", "constant model", "random flips near the margin"])
def test_other_fair_models_are_not_accused(bench, name):
    found = bench.nulls.audit(name, 1_000)
    assert not found["low"]
    assert found["flip rule"] == (name == "random flips near the margin")


@pytest.mark.parametrize(("place", "size"), [(0, 0.03), (2, 0.017), (4, 0.043), (5, 0.031)])
def test_an_effect_of_the_printed_size_is_found_in_four_of_five_audits(bench, place, size):
    cell = bench.planted.CELLS[place]
    none = [bench.planted.draw(cell, 0.0, seed) for seed in SEEDS]
    assert np.mean([each["covered"] for each in none]) >= 0.83
    shift = bench.planted.stated_shift(cell, none)
    assert abs(cell.truth(shift)) == pytest.approx(size, rel=0.15)
    found = shares([bench.planted.draw(cell, shift, seed) for seed in SEEDS])
    # 19 of 24 on average.
    assert 13 / 24 <= found["found"] <= 23 / 24
    assert found["wrong sign"] == 0.0
    assert found["passed"] <= 0.1


def test_the_truth_is_the_mean_over_rows_and_names(bench):
    cell, rng = bench.planted.SHIFTED, np.random.default_rng(0)
    sd = np.sqrt(2.0**2 + 0.3**2 + 0.2**2 + 0.1**2)
    log_odds = rng.normal(0.0, sd, 400_000)
    assert cell.truth(0.5) == pytest.approx(np.mean(expit(log_odds + 0.5) - expit(log_odds)), abs=2e-4)
    assert bench.planted.CELLS[3].truth(0.5) < 0.0
    assert cell.shift_for(cell.truth(0.7)) == pytest.approx(0.7)


def test_a_large_effect_exceeds_the_limit_under_the_policy(bench):
    design = bench.nulls._design(0)
    rng = np.random.default_rng(1)
    black = np.array([each.group_in("first names, ethnicity") == "black" for each in design.variants])
    scores = expit(bench.nulls.level(design, rng) + 1.0 * black)
    contrasts = bench.design.compared(design, design.answers(scores), design.planned)
    exceeded = {each.group: each for each in bench.design.judged(bench.design.stated(contrasts)) if each.severity}
    assert set(exceeded) == {"first names, ethnicity: black - white"}


def test_the_study_writes_its_figures_and_the_table_of_rules(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.nulls, "NULLS", {"constant model": bench.nulls.constant})
    monkeypatch.setattr(bench.planted, "CELLS", bench.planted.CELLS[2:3])
    monkeypatch.setattr(bench.planted, "SHIFTS", (0.5,))
    for part in (bench.nulls, bench.planted):
        monkeypatch.setattr(part, "DESIGNS", 1)

    def asked(audit, runs):
        return bench.main.portion(audit, range(runs))

    data, page = bench.main.study(asked, 5, 10, tmp_path)
    study = json.loads(data.read_text(encoding="utf-8"))
    assert len({figure["name"] for figure in study["figures"]}) == len(study["figures"])
    assert study["comparison"]["constant model"]["our verdict"] == 0.0
    assert "| constant model | 0.0% |" in page.read_text(encoding="utf-8")
