"""What the journal costs: the engine with it against the engine without."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from study import Figure

from engine.classifier import Classifier
from engine.clock import Clock, Spent
from engine.ours import Ours
from engine.turns import Ratio, ratio_of
from engine.work import mixed_texts, texts_task
from modelaudit.inference import Engine

NAME = "journal: time of the engine with it / without it"


def figures(classifier: Classifier, clock: Clock, *, rows: int, repetitions: int, target: float | None) -> list[Figure]:
    """Return the cost of the journal as a share of the engine's time."""
    try:
        journal = journal_class()
    except (ImportError, LookupError) as reason:
        return [Figure(f"{NAME}: not measured, {reason}", None, clock.mode)]
    task = texts_task(classifier, mixed_texts(classifier, rows, seed=11), seed=11)
    spent: list[list[Spent]] = [[], []]
    sizes = []
    with clock.running(), tempfile.TemporaryDirectory() as scratch:
        Ours(classifier).texts(task)
        for turn in range(repetitions):
            for kept in np.random.default_rng(turn).permutation(2):
                # A folder of its own for each turn: a journal that already knows the answers would give them.
                folder = Path(scratch) / str(turn)
                ours = Ours(classifier, **({"journal": journal(folder)} if kept else {}))
                spent[kept].append(clock.time(lambda ours=ours: ours.texts(task))[1])
                ours.close()
            sizes.append(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
    without, with_it = spent
    return [
        _ratio([clock.seconds(one) for one in with_it], [clock.seconds(one) for one in without]).figure(
            NAME, most=None if target is None else 1.0 + target, unit=clock.mode
        ),
        _ratio([one.wall for one in with_it], [one.wall for one in without]).figure(f"{NAME}, wall time", unit="ratio"),
        Figure("journal: bytes for a row", max(sizes) / rows, "bytes"),
    ]


def journal_class() -> Any:
    """Return the journal, where the engine has one."""
    from modelaudit.inference.journal import Journal

    if "journal" not in inspect.signature(Engine).parameters:
        raise LookupError("this engine takes none")
    return Journal


def _ratio(slow: list[float], fast: list[float]) -> Ratio:
    return ratio_of([a / b for a, b in zip(slow, fast, strict=True)])
