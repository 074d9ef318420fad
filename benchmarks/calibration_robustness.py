"""Robustness, data and performance checks on planted defects and clean twins: power, false alarms, coverage.

    OMP_NUM_THREADS=1 python benchmarks/calibration_robustness.py

Each part is a module of `robustness/` with one function, `study(draws, seed)`.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from study import RESULTS, Figure, write_study

NAME = "calibration_robustness"
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/calibration_robustness.py"
SEED = 20261126
DRAWS = 2_000
PARTS = (
    "perturbation",
    "adversarial_search",
    "calibration",
    "out_of_distribution",
    "weak_slices",
    "duplicates",
    "label_errors",
    "data_drift",
    "shortcuts",
    "task_performance",
)

Cell = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--draws", type=int, default=DRAWS, help="simulated audits a cell")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="parts to do; the page has these alone")
    chosen = parser.parse_args()
    print(*study(chosen.only, chosen.draws, chosen.workers, chosen.out), sep="\n")


def study(parts: Sequence[str], draws: int, workers: int, folder: Path) -> tuple[Path, Path]:
    """Do the parts and write what they found; return both paths."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        asked = [pool.submit(done, part, draws) for part in parts]
        found = {part: each.result() for part, each in zip(parts, asked, strict=True)}
    figures = [
        Figure(f"{cell['study']}: {cell['cell']}", cell["measured"], "", cell["asked"], cell["holds"])
        for cells, _ in found.values()
        for cell in cells
    ]
    figures += [Figure(f"time: {part}", round(seconds), "s") for part, (_, seconds) in found.items()]
    cells = {part: list(cells) for part, (cells, _) in found.items()}
    return write_study(NAME, figures, SEED, COMMAND, folder, records={"cells": cells}, sections=told)


def done(part: str, draws: int) -> tuple[Sequence[Cell], float]:
    """Return the cells of one part, and the seconds that they took."""
    started = time.perf_counter()
    cells = importlib.import_module(f"robustness.{part}").study(draws, SEED)
    print(f"{part}: {len(cells)} cells", flush=True)
    return cells, time.perf_counter() - started


def told(written: Mapping[str, Any]) -> str:
    """Return how many audits each cell rests on, which the table has no column for."""
    rows = [
        f"| {cell['study']} | {cell['cell']} | {cell['draws']:,} |"
        for cells in written["cells"].values()
        for cell in cells
    ]
    return "\n".join(["\n## Draws\n", "| study | cell | draws |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
