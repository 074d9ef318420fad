"""The simulated study of the adversarial search in short: its cells fail where the search gets worse."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_cells_hold_and_say_what_was_asked():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        cells = import_module("robustness.adversarial_search").study(60, 20261126)
    finally:
        sys.path.remove(str(BENCHMARKS))
    assert all(set(cell) == {"study", "cell", "asked", "measured", "holds", "draws"} for cell in cells)
    # 60 intervals and 20 flips are few: what is held here is that hardly a cell fails, and no flip is claimed wrongly.
    oracle = [cell for cell in cells if cell["study"].startswith("flips found")]
    assert len(oracle) == 6
    assert all(cell["measured"] >= 0.9 and cell["draws"] > 10 for cell in oracle)
    assert all(cell["measured"] >= 0.88 for cell in cells if cell["study"].startswith("coverage"))
    assert all(cell["measured"] >= 0.65 for cell in cells if cell["study"].startswith("power"))
    assert all(cell["holds"] for cell in cells if cell["study"].startswith("false alarms"))
