"""The truth by retraining: what a model knows of a row more where it was trained on it (Feldman and Zhang 2020).

Each cell is one task, one way of training and one number of epochs. On the first 2n rows of the pool models are trained
in pairs on complementary halves; a row's memorisation is its mean phi over the models that saw it, less that over the
others. The target is one more model, on a half of its own, which the checker then audits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.asking import HEADS, NO_TRAINING, REFERENCES, VERSION, suite_of
from privacy.bases import base_folder, opened, reads_whole
from privacy.knowing import Known, known, known_by_head
from privacy.learning import Frozen, Recipe, Teaching, Way, freeze, head_taught, taught
from privacy.tasks import TRY, pool
from privacy.units import Result, Unit

Floats = NDArray[np.float64]
TARGET = -1
"""The seed of the half of the target."""
DIGITS = 6
_FROZEN: dict[tuple[Path, str, int], Frozen] = {}


@dataclass(frozen=True)
class Family:
    """The cells of one task and way: one training gives those of all its epochs.

    Attributes:
        epochs: of the cells, ascending. rate: of learning. pairs: of models that the truth comes from.
        rows: on each side; near-copies among them are left out by the checker, and 1,000 should stay.
    """

    task: str
    way: Way
    epochs: tuple[int, ...]
    rate: float
    pairs: int
    rows: int = 1_020

    @property
    def name(self) -> str:
        """As results are called."""
        return f"{self.task}-{self.way}"

    @property
    def recipe(self) -> dict[str, Any]:
        """What the models depend on, ready for JSON."""
        return {
            "task": self.task, "way": self.way, "epochs": list(self.epochs), "rate": self.rate, "rows": self.rows,
        }  # fmt: skip

    @property
    def tier(self) -> str:
        """The dearest tier without adapters that there is for the task: heads need an encoder."""
        return NO_TRAINING if self.task == "text" else HEADS


FULL = (
    Family("sentiment", "full", (2, 6), 2e-4, 3),
    Family("sentiment", "lora", (2, 6), 4e-3, 3),
    Family("sentiment", "head", (5, 50), 5e-3, 3),
    Family("cloze", "full", (2, 6), 4e-4, 3),
    Family("cloze", "head", (5, 50), 2e-3, 3),
    Family("entities", "full", (2, 6), 2e-4, 3, rows=1_100),
    Family("entities", "head", (10, 100), 5e-3, 3, rows=1_100),
    Family("text", "full", (2, 6), 1e-3, 3),
    Family("text", "lora", (4, 12), 1e-2, 3),
)
SHORT = (Family(TRY, "full", (12,), 3e-3, 2, rows=110),)
"""A try of seconds."""


def half(seed: int, rows: int) -> NDArray[np.bool_]:
    """Return which of 2n rows one model is trained on: n of them, by lot."""
    chosen = np.zeros(2 * rows, dtype=np.bool_)
    chosen[np.random.default_rng([11, seed + 1]).permutation(2 * rows)[:rows]] = True
    return chosen


def model_units(families: tuple[Family, ...], seconds: Mapping[str, float]) -> list[Unit]:
    """Return the units that train: pairs for the truth, and targets. `seconds` is what one model costs, by name."""
    units = []
    for family in families:
        cost = seconds.get(family.name, 1.0)
        units.append(Unit(f"target/{family.name}", train_target, family.recipe, cost))
        units += [
            Unit(f"truth/{family.name}-{pair}", train_pair, {**family.recipe, "pair": pair}, 2 * cost)
            for pair in range(family.pairs)
        ]
    return units


def cell_units(families: tuple[Family, ...]) -> list[Unit]:
    """Return the units that ask the checker about the targets; they need the models."""
    return [
        Unit(
            f"cell/{family.name}-{epochs}",
            ask_target,
            {**family.recipe, "epoch": epochs, "tier": family.tier, "checker": VERSION, "references": REFERENCES},
            20.0,
        )
        for family in families
        for epochs in family.epochs
    ]


def train_pair(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train two models on complementary halves and return what each knows of all rows, by number of epochs."""
    chosen = half(recipe["pair"], recipe["rows"])
    phi_of = _phi_of_heads if recipe["way"] == "head" else _phi_of
    found = [
        phi_of(folder, data, recipe, side, seed=100 + 2 * recipe["pair"] + place)
        for place, side in enumerate((chosen, ~chosen))
    ]
    return {"phi": {str(epochs): [one[epochs] for one in found] for epochs in recipe["epochs"]}}


