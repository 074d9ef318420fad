"""Units of a long study: each leaves its result in a folder, so that a study can be stopped and goes on."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Result = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """One piece of work.

    Attributes:
        name: where its result is kept, below the folder of units: `part/piece`.
        work: a function of a module; it is handed the folder, the data's folder and the recipe, and returns JSON.
        recipe: all that the result depends on beside code, ready for JSON.
        seconds: about how long it takes on one core, so that long units go first.
    """

    name: str
    work: Callable[[Path, Path, Mapping[str, Any]], Result]
    recipe: Mapping[str, Any]
    seconds: float = 1.0


def results_of(units: Sequence[Unit], folder: Path, data: Path, *, workers: int) -> dict[str, Result]:
    """Return the result of each unit by name; those that are not kept are worked out now, by so many processes.

    A unit whose recipe is another one now is worked out again.
    """
    found: dict[str, Result] = {}
    missing = []
    for unit in units:
        known = _kept(unit, folder)
        if known is None:
            missing.append(unit)
        else:
            found[unit.name] = known
    missing.sort(key=lambda unit: -unit.seconds)
    if workers == 1:
        for unit in missing:
            found[unit.name] = _told(unit.name, *_worked(unit, folder, data))
    elif missing:
        found |= _in_processes(missing, folder, data, workers)
    return {unit.name: found[unit.name] for unit in units}


def _in_processes(units: Sequence[Unit], folder: Path, data: Path, workers: int) -> dict[str, Result]:
    found = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        running = {pool.submit(_worked, unit, folder, data): unit for unit in units}
        try:
            for done in as_completed(running):
                found[running[done].name] = _told(running[done].name, *done.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def quiet() -> None:
    """Keep the libraries from drawing bars and from telling of heads that are new."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
    quiet()


def _place(unit: Unit, folder: Path) -> Path:
    return folder / "units" / f"{unit.name}.json"


def _kept(unit: Unit, folder: Path) -> Result | None:
    place = _place(unit, folder)
    if not place.exists():
        return None
    told = json.loads(place.read_text(encoding="utf-8"))
    recipe = json.loads(json.dumps(unit.recipe))
    return told["result"] if told["recipe"] == recipe else None


def _worked(unit: Unit, folder: Path, data: Path) -> tuple[Result, float]:
    started = time.perf_counter()
    result = json.loads(json.dumps(unit.work(folder, data, unit.recipe), allow_nan=False))
    seconds = round(time.perf_counter() - started, 1)
    place = _place(unit, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".half")
    half.write_text(json.dumps({"recipe": unit.recipe, "seconds": seconds, "result": result}), encoding="utf-8")
    half.replace(place)
    return result, seconds


def _told(name: str, result: Result, seconds: float) -> Result:
    print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    return result


def spent(units: Sequence[Unit], folder: Path) -> float:
    """Return the seconds that the kept units took, all together."""
    places = [_place(unit, folder) for unit in units]
    return sum(json.loads(place.read_text(encoding="utf-8"))["seconds"] for place in places if place.exists())
