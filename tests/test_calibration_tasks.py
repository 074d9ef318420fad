"""The study of planted defects by task: a cheap cell of it, its page, and what its committed results say."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from modelaudit import load_policy
from modelaudit.plugins import Plugins

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results" / "calibration_tasks.json"
CHEAP = "image-classification/bias"
TASKS, RISKS = (
    {"question-answering", "text-generation", "image-classification"},
    {"privacy", "bias", "opacity", "robustness"},
)


@pytest.fixture
def bench(monkeypatch):
    """The study's modules, as they import one another."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    names = ("catalogue", "cell", "page", "parts")
    found = {name: import_module(f"planted_tasks.{name}") for name in names}
    return SimpleNamespace(**found, main=import_module("calibration_tasks"))


def test_each_task_has_a_defect_of_each_risk_whose_number_has_a_limit(bench):
    assert {(cell.task, cell.risk) for cell in bench.catalogue.CELLS} == {(t, r) for t in TASKS for r in RISKS}
    risks = {item.info.id: item.info.risk for item in Plugins(installed=False).checkers()}
    limits = {(limit.checker, limit.metric) for limit in load_policy().limit}
    for cell in bench.catalogue.CELLS:
        assert risks[cell.checker] == cell.risk
        assert {(cell.checker, metric) for metric in cell.metrics} <= limits


@pytest.mark.heavy
def test_a_planted_defect_is_found_and_its_clean_twin_exceeds_no_limit(bench):
    cell = bench.catalogue.BY_NAME[CHEAP]
    planted, clean = (bench.cell.told(cell, 5, planted=each) for each in (True, False))
    assert {"tpr_difference", "fpr_difference"} <= {each.metric for each in planted.exceeded}
    assert not clean.exceeded
    assert bench.page.found(cell, planted)
    assert bench.page.passed(clean)
    assert not bench.page.found(cell, clean)
    assert not bench.page.passed(planted)
    assert not bench.page.found(cell, replace(planted, broken={cell.checker: "a reason"}))


def test_what_was_kept_makes_the_page_and_a_miss_is_told_as_one(bench, tmp_path):
    cell = bench.catalogue.BY_NAME[CHEAP]
    kept = tmp_path / "planted_tasks"
    kept.mkdir()
    verdict = bench.cell.Verdict(
        cell.checker,
        "tpr_difference",
        "gender: male - female",
        "inconclusive",
        0.1,
        (-0.1, 0.3),
        None,
        1.0,
        50,
        None,
        "",
    )
    told = bench.cell.Told((verdict,), {}, 1.0, 2.0)
    for part in bench.parts.parts_of([CHEAP], [1]):
        (kept / part.file).write_text(json.dumps(told.as_json()))
    data, page = bench.main.study([CHEAP], [1], tmp_path, tmp_path)
    [audit] = json.loads(data.read_text())["audits"]
    assert (audit["found"], audit["passed"]) == (False, True)
    written = page.read_text()
    assert "the defect was not found: inconclusive" in written
    assert "0.100 [-0.100, 0.300]" in written


def test_the_committed_results_are_of_every_cell_and_say_what_the_page_says(bench):
    study = json.loads(RESULTS.read_text(encoding="utf-8"))
    audits = study["audits"]
    assert {(each["task"], each["risk"]) for each in audits} == {(t, r) for t in TASKS for r in RISKS}
    cells = {(cell["task"], cell["risk"]): cell for cell in study["cells"]}
    for audit in audits:
        cell = cells[audit["task"], audit["risk"]]
        behind = "" if cell["group"] is None else f" ({cell['group']})"
        wanted = [f"{cell['checker']} {metric}{behind}" for metric in cell["metrics"]]
        assert audit["found"] == any(each.startswith(tuple(wanted)) for each in audit["planted"]["exceeded"])
        assert audit["passed"] == (not audit["clean"]["exceeded"])
    page = RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    assert page.endswith(bench.page.sections(study))
