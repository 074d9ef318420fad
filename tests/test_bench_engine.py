"""The engine's benchmark: an arm that lies is void, limits and arms do the same work, and the whole of it runs."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PARTS = ("audit_cost", "classifier", "clock", "limits", "ours", "peers", "search", "turns", "work")


@pytest.fixture(scope="module")
def bench():
    """The benchmark's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield SimpleNamespace(**{name: import_module(f"engine.{name}") for name in PARTS})
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def classifier(bench):
    return bench.classifier.tiny("cpu")


@pytest.fixture(scope="module")
def task(bench, classifier):
    return bench.work.texts_task(classifier, bench.work.mixed_texts(classifier, 20, seed=3), seed=3)


@pytest.fixture(scope="module")
def expected(bench, classifier, task):
    return bench.limits.plain_probabilities(classifier, task.inputs)


def measured(bench, task, expected, answers):
    """Let arms that give these answers take turns."""
    turns = bench.turns
    arms = [turns.Arm(name, lambda _, answer=answer: answer, np.array) for name, answer in answers.items()]
    turns.take_turns(
        arms,
        [task] * 3,
        bench.clock.Clock(),
        check=lambda _, answer: turns.disagreement(answer, expected),
        seed=0,
    )
    return arms


def swapped(expected):
    return 1.0 - expected


def shifted(expected):
    return np.clip(expected + np.where(expected < 0.5, -2e-4, 2e-4), 0.0, 1.0)


def short(expected):
    return expected[:-1]


def broken(expected):
    return np.where(np.arange(len(expected)) == 3, math.nan, expected)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [(swapped, "labels differ"), (shifted, "differ by up to"), (short, "19 answers"), (broken, "no numbers")],
)
def test_an_arm_that_lies_is_void(bench, task, expected, lie, reason):
    liar, honest = measured(bench, task, expected, {"liar": lie(expected), "honest": expected + 1e-6})
    assert honest.fault is None
    for ratio in (bench.turns.ratio(liar, honest), bench.turns.ratio(honest, liar)):
        figure = ratio.figure("speed", least=0.0, unit="times as fast")
        assert (figure.value, figure.met) == (None, False)
        assert "void, liar" in figure.name
        assert reason in figure.name
    assert bench.turns.ratio(honest, honest).figure("speed", least=1.0, unit="times as fast").met


def test_labels_may_differ_where_the_model_itself_does_not_know(bench):
    near = np.array([0.5 + 2e-5, 0.9])
    assert bench.turns.disagreement(np.array([0.5 - 2e-5, 0.9]), near) is None


def test_all_ways_of_asking_agree(bench, classifier, task, expected):
    peers, ours = bench.peers.Peers(classifier), bench.ours.Ours(classifier)
    found = {
        "one by one": peers.read(peers.one_by_one(task.texts)),
        "sorted": peers.read(peers.sorted_batches(task.texts)),
        "texts": ours.read(ours.texts(task)),
    }
    for setting in (bench.peers.Setting(1), bench.peers.Setting(8), bench.peers.Setting(8, ordered=True)):
        found[str(setting)] = peers.read(peers.piped(task.texts, setting))
    for packed in (True, False):
        prepared = bench.limits.Prepared(classifier, task.inputs, bench.limits.Shape(packed, 96))
        found[f"limit, packed {packed}"] = prepared.read(prepared.run())
    assert {name: bench.turns.disagreement(answer, expected) for name, answer in found.items()} == dict.fromkeys(found)


def test_a_turn_that_is_answered_from_memory_is_refused(bench, classifier, task):
    ours = bench.ours.Ours(classifier)
    ours.ids(task)
    ours.forget()
    ours.read(ours.ids(task))
    ours._before = ours.engine.stats.computed
    from_memory = ours.ids(task)
    with pytest.raises(RuntimeError, match="computed nothing"):
        ours.read(from_memory)


def test_masks_as_strings_are_masks_as_ids(bench, classifier):
    first, second = bench.work.masks_tasks(classifier, rows=20, masks=30, turns=2, sampled=5, seed=1)
    for one in (first, second, first.sample, first.few):
        encoded = bench.work.encode(classifier, one.texts)
        assert [a.ids.tolist() for a in encoded] == [b.ids.tolist() for b in one.inputs]
    assert (len(first), len(first.sample), len(first.few)) == (300, 150, 38)
    assert first.texts != second.texts
    ours = bench.ours.Ours(classifier)
    expected = bench.limits.plain_probabilities(classifier, first.inputs)
    assert bench.turns.disagreement(ours.read(ours.masked(first)), expected) is None


def test_searches_end_alike_in_lockstep_and_alone(bench, classifier):
    search, ours = bench.search, bench.ours.Ours(classifier)
    todo = search.searches(classifier, 10, words=3, replacements=3, seed=1)
    together = search.by_engine(ours, todo)
    assert search.check(classifier, together) is None
    assert together == search.by_peer(lambda texts: ours.model.predict_proba(texts)[:, 1], todo)
    assert search.check(classifier, [(text, 1.0 - score) for text, score in together]) is not None


def test_products_are_those_of_the_linear_layers(bench, classifier, monkeypatch):
    products, seen = bench.limits.Products(classifier, 64), []
    monkeypatch.setattr(bench.limits.torch, "mm", lambda a, b: seen.append((*a.shape, b.shape[1])))
    products.run(tokens=96, rows=6)
    assert len(seen) == 2 * (2 * 6 + 2)
    assert seen.count((64, 32, 32)) == 2 * 4
    assert seen.count((32, 32, 128)) == 2
    assert seen.count((4, 32, 2)) == seen.count((2, 32, 2)) == 1


def test_questions_that_differ_count_each(bench, task):
    asked = [("logits", task.inputs), ("logits", task.inputs[:5]), ("hidden", task.inputs[:3])]
    assert len(bench.audit_cost.distinct_questions(asked)) == 23


@pytest.mark.heavy
def test_the_whole_benchmark_runs_and_leaves_a_study(tmp_path):
    subprocess.run(
        [sys.executable, BENCHMARKS / "bench_engine.py", "--size", "tiny", "--out", tmp_path],
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        check=True,
        capture_output=True,
    )
    study = json.loads((tmp_path / "bench_engine.json").read_text(encoding="utf-8"))
    names = [figure["name"] for figure in study["figures"]]
    assert [name for name in names if "void" in name] == []
    heads = ("memory", "start", "mixed", "masks", "greedy", "membership", "host", "whole audit", "journal", "growth")
    for head in (*heads, "waiting", "batch sizes"):
        assert [name for name in names if name.startswith(head)], head
    missing = [figure["name"] for figure in study["figures"] if figure["value"] is None]
    assert [name for name in missing if "not measured" not in name] == []
    assert len(names) == len(set(names))
    assert "| mixed lengths (CPU seconds at 1 thread): engine from texts / limit A |" in (
        tmp_path / "bench_engine.md"
    ).read_text(encoding="utf-8")
    plot = ElementTree.parse(tmp_path / "engine-growth.svg").getroot()
    assert len(plot.findall("{*}circle")) >= 3
