"""The calibration of the membership checker: numbers are what they say, it goes on where it stopped, and it runs."""

from __future__ import annotations

import json
import math
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PARTS = (
    "asking",
    "bases",
    "cells",
    "dose",
    "figures",
    "knowing",
    "learning",
    "nulls",
    "page",
    "parts",
    "tasks",
    "truth",
    "units",
)


@pytest.fixture(scope="module")
def bench():
    """The study's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        names = {name: import_module(f"privacy.{name}") for name in PARTS}
        yield SimpleNamespace(**names, main=import_module("calibration_privacy"))
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def made(bench, tmp_path_factory):
    """The short study, done once."""
    folder = tmp_path_factory.mktemp("calibration")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MODELAUDIT_PEERS", str(folder / "none"))
        size = bench.parts.SIZES["short"]
        path, page = bench.main.study(size, folder, folder, workers=1, short=True, out=None)
    return SimpleNamespace(folder=folder, study=json.loads(path.read_text()), page=page.read_text(), size=size)


def test_share_found_keeps_to_its_false_alarms(bench):
    nonmembers = np.arange(1_000.0)
    assert bench.figures.share_found(np.array([985.0, 989.0, 990.0, 1_200.0]), nonmembers) == 0.5
    tied = np.zeros(1_000)
    assert bench.figures.share_found(np.zeros(10), tied) == 0.0


def test_two_attacks_that_rank_alike_have_the_ratio_one(bench):
    draw = np.random.default_rng(0)
    is_member = np.arange(600) < 300
    scores = draw.normal(size=600) + 1.0 * is_member
    assert bench.figures.ratio_found(3 * scores, scores, is_member, seed=0) == (1.0, 1.0, 1.0)
    better = draw.normal(size=600) + 4.0 * is_member
    ratio, low, high = bench.figures.ratio_found(better, scores, is_member, seed=0)
    assert 1.0 < low < ratio < high


def test_memorisation_is_the_difference_that_training_on_a_row_makes(bench):
    saw = np.array([[True, False], [False, True]] * 2)
    phi = np.array([[3.0, 1.0], [1.0, 1.0]] * 2)
    np.testing.assert_allclose(bench.cells.memorisation(phi, saw), [2.0, 0.0])


def test_false_alarms_allowed_are_those_of_the_design(bench):
    assert [bench.parts.allowed(n) for n in (200, 400)] == [18, 31]


def test_rows_are_distinct_and_models_never_saw_those_that_they_are_audited_on(bench, tmp_path):
    pool = bench.tasks.pool("letters", tmp_path)
    assert len({row["text"].lower() for row in pool.rows}) == len(pool.rows)
    recipe = {"model": 3, "rows": 500}
    seen, unseen = bench.nulls._seen(pool, recipe), bench.nulls._unseen(pool, recipe)
    assert len(seen) == 500
    assert not set(seen) & set(unseen)
    chosen = bench.truth.half(0, 40)
    assert chosen.sum() == 40
    assert (chosen != bench.truth.half(1, 40)).any()


def test_reckoning_of_a_row_is_the_models_own(bench, made):
    import torch

    pool = bench.tasks.pool("letters", made.folder)
    model, tokenizer = bench.bases.opened(bench.bases.base_folder(made.folder, pool), pool, seed=0)
    known = bench.knowing.known(bench.learning.Teaching(model.eval(), tokenizer, pool.task), pool.rows[:5])
    for place, row in enumerate(pool.rows[:5]):
        with torch.inference_mode():
            p = model(**tokenizer(row["text"], return_tensors="pt")).logits.softmax(-1)[0, row["label"]].item()
        assert known.loss[place] == pytest.approx(-math.log(p), abs=1e-5)
        assert known.phi[place] == pytest.approx(math.log(p / (1 - p)), abs=1e-5)


def test_a_head_alone_learns_and_leaves_the_encoder_as_it_is(bench, made):
    pool = bench.tasks.pool("letters", made.folder)
    model, tokenizer = bench.bases.opened(bench.bases.base_folder(made.folder, pool), pool, seed=0)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    recipe = bench.learning.Recipe("head", (2,), 1e-2)
    [(_, taught)] = bench.learning.taught(bench.learning.Teaching(model, tokenizer, pool.task), pool.rows[:64], recipe)
    moved = {name for name, weights in taught.named_parameters() if not weights.equal(before[name])}
    assert moved == {name for name in before if "pooler" in name or "classifier" in name}


def test_the_short_study_measures_every_part_and_makes_a_page(bench, made):
    names = [figure["name"] for figure in made.study["figures"]]
    assert len(names) == len(set(names))
    for head in ("honest null", "shifted sides", "dose, letters", "cell, letters", "cells", "models on which"):
        assert [name for name in names if name.startswith(head)], head
    [cell] = made.study["cells"]
    assert cell["right"][0] > cell["right"][1]
    assert cell["memorisation"] > 0.0
    assert cell["attacks"]["loss attack"]["auc"] == pytest.approx(cell["loss"]["auc"], abs=0.02)
    assert "not installed" in str(made.study["comparison"])
    for heading in ("Truth by retraining", "All attacks", "Dose and response", "Honest nulls", "Shifted sides", "peer"):
        assert heading in made.page
    assert bench.page.sections(made.study) in made.page


def test_a_study_goes_on_from_what_is_kept(bench, made):
    units = bench.parts.model_units(made.size)

    def broken(*_):
        raise AssertionError("a kept unit was worked out again")

    kept = [bench.units.Unit(unit.name, broken, unit.recipe) for unit in units]
    again = bench.units.results_of(kept, made.folder, made.folder, workers=1)
    assert set(again) == {unit.name for unit in units}
    other = bench.units.Unit(units[0].name, broken, {**units[0].recipe, "rate": 1.0})
    with pytest.raises(AssertionError, match="again"):
        bench.units.results_of([other], made.folder, made.folder, workers=1)
