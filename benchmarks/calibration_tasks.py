"""One planted defect a task and a risk, found by the audit of a tiny model, and the audit of its clean twin.

    OMP_NUM_THREADS=1 python benchmarks/calibration_tasks.py --models FOLDER

Stopped, it goes on with what lies in FOLDER/planted_tasks; delete files there to ask anew.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from planted_tasks.catalogue import BY_NAME
from planted_tasks.cell import Told
from planted_tasks.page import figures_of, records_of, sections
from planted_tasks.parts import Part, do, kept, parts_of
from study import RESULTS, write_study

NAME = "calibration_tasks"
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/calibration_tasks.py --models FOLDER"
FOLDER = "planted_tasks"
SEEDS = (1, 2, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which what was done is kept")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--only", nargs="+", choices=BY_NAME, default=list(BY_NAME), help="cells; the page has these")
    parser.add_argument("--page", action="store_true", help="write the results of what is kept, and do nothing else")
    chosen = parser.parse_args()
    if not chosen.page:
        do(parts_of(chosen.only, chosen.seeds), chosen.models / FOLDER, tell)
    print(*study(chosen.only, chosen.seeds, chosen.models, chosen.out), sep="\n")


def study(names: Sequence[str], seeds: Sequence[int], models: Path, out: Path) -> tuple[Path, Path]:
    """Write the results of what is kept; return both paths."""
    cells = [BY_NAME[name] for name in names]
    records = records_of(cells, seeds, kept(parts_of(names, seeds), models / FOLDER))
    described = [{key: value for key, value in asdict(cell).items() if key != "make"} for cell in cells]
    found = {"cells": described, "audits": records}
    return write_study(NAME, figures_of(cells, records), seeds[0], COMMAND, out, records=found, sections=sections)


def tell(part: Part, found: Told) -> None:
    """Say that an audit is done."""
    exceeded = ", ".join(dict.fromkeys(str(each.metric) for each in found.exceeded)) or "nothing"
    print(f"{part.file}: exceeded: {exceeded}; {found.training + found.audit:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
