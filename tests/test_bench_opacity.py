"""The benchmark of explanations: limit A is of what ours asks, errors are of one game, and the whole of it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PARTS = ("errors", "explaining", "shap_arms", "speed", "texts")


@pytest.fixture(scope="module")
def bench():
    """The benchmark's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        engine = {name: import_module(f"engine.{name}") for name in ("classifier", "clock", "limits")}
        yield SimpleNamespace(**engine, **{name: import_module(f"opacity.{name}") for name in PARTS})
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def classifier(bench):
    return bench.classifier.tiny("cpu")


@pytest.fixture(scope="module")
def texts(bench, classifier):
    return bench.texts.texts_of(classifier, None)


@pytest.fixture(scope="module")
def together(bench, classifier):
    return bench.speed.Bench.of(classifier, bench.clock.Clock(), bench.speed.Targets())


def test_rows_are_of_the_lengths_that_they_are_named_by(bench, classifier, texts):
    assert {len(row.split()) for row in texts.usual} == set(bench.texts.USUAL)
    assert {len(classifier.tokenizer(row)["input_ids"]) for row in texts.long} == {64}
    assert [len(row.split()) for rows in texts.short.values() for row in rows[:1]] == [8, 9, 10, 11, 12]
    assert texts.of_words(16, 3)[2].split() == texts.running[32:48]


def test_pairs_come_nearest_to_the_evaluations_or_stay_below(bench):
    assert [bench.explaining.nearest(500)(words) for words in (8, 25, 126, 600)] == [31, 10, 2, 1]
    assert [bench.explaining.at_most(100)(words) for words in (8, 12, 60)] == [6, 4, 1]


def test_limit_a_is_of_all_that_an_explanation_asks_and_of_nothing_else(bench, classifier, texts):
    pairs = bench.explaining.nearest(60)
    task = bench.explaining.Recorder(classifier).task(texts.usual[:3], pairs)
    explaining = bench.explaining.Explaining(classifier)
    explaining.explain(texts.usual[:3], pairs)
    assert len(task.distinct[0]) == explaining.ours.engine.stats.computed
    assert len(task.inputs) == explaining.evaluations + 3
    assert len(task) == 3


def test_evaluations_of_shap_are_counted(together, texts):
    before = together.shap.evaluations
    together.shap.batched(texts.usual[:1], 64)
    assert together.shap.evaluations - before == 500


def test_errors_by_table_are_those_of_explanations(bench, together, texts):
    [row] = bench.errors._enumerated(together, texts.short[8][:1])
    whole = row.values("log-odds")
    assert whole.sum() == pytest.approx(row.outputs["log-odds"][-1] - row.outputs["log-odds"][0])
    [one] = together.ours.explain([row.text], lambda _: 2000)
    np.testing.assert_allclose(one.shapley.values, whole, atol=0.02 * np.abs(whole).sum())
    assert row.ours("log-odds", 8) < row.ours("log-odds", 1)


def test_errors_of_another_game_are_refused(bench, together, texts):
    first, other = bench.errors._enumerated(together, texts.short[8][:2])
    found = together.shap.documented([first.text])[0]
    assert first.theirs("probability", found) < 0.5
    with pytest.raises(RuntimeError, match="another game"):
        other.theirs("log-odds", found)


@pytest.mark.heavy
def test_the_whole_benchmark_runs_and_leaves_a_study(tmp_path):
    subprocess.run(
        [sys.executable, BENCHMARKS / "bench_opacity.py", "--size", "tiny", "--out", tmp_path],
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "NUMBA_DISABLE_JIT": "0"},
        check=True,
        capture_output=True,
    )
    study = json.loads((tmp_path / "bench_opacity.json").read_text(encoding="utf-8"))
    names = [figure["name"] for figure in study["figures"]]
    for head in ("host cost", "rows of 23", "error", "at shap's error", "rows of 64 tokens", "growth"):
        assert [name for name in names if name.startswith(head)], head
    assert None not in [figure["value"] for figure in study["figures"]]
    assert len(names) == len(set(names))
