"""What an explanation costs: against shap as documented, against shap at its best, and against the model alone.

    MODELAUDIT_DATA=… OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 python benchmarks/bench_opacity.py --models FOLDER

Rows are those of SST-2 that the model never saw. Arms take turns, and each figure is the median of the ratios with its
95% interval; on a CPU in CPU seconds at one thread. What shap asks of the model is counted, and ours is given as many
evaluations. shap explains one row after the other, so that it is given fewer rows a turn, and seconds are a row's.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.classifier import fine_tuned_folder, real, tiny
from engine.clock import Clock
from opacity.costs import growth, host
from opacity.errors import errors
from opacity.speed import Bench, Targets, speed
from opacity.texts import Texts, longest, texts_of
from parts import Part, run
from study import RESULTS, Figure, write_study
from transformers.utils import logging


@dataclass(frozen=True)
class Size:
    """How much of each kind of work is done; `at_once` and `long_at_once` are the rows of ours a turn."""

    turns: int = 5
    rows: int = 2
    at_once: int = 4
    long_rows: int = 1
    long_at_once: int = 1
    enumerated: int = 4
    host: int = 20
    words_rows: int = 4
    pairs: int = 4
    growth: tuple[int, ...] = (4, 16, 64, 200)


LITTLE = Size(turns=2, rows=1, at_once=2, enumerated=1, host=4, words_rows=2, pairs=2, growth=(2, 4))
SIZES = {"full": Size(), "short": LITTLE, "tiny": LITTLE}
"""Short and tiny are for tries: little work, and tiny also takes a random model of two layers."""

ON_A_CARD = Size(at_once=200, long_at_once=50, words_rows=50, growth=(4, 16, 64, 200, 400))
"""A card does many rows at once in the time of a few."""

TARGETS = {
    "cpu": Targets(documented=6.0, batched=2.0, limit=0.9, equal_error=12.0, error=0.5, host=3.0),
    "cuda": Targets(documented=30.0, limit=0.9, error=0.5, host=3.0),
}


def main() -> None:
    arguments = parsed()
    logging.set_verbosity_error()
    device, small = arguments.device, arguments.size == "tiny"
    data = os.environ.get("MODELAUDIT_DATA")
    folder = None if small else fine_tuned_folder(arguments.models)
    if not small and (folder is None or not data):
        sys.exit("give the folder of the fine-tuned model with --models, and that of the data in MODELAUDIT_DATA")
    classifier = tiny(device) if small else real(device, folder)
    clock = Clock(1 if device == "cpu" else os.cpu_count() or 1, device)
    # Little work says nothing about the targets.
    bench = Bench.of(classifier, clock, TARGETS[device] if arguments.size == "full" else Targets())
    texts = texts_of(classifier, None if small or data is None else Path(data))
    figures = [
        Figure("model", classifier.name, ""),
        Figure("rows", texts.name, ""),
        Figure("token slots of the engine's full unit", bench.slots, "slots"),
        Figure("layers of the engine", bench.ours.ours.engine.numerics.get("layers", "torch"), ""),
        Figure("clock", clock.mode, ""),
        Figure("instructions" if device == "cpu" else "card", clock.hardware, ""),
        Figure("load of the machine before the run", round(os.getloadavg()[0], 2), "processes"),
        *run(parts(bench, texts, arguments.size), arguments.only),
    ]
    options = [f"--device {device}", *([] if small else ["--models FOLDER"])]
    options += [f"--size {arguments.size}"] if arguments.size != "full" else []
    options += [f"--only {' '.join(arguments.only)}"] if arguments.only else []
    command = f"OMP_NUM_THREADS=1 python benchmarks/bench_opacity.py {' '.join(options)}"
    write_study("bench_opacity" if device == "cpu" else "bench_opacity_gpu", figures, 0, command, arguments.out)


def parts(bench: Bench, texts: Texts, name: str) -> dict[str, Part]:
    """Return the parts of the benchmark by name, in the order in which they run."""
    size = ON_A_CARD if bench.clock.device != "cpu" and name == "full" else SIZES[name]
    long = f"rows of {longest(bench.classifier)} tokens"
    return {
        "host": lambda: host(bench, rows=size.host),
        "usual": lambda: speed(
            bench,
            f"rows of 23 to 27 words of {texts.name}",
            texts.usual,
            turns=size.turns,
            rows=size.rows,
            at_once=size.at_once,
        ),
        "errors": lambda: errors(bench, texts, each=size.enumerated, turns=size.turns),
        "long": lambda: speed(
            bench, long, texts.long, turns=size.turns, rows=size.long_rows, at_once=size.long_at_once
        ),
        "growth": lambda: growth(bench, texts, words_rows=size.words_rows, pairs=size.pairs, rows=size.growth),
    }


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder of the fine-tuned model; made there where it is missing")
    parser.add_argument("--size", choices=tuple(SIZES), default="full", help="short or tiny are for tries")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--only", nargs="+", help="some parts alone; a study is written all the same")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
