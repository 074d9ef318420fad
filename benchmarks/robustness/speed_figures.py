"""The figures of the robustness bench, from what its parts measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from study import Figure

from modelaudit.statistics import paired_difference, wilson
from robustness.attack_speed import FAIR, FREE, OURS, SHIPPED

LIMIT = 0.9
"""Least share of limit A's speed that the perturbation check keeps."""
FASTER = {FAIR: 5.0, SHIPPED: 30.0}
"""How many times as fast as the peer rows are attacked."""

JUDGED = FREE
"""The arm of ours whose figures have a target: the peer has no rule on how much of a text is edited."""

TIMES = "times as fast"
SHARE = "share of the limit's speed"

Found = Mapping[str, Any]


def perturbation_figures(found: Found | str, *, source: str, judged: bool) -> list[Figure]:
    """Return what the perturbation check cost; `found` may say why that was not measured."""
    if isinstance(found, str):
        return [Figure(f"perturbations, {source}: not measured, {found}", None, SHARE)]
    head = f"perturbations, {found['source']}, {found['rows']} rows"
    figures = []
    for place, (name, suite) in enumerate(found["suites"].items()):
        share, wall = suite["share of limit A"], suite["the same in wall time"]
        # The target is of a suite of a known size.
        target = LIMIT if judged and place == 0 and suite["perturbations"] == 12 else None
        figures += [
            _ratio(f"{head}, {name}: the check / limit A", share, f"{SHARE}, {found['clock']}", suite, least=target),
            _ratio(f"{head}, {name}: the check / limit A, wall time", wall, SHARE, suite),
            Figure(f"{head}, {name}: the check", _median(suite["seconds"]), found["clock"]),
            Figure(f"{head}, {name}: limit A, {suite['limit']}", _median(suite["seconds of limit A"]), found["clock"]),
            Figure(f"{head}, {name}: rows asked for", suite["rows asked for"], "rows"),
            Figure(f"{head}, {name}: distinct inputs", suite["distinct inputs"], "rows"),
            Figure(f"{head}, {name}: tokens of the distinct inputs", suite["tokens"], "tokens"),
        ]
    return figures


def attack_figures(found: Found, *, judged: bool) -> list[Figure]:
    """Return what the arms of the attack took and found."""
    if "void" in found:
        return [Figure(f"attack: not measured, {found['void']}", None, TIMES)]
    head = f"attack, {found['rows']} rows, {found['budget']} queries a row"
    figures = []
    times, share = (f"{unit}, {found['clock']}" for unit in (TIMES, SHARE))
    for pair, ratio in found["times as fast"].items():
        own, _, peer = pair.partition(" / ")
        target = FASTER[peer] if judged and own == JUDGED else None
        figures.append(_ratio(f"{head}: {own} / {peer}", ratio, times, found, least=target))
    for own in (OURS, FREE):
        figures.append(_flips(f"{head}: flips of {own} less those of {FAIR}", found["more flips"][own], own, judged))
    for name, ratio in found["limits"].items():
        figures.append(_ratio(f"{head}: {name}", ratio, times if name.startswith("limit") else share, found))
    for name, arm in found["arms"].items():
        figures += _arm(f"{head}: {name}", arm, found["clock"])
    return figures


def _arm(head: str, arm: Found, clock: str) -> list[Figure]:
    if "void" in arm:
        return [Figure(f"{head}: void, {arm['void']}", None, "rows a second")]
    rate = wilson(arm["flips"], arm["rows"])
    low, high = rate.interval(0.95)
    return [
        Figure(head, arm["rows a second"], f"rows attacked a second ({clock}), {arm['rows']} rows"),
        Figure(f"{head}: success rate", rate.value, f"share of rows, 95% [{low:.3f}, {high:.3f}], n = {rate.n}"),
        Figure(f"{head}: queries", arm["queries a row"], "a row, the original aside"),
        Figure(f"{head}: queries where a flip was found", arm["queries of a flip"], "a row"),
    ]


def _flips(name: str, pairs: Found, own: str, judged: bool) -> Figure:
    """Return by how much the success rate is higher on the same rows, with Tango's interval."""
    target = ">= 0" if judged and own == JUDGED else None
    if "void" in pairs:
        return Figure(
            f"{name}: void, {pairs['void']}", None, "share of rows", target, None if target is None else False
        )
    gain = paired_difference(pairs["only ours"], pairs["only the peer"], pairs["rows"])
    low, high = gain.interval(0.95)
    met = None if target is None else pairs["only ours"] >= pairs["only the peer"]
    return Figure(name, gain.value, f"share of rows, 95% [{low:+.3f}, {high:+.3f}], n = {gain.n}", target, met)


def _ratio(name: str, ratio: Found, unit: str, found: Found, *, least: float | None = None) -> Figure:
    target = None if least is None else f">= {least:g}"
    if "void" in ratio:
        return Figure(f"{name}: void, {ratio['void']}", None, unit, target, None if target is None else False)
    full = f"{unit}, 95% [{ratio['low']:.3f}, {ratio['high']:.3f}], turns: {found['turns']}"
    return Figure(name, ratio["value"], full, target, None if least is None else ratio["value"] >= least)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def sections(study: Found) -> str:
    """Return what the page says below the table: how the arms were made comparable, and what they are."""
    found = study.get("attack")
    if not found or "void" in found:
        return ""
    versions = next((arm["versions"] for arm in found["arms"].values() if arm.get("versions")), {})
    told = ", ".join(f"{name} {number}" for name, number in versions.items()) or "not run"
    text = f"""
## How the attack and its peer were made comparable

The peer is TextAttack's recipe DeepWordBug, whole and in an environment of its own ({told}); nothing of it is
replaced. At its first import it would fetch six corpora; it is told that it has done so. The one it needs, NLTK's stop
words, comes from a package that ships it; where it is not there the arm is void.

- Rows: the first that the model answers rightly, the same for all arms, the slowest arm a part of each turn's.
- Budget: {found["budget"]} queries beside the original, which the peer counts as one more and is granted. The peer
  stops once every word had its turn, ours goes on until the budget is spent.
- `{FAIR}`: one function of the peer's is replaced, so that a batch is padded to its longest text.
- `{OURS}`: the rules of `modelaudit/adversarial-search` by itself: no edits in words of under four letters, first and
  last letter kept, numerals and negations left alone, at most a quarter of the words edited. The peer edits any word
  but stop words. `{FREE}`: without the rules on how much is edited; this arm has the targets.
- Seconds are of the attack alone. Every flip that an arm claims was asked of the plain model again.
- `limit A of its questions` is what the model alone takes for the distinct texts that the peer asked about: no
  implementation that asks the same can be faster here.
"""
    return text + f"\nTwelve perturbations, by case: {json.dumps(_twelve(study), ensure_ascii=False)}.\n"


def _twelve(study: Found) -> dict[str, list[str]]:
    return {one["source"]: one["twelve"] for one in study.get("perturbations", ()) if "twelve" in one}
