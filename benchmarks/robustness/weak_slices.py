"""Weak slices: a planted slice of known size, clean twins, and the coverage of a gap that a search has picked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelaudit.checkers.performance.slices.conditions import Condition
from modelaudit.checkers.performance.slices.confirming import Tested, on_the_other_half, smallest_gap
from modelaudit.checkers.performance.slices.search import searched
from modelaudit.statistics import p_above, z_sum
from robustness.cells import Cell, alarm_cell, coverage_cell, power_cell

ROWS, CONDITIONS = 2_000, 200
BASE, SHARE = 0.12, 0.15
LIMIT = 0.10


def study(draws: int, seed: int) -> list[Cell]:
    rng = np.random.default_rng(seed)
    audits = max(draws // 10, 20)
    cells = []
    clean = [_audit(0.0, rng) for _ in range(max(audits, min(draws, 200)))]
    confirmed = sum(any(each.confirmed for each in shown) for shown, _ in clean)
    cell = f"clean twin, {CONDITIONS} conditions and pairs"
    cells.append(alarm_cell("a slice is confirmed", cell, confirmed, len(clean)))
    over = sum(p_above(shown[0].gap.bounds, LIMIT) <= 0.05 for shown, _ in clean if shown)
    cells.append(alarm_cell("the judged gap exceeds the limit", "clean twin", over, len(clean)))
    # The gap of the searched half is all luck; the other half's must cover none.
    many = [_audit(0.0, rng)[0] for _ in range(draws)]
    covered = [low <= 0.0 <= high for low, high in (shown[0].gap.interval() for shown in many if shown)]
    held = float(np.mean(covered))
    cells.append(coverage_cell("gap of the slice that a search picked", "clean twin, no gap", held, len(covered)))
    smallest = float(np.median([stated for _, stated in clean]))
    for gap, said in ((smallest, "the printed smallest gap"), (LIMIT + smallest, "that above the limit")):
        found = [_audit(gap, rng)[0] for _ in range(audits)]
        hit = float(np.mean([any(each.confirmed and _planted(each) for each in shown) for shown in found]))
        cell = f"{SHARE:.0%} of {ROWS:,} rows, {gap:.3f}: {said}"
        cells.append(power_cell("planted slice confirmed", cell, hit, audits))
    judged = float(np.mean([bool(shown) and p_above(shown[0].gap.bounds, LIMIT) <= 0.05 for shown in found]))
    cells.append(power_cell("the judged gap exceeds the limit", f"planted gap of {gap:.3f}", judged, audits))
    return cells


def _audit(gap: float, rng: np.random.Generator) -> tuple[list[Tested], float]:
    """Random conditions, the first of which marks the planted slice; errors hang on that one alone.

    Returned with the smallest gap that it states for a slice of the planted one's size.
    """
    shares = np.concatenate([[SHARE], rng.uniform(0.03, 0.5, CONDITIONS - 1)])
    flags = [rng.random(ROWS) < share for share in shares]
    wrong = rng.random(ROWS) < BASE + gap * flags[0]
    search = rng.random(ROWS) < 0.5
    found = searched([Condition(f"c{k}", f"c{k}", each) for k, each in enumerate(flags)], wrong, search)
    shown = on_the_other_half(found.slices, wrong, ~search, None)
    return shown, (shown and smallest_gap(_of_size(shown, SHARE), found.candidates)) or 0.0


def _planted(shown: Tested) -> bool:
    return any(each.name == "c0" for each in shown.slice.conditions)


def _of_size(shown: list[Tested], share: float) -> Tested:
    """The first slice as one of the planted one's size, whose smallest detectable effect goes by its standard error."""
    inside = ROWS * share / 2
    se = float(np.sqrt(BASE * (1 - BASE) * (1 / inside + 1 / (ROWS / 2 - inside))))
    return replace(shown[0], gap=replace(shown[0].gap, smallest_detectable=z_sum() * se))
