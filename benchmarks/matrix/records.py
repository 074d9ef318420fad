"""The results file: one record a cell and version of transformers, the latest run of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matrix.agreement import TOLERANCE
from matrix.cell import Outcome

RESULTS = Path(__file__).parents[1] / "results" / "matrix.json"


def read(path: Path = RESULTS) -> list[dict[str, Any]]:
    """Return the records of a file, none where there is none."""
    if not path.exists():
        return []
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def merge(found: Iterable[Outcome], path: Path = RESULTS) -> None:
    """Put outcomes in the place of earlier ones of the same architecture, task and version."""
    records = {_key(record): record for record in read(path)}
    records |= {_key(outcome.as_json()): outcome.as_json() for outcome in found}
    ordered = [records[key] for key in sorted(records)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": ordered}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def passed(record: Mapping[str, Any], *, audited: bool = True) -> bool:
    """Tell whether a cell was audited, no check errored, and the answers agree; without an audit, whether they do."""
    difference = record["difference"]
    agrees = difference is not None and difference <= TOLERANCE and record["identical"]
    return (bool(record["states"]) or not audited) and not record["broken"] and bool(agrees)


def _key(record: Mapping[str, Any]) -> tuple[str, str, str]:
    return record["transformers"], record["architecture"], record["task"]
