"""The study of the robustness and performance checks in short: its cells fail where a check gets worse."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
DRAWS = {"out_of_distribution": 60, "weak_slices": 30, "task_performance": 30}


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def cells_of(part, draws):
    return import_module(f"robustness.{part}").study(draws, 3)


@pytest.mark.parametrize("part", DRAWS)
def test_intervals_cover_effects_are_found_and_nothing_is_accused(part):
    for cell in cells_of(part, DRAWS[part]):
        if cell["study"].startswith("coverage"):
            assert cell["measured"] > 0.8, cell
        else:
            assert cell["holds"], cell


def test_a_planted_brittleness_is_found_and_its_clean_twin_is_not_accused():
    perturbation = import_module("robustness.perturbation")
    share = 0.15
    for defect, (_, kind) in perturbation.CUES.items():
        assert perturbation._exceeding(defect, share, seed=5) == {kind}
    assert perturbation._exceeding("clean twin", share, seed=5) == set()


def test_the_study_writes_a_page_of_the_parts_that_were_asked_for(tmp_path):
    main = import_module("calibration_robustness")
    assert {f"{part}.py" for part in main.PARTS} <= {path.name for path in (BENCHMARKS / "robustness").iterdir()}
    done = main.study(["out_of_distribution"], 20, 1, tmp_path)
    data, page = (path.read_text(encoding="utf-8") for path in done)
    assert list(json.loads(data)["cells"]) == ["out_of_distribution"]
    assert "AUC of the confidence" in page
    assert sys.path[0] == str(BENCHMARKS)
