"""Comparing two audits and watching live data: false alarms, coverage and power, by simulation.

OMP_NUM_THREADS=1 python benchmarks/calibration_monitoring.py
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parts import run
from study import RESULTS, Figure, write_study

from monitoring import paired_audits, two_audits, watch

NAME = "calibration_monitoring"
SEED = 20261126
DRAWS, MONITORS = 2_000, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--draws", type=int, default=DRAWS, help="pairs of audits a cell")
    parser.add_argument("--monitors", type=int, default=MONITORS, help="monitors of unchanged data; a quarter a change")
    parser.add_argument("--only", nargs="+", help="some parts alone, in a study of their own")
    chosen = parser.parse_args()
    parts = {
        "compare": lambda: [compared(cell) for cell in two_audits.study(chosen.draws, SEED)],
        "pair": lambda: [compared(cell) for cell in paired_audits.study(chosen.draws, SEED)],
        "watch": lambda: [watched(cell) for cell in watch.study(chosen.monitors, SEED)],
    }
    command, name = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py", NAME
    if chosen.only:
        # Parts alone stand beside the whole study and not in its place.
        command, name = f"{command} --only {' '.join(chosen.only)}", "_".join([NAME, *chosen.only])
    if (chosen.draws, chosen.monitors) != (DRAWS, MONITORS):
        command += f" --draws {chosen.draws} --monitors {chosen.monitors}"
    write_study(name, run(parts, chosen.only), SEED, command, chosen.out)


def compared(cell: Mapping[str, Any]) -> Figure:
    """Return one cell of the comparison as a figure."""
    unit = "; ".join(filter(None, (f"{cell['draws']:,} draws", cell.get("said"))))
    return Figure(f"{cell['study']}: {cell['cell']}", cell["measured"], unit, cell["asked"], cell["holds"])


def watched(cell: Mapping[str, Any]) -> Figure:
    """Return one cell of the watch as a figure, with what the value alone does not say."""
    rest = {key: value for key, value in cell.items() if key not in ("name", "value", "target", "met")}
    unit = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in rest.items())
    target = cell.get("target")
    least = target is not None and target < 1
    asked = None if target is None else f">= {target}" if least else f"<= {target}"
    return Figure(f"watch: {cell['name']}", cell["value"], unit, asked, cell.get("met"))


if __name__ == "__main__":
    main()
