"""How fast the engine answers: against what people use today, against the limits of the machine, and as it grows.

    OMP_NUM_THREADS=1 python benchmarks/bench_engine.py --models FOLDER

Arms take turns, so that a slow spell of the machine meets all of them, and each figure is the median of the ratios
within a turn with its 95% interval. An arm whose answers differ from the plain model's is void. The figures that have
a target are CPU seconds at one thread, since wall time on a shared machine measures its neighbours; the same
comparison in wall time at the machine's cores stands beside them. FOLDER keeps the fine-tuned model between runs.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from engine import alone, audit_cost, comparisons, growth, journal, sizes
from engine.classifier import fine_tuned_folder, real, tiny
from engine.clock import Clock
from engine.comparisons import Bench, Targets
from parts import Part, run
from study import RESULTS, Figure, write_study
from transformers.utils import logging

PLOT = Path(__file__).parent.parent / "docs" / "images" / "engine-growth.svg"
REPETITIONS = 5


@dataclass(frozen=True)
class Size:
    """How much of each kind of work is done."""

    mixed: int = 240
    mask_rows: int = 200
    masks: int = 500
    mask_samples: int = 5
    search_rows: int = 200
    search_words: int = 2
    replacements: int = 3
    losses: int = 150
    growth: int = 40
    sizes: int = 200
    models: tuple[str, ...] = ("6x384", "4x256", "2x128")
    rounds: int = 2


LITTLE = Size(24, 50, 40, 5, 16, 2, 3, 24, 6, 12, ("2x32",), 1)
SIZES = {"full": Size(), "short": LITTLE, "tiny": LITTLE}
"""Short and tiny are for tries: little work, and tiny also takes a random model of two layers."""

ON_A_CARD = Size(mixed=4000, losses=4000, growth=1000)
"""A card does in one unit what a processor is given in all."""


@dataclass(frozen=True)
class Column:
    """The targets on one kind of device."""

    compared: Targets
    audit: float | None = None
    memory: float | None = None
    journal: float | None = None


COLUMNS = {
    "cpu": Column(Targets(limit=0.95, pipeline=2.0, masks=3.0), audit=1.3, memory=1.5, journal=0.02),
    "cuda": Column(Targets(limit=0.90, pipeline=5.0, masks=20.0), audit=1.5, memory=None, journal=0.03),
}


def main() -> None:
    arguments = parsed()
    logging.set_verbosity_error()
    small, device = arguments.size == "tiny", arguments.device
    folder = None if small else fine_tuned_folder(arguments.models)
    classifier = tiny(device) if small else real(device, folder)
    # Little work says nothing about the targets.
    column = COLUMNS[device] if arguments.size == "full" else Column(Targets())
    threads = arguments.threads or (1 if device == "cpu" else os.cpu_count() or 1)
    clock, load = Clock(threads, device), round(os.getloadavg()[0], 2)
    bench = Bench.of(classifier, clock, REPETITIONS, column.compared)
    figures = [
        Figure("model", classifier.name, ""),
        Figure("token slots of the engine's full unit", bench.slots, "slots"),
        Figure("layers of the engine", bench.ours.engine.numerics.get("layers", "torch"), ""),
        Figure("clock of the figures with a target", clock.mode, ""),
        Figure("instructions" if device == "cpu" else "card", clock.hardware, ""),
        Figure("load of the machine before the run", load, "processes"),
        *run(parts(bench, column, arguments), arguments.only),
    ]
    options = [f"--device {device}", f"--threads {threads}", *(["--models FOLDER"] if folder else [])]
    options += [f"--size {arguments.size}"] if arguments.size != "full" else []
    options += [f"--only {' '.join(arguments.only)}"] if arguments.only else []
    command = f"OMP_NUM_THREADS=1 python benchmarks/bench_engine.py {' '.join(options)}"
    write_study("bench_engine" if device == "cpu" else "bench_engine_gpu", figures, 0, command, arguments.out)


def parts(bench: Bench, column: Column, arguments: argparse.Namespace) -> dict[str, Part]:
    """Return the parts of the benchmark by name, in the order in which they run."""
    classifier, clock = bench.classifier, bench.clock
    size = ON_A_CARD if clock.device != "cpu" and arguments.size == "full" else SIZES[arguments.size]
    cores = os.cpu_count() or 1
    tested = {"size": arguments.size, "folder": classifier.folder}
    found: dict[str, Part] = {
        "memory": lambda: alone.memory(**tested, device=clock.device, target=column.memory),
        "start": lambda: comparisons.start(bench),
        "mixed": lambda: comparisons.mixed(bench, rows=size.mixed),
        "masks": lambda: comparisons.masks(bench, rows=size.mask_rows, variants=size.masks, samples=size.mask_samples),
        "search": lambda: comparisons.searching(
            bench, rows=size.search_rows, words=size.search_words, replacements=size.replacements
        ),
        "losses": lambda: comparisons.losses(bench, rows=size.losses),
        "host": lambda: comparisons.host(bench, rows=size.mixed),
        "audit": lambda: audit_cost.figures(
            classifier, clock, bench.slots, tiny=arguments.size == "tiny", target=column.audit
        ),
        "journal": lambda: journal.figures(
            classifier, clock, rows=size.losses, repetitions=REPETITIONS, target=column.journal
        ),
        "growth": lambda: growth.figures(
            classifier,
            rows=size.growth,
            workers=(1, 2, 4) if cores >= 4 else (1, 2),
            repetitions=3,
            plot=PLOT if arguments.out == RESULTS else arguments.out / PLOT.name,
        ),
    }
    if clock.device == "cpu":
        other = Clock(cores if clock.threads == 1 else 1)
        if other != clock:
            found["other clock"] = lambda: on_another(bench, other, size)
        found["waiting"] = lambda: alone.waiting(**tested, rounds=size.rounds)
        found["sizes"] = lambda: sizes.figures(classifier, clock, rows=size.sizes, models=size.models, repetitions=3)
    return found


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder of the fine-tuned model; made there where it is missing")
    parser.add_argument("--size", choices=tuple(SIZES), default="full", help="short or tiny are for tries")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, help="of the figures with a target; 1 is CPU time, more is wall time")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results and the plot")
    return parser.parse_args()


def on_another(bench: Bench, clock: Clock, size: Size) -> list[Figure]:
    """Repeat the first two comparisons on another clock: fewer masks, and without the arm that takes longest."""
    bench = Bench.of(bench.classifier, clock, bench.repetitions, Targets())
    return [
        *comparisons.mixed(bench, rows=size.mixed, one_by_one=False),
        *comparisons.masks(
            bench, rows=size.mask_samples * bench.repetitions, variants=size.masks // 5, samples=size.mask_samples
        ),
    ]


if __name__ == "__main__":
    main()
