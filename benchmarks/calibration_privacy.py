"""The membership checker on models of which it is known what they remember.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/calibration_privacy.py --models FOLDER

Honest splits of rows that no model saw, sides that differ by themselves, rows repeated so many times, truth by
retraining with and without each row, and a peer on the same models. Models and the result of each piece of work are
kept in FOLDER, so that a run that was stopped goes on; delete `units/` below it to ask the checker anew. `--short` is a
try of seconds on made-up rows, which needs no data.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from privacy import units
from privacy.bases import base_folder, made_from, reads_whole
from privacy.page import sections
from privacy.parts import SIZES, Size, asking_units, model_units, outcomes
from privacy.tasks import pool
from study import RESULTS, Figure, write_study

NAME = "calibration_privacy"
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which models and results are kept")
    parser.add_argument("--short", action="store_true", help="a try of seconds on made-up rows")
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    parser.add_argument(
        "--out", type=Path, help="folder of the results; by default that of the studies, for a full run"
    )
    arguments = parser.parse_args()
    data = os.environ.get("MODELAUDIT_DATA")
    if not data and not arguments.short:
        sys.exit("skipped: MODELAUDIT_DATA does not name the folder with the data")
    size = SIZES["short" if arguments.short else "full"]
    folder = arguments.models.resolve() / ("privacy-short" if arguments.short else "privacy")
    study(
        size, folder, Path(data or ".").resolve(), workers=arguments.workers, short=arguments.short, out=arguments.out
    )


def study(size: Size, folder: Path, data: Path, *, workers: int, short: bool, out: Path | None) -> tuple[Path, Path]:
    """Do what is not done yet, and write the study; return the paths of its JSON and its page."""
    started = time.perf_counter()
    units.quiet()
    training, asking = model_units(size), asking_units(size)
    # Before there are two processes, which would both make them.
    for unit in (*training, *asking):
        base_folder(folder, pool(unit.recipe["task"], data), whole=reads_whole(unit.recipe))
    results = units.results_of(training, folder, data, workers=workers)
    results |= units.results_of(asking, folder, data, workers=workers)
    figures, records = outcomes(size, results)
    trained, asked = (round(units.spent(some, folder)) for some in (training, asking))
    took = round(time.perf_counter() - started)
    figures += [
        Figure("core time of training models", trained, "s"),
        Figure("core time of asking the checker, the training of the doses' models among it", asked, "s"),
        Figure("time of this run; what was kept from an earlier one is not done again", took, "s"),
    ]
    records = {"made_from": made_from(data, {unit.recipe["task"] for unit in (*training, *asking)}), **records}
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER" + (" --short" if short else "")
    place = out or (folder if short else RESULTS)
    return write_study(NAME, figures, SEED, command, place, records=records, sections=sections)


if __name__ == "__main__":
    main()
