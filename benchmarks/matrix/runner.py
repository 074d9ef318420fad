"""Runs cells, each in a process of its own with a time limit, so that one that breaks or hangs takes no other down."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import transformers

from matrix.architecture import Architecture
from matrix.cell import Outcome, run
from modelaudit.plugins import Plugins

Cell = tuple[Architecture, str]


@dataclass(slots=True)
class Running:
    cell: Cell
    process: Any
    answer: Connection
    began: float


def outcomes(cells: Sequence[Cell], *, jobs: int, limit: float, audits: bool, tell: Callable[[Outcome], None]) -> None:
    """Run the cells, so many at once, each for at most `limit` seconds, and tell of each as it ends."""
    waiting, running = list(cells), list[Running]()
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(_started(waiting.pop(0), audits))
        for one in list(running):
            ended = _ended(one, limit)
            if ended is not None:
                running.remove(one)
                tell(ended)
        time.sleep(0.02)


def _started(cell: Cell, audits: bool) -> Running:
    # Forked, since to import torch and transformers anew takes longer than many a cell.
    context: Any = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(cell, there, audits))
    with warnings.catch_warnings():
        # Threads of libraries that are idle while a cell is started.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()
    return Running(cell, process, here, time.monotonic())


def _ended(one: Running, limit: float) -> Outcome | None:
    """Return what came of a cell that has ended or run out of time, else None."""
    architecture, task = one.cell
    seconds = time.monotonic() - one.began
    name = architecture.title, task, transformers.__version__, round(seconds, 1)
    try:
        if one.answer.poll():
            told: Outcome = one.answer.recv()
            one.process.join()
            return told
    except EOFError:
        one.process.join()
        return Outcome(*name, note=f"the process ended with {one.process.exitcode} and said nothing")
    if seconds > limit:
        one.process.kill()
        one.process.join()
        return Outcome(*name, note=f"stopped after {limit:g} seconds")
    return None


def _work(cell: Cell, there: Connection, audits: bool) -> None:
    architecture, task = cell
    began = time.perf_counter()
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
            told = run(architecture, task, audits=audits)
    except Exception as error:  # noqa: BLE001 - whatever a cell raises is its outcome
        last = traceback.format_exception(error)[-1].strip()
        place = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}" for frame in reversed(place))
        seconds = round(time.perf_counter() - began, 1)
        told = Outcome(architecture.title, task, transformers.__version__, seconds, note=f"{last[:400]} ({where})")
    there.send(told)
    there.close()


HEAVY = (
    "datasets",
    "matplotlib.pyplot",
    "peft",
    "shap",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "transformers.activations",
    "transformers.models.bert.modeling_bert",
    "modelaudit.audit",
    "modelaudit.reports.html",
    "modelaudit.subject.model",
)


def preload() -> None:
    """Import once what every cell imports: of a tiny model it takes most of the time."""
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    Plugins().checkers()


def quiet() -> None:
    """Keep what libraries say on the way off the page."""
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
