"""Dose and response: rows that stand in the training data 0, 1, 2, 4, 8 or 16 times, and what is told of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from privacy.asking import HEADS, NO_TRAINING, REFERENCES, VERSION, suite_of
from privacy.bases import base_folder, opened, reads_whole
from privacy.figures import spearman
from privacy.learning import Recipe, Teaching, Way, taught
from privacy.tasks import TRY, pool
from privacy.units import Result, Unit

DOSES = (0, 1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Course:
    """One task and way of training; `rows` a dose, `heldout` rows of dose 0."""

    task: str
    way: Way
    epochs: tuple[int, ...]
    rate: float
    rows: int = 100
    heldout: int = 600

    @property
    def name(self) -> str:
        """As results are called."""
        return f"{self.task}-{self.way}"


FULL = (
    Course("sentiment", "full", (3, 8), 2e-4),
    Course("sentiment", "lora", (3, 8), 4e-3),
    Course("sentiment", "head", (3, 8), 5e-3),
    Course("entities", "full", (3, 8), 2e-4),
    Course("entities", "lora", (3, 8), 4e-3),
    Course("entities", "head", (3, 8), 5e-3),
    Course("text", "full", (3, 8), 1e-3),
    Course("text", "lora", (3, 8), 1e-2),
)
SHORT = (Course(TRY, "full", (4,), 3e-3, rows=20, heldout=100),)


def units(courses: tuple[Course, ...], seconds: Mapping[str, float]) -> list[Unit]:
    """Return a unit for each course; `seconds` is what it costs, by name."""
    return [
        Unit(
            f"dose/{course.name}",
            measure,
            {
                "task": course.task, "way": course.way, "epochs": list(course.epochs), "rate": course.rate,
                "rows": course.rows, "heldout": course.heldout, "checker": VERSION, "references": REFERENCES,
            },
            seconds.get(course.name, 1.0),
        )
        for course in courses
    ]  # fmt: skip


def measure(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train on repeated rows; return the AUC of each dose against the rows of dose 0, by epochs and attack."""
    rows = pool(recipe["task"], data)
    doses = np.repeat(DOSES[1:], recipe["rows"])
    # Two models of one pool should not share their rows with the study of the truth, which takes the first.
    order = np.arange(len(rows.rows))[::-1]
    inside, outside = order[: len(doses)], order[len(doses) : len(doses) + recipe["heldout"]]
    base = base_folder(folder, rows, whole=reads_whole(recipe))
    model, tokenizer = opened(base, rows, seed=2)
    repeated = rows.take(np.repeat(inside, doses))
    learning = Recipe(recipe["way"], tuple(recipe["epochs"]), recipe["rate"], 2)
    tier = NO_TRAINING if recipe["task"] == "text" else HEADS
    found = {}
    for epochs, trained in taught(Teaching(model, tokenizer, rows.task), repeated, learning):
        with tempfile.TemporaryDirectory(prefix="dose-") as place:
            trained.save_pretrained(place)
            trained.config.save_pretrained(place)
            tokenizer.save_pretrained(place)
            suite = suite_of(Path(place), base, rows.take(inside), rows.take(outside), tier=tier)
        found[str(epochs)] = {
            "headline": suite.headline,
            "auc": {name: _by_dose(scores, doses) for name, scores in suite.attacks.items()},
        }
    return found


def _by_dose(scores: np.ndarray, doses: np.ndarray) -> list[float | None]:
    """AUC of each dose against dose 0, which is .5 by definition."""
    from modelaudit.statistics import auc

    outside = scores[len(doses) :]
    outside = outside[np.isfinite(outside)]
    aucs: list[float | None] = [0.5]
    for dose in DOSES[1:]:
        inside = scores[: len(doses)][doses == dose]
        inside = inside[np.isfinite(inside)]
        aucs.append(float(auc(inside, outside)) if len(inside) and len(outside) else None)
    return aucs


def growth(aucs: list[float | None]) -> float | None:
    """Return Spearman's correlation of dose and AUC."""
    return spearman(DOSES, [np.nan if one is None else one for one in aucs])
