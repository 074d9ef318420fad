"""What the membership checker costs beside passes of the same rows through the same models, at one thread.

MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/bench_privacy.py --models FOLDER
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch
from parts import run
from privacy.speed import heads_cost, tier_cost, work
from privacy.units import quiet
from study import RESULTS, Figure, write_study

NAME = "bench_privacy"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which models are kept")
    parser.add_argument("--rows", type=int, default=2_000, help="rows on each side")
    parser.add_argument("--turns", type=int, default=3, help="how often each arm does the work")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    arguments = parser.parse_args()
    data = os.environ.get("MODELAUDIT_DATA")
    if not data:
        sys.exit("skipped: MODELAUDIT_DATA does not name the folder with the data")
    quiet()
    torch.set_num_threads(1)
    folder, turns = arguments.models.resolve() / "privacy", arguments.turns
    made = {task: work(folder, Path(data), task, arguments.rows) for task in ("sentiment", "entities", "text")}
    parts = {
        "sentiment": lambda: tier_cost(made["sentiment"], turns=turns),
        "entities": lambda: tier_cost(made["entities"], turns=turns),
        "text": lambda: tier_cost(made["text"], turns=turns),
        "heads": lambda: heads_cost(made["sentiment"], turns=turns),
        "word-heads": lambda: heads_cost(made["entities"], turns=turns),
    }
    figures = [
        Figure("load of the machine before the run", round(os.getloadavg()[0], 2), "processes"),
        *run(parts, arguments.only),
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER"
    command += f" --only {' '.join(arguments.only)}" if arguments.only else ""
    write_study(NAME, figures, 0, command, arguments.out)


if __name__ == "__main__":
    main()
