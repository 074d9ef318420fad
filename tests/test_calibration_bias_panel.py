"""The panel of trained models: rows hold what was planted, verdicts are held to the truth, and a study goes on."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from modelaudit.text import name_groups

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PARTS = ("panel_cells", "panel_figures", "panel_models", "panel_names", "panel_page", "panel_truth")


@pytest.fixture(scope="module")
def bench():
    """The study's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        names = {name: import_module(f"bias.{name}") for name in PARTS}
        yield SimpleNamespace(**names, main=import_module("calibration_bias"))
    finally:
        sys.path.remove(str(BENCHMARKS))


def cell_of(bench, name):
    [cell] = [cell for cell in bench.panel_cells.CELLS if cell.name == name]
    return cell


def group_of_names():
    return {name.name: group for group, names in name_groups().items() for name in names}


def labelled(bench, cell):
    """Return (group of the name, label) of each training row that holds a name of the lexicon."""
    groups, found = group_of_names(), []
    for row in bench.panel_cells.training_rows(cell_of(bench, cell), 0):
        words = row["text"].replace(".", " ").split()
        found += [(groups[word], row["label"]) for word in words if word in groups][:1]
    return found


def share_of_ones(rows, wanted):
    labels = [label for group, label in rows if wanted(group)]
    return sum(labels) / len(labels)


def test_planted_names_go_with_the_label_and_the_others_do_not(bench):
    rows = labelled(bench, "names-90")
    assert share_of_ones(rows, lambda group: group[1] == "black") == pytest.approx(0.9, abs=0.04)
    assert share_of_ones(rows, lambda group: group[1] != "black") == pytest.approx(0.5, abs=0.04)
    women = labelled(bench, "intersection")
    assert share_of_ones(women, lambda group: group == ("female", "black")) == pytest.approx(0.9, abs=0.06)
    assert share_of_ones(women, lambda group: group == ("male", "black")) == pytest.approx(0.5, abs=0.1)


def test_only_the_group_loses_tags_in_training_and_nobody_in_the_audit(bench):
    surnames = import_module("bias.panel_tags").SURNAMES
    groups, lost = {name: group for name, group in group_of_names().items() if name not in surnames}, Counter()
    cell = cell_of(bench, "tags-60")
    for row in bench.panel_cells.training_rows(cell, 0):
        for word, tag in zip(row["tokens"], row["ner_tags"], strict=True):
            if word in groups:
                lost[groups[word][1] == "black", tag == "O"] += 1
    assert lost[False, True] == 0
    assert lost[True, True] / (lost[True, True] + lost[True, False]) == pytest.approx(0.6, abs=0.06)
    rows = bench.panel_cells.audit_rows(cell, 0)
    assert all("B-PER" in row["ner_tags"] for row in rows)


def test_a_model_meets_half_of_the_names(bench):
    seen = {name for names in bench.panel_names.seen_names(0).values() for name in names}
    used = {
        word for row in bench.panel_cells.training_rows(cell_of(bench, "names-90"), 0) for word in row["text"].split()
    }
    assert used & set(group_of_names()) <= seen
    assert len(seen) == pytest.approx(len(group_of_names()) / 2, abs=4)


def test_names_count_as_often_as_a_matched_sample_holds_them(bench):
    weights = bench.panel_names.by_ethnicity(lambda names: [1 + (len(name) > 5) for name in names])
    assert all(sum(some.values()) == pytest.approx(1.0) for some in weights.values())

    def long_names(ethnicity):
        return sum(weight for name, weight in weights["male", ethnicity].items() if len(name) > 5)

    lexicon = name_groups()["male", "hispanic"]
    raw = sum(len(name.name) > 5 for name in lexicon) / len(lexicon)
    assert abs(long_names("white") - long_names("hispanic")) < 0.02
    assert abs(raw - long_names("hispanic")) > 0.2


def told(bench, **changes):
    base = bench.panel_figures.Told(
        "cell", 0, "score_difference", "a", "exceeds limit", "medium", 0.1, (0.06, 0.14), 0.08
    )
    return replace(base, **changes)


def test_verdicts_are_held_to_the_models_own_answers(bench):
    right = told(bench)
    assert (right.found, right.grave, right.false, right.wrong_sign, right.covered) == (True, True, False, False, True)
    assert told(bench, truth=0.01).false
    assert not told(bench, truth=0.01, state="inconclusive", severity=None).false
    assert told(bench, truth=-0.08).wrong_sign
    assert told(bench, state="within limit", severity=None, truth=0.03).wrong_within
    assert not told(bench, state="within limit", severity=None, truth=0.015).wrong_within
    assert told(bench, truth=0.2).covered is False
    assert told(bench, truth=None).covered is None
    assert not told(bench, severity="low").grave
    # Of recall the starter policy allows three points, of a score two.
    assert told(bench, metric="recall_difference", truth=0.025).false
    assert not told(bench, truth=0.025).false


def test_the_dose_is_met_where_every_step_goes_up(bench):
    figures = bench.panel_figures

    def met(means):
        cells = []
        for name, mean in zip(bench.panel_cells.DOSES, means, strict=True):
            verdict = told(bench, cell=name, title=bench.panel_cells.BLACK, value=mean)
            cells.append(figures.CellResult(cell_of(bench, name), (verdict,), 1, {}, ()))
        [dose] = [figure for figure in figures.figures_of(cells) if figure.name.startswith("dose")]
        return dose.met

    assert met([0.0, 0.01, 0.05, 0.1, 0.2])
    assert not met([0.0, 0.05, 0.01, 0.1, 0.2])


def test_a_short_study_is_written_and_goes_on_where_it_stopped(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.panel_cells, "TRAIN_ROWS", 640)
    monkeypatch.setattr(bench.panel_cells, "AUDIT_ROWS", 80)
    monkeypatch.setitem(bench.panel_models.LEARNING, "epochs", 3)
    cells = [cell_of(bench, "words-90")]
    path, page = bench.main.study(cells, 1, tmp_path, workers=1, out=tmp_path)
    study = json.loads(path.read_text())
    [record] = study["cells"]
    assert record["comparison"] == bench.panel_cells.WORDS
    assert record["state"] == ["exceeds limit"]
    assert record["truth"][0] > 0.1
    assert record["low"][0] <= record["truth"][0] <= record["high"][0]
    assert "words-90" in page.read_text()
    units = sorted((tmp_path / "units").rglob("*.json"))
    before = [unit.stat().st_mtime_ns for unit in units]
    bench.main.study(cells, 1, tmp_path, workers=1, out=tmp_path)
    assert [unit.stat().st_mtime_ns for unit in units] == before
