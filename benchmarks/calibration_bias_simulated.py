"""The counterfactual substitution test on scores that are drawn: false findings, coverage, power.

    OMP_NUM_THREADS=1 python benchmarks/calibration_bias_simulated.py

Rows, names, comparisons, findings and verdicts are those of the checker; only the model's answers are drawn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from bias import simulated_nulls as nulls
from bias import simulated_planted as planted
from study import RESULTS, Figure, write_study

NAME = "calibration_bias_simulated"
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/calibration_bias_simulated.py"
ALARMS = 400
COVERAGE = 2_000
Audits = list[Mapping[str, float | bool]]
Asked = Callable[[Callable[[int], Mapping[str, float | bool]], int], Audits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--alarms", type=int, default=ALARMS, help="audits a cell for false findings and power")
    parser.add_argument("--coverage", type=int, default=COVERAGE, help="audits a cell for coverage")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:

        def asked(audit: Callable[[int], Mapping[str, float | bool]], runs: int) -> Audits:
            portions = [range(start, min(start + 20, runs)) for start in range(0, runs, 20)]
            return list(chain.from_iterable(pool.map(partial(portion, audit), portions)))

        print(*study(asked, chosen.alarms, chosen.coverage, chosen.out), sep="\n")


def portion(audit: Callable[[int], Mapping[str, float | bool]], seeds: Sequence[int]) -> Audits:
    return [audit(seed) for seed in seeds]


def study(asked: Asked, alarms: int, coverage: int, folder: Path) -> tuple[Path, Path]:
    """Do the whole study and write it; return both paths."""
    started = time.perf_counter()
    figures: list[Figure] = []

    def note(found: list[Figure]) -> None:
        for figure in found:
            print(f"{figure.name}: {figure.value:.4g} (target {figure.target}, met {figure.met})", flush=True)
        figures.extend(found)

    found = {}
    for name in nulls.NULLS:
        # The constant model answers alike whatever is drawn, so a design has one outcome.
        runs = min(alarms, nulls.DESIGNS) if name == "constant model" else alarms
        found[name] = asked(partial(nulls.audit, name), runs)
        note(nulls.null_figures({name: found[name]}))
    for shift in planted.SHIFTS:
        audits = asked(partial(planted.draw, planted.SHIFTED, shift), alarms)
        note(planted.planted_figures(planted.SHIFTED, shift, audits))
    for cell in planted.CELLS:
        none = asked(partial(planted.draw, cell, 0.0), coverage)
        note(planted.coverage_figures(cell, 0.0, none))
        shift = planted.stated_shift(cell, none)
        note(planted.power_figures(cell, shift, asked(partial(planted.draw, cell, shift), alarms)))
        large = asked(partial(planted.draw, cell, 0.5), coverage)
        note(planted.coverage_figures(cell, 0.5, large))
        note(planted.planted_figures(cell, 0.5, large))
        edge = cell.shift_for(cell.limit)
        note(planted.planted_figures(cell, edge, asked(partial(planted.draw, cell, edge), alarms)))
    figures.append(Figure("time", round(time.perf_counter() - started), "s"))
    return write_study(
        NAME,
        figures,
        nulls.SEED,
        COMMAND,
        folder,
        records={"comparison": nulls.table(found)},
        sections=lambda study: nulls.comparison(study["comparison"]),
    )


if __name__ == "__main__":
    main()
