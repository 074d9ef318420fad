"""Calibrate the bundled checkers that have no study of their own, and measure what an audit by each of them costs.

    OMP_NUM_THREADS=1 python benchmarks/calibration_bundled.py --models FOLDER

Stopped, it goes on with what lies in FOLDER/bundled; what a checker or its defect is made of changes, it asks anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from bundled_defects import Entry, entries
from study import RESULTS, Figure, write_study

from modelaudit.cards import Card, FalseAlarms, MeasuredCost, Rate
from modelaudit.testing.calibration import card_of, card_text, measure
from modelaudit.testing.calibration.measuring import FIRST_NULL, Progress
from modelaudit.testing.calibration.tally import cost

NAME = "calibration_bundled"
FILE = f"{NAME}.json"
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/calibration_bundled.py --models FOLDER"
FOLDER = "bundled"


def main() -> None:
    known = entries()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which each audit is kept")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--only", nargs="+", choices=known, help="ids of checkers; the others stay as they stand there")
    parser.add_argument("--jobs", type=int, default=1, help="audits that run side by side")
    chosen = parser.parse_args()
    asked = [known[name] for name in chosen.only or known]
    print(*study(asked, chosen.models / FOLDER, chosen.out, jobs=chosen.jobs), sep="\n")


def study(asked: Sequence[Entry], folder: Path, out: Path, *, jobs: int = 1) -> tuple[Path, Path]:
    """Calibrate some checkers, and write their results beside those of others that are there; return both paths."""
    file = out / FILE
    records: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["checkers"] if file.exists() else {}
    for entry in asked:
        records[entry.id] = record_of(entry, folder, jobs=jobs)
        # At once, so that a stopped study has the results of what is done.
        written = write(dict(sorted(records.items())), out)
    return written


def record_of(entry: Entry, folder: Path, *, jobs: int) -> dict[str, Any]:
    """Return a checker's card as its figures make it, or its cost alone."""
    began = time.perf_counter()
    measured = measure(
        entry.checker,
        entry.defect,
        nulls=entry.nulls,
        draws=entry.draws,
        folder=folder,
        jobs=jobs,
        progress=teller(entry.id),
    )
    taken = cost(measured)
    if taken is None:
        sys.exit(f"{entry.id}: no audit of the clean twin completed: {measured.units[0].reason}")
    print(f"{entry.id}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    record: dict[str, Any] = {"version": measured.version, "cost": json.loads(taken.model_dump_json())}
    if entry.draws:
        record["card"] = named(card_of(measured, command=COMMAND))
    return record


def named(card: Card) -> dict[str, Any]:
    """Return a card whose figures are cells of this study's file, called by the checker's name and their own."""
    content: dict[str, Any] = json.loads(card_text(card))
    noun = card.checker.split("/")[1]
    for kind in ("false_alarms", "power", "coverage"):
        for figure in content.get(kind, ()):
            figure |= {"cell": f"{noun}: {figure['cell']}", "source": FILE}
    for source in content["sources"]:
        source["file"] = FILE
    return content


def write(records: dict[str, dict[str, Any]], out: Path) -> tuple[Path, Path]:
    """Write the study's file and page."""
    figures = [figure for checker, record in records.items() for figure in figures_of(checker, record)]
    return write_study(NAME, figures, FIRST_NULL, COMMAND, out, records={"checkers": records}, sections=told)


def figures_of(checker: str, record: dict[str, Any]) -> list[Figure]:
    """Return a checker's cells and what an audit takes."""
    noun, taken = checker.split("/")[1], MeasuredCost.model_validate(record["cost"])
    cells: list[Figure] = []
    if "card" in record:
        card = Card.model_validate(record["card"])
        cells = [Figure(rate.cell, rate.k, f"{rate.k} of {rate.n} audits", *judged(rate)) for rate in card.rates]
    return [
        *cells,
        Figure(f"{noun}: seconds an audit of the clean twin", taken.seconds, f"median of {taken.n} audits, seconds"),
        Figure(f"{noun}: rows asked for", taken.evaluations, f"median of {taken.n} audits, rows"),
        Figure(f"{noun}: tokens", taken.tokens, f"median of {taken.n} audits, tokens"),
    ]


def judged(rate: Rate) -> tuple[str | None, bool | None]:
    """Return what a rate of false alarms should be, and whether its interval allows that."""
    if not isinstance(rate, FalseAlarms) or rate.nominal is None:
        return None, None
    return f"interval reaches down to {rate.nominal:g}", rate.low <= rate.nominal


def told(study: dict[str, Any]) -> str:
    """Return what the page has below its table: of each card what was tried and what was not."""
    lines = ["", "## What was tried", ""]
    for checker, record in study["checkers"].items():
        if "card" in record:
            card = record["card"]
            lines.append(f"- `{checker}` {card['version']}: {card['study']} {card.get('missing', '')}".rstrip())
    return "\n".join(lines) + "\n"


def teller(name: str) -> Progress:
    """Return what says on standard error how far a checker's audits are, now and then."""
    last = [0.0]

    def tell(done: int, total: int) -> None:
        if done == total or time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(f"{name}: {done} of {total} audits", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    main()
