"""Audits of models that never saw the "members": honest splits of unseen rows, and sides that differ by themselves.

Each model is trained on rows of its own. A null audit draws both sides anew, by lot, from the rows that its model never
saw: given the rows and the model, splits are independent draws, though a row takes part in several of them. A shifted
audit draws sides of different length, domain or mixture of labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.asking import NO_TRAINING, VERSION, verdict_of
from privacy.bases import base_folder, opened
from privacy.learning import Recipe, Teaching, taught
from privacy.tasks import TASKS, Pool, TextRow, pool, words_of
from privacy.units import Result, Unit

TRAINED = 800
"""Rows that each model is trained on, disjoint between models where the pool has enough."""
EPOCHS = 3
A_SIDE = 500
RATES: Mapping[str, float] = {"sentiment": 2e-4, "cloze": 2e-4, "entities": 2e-4, "text": 1e-3, "letters": 3e-3}
SHARES = (0.6, 0.9)
"""How much of the members' side is of the one kind; as much of the other side is of the other kind."""


def model_units(models: int, *, tasks: Sequence[str] = TASKS, rows: int = TRAINED) -> list[Unit]:
    """Return the units that train the models."""
    return [
        Unit(f"null-model/{task}-{model}", train, {"task": task, "model": model, "rows": rows, "epochs": EPOCHS}, 20.0)
        for task in tasks
        for model in range(models)
    ]


def null_units(
    models: int,
    splits: int,
    *,
    tasks: Sequence[str] = TASKS,
    rows: int = TRAINED,
    a_side: int = A_SIDE,
    tier: str = NO_TRAINING,
) -> list[Unit]:
    """Return the units of honest audits; each unit audits one model on so many splits."""
    return [
        Unit(f"null/{tier}-{task}-{model}", honest, _asked(task, model, rows, a_side, tier) | {"splits": splits}, 60.0)
        for task in tasks
        for model in range(models)
    ]


def shift_units(models: int, *, tasks: Sequence[str] = TASKS, rows: int = TRAINED, a_side: int = A_SIDE) -> list[Unit]:
    """Return the units of shifted audits; each unit audits one model on one kind of shift of each size."""
    return [
        Unit(
            f"shift/{task}-{kind}-{model}",
            shifted,
            _asked(task, model, rows, a_side, NO_TRAINING) | {"kind": kind},
            20.0,
        )
        for task in tasks
        for kind in KINDS[task]
        for model in range(models)
    ]


def train(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train one model and keep it."""
    rows = pool(recipe["task"], data)
    model, tokenizer = opened(base_folder(folder, rows), rows, seed=recipe["model"])
    learning = Recipe("full", (recipe["epochs"],), RATES[recipe["task"]], recipe["model"])
    some = rows.take(_seen(rows, recipe))
    for _, trained in taught(Teaching(model, tokenizer, rows.task), some, learning):
        place = model_folder(folder, recipe)
        trained.save_pretrained(place)
        tokenizer.save_pretrained(place)
    return {"rows": len(some)}


def model_folder(folder: Path, recipe: Mapping[str, Any]) -> Path:
    """Return where a model lies."""
    return folder / "null-models" / f"{recipe['task']}-{recipe['model']}-of-{recipe['rows']}"


def honest(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Audit a model on random splits of rows that it never saw."""
    rows = pool(recipe["task"], data)
    unseen, audits = _unseen(rows, recipe), []
    for split in range(recipe["splits"]):
        draw = np.random.default_rng([5, recipe["model"], split])
        both = draw.permutation(unseen)[: 2 * recipe["a_side"]]
        sides = both[: len(both) // 2], both[len(both) // 2 :]
        audits.append({"split": split, **_audited(folder, rows, recipe, sides, seed=split)})
    return {"audits": audits}


def shifted(folder: Path, data: Path, recipe: Mapping[str, Any]) -> Result:
    """Audit a model on sides that differ by themselves."""
    rows = pool(recipe["task"], data)
    unseen = _unseen(rows, recipe)
    ordered = np.array(KINDS[recipe["task"]][recipe["kind"]]([rows.rows[place] for place in unseen]))
    audits = []
    for share in SHARES:
        draw = np.random.default_rng([6, recipe["model"], round(100 * share)])
        one, other = draw.permutation(unseen[ordered]), draw.permutation(unseen[~ordered])
        size = min(recipe["a_side"], len(one), len(other))
        most = round(share * size)
        sides = (
            np.concatenate([one[:most], other[: size - most]]),
            np.concatenate([one[most:size], other[size - most : size]]),
        )
        audits.append({"share": share, **_audited(folder, rows, recipe, sides, seed=0)})
    return {"audits": audits}


def _audited(
    folder: Path, rows: Pool, recipe: Mapping[str, Any], sides: Sequence[NDArray[np.int64]], *, seed: int
) -> dict[str, Any]:
    members, nonmembers = (rows.take(side) for side in sides)
    verdict = verdict_of(
        model_folder(folder, recipe), base_folder(folder, rows), members, nonmembers, tier=recipe["tier"], seed=seed
    )
    return {
        "p": verdict.p,
        "auc": verdict.auc,
        "confounded": verdict.confounded,
        "found": verdict.found,
        "exceeds": verdict.exceeds,
        "reason": verdict.reason,
        "rows": [len(members), len(nonmembers)],
    }


def _asked(task: str, model: int, rows: int, a_side: int, tier: str) -> dict[str, Any]:
    return {"task": task, "model": model, "rows": rows, "a_side": a_side, "tier": tier, "checker": VERSION}


def _seen(rows: Pool, recipe: Mapping[str, Any]) -> NDArray[np.int64]:
    """The rows that a model is trained on: the next so many, round about where the pool ends."""
    start = recipe["model"] * recipe["rows"]
    return np.arange(start, start + recipe["rows"]) % len(rows.rows)


def _unseen(rows: Pool, recipe: Mapping[str, Any]) -> NDArray[np.int64]:
    return np.setdiff1d(np.arange(len(rows.rows)), _seen(rows, recipe))


def _longer(rows: Sequence[TextRow]) -> list[bool]:
    lengths = [len(words_of(row)) for row in rows]
    middle = float(np.median(lengths))
    return [length > middle for length in lengths]


def _of_film(rows: Sequence[TextRow]) -> list[bool]:
    """Rows that speak of films, against those that speak of anything else."""
    of_film = {"film", "movie", "films", "movies", "picture", "director", "cinema", "comedy", "drama", "documentary"}
    return [bool(of_film & set(words_of(row))) for row in rows]


def _first_classes(rows: Sequence[TextRow]) -> list[bool]:
    middle = float(np.mean([row["label"] for row in rows]))
    return [row["label"] > middle for row in rows]


def _of_persons(rows: Sequence[TextRow]) -> list[bool]:
    return [any(tag.endswith("PER") for tag in row["ner_tags"]) for row in rows]


def _in_titles(rows: Sequence[TextRow]) -> list[bool]:
    """Rows that are names and nothing else, against sentences."""
    return [all(tag != "O" for tag in row["ner_tags"]) for row in rows]


Kind = Callable[[Sequence[TextRow]], list[bool]]
KINDS: Mapping[str, Mapping[str, Kind]] = {
    "sentiment": {"length": _longer, "domain": _of_film, "labels": _first_classes},
    "cloze": {"length": _longer, "labels": _first_classes},
    "entities": {"length": _longer, "domain": _in_titles, "labels": _of_persons},
    "text": {"length": _longer, "domain": _of_film},
    "letters": {"labels": _first_classes},
}
