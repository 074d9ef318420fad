"""The counterfactual substitution test on trained models of which it is known what was planted in them.

    OMP_NUM_THREADS=1 python benchmarks/calibration_bias.py --models FOLDER

Models and the result of each piece of work are kept in FOLDER, so that a run that was stopped goes on; delete
`units/audit/` below its `bias/` to ask the audit anew. Some cells alone, or fewer models, are a try: their study is
written into FOLDER.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from bias.panel_cells import CELLS, Cell
from bias.panel_figures import faults_of, figures_of, records_of, result_of
from bias.panel_models import units_of
from bias.panel_page import sections
from privacy.units import quiet, results_of, spent
from study import RESULTS, Figure, write_study

NAME = "calibration_bias"
MODELS = 20
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which models and results are kept")
    names = [cell.name for cell in CELLS]
    parser.add_argument("--cells", nargs="+", choices=names, default=names, metavar="CELL", help=", ".join(names))
    parser.add_argument("--models-a-cell", type=int, default=MODELS)
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--out", type=Path, help="folder of the results; by default that of the studies, if full")
    arguments = parser.parse_args()
    chosen = [cell for cell in CELLS if cell.name in arguments.cells]
    whole = len(chosen) == len(CELLS) and arguments.models_a_cell >= MODELS
    folder = arguments.models.resolve() / "bias"
    options = "" if len(chosen) == len(CELLS) else f" --cells {' '.join(cell.name for cell in chosen)}"
    options += "" if arguments.models_a_cell == MODELS else f" --models-a-cell {arguments.models_a_cell}"
    study(
        chosen,
        arguments.models_a_cell,
        folder,
        workers=arguments.workers,
        out=arguments.out or (RESULTS if whole else folder),
        options=options,
    )


def study(
    chosen: Sequence[Cell], models: int, folder: Path, *, workers: int, out: Path, options: str = ""
) -> tuple[Path, Path]:
    """Do what is not done yet, and write the study; return the paths of its JSON and its page."""
    started = time.perf_counter()
    quiet()
    training, asking = units_of(chosen, models)
    results = results_of(training, folder, folder, workers=workers)
    results |= results_of(asking, folder, folder, workers=workers)
    cells = [result_of(cell, models, results) for cell in chosen]
    figures = [
        Figure("models a cell", models, "models"),
        *figures_of(cells),
        Figure("core time of training, and of asking for the truth", round(spent(training, folder)), "s"),
        Figure("core time of the audits", round(spent(asking, folder)), "s"),
        Figure("time of this run", round(time.perf_counter() - started), "s; what was kept is not done again"),
    ]
    records = {"cells": records_of(cells), "faults": faults_of(cells)}
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER{options}"
    return write_study(NAME, figures, SEED, command, out, records=records, sections=sections)


if __name__ == "__main__":
    main()
