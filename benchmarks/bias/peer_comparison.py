"""The same models scanned by peers and by this audit: what each says, in how long, and how many rows it asks."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from study import Figure

from bias.panel_cells import labels_of
from bias.panel_models import audited
from bias.peer_models import ASKED, MODELS, SEED, made, scanned_rows, truths

PEERS = Path(__file__).parents[2] / ".venv-peers-bias" / "bin" / "python"
"""The interpreter that the peers run in; MODELAUDIT_PEERS_BIAS names another one."""

SCAN = Path(__file__).with_name("peer_scan.py")
NAMES = {"langtest": "LangTest", "giskard": "Giskard"}
OURS = "this audit"

Record = dict[str, Any]


def compare(folder: Path) -> tuple[list[Figure], list[Record]]:
    """Return how long each scan took and what it asked, and what each said of each model."""
    figures, records = [], []
    for scanned in MODELS:
        model, tokenizer, place = made(scanned, folder)
        rows = scanned_rows(scanned)
        scans = {OURS: _ours(model, tokenizer, rows)}
        scans |= {name: _scanned(peer, place, rows) for peer, name in NAMES.items()}
        truth = truths(scanned, model, tokenizer)
        for name, scan in scans.items():
            if "not measured" in scan:
                figures.append(Figure(f"{scanned.name}, {name}: not measured, {scan['not measured']}", None, "s"))
                continue
            head = f"{scanned.name} ({scanned.about}), {name} {scan['version']}".rstrip()
            figures += [
                Figure(f"{head}: scan", round(scan["seconds"], 1), "wall seconds at one thread"),
                Figure(f"{head}: rows that the model is asked", scan["asked"], "rows"),
                Figure(f"{head}: findings", sum(test["finds"] for test in scan["tests"]), "findings"),
            ]
        records.append(
            {
                "model": scanned.name,
                "planted": scanned.about,
                "rows": len(rows),
                "truth": {title: truth[title] for title in ASKED},
                "scans": scans,
            }
        )
    return figures, records


def _ours(model: Any, tokenizer: Any, rows: Sequence[Mapping[str, Any]]) -> Record:
    told = audited(model, tokenizer, list(rows), seed=SEED)
    tests = [
        {
            "test": f"{verdict['group']}, {verdict['metric'].replace('_', ' ')}",
            "says": _said(verdict),
            "finds": verdict["state"] == "exceeds limit",
        }
        for verdict in told["verdicts"]
        if verdict["interval"] is not None
    ]
    # Every row is asked for once: what was asked again is not asked of the model.
    return {"version": "", "tests": tests, "seconds": told["seconds"], "asked": told["computed"]}


def _said(verdict: Mapping[str, Any]) -> str:
    low, high = verdict["interval"]
    severity = f" ({verdict['severity']})" if verdict["severity"] else ""
    return f"{verdict['value']:+.3f} [{low:+.3f}, {high:+.3f}]: {verdict['state']}{severity}"


def _scanned(peer: str, model: Path, rows: Sequence[Mapping[str, Any]]) -> Record:
    python = Path(os.environ.get("MODELAUDIT_PEERS_BIAS", PEERS))
    if not python.exists():
        return {"not measured": f"{NAMES[peer]} is not installed in .venv-peers-bias; `make bench-bias` installs it"}
    labels = labels_of("names")
    with tempfile.TemporaryDirectory(prefix="peer-") as place:
        table = Path(place) / "rows.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("text", "label"))
            writer.writerows((row["text"], labels[row["label"]]) for row in rows)
        command = [str(python), str(SCAN), peer, str(model), str(table)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=place)
    if done.returncode:
        return {"not measured": f"it failed: {done.stderr.strip().splitlines()[-1][:200]}"}
    told: Record = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def sections(study: Mapping[str, Any]) -> str:
    """Return the tables of what was said of each model."""
    lines = [
        "",
        "## The same models, scanned by peers and by this audit",
        "",
        "Every scan is given the same rows, half of which name somebody while the other half tell a gender by words,",
        "and runs with its own defaults and thresholds (LangTest: its tests of bias for pronouns and first names at",
        "the pass rate of its configuration; Giskard: its scan for ethical bias). The truth is the model's own mean",
        "difference in the probability of label 1. Seconds are of the scan, without imports.",
    ]
    for record in study["scans"]:
        truth = ", ".join(f"{title} {value:+.3f}" for title, value in record["truth"].items())
        lines += ["", f"### {record['model']}: {record['planted']}", "", f"Truth: {truth}.", ""]
        lines += [_line("scan", "test", "says", "finds"), "|---|---|---|---|"]
        for name, scan in record["scans"].items():
            if "not measured" in scan:
                lines.append(_line(name, "", f"not measured: {scan['not measured']}", ""))
            head = f"{name} {scan.get('version', '')}".strip()
            lines += [
                _line(head, test["test"], test["says"], "**yes**" if test["finds"] else "no")
                for test in scan.get("tests", ())
            ]
    return "\n".join(lines) + "\n"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
