"""Perturbations beside the model alone, and the adversarial search beside TextAttack's DeepWordBug.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/bench_robustness.py --models FOLDER

FOLDER keeps the fine-tuned models between runs. The peer runs in .venv-peers-robustness; where it is not installed, or
NLTK's stop words can't be had, its arms are void, and the study says so. What has a target is CPU seconds at one
thread, since wall time on a shared machine measures its neighbours.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from engine.clock import Clock
from parts import run
from privacy.units import quiet
from robustness import attack_speed, perturbation_speed
from robustness.speed_figures import attack_figures, perturbation_figures, sections
from study import RESULTS, Figure, write_study

NAME = "bench_robustness"
ROWS, ATTACKED, BUDGET = perturbation_speed.ROWS, 200, 64


def main() -> None:
    arguments = parsed()
    quiet()
    data = os.environ.get("MODELAUDIT_DATA")
    given = {"models": arguments.models, "data": Path(data) if data else None, "device": arguments.device}
    clock = Clock(device=arguments.device)
    records: dict[str, Any] = {"perturbations": []}

    def perturbations(make: Any, source: str) -> list[Figure]:
        case = (
            perturbation_speed.tiny_case(rows=arguments.rows) if arguments.tiny else make(**given, rows=arguments.rows)
        )
        found = case if isinstance(case, str) else perturbation_speed.measure(case, turns=arguments.turns, clock=clock)
        if not isinstance(found, str):
            records["perturbations"].append(found)
        return perturbation_figures(found, source=source, judged=arguments.rows == ROWS and not arguments.tiny)

    def attack() -> list[Figure]:
        if data is None or arguments.tiny:
            reason = "MODELAUDIT_DATA does not name the folder with the data" if data is None else "all is tiny"
            return attack_figures({"void": reason}, judged=False)
        records["attack"] = attack_speed.measure(
            arguments.models,
            Path(data),
            rows=arguments.attacked,
            budget=BUDGET,
            clock=clock,
            device=arguments.device,
            turns=arguments.turns,
            shipped=max(1, arguments.attacked // arguments.turns // 5),
        )
        return attack_figures(records["attack"], judged=arguments.attacked == ATTACKED)

    parts = {
        "text": lambda: perturbations(perturbation_speed.text_case, "SST-2"),
        "tokens": lambda: perturbations(perturbation_speed.token_case, "WikiANN English"),
        "attack": attack,
    }
    figures = [
        Figure("instructions" if arguments.device == "cpu" else "card", clock.hardware, ""),
        Figure("load of the machine before the run", round(os.getloadavg()[0], 2), "processes"),
        *run(parts, arguments.only),
    ]
    options = ["--models FOLDER", f"--turns {arguments.turns}"]
    options += [] if arguments.device == "cpu" else ["--device cuda"]
    options += [] if arguments.rows == ROWS else [f"--rows {arguments.rows}"]
    options += [] if arguments.attacked == ATTACKED else [f"--attacked {arguments.attacked}"]
    options += ["--tiny"] if arguments.tiny else []
    options += [f"--only {' '.join(arguments.only)}"] if arguments.only else []
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py {' '.join(options)}"
    name = NAME if arguments.device == "cpu" else f"{NAME}_gpu"
    write_study(name, figures, 0, command, arguments.out, records=records, sections=sections)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", type=Path, help="folder in which models are kept; made there where they are missing"
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows that are perturbed; fewer are for tries")
    parser.add_argument("--attacked", type=int, default=ATTACKED, help="rows that are attacked; fewer are for tries")
    parser.add_argument("--turns", type=int, default=5, help="turns that the arms take")
    parser.add_argument("--tiny", action="store_true", help="a tiny random model, for tries")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
