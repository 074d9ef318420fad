"""Parts: what each audit said, each in a process and a file of its own, so that a stopped study goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from planted_tasks.catalogue import BY_NAME
from planted_tasks.cell import Told, told


@dataclass(frozen=True, slots=True)
class Part:
    """One audit: of a cell's planted model, or of its clean twin, with one seed."""

    cell: str
    seed: int
    planted: bool

    @property
    def file(self) -> str:
        """The name of the file that it is kept in."""
        return f"{self.cell.replace('/', '.')}.{self.seed}.{'planted' if self.planted else 'clean'}.json"


def parts_of(cells: Sequence[str], seeds: Sequence[int]) -> list[Part]:
    """Return the audits of cells, all of one seed before those of the next."""
    return [Part(cell, seed, planted) for seed in seeds for cell in cells for planted in (True, False)]


def kept(parts: Sequence[Part], folder: Path) -> dict[Part, Told]:
    """Return what lies in files."""
    there = [part for part in parts if (folder / part.file).exists()]
    return {part: Told.of_json(json.loads((folder / part.file).read_text(encoding="utf-8"))) for part in there}


def do(parts: Sequence[Part], folder: Path, tell: Callable[[Part, Told], None]) -> None:
    """Do those parts that have no file yet, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting = [part for part in parts if not (folder / part.file).exists()]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for part, found in zip(waiting, pool.map(_told, waiting), strict=True):
            beside = folder / f"{part.file}.new"
            beside.write_text(json.dumps(found.as_json(), allow_nan=False), encoding="utf-8")
            beside.replace(folder / part.file)
            tell(part, found)


def _told(part: Part) -> Told:
    return told(BY_NAME[part.cell], part.seed, planted=part.planted)
