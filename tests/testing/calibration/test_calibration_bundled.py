"""The study of the bundled checkers: what it is made of, that it goes on, and that its cards are its cells."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from marked_rows import MARKED, Shouting

from modelaudit.cards import Card
from modelaudit.checkers import modelaudit_checkers

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    """The study's modules, as they import one another."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return SimpleNamespace(main=import_module("calibration_bundled"), defects=import_module("bundled_defects"))


def test_every_entry_is_of_a_bundled_checker_in_its_present_version(bench):
    versions = {checker.info.id: checker.info.version for checker in modelaudit_checkers()}
    found = bench.defects.entries()
    assert found.keys() <= versions.keys()
    assert all(entry.checker.info.version == versions[name] for name, entry in found.items())
    rules = import_module("card_rules")
    assert {name for name, entry in found.items() if not entry.draws} <= rules.STUDIES.keys()
    assert {name for name, entry in found.items() if entry.draws}.isdisjoint(rules.STUDIES)


def test_a_stopped_study_keeps_what_is_done_and_others_stay_as_they_stand(bench, tmp_path):
    entry = bench.defects.Entry(Shouting(), MARKED, 3, 2)
    units, out = tmp_path / "units", tmp_path / "out"
    data, page = bench.main.study([entry], units, out)
    first = json.loads(data.read_text())
    card = Card.model_validate(first["checkers"]["sample/shouting"]["card"])
    cells = {figure["name"]: figure for figure in first["figures"]}
    for rate in card.rates:
        assert (cells[rate.cell]["value"], cells[rate.cell]["unit"]) == (rate.k, f"{rate.k} of {rate.n} audits")
        assert rate.cell.startswith("shouting: ")
        assert rate.source == data.name
    [alarms] = card.false_alarms
    assert cells[alarms.cell]["met"] is True
    assert "One planted fault, answers that a mark moves" in page.read_text()
    kept = {path: path.stat().st_mtime_ns for path in units.glob("*/0.*.json")}
    other = bench.defects.Entry(Shouting("?"), MARKED, 1, 0)
    other.checker.info = other.checker.info.model_copy(update={"id": "sample/asking"})
    data, _ = bench.main.study([other], units, out)
    both = json.loads(data.read_text())["checkers"]
    assert both["sample/shouting"] == first["checkers"]["sample/shouting"]
    assert both["sample/asking"].keys() == {"version", "cost"}
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["group-performance", "prompt-robustness"])
def test_a_strong_fault_is_found_and_its_clean_twin_is_quiet(bench, name):
    ask = import_module("modelaudit.testing.calibration.unit").ask
    entry = bench.defects.entries()[f"modelaudit/{name}"]
    strong, clean = (ask(entry.checker, entry.defect, size, 1, "quick") for size in (entry.defect.strengths[-1], 0.0))
    assert (strong.judged, strong.alarm) == (True, True)
    assert (clean.judged, clean.alarm) == (True, False)
