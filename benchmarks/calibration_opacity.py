"""The opacity checker on a panel of models of which it is known what they are, and the bands drawn from it.

    MODELAUDIT_DATA=… HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 python benchmarks/calibration_opacity.py --models FOLDER

Each model is made in FOLDER where it does not lie there, and audited by the Shapley checker alone. `--size short` is a
try of some minutes: small models trained on little, few rows, and of the large models those that lie in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from panel.models import SIZES, Member, Size, members
from panel.recipes import SEED, share_right
from panel.scores import BANDED, CHECKER, Record, bands_of, record_of, sections, unsettled
from study import RESULTS, Figure, write_study
from transformers.utils import logging

from modelaudit import Audit

NAME = "calibration_opacity"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder in which the models are kept")
    parser.add_argument("--size", choices=tuple(SIZES), default="full")
    parser.add_argument(
        "--out", type=Path, help="folder of the results; by default that of the studies, for a full run"
    )
    parser.add_argument("--bands", type=Path, help="also write the bands to this file")
    arguments = parser.parse_args()
    data = os.environ.get("MODELAUDIT_DATA")
    if not data:
        sys.exit("skipped: MODELAUDIT_DATA does not name the folder with the data")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    size, full = SIZES[arguments.size], arguments.size == "full"
    started = time.perf_counter()
    audits: list[Record] = []
    for member in members(arguments.models, Path(data), size):
        if full or not member.large or (member.model / "training.json").exists():
            audits += audited(member, size)
    took = time.perf_counter() - started
    figures = [
        Figure("models, one of them on two sets of rows", len({audit["model"] for audit in audits}), "models and rows"),
        Figure("audits", len(audits), "audits"),
        Figure("rows explained of a small model, and of a large one", f"{size.rows}, {size.large_rows}", "rows"),
        Figure("model evaluations computed", sum(audit["evaluations"] for audit in audits), "rows"),
        Figure("time of the audits, without training", round(sum(audit["seconds"] for audit in audits)), "s"),
        Figure("time of the run, with the training of models that were missing", round(took), "s"),
    ]
    command = f"OMP_NUM_THREADS=1 python benchmarks/{NAME}.py --models FOLDER"
    command += "" if full else f" --size {arguments.size}"
    out = arguments.out or (RESULTS if full else arguments.models)
    path, _ = write_study(NAME, figures, SEED, command, out, records={"audits": audits}, sections=sections)
    if arguments.bands:
        bands = bands_of(json.loads(path.read_text(encoding="utf-8")))
        arguments.bands.write_text(json.dumps(bands, indent=2) + "\n", encoding="utf-8")


def audited(member: Member, size: Size) -> list[Record]:
    """Return the records of a model's audits: one for each draw of rows, and where needed one of more pairs."""
    right = (member.prepare(), share_right(member.model, member.judged) if member.judged else None)
    rows, draws = (size.large_rows, size.large_seeds) if member.large else (size.rows, size.seeds)
    records = [audit(member, right, seed=seed, rows=rows, pairs=None) for seed in range(SEED, SEED + draws)]
    if unsettled(records[0]):
        records.append(audit(member, right, seed=SEED, rows=size.settled_rows, pairs=size.settled_pairs))
    return records


def audit(
    member: Member, right: tuple[float | None, float | None], *, seed: int, rows: int, pairs: int | None
) -> Record:
    """Return the record of one audit, on standard settings but for the rows and, where given, the pairs."""
    options = {"rows": rows} if pairs is None else {"rows": rows, "pairs": pairs}
    planned = Audit(
        str(member.model), member.rows, preset="standard", seed=seed, device="cpu", options={CHECKER: options}
    )
    started = time.perf_counter()
    report = planned.run(only=[CHECKER]).report
    record = record_of(member, report, seed=seed, pairs=pairs, right=right)
    record["seconds"] = round(time.perf_counter() - started, 1)
    told = {metric: (record["metrics"][metric] or {}).get("value") for metric in BANDED}
    print(f"{member.name}, {options}, seed {seed}: {record['status']} {told}, {record['seconds']:.0f} s", flush=True)
    return record


if __name__ == "__main__":
    main()
