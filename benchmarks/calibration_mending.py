"""What each measure of the reference trainer buys on models with a planted defect, and what it costs.

    OMP_NUM_THREADS=1 python benchmarks/calibration_mending.py --models FOLDER

Models and the result of each piece of work are kept in FOLDER, so that a run that was stopped goes on; delete parts of
`units/` below its `mending/` to do them anew. Some measures alone, or fewer seeds, are a try: their study is written
into FOLDER. Parts that were made on several machines are put together by --join.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from mending.arms import units_of
from mending.cells import CELLS
from mending.figures import cells_named, figures_of, record_of
from mending.joining import joined
from mending.page import sections
from privacy.units import quiet, results_of, spent
from study import RESULTS, Figure, write_study

NAME = "calibration_mending"
SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder in which models and results are kept")
    parser.add_argument("--join", type=Path, nargs="+", metavar="PART.json", help="make one study of such parts")
    parser.add_argument("--measures", nargs="+", choices=[cell.measure for cell in CELLS], metavar="MEASURE")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--out", type=Path, help="folder of the results; by default that of the studies, if full")
    arguments = parser.parse_args()
    if arguments.join:
        cells, parts = joined(arguments.join)
        figures = [Figure("parts, each made by itself", len(parts), "see below"), *figures_of(cells)]
        command = f"python benchmarks/{NAME}.py --join {' '.join(f'PART-{one}.json' for one in range(len(parts)))}"
        out = arguments.out or RESULTS
        write_study(NAME, figures, 0, command, out, records={"cells": cells, "parts": parts}, sections=sections)
        return
    if arguments.models is None:
        parser.error("--models names the folder in which models and results are kept")
    whole = not arguments.measures and arguments.seeds >= SEEDS
    folder = arguments.models.resolve() / "mending"
    options = f" --measures {' '.join(arguments.measures)}" if arguments.measures else ""
    options += "" if arguments.seeds == SEEDS else f" --seeds {arguments.seeds}"
    started = time.perf_counter()
    quiet()
    cells, results = cells_named(arguments.measures), {}
    stages = units_of(cells, arguments.seeds)
    for stage in stages:
        results |= results_of(stage, folder, folder, workers=arguments.workers)
    records = [record_of(cell, results, arguments.seeds) for cell in cells]
    figures = [
        Figure("seeds a measure", arguments.seeds, "pairs of trainings"),
        *figures_of(records),
        Figure("core time of training", round(sum(spent(stage, folder) for stage in stages[:2])), "s"),
        Figure("core time of the audits", round(spent(stages[2], folder)), "s"),
        Figure("time of this run", round(time.perf_counter() - started), "s; what was kept is not done again"),
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER{options}"
    out = arguments.out or (RESULTS if whole else folder)
    write_study(NAME, figures, 0, command, out, records={"cells": records}, sections=sections)


if __name__ == "__main__":
    main()
