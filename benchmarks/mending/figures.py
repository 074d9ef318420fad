"""The figures of the study: what each measure bought over the seeds, and what it cost in accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student
from study import Figure

from mending.arms import PLAIN
from mending.cells import CELLS, Cell
from modelaudit.training import MEASURES

Record = dict[str, Any]


def record_of(cell: Cell, results: Mapping[str, Any], seeds: int) -> Record:
    """Return what the cell's audits found, seed by seed, and their means with t intervals over seeds."""
    found = [results[f"audit/{cell.measure}-{seed}"] for seed in range(seeds)]
    told = [one for one in found if one.get("risk") and one["risk"]["difference"] is not None]
    arms = [[results[f"arm/{cell.world}-{arm}-{seed}"] for seed in range(seeds)] for arm in (PLAIN, cell.measure)]
    times = [mended["seconds"] / max(plain["seconds"], 0.1) for plain, mended in zip(*arms, strict=True)]
    accuracy = [one["accuracy"] for one in told if one["accuracy"]]
    return {
        "measure": cell.measure,
        "world": cell.world,
        "checker": cell.checker,
        "metric": cell.metric,
        "aim": cell.aim,
        "audits": found,
        "void": len(found) - len(told),
        "before": spread([one["risk"]["before"] for one in told]),
        "after": spread([one["risk"]["after"] for one in told]),
        "moved": spread([_nearer(one["risk"], cell.aim) for one in told]),
        "accuracy before": spread([one["before"] for one in accuracy]),
        "accuracy change": spread([one["after"] - one["before"] for one in accuracy]),
        "times as long": round(float(np.mean(times)), 2),
        "last arm": arms[1][-1],
    }


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Return mean and 95% t interval over seeds; None for fewer than two values."""
    if len(values) < 2:
        return None
    table = np.array(values, dtype=np.float64)
    half = float(student.ppf(0.975, len(table) - 1)) * float(table.std(ddof=1)) / math.sqrt(len(table))
    mean = float(table.mean())
    return {"mean": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4), "seeds": len(table)}


def figures_of(records: Sequence[Record]) -> list[Figure]:
    """Return for each measure how far it moved its number towards what a clean model shows, and what that cost."""
    figures = []
    for record in records:
        title = MEASURES[record["measure"]].title
        moved, cost = record["moved"], record["accuracy change"]
        if moved is None:
            figures.append(Figure(f"{title}: moved {record['metric']} towards {record['aim']:g}", None, "no result"))
            continue
        figures.append(
            Figure(
                f"{title}: moved {record['metric']} towards {record['aim']:g}, mean of {moved['seeds']} seeds "
                f"[{moved['low']:.3f}, {moved['high']:.3f}]",
                moved["mean"],
                "the metric's unit",
                "interval above 0",
                moved["low"] > 0,
            )
        )
        if cost is not None:
            figures.append(
                Figure(f"{title}: change of accuracy [{cost['low']:+.3f}, {cost['high']:+.3f}]", cost["mean"], "share")
            )
    return figures


def _nearer(risk: Mapping[str, Any], aim: float) -> float:
    return abs(risk["before"] - aim) - abs(risk["after"] - aim)


def cells_named(names: Sequence[str] | None) -> list[Cell]:
    """Return the cells of these measures, or all."""
    return [cell for cell in CELLS if not names or cell.measure in names]
