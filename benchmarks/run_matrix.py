"""The compatibility matrix: architectures x tasks, a tiny model each, audited whole on a CPU.

    OMP_NUM_THREADS=1 python benchmarks/run_matrix.py [--only bert llama/text-generation] [--list]

Each cell is a process with a time limit. Results are merged by architecture, task and version of transformers into
`results/matrix.json`; `--page` writes the table of `docs/compatibility.md` from it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from matrix.catalogue import cells
from matrix.cell import Outcome
from matrix.page import write_page
from matrix.records import RESULTS, merge, passed, read
from matrix.runner import outcomes, preload, quiet


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", help="cells whose `architecture/task` begins with one of these")
    parser.add_argument("--list", action="store_true", help="name the cells and run none")
    parser.add_argument("--page", action="store_true", help="write the page from the results and run none")
    parser.add_argument(
        "--answers", action="store_true", help="compare answers with those of transformers, and audit nothing"
    )
    parser.add_argument("--jobs", type=int, default=2, help="cells at once")
    parser.add_argument("--limit", type=float, default=240.0, help="seconds that a cell may take")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.page:
        write_page(read(arguments.out))
        return 0
    chosen = [
        cell for cell in cells() if not arguments.only or f"{cell[0].name}/{cell[1]}".startswith(tuple(arguments.only))
    ]
    if arguments.list or not chosen:
        print("\n".join(f"{architecture.name}/{task}" for architecture, task in chosen or cells()))
        return 0 if arguments.list else 2
    quiet()
    preload()
    torch.set_num_threads(1)
    found: list[Outcome] = []
    began = time.perf_counter()

    def tell(outcome: Outcome) -> None:
        found.append(outcome)
        if not arguments.answers:
            merge([outcome], arguments.out)
        sign = "ok " if passed(outcome.as_json(), audited=not arguments.answers) else "BAD"
        apart = "" if outcome.difference is None else f"{outcome.difference:.1e}"
        said = "; ".join([outcome.note, *(f"{k}: {v}" for k, v in outcome.broken.items())]).strip("; ")
        print(f"{sign} {outcome.architecture}/{outcome.task} {outcome.seconds} s {apart} {said}", file=sys.stderr)

    outcomes(chosen, jobs=arguments.jobs, limit=arguments.limit, audits=not arguments.answers, tell=tell)
    bad = sum(not passed(outcome.as_json(), audited=not arguments.answers) for outcome in found)
    print(f"{len(found)} cells, {bad} bad, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
