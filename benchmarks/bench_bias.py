"""The counterfactual substitution test beside peers on the same models, and what it costs beside the model alone.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/bench_bias.py --models FOLDER

FOLDER keeps the models of the comparison. Peers run in .venv-peers-bias; where they are not installed, the study says
so. The cost is measured on SST-2's development rows, and left out, saying so, where there is no data.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from bias.peer_comparison import compare, sections
from bias.speed import RATIO, cost
from engine.classifier import real, tiny
from engine.clock import Clock
from parts import run
from privacy.units import quiet
from study import RESULTS, Figure, write_study

NAME = "bench_bias"
ROWS = 872


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which models are kept")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the cost; fewer are for tries")
    parser.add_argument("--tiny", action="store_true", help="measure the cost beside a tiny random model, for tries")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    arguments = parser.parse_args()
    quiet()
    scans: list[dict[str, Any]] = []

    def peers() -> list[Figure]:
        figures, records = compare(arguments.models.resolve() / "bias")
        scans.extend(records)
        return figures

    def speed() -> list[Figure]:
        data = os.environ.get("MODELAUDIT_DATA")
        if not data:
            return [Figure(f"{RATIO}: not measured, MODELAUDIT_DATA does not name the folder with the data", None, "")]
        classifier = tiny("cpu") if arguments.tiny else real("cpu", None)
        return cost(classifier, Clock(), Path(data), rows=arguments.rows)

    figures = [
        Figure("load of the machine before the run", round(os.getloadavg()[0], 2), "processes"),
        *run({"peers": peers, "speed": speed}, arguments.only),
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER"
    command += "" if arguments.rows == ROWS else f" --rows {arguments.rows}"
    command += " --tiny" if arguments.tiny else ""
    command += f" --only {' '.join(arguments.only)}" if arguments.only else ""
    write_study(NAME, figures, 0, command, arguments.out, records={"scans": scans}, sections=sections)


if __name__ == "__main__":
    main()