def train_target(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train the target, keep it as it is after each number of epochs, and return what it knows of all rows."""
    rows, chosen = pool(recipe["task"], data), half(TARGET, recipe["rows"])
    base = base_folder(folder, rows, whole=reads_whole(recipe))
    model, tokenizer = opened(base, rows, seed=1)
    teaching = Teaching(model, tokenizer, rows.task)
    told: dict[str, Any] = {}
    for epochs, trained in taught(teaching, rows.take(np.flatnonzero(chosen)), _learning(recipe, seed=1)):
        place = target_folder(folder, recipe, epochs)
        trained.save_pretrained(place)
        trained.config.save_pretrained(place)
        tokenizer.save_pretrained(place)
        know = known(Teaching(trained, tokenizer, rows.task), rows.rows[: len(chosen)])
        told[str(epochs)] = {
            "phi": know.phi.round(DIGITS).tolist(),
            "loss": know.loss.round(12).tolist(),
            "right": [float(know.hits[side].mean()) for side in (chosen, ~chosen)],
        }
    return told


def target_folder(folder: Path, recipe: Mapping[str, Any], epochs: int) -> Path:
    """Return where a target lies."""
    return folder / "targets" / f"{recipe['task']}-{recipe['way']}-{epochs}-of-{recipe['rows']}"


def ask_target(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Return the scores of the checker's suite on a target, in the order of the pool's rows."""
    rows, chosen = pool(recipe["task"], data), half(TARGET, recipe["rows"])
    inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    suite = suite_of(
        target_folder(folder, recipe, recipe["epoch"]),
        base_folder(folder, rows, whole=reads_whole(recipe)),
        rows.take(inside),
        rows.take(outside),
        tier=recipe["tier"],
    )
    attacks = {}
    for name, scores in suite.attacks.items():
        ordered = np.empty(len(scores))
        ordered[np.concatenate([inside, outside])] = scores
        attacks[name] = [float(score) if np.isfinite(score) else None for score in ordered.round(12)]
    return {"attacks": attacks, "headline": suite.headline, "seconds": suite.seconds}


def _phi_of(
    folder: Path, data: Path, recipe: Mapping[str, Any], chosen: NDArray[np.bool_], *, seed: int
) -> dict[int, list[float]]:
    rows = pool(recipe["task"], data)
    model, tokenizer = opened(base_folder(folder, rows, whole=reads_whole(recipe)), rows, seed=seed)
    some = rows.take(np.flatnonzero(chosen))
    return {
        epochs: _phi(known(Teaching(trained, tokenizer, rows.task), rows.rows[: len(chosen)]))
        for epochs, trained in taught(Teaching(model, tokenizer, rows.task), some, _learning(recipe, seed=seed))
    }


def _phi_of_heads(
    folder: Path, data: Path, recipe: Mapping[str, Any], chosen: NDArray[np.bool_], *, seed: int
) -> dict[int, list[float]]:
    """As above, with the states of a frozen encoder computed once for all models of a process."""
    rows = pool(recipe["task"], data)
    base = base_folder(folder, rows, whole=reads_whole(recipe))
    model, tokenizer = opened(base, rows, seed=seed)
    teaching = Teaching(model, tokenizer, rows.task)
    key = (base, recipe["task"], len(chosen))
    if key not in _FROZEN:
        _FROZEN.clear()
        _FROZEN[key] = freeze(teaching, rows.rows[: len(chosen)])
    frozen = _FROZEN[key]
    units = np.flatnonzero(chosen[frozen.owner])
    return {
        epochs: _phi(known_by_head(teaching, head, frozen, len(chosen)))
        for epochs, head in head_taught(model, frozen, units, _learning(recipe, seed=seed))
    }


def _phi(know: Known) -> list[float]:
    return [float(value) for value in know.phi.round(DIGITS)]


def _learning(recipe: Mapping[str, Any], *, seed: int) -> Recipe:
    return Recipe(recipe["way"], tuple(recipe["epochs"]), recipe["rate"], seed)
