"""What a whole audit costs beside the model: its time by that of limit A on the distinct inputs that it asked for."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_run import sst2
from study import Figure, at_most

from engine.classifier import Classifier
from engine.clock import Clock
from engine.limits import Prepared, fastest_shape
from engine.work import mixed_texts
from modelaudit import Audit, AuditReport
from modelaudit.inference import Engine, ModelInput
from modelaudit.plugins import Plugins

RATIO = "whole audit: time / limit A of the distinct inputs that it needed"

Asked = list[tuple[str, Sequence[ModelInput]]]


@dataclass(frozen=True)
class Case:
    """What is audited: the arguments of `Audit`."""

    model: Any
    data: Any
    options: dict[str, Any]
    name: str


def case(classifier: Classifier, *, tiny: bool) -> Case | str:
    """Return the audit of the SST-2 classifier, or of invented rows where all is tiny, or why there is none."""
    if tiny:
        texts = mixed_texts(classifier, 80, seed=1)
        rows = [{"text": text, "label": i % 2} for i, text in enumerate(texts)]
        options = {"tokenizer": classifier.tokenizer, "train_data": rows[::2], "preset": "quick"}
        return Case(classifier.model, rows[1::2], options, "quick audit of invented rows")
    data = os.environ.get("MODELAUDIT_DATA")
    if not data:
        return "MODELAUDIT_DATA does not name the folder with the data"
    if classifier.folder is None:
        return "there is no fine-tuned model; name its folder with --models"
    table = sst2(Path(data))
    options = {"train_data": table.train, "preset": "standard"}
    return Case(str(classifier.folder), table.heldout, options, "standard audit on SST-2")


def figures(classifier: Classifier, clock: Clock, slots: int, *, tiny: bool, target: float | None) -> list[Figure]:
    """Return what one whole audit took, and its ratio to limit A."""
    found = case(classifier, tiny=tiny)
    if isinstance(found, str):
        return [Figure(f"{RATIO}: not measured, {found}", None, clock.mode)]
    with clock.running():
        (report, asked, opening), spent = clock.time(lambda: _audit(found, classifier.device))
    inputs = distinct_questions(asked)
    shape = fastest_shape(classifier, inputs, slots, clock)
    prepared = Prepared(classifier, inputs, shape)
    with clock.running():
        _, least = clock.time(prepared.run)
    unit = f"{clock.mode}; {found.name}, one run"
    ratio = clock.seconds(spent) / clock.seconds(least)
    return [
        Figure(RATIO, ratio, unit) if target is None else at_most(RATIO, ratio, target, unit=unit),
        Figure("whole audit: wall time / wall time of limit A", spent.wall / least.wall, f"{clock.threads} threads"),
        Figure("whole audit: time", clock.seconds(spent), clock.mode),
        Figure("whole audit: wall time", spent.wall, "s"),
        Figure("whole audit: opening model and data, before the first check (wall time)", opening, "s"),
        Figure(f"whole audit: limit A, {shape}", clock.seconds(least), clock.mode),
        Figure("whole audit: rows asked for", report.run.evaluations, "rows"),
        Figure("whole audit: distinct inputs", len(inputs), "rows"),
        Figure("whole audit: tokens of the distinct inputs", sum(map(len, inputs)), "tokens"),
        Figure("whole audit: duplicates removed", 1.0 - report.run.computed / report.run.evaluations, "share"),
    ]


def distinct_questions(asked: Asked) -> list[ModelInput]:
    """Return the input of each distinct question; one that is asked for logits and for states stands there twice."""
    return list({(want, item.key): item for want, inputs in asked for item in inputs}.values())


def _audit(found: Case, device: str) -> tuple[AuditReport, Asked, float]:
    """Run an audit from the opening of the model to the written page, and keep what its engines were asked."""
    started = time.perf_counter()
    audit = Audit(found.model, found.data, **found.options, seed=0, device=device, plugins=Plugins(installed=False))
    engines = audit.subject.engines
    opening = time.perf_counter() - started
    asked: Asked = []
    for engine in engines:
        engine.ask = listening(engine, asked)
    outcome = audit.run()
    with tempfile.TemporaryDirectory() as folder:
        outcome.save(Path(folder) / "report.html")
    faults = [result.reason for result in outcome.report.results if result.status == "errored"]
    if faults:
        raise RuntimeError(f"a checker failed, so the audit's time says nothing: {faults[0]}")
    return outcome.report, asked, opening


def listening(engine: Engine, asked: Asked) -> Callable[..., Any]:
    """Return the engine's `ask`, which also keeps what it is asked."""
    ask = engine.ask

    def listen(want: Any, inputs: Sequence[ModelInput], classes: Sequence[int]) -> Any:
        # A reference alone: what was asked is sorted out when the clock no longer runs.
        asked.append((want, inputs))
        return ask(want, inputs, classes)

    return listen
