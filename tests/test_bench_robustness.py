"""The benchmark of robustness: an arm that lies or is not there is void, rows are those that the model gets right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PARTS = ("attack_speed", "our_attack", "peer", "perturbation_speed", "speed_figures")


@pytest.fixture(scope="module")
def bench():
    """The benchmark's modules, as they import one another."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        engine = {name: import_module(f"engine.{name}") for name in ("clock", "limits")}
        yield SimpleNamespace(**engine, **{name: import_module(f"robustness.{name}") for name in PARTS})
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def case(bench):
    return bench.perturbation_speed.tiny_case(rows=60)


@pytest.fixture(scope="module")
def right(bench, case):
    return bench.attack_speed.rightly_answered(case.classifier, case.rows, 12)


def turn(bench, outcomes, seconds=1.0):
    told = [{"cpu": seconds, "wall": seconds, "queries": 5, **one} for one in outcomes]
    return bench.attack_speed.Turn(told, bench.clock.Spent(seconds * len(told), seconds * len(told)))


def arm_of(bench, outcomes, **others):
    return bench.attack_speed.Arm("arm", lambda rows: turn(bench, outcomes[: len(rows)]), **others)


def test_rows_that_the_model_answers_wrongly_are_not_attacked(bench, case, right):
    wrong = [{**row, "label": 1 - row["label"]} for row in right]
    assert len(right) == 12
    assert bench.attack_speed.rightly_answered(case.classifier, wrong, 12) == []


def test_an_arm_that_claims_a_flip_where_the_answer_stays_is_void(bench, case, right):
    lying = arm_of(bench, [{"state": "success", "text": row["text"]} for row in right])
    honest = arm_of(bench, [{"state": "failed", "text": row["text"]} for row in right])
    skipping = arm_of(bench, [{"state": "skipped", "text": row["text"]} for row in right])
    for one in (lying, honest, skipping):
        bench.attack_speed._take(one, right, case.classifier)
    assert lying.void == "12 of its 12 flips are none"
    assert honest.void is None
    assert skipping.void == "it passed over 12 rows that the model answers rightly"


def test_an_arm_of_few_rows_is_held_against_the_fair_one_on_the_same_rows(bench):
    speed, clock = bench.attack_speed, bench.clock.Clock()
    fair, slow, own = (speed.Arm(name, lambda rows: None) for name in (speed.FAIR, speed.SHIPPED, speed.OURS))
    state = {"state": "failed", "text": ""}
    # The first of the fair arm's rows takes three times what the other does; the slow arm is given that one alone.
    fair.turns = [
        speed.Turn(
            [{**state, "cpu": 3.0, "wall": 3.0}, {**state, "cpu": 1.0, "wall": 1.0}], bench.clock.Spent(4.0, 4.0)
        )
    ] * 3
    slow.turns = [turn(bench, [state], seconds=30.0)] * 3
    own.turns = [turn(bench, [state, state], seconds=0.5)] * 3
    assert speed._faster(fair, own, fair, clock).value == pytest.approx(4.0)
    assert speed._faster(slow, own, fair, clock).value == pytest.approx(40.0)
    slow.void = "it is not there"
    assert speed._faster(slow, own, fair, clock).fault == f"{speed.SHIPPED}: it is not there"


def test_our_arm_asks_within_the_budget_and_its_flips_are_flips(bench, case, right):
    clock = bench.clock.Clock()
    arm = bench.attack_speed.Arm("ours", bench.attack_speed._ours(case.classifier, 10, clock, {}))
    bench.attack_speed._take(arm, right, case.classifier)
    assert arm.void is None
    assert len(arm.outcomes) == len(right)
    assert max(one["queries"] for one in arm.outcomes) <= 10
    assert arm.turns[0].asked


def test_a_peer_that_is_not_installed_is_void_and_says_so(bench, case, right, monkeypatch, tmp_path):
    monkeypatch.setenv("MODELAUDIT_PEERS_ROBUSTNESS", str(tmp_path / "python"))
    peer = bench.peer.DeepWordBug(tmp_path, 10, "longest")
    arm = bench.attack_speed.Arm(bench.attack_speed.FAIR, bench.attack_speed._peer(peer, case.classifier))
    bench.attack_speed._take(arm, right, case.classifier)
    assert "not installed" in arm.void
    found = bench.attack_speed._told(arm, bench.clock.Clock())
    [figure] = bench.speed_figures._arm("peer", found, "")
    assert figure.value is None
    assert "void, TextAttack is not installed" in figure.name


def test_a_void_arm_meets_no_target(bench):
    speed = bench.attack_speed
    void = {"void": "why"}
    found = {
        "rows": 4,
        "budget": 8,
        "turns": 1,
        "clock": "",
        "times as fast": {f"{own} / {peer}": void for peer in (speed.FAIR, speed.SHIPPED) for own in speed.RULES},
        "more flips": dict.fromkeys(speed.RULES, void),
        "limits": {},
        "arms": {speed.FAIR: void},
    }
    judged = [figure for figure in bench.speed_figures.attack_figures(found, judged=True) if figure.target]
    assert [figure.met for figure in judged] == [False] * 3


@pytest.mark.heavy
def test_the_whole_of_it_runs(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "bench_robustness.py"), "--tiny", "--rows", "40", "--turns", "1"]
    done = subprocess.run(
        [*command, "--only", "text", "attack", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    study = json.loads((tmp_path / "bench_robustness.json").read_text())
    [found] = study["perturbations"]
    suites = found["suites"]
    assert suites["all perturbations"]["distinct inputs"] > 40
    names = [figure["name"] for figure in study["figures"]]
    assert any("the check / limit A" in name for name in names)
    assert "attack: not measured" in " ".join(names)
    assert all(figure["target"] is None for figure in study["figures"])
