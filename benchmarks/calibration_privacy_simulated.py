"""The privacy statistics against draws whose truth is known: suites of attacks, canaries, names.

OMP_NUM_THREADS=1 python benchmarks/calibration_privacy_simulated.py
"""

from __future__ import annotations

import time

import numpy as np
from privacy import entity, one_run, suites
from study import Figure, write_study

SEED = 20261126
RUNS = 2_000


def main() -> None:
    started = time.perf_counter()
    rng = np.random.default_rng(SEED)
    figures = [
        *suites.coverage_figures(RUNS, rng),
        *suites.permutation_figures(RUNS, rng),
        *suites.document_figures(RUNS, rng),
        *suites.risk_figures(400, rng),
        *one_run.null_figures(RUNS, rng),
        *one_run.known_figures(1_000, rng),
        *entity.null_figures(rng),
        *entity.power_figures(rng),
    ]
    figures.append(Figure("time", round(time.perf_counter() - started), "s"))
    command = "OMP_NUM_THREADS=1 python benchmarks/calibration_privacy_simulated.py"
    print(*write_study("calibration_privacy_simulated", figures, SEED, command), sep="\n")


if __name__ == "__main__":
    main()
