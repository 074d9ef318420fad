"""Calibration of the watch: how often monitors of unchanged data ever raise an alarm, and how soon those of changed do.

Each monitor has its own baseline rows, kept through all its looks, as in use. Rows are drawn as numbers (lengths,
classes, confidences, …), so the whole study takes three CPU minutes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelaudit.monitoring.alert_rule import AlertRule
from modelaudit.monitoring.judging import Reference, Window, judge_window
from modelaudit.monitoring.tally import RIGHT, WRONG, added, confidence_bin, length_bin
from modelaudit.monitoring.watch_state import RECENT

ALPHA = 0.05
LOOKS, CHANGED_LOOKS, STARTS = 30, 11, 4
BASELINE, ROWS, EMBEDDED, WIDTH = 500, 100, 100, 8
SURGE_ROWS = 200
LABELS = ("negative", "neutral", "positive")
MOST_ALARMS = {200: 18, 400: 31}
"""Monitors that may ever raise an alarm at a true rate of 5%, by how many there are (1% level)."""


@dataclass(frozen=True)
class World:
    """What rows are drawn from."""

    length: float = 80.0
    negative: float = 0.2
    certainty: float = 6.0
    accuracy: float = 0.85
    new_words: float = 0.1
    foreign: float = 0.05
    moved: float = 0.0


CHANGES: dict[str, tuple[str, World]] = {
    "length, median 80 to 110 characters": ("length", World(length=110.0)),
    "negative items, 20% to 35%": ("prediction", World(negative=0.35)),
    "negative items, 20% to 27%": ("prediction", World(negative=0.27)),
    "confidence, mean .86 to .80": ("confidence", World(certainty=4.0)),
    "accuracy, 85% to 70%": ("accuracy", World(accuracy=0.7)),
    "new words, 10% to 20%": ("vocabulary", World(new_words=0.2)),
    "foreign texts, 5% to 20%": ("language", World(foreign=0.2)),
    "embeddings, half a deviation in each of 8 directions": ("embedding", World(moved=0.5)),
}


def rows_of(world: World, n: int, rng: np.random.Generator) -> tuple[dict[str, dict[str, int]], np.ndarray]:
    """Return the tally and the embeddings of n rows."""
    lengths = map(length_bin, np.rint(np.exp(rng.normal(np.log(world.length), 0.5, n))).astype(int).tolist())
    rest = 1.0 - world.negative
    classes = rng.choice(3, n, p=[world.negative, 0.6 * rest, 0.4 * rest])
    confidences = map(confidence_bin, rng.beta(world.certainty, 1.0, n).tolist())
    right = int((rng.random(n) < world.accuracy).sum())
    foreign = int((rng.random(n) < world.foreign).sum())
    tally = {
        "language": {"English": n - foreign, "other": foreign},
        "length": counted(lengths),
        "vocabulary": counted(np.rint(5.0 * rng.binomial(10, world.new_words, n)).astype(int).tolist()),
        "prediction": counted(LABELS[each] for each in classes),
        "confidence": counted(confidences),
        "accuracy": {RIGHT: right, WRONG: n - right},
    }
    return tally, rng.normal(world.moved, 1.0, (min(n, EMBEDDED), WIDTH))


def counted(values: Any) -> dict[str, int]:
    return {str(value): count for value, count in Counter(values).items()}


def monitor(
    worlds: list[World],
    rng: np.random.Generator,
    rules: tuple[AlertRule, ...] = (),
    *,
    baseline: int = BASELINE,
    rows: int = ROWS,
) -> list[tuple[str, ...]]:
    """Return which measures raised the alarm at each look of one monitor; look k sees rows of the k-th world."""
    reference = Reference(*rows_of(World(), baseline, rng))
    recent: list[dict[str, dict[str, int]]] = []
    found = []
    for look, world in enumerate(worlds, start=1):
        tally, embeddings = rows_of(world, rows, rng)
        together = added([*recent, tally]) if recent else None
        measures = judge_window(
            reference, Window(tally, together, embeddings), look=look, alpha=ALPHA, rules=rules, rng=rng
        )
        recent = [*recent, tally][-RECENT:]
        found.append(tuple(sorted({each.name for each in measures if each.state == "alarm"})))
    return found


def without_change(monitors: int, looks: int, seed: int) -> dict[str, Any]:
    """How many monitors of unchanged data ever raise an alarm."""
    rules = (
        AlertRule(label="negative", kind="risen", share=0.05),
        AlertRule(label="negative", kind="above", share=0.3),
    )
    alarmed = [
        any(monitor([World()] * looks, np.random.default_rng([seed, 0, draw]), rules)) for draw in range(monitors)
    ]
    most = MOST_ALARMS.get(monitors)
    return {
        "name": "no change: monitors that ever raise an alarm",
        "monitors": monitors,
        "looks": looks,
        "value": sum(alarmed),
        "target": most,
        "met": None if most is None else sum(alarmed) <= most,
    }


def with_change(name: str, monitors: int, seed: int) -> dict[str, Any]:
    """How soon a planted change is found, counted in looks from the first that shows it."""
    measure, world = CHANGES[name]
    place = list(CHANGES).index(name) + 1
    delays = []
    for draw in range(monitors):
        worlds = [World()] * (STARTS - 1) + [replace(world)] * (CHANGED_LOOKS - STARTS + 1)
        looks = monitor(worlds, np.random.default_rng([seed, place, draw]))
        delays.append(next((at - STARTS + 2 for at, names in enumerate(looks) if measure in names), None))
    found = [delay for delay in delays if delay is not None]
    by_look = {k: sum(delay <= k for delay in found) / monitors for k in (1, 2, 3, 5, 8)}
    return {
        "name": f"change: {name}",
        "monitors": monitors,
        "rows_a_look": ROWS,
        "value": by_look[8],
        "found_within_looks": by_look,
        "mean_delay_looks": round(float(np.mean(found)), 2) if found else None,
    }


def surge(monitors: int, seed: int) -> dict[str, Any]:
    """The founding case: negative items go from 20% to 35% at the fourth look, under a rule that was declared."""
    rule = AlertRule(label="negative", kind="risen", share=0.05)
    needed = []
    for draw in range(monitors):
        worlds = [World()] * (STARTS - 1) + [World(negative=0.35)] * (CHANGED_LOOKS - STARTS + 1)
        looks = monitor(worlds, np.random.default_rng([seed, 99, draw]), (rule,), baseline=1_000, rows=SURGE_ROWS)
        told = [at for at, names in enumerate(looks) if {"prediction", f"alert: {rule.name}"} & set(names)]
        after = [at for at in told if at >= STARTS - 1]
        needed.append((after[0] - STARTS + 2) * SURGE_ROWS if after else None)
    found = sorted(each for each in needed if each is not None)
    return {
        "name": "surge of negative items, 20% to 35%, baseline of 1,000 rows: rows until the alarm",
        "rows_a_look": SURGE_ROWS,
        "monitors": monitors,
        "value": len(found) / monitors,
        "median_rows": float(np.median(found)) if found else None,
        "nine_in_ten_rows": found[int(0.9 * monitors) - 1] if len(found) >= 0.9 * monitors else None,
        "target": 0.9,
        "met": len(found) >= 0.9 * monitors,
    }


def study(draws: int, seed: int, *, looks: int = LOOKS) -> list[dict[str, Any]]:
    """Return the study's cells: `draws` monitors without a change, a quarter of that for each planted one."""
    few = max(1, draws // 4)
    return [
        without_change(draws, looks, seed),
        *(with_change(name, few, seed) for name in CHANGES),
        surge(few, seed),
    ]
