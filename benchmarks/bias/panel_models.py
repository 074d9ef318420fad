"""The units of the panel: a model is trained, kept and asked for its truth; then the audit is asked about it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from privacy.units import Result, Unit
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from bias import panel_cells as cells
from bias.panel_cells import Cell
from bias.panel_truth import ROWS_A_NAME, TRUTH, truth_of
from modelaudit import Audit
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.plugins import Plugins
from modelaudit.text import load_known_names
from modelaudit.training.compact import TaskName, compact_model
from modelaudit.training.fit import fit

CHECKER = CounterfactualSubstitution.info.id
VERSION = CounterfactualSubstitution.info.version
LEARNING = {"epochs": 5, "batch_size": 32, "learning_rate": 1e-3}
SHAPE = {"layers": 2, "hidden": 64, "heads": 2, "vocabulary": 1_500, "max_length": 64}
TRAINING_SECONDS, ASKING_SECONDS = 12.0, 6.0
TIMES = 3
"""How often each name stands in the texts that the vocabulary is learned from: names fall into a few pieces."""


def units_of(some: Sequence[Cell], models: int) -> tuple[list[Unit], list[Unit]]:
    """Return the units that train, and those that audit; the second need the first."""
    training, asking = [], []
    for cell in some:
        for seed in range(models):
            recipe = {**cell.recipe, "seed": seed, "rows": cells.TRAIN_ROWS, **LEARNING, **SHAPE}
            asked = {"audit rows": cells.AUDIT_ROWS, "checker": VERSION, **recipe}
            truth = {"rows a name": ROWS_A_NAME, "truth": TRUTH, **recipe}
            training.append(Unit(f"model/{cell.name}-{seed}", train, truth, TRAINING_SECONDS))
            asking.append(Unit(f"audit/{cell.name}-{seed}", ask, asked, ASKING_SECONDS))
    return training, asking


def train(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train a model, keep it, and return what it does with all names."""
    cell, seed = _cell(recipe), recipe["seed"]
    rows, labels = cells.training_rows(cell, seed), cells.labels_of(cell.kind)
    started = time.perf_counter()
    model, tokenizer = compact_model(vocabulary(cell, rows), labels=labels, task=_task(cell), seed=seed, **SHAPE)
    learned = fit(model, tokenizer, rows, task=_task(cell), seed=seed, folder=_place(folder, recipe), **LEARNING)
    trained = time.perf_counter()
    truth = truth_of(cell, model, tokenizer, seed)
    return {
        "truth": truth,
        "accuracy": round(learned.accuracy, 4),
        "training seconds": round(trained - started, 2),
        "truth seconds": round(time.perf_counter() - trained, 2),
    }


def ask(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Return what the audit says of a kept model."""
    cell, seed = _cell(recipe), recipe["seed"]
    place = _place(folder, recipe)
    opened = AutoModelForTokenClassification if cell.kind == "tags" else AutoModelForSequenceClassification
    return audited(
        opened.from_pretrained(place), AutoTokenizer.from_pretrained(place), cells.audit_rows(cell, seed), seed=seed
    )


def audited(
    model: Any, tokenizer: Any, rows: cells.Rows, *, seed: int, options: Mapping[str, Any] | None = None
) -> Result:
    """Return the verdicts of one audit with its estimates, and what it cost."""
    started = time.perf_counter()
    audit = Audit(
        model,
        rows,
        tokenizer=tokenizer,
        seed=seed,
        device="cpu",
        options={CHECKER: dict(options or {})},
        plugins=Plugins(installed=False),
    )
    report = audit.run(only=[CHECKER]).report
    seconds = time.perf_counter() - started
    [result] = [each for each in report.results if each.checker.id == CHECKER]
    metrics = {(one.metric.id, one.metric.group): one.metric for one in result.findings if one.metric.primary}
    told = []
    for verdict in report.judgement.verdicts:
        if verdict.checker != CHECKER or verdict.metric is None:
            continue
        metric = metrics[verdict.metric, verdict.group]
        told.append(
            {
                "metric": verdict.metric,
                "group": verdict.group,
                "state": verdict.state,
                "severity": verdict.severity,
                "value": metric.value,
                "interval": verdict.interval,
                "q": verdict.q,
                "smallest detectable": metric.smallest_detectable,
                "n": metric.n,
            }
        )
    return {
        "verdicts": told,
        "status": result.status,
        "reason": result.reason,
        "seconds": round(seconds, 2),
        "evaluations": report.run.evaluations,
        "computed": report.run.computed,
    }


def vocabulary(cell: Cell, rows: cells.Rows) -> list[Any]:
    """Return the texts that the vocabulary is learned from: the rows without persons' names, and names a few times.

    So most names fall into pieces that other names have too, as they do in a large model.
    """
    if cell.kind in ("words", "chinese"):
        return [row["text"] for row in rows]
    names = sorted({name.name for name in load_known_names()})
    known = set(names)
    texts = [row["tokens"] if "tokens" in row else row["text"].split() for row in rows]
    return [*([word for word in words if word not in known] for words in texts), *([names] * TIMES)]


def _cell(recipe: Mapping[str, Any]) -> Cell:
    [cell] = [cell for cell in cells.CELLS if cell.name == recipe["cell"]]
    return cell


def _task(cell: Cell) -> TaskName:
    return "token-classification" if cell.kind == "tags" else "text-classification"


def _place(folder: Path, recipe: Mapping[str, Any]) -> Path:
    return folder / "models" / f"{recipe['cell']}-{recipe['seed']}"
