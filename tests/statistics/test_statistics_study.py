"""What a study leaves behind: a JSON file for programs, and the same figures as a table."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "benchmarks" / "study.py"


@pytest.fixture
def study(monkeypatch):
    spec = importlib.util.spec_from_file_location("benchmark_study", SOURCE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "benchmark_study", module)
    spec.loader.exec_module(module)
    return module


def test_both_files_carry_the_same_figures(study, tmp_path):
    figures = [study.within("coverage", 0.951, 0.93, 0.97), study.at_most("alarms | null", 0.2, 0.05)]
    data, table = study.write_study("some_study", figures, 7, "python some_study.py", tmp_path / "results")
    read = json.loads(data.read_text(encoding="utf-8"))
    assert sorted(read) == ["command", "figures", "hardware", "seed", "versions"]
    assert read["figures"][0] == {
        "name": "coverage",
        "value": 0.951,
        "unit": "rate",
        "target": "0.93 to 0.97",
        "met": True,
    }
    assert read["figures"][1]["met"] is False
    page = table.read_text(encoding="utf-8")
    assert "| coverage | 0.951 | rate | 0.93 to 0.97 | yes |" in page
    assert "alarms \\| null" in page
    assert "**no**" in page


def test_a_figure_that_is_no_number_is_refused_before_anything_is_written(study, tmp_path):
    with pytest.raises(ValueError, match="'broken' is nan"):
        study.write_study("some_study", [study.Figure("broken", math.nan, "rate")], 7, "python x.py", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_records_stand_in_the_json_and_the_page_goes_on_from_there(study, tmp_path):
    data, table = study.write_study(
        "some_study",
        [study.Figure("runs", 2, "runs")],
        7,
        "python some_study.py",
        tmp_path,
        records={"runs": [{"value": 0.5}, {"value": 0.25}]},
        sections=lambda read: f"\nLowest: {min(run['value'] for run in read['runs'])}\n",
    )
    assert json.loads(data.read_text(encoding="utf-8"))["runs"] == [{"value": 0.5}, {"value": 0.25}]
    assert table.read_text(encoding="utf-8").endswith("|\n\nLowest: 0.25\n")
