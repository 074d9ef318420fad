"""The units of the study: a model is trained with or without a measure; then both are audited and compared."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from privacy.units import Result, Unit

from mending.cells import CELLS, Cell
from mending.worlds import WORLDS, World
from modelaudit import Audit
from modelaudit.audit_report import AuditReport
from modelaudit.comparison import Change
from modelaudit.monitoring import RowKey, compare, row_outcomes
from modelaudit.plugins import Plugins
from modelaudit.results import CheckResult, Finding
from modelaudit.training import MEASURES, Recipe, ReferenceTrainer
from modelaudit.training.canaries import plant_canaries

PLAIN = "plain"
"""The arm without a measure."""
PERFORMANCE = "modelaudit/task-performance"
CANARIES = {"count": 240, "kind": "word-salad", "repeats": (8,)}
KEY = RowKey(b"the study's rows are made up, and so is their key")


def units_of(cells: list[Cell], seeds: int) -> tuple[list[Unit], list[Unit], list[Unit]]:
    """Return the units that make what arms begin from, those that train arms, and those that audit, in this order."""
    bases, arms, audits = {}, {}, []
    for cell in cells:
        world = WORLDS[cell.world]
        for seed in range(seeds):
            common = {"world": world.name, "seed": seed, "recipe": dict(world.recipe)}
            if world.name in FIRST:
                name = f"base/{world.name}-{seed}"
                bases[name] = Unit(name, FIRST[world.name], common, 20.0)
            plain = {**common, "arm": PLAIN, "settings": {}, "dev": world.dev}
            mended = {**common, "arm": cell.measure, "settings": settings_of(cell), "dev": world.dev or cell.dev}
            for arm in (plain, mended):
                name = f"arm/{world.name}-{arm['arm']}-{seed}"
                arms[name] = Unit(name, train_arm, arm, _seconds(arm))
            audits.append(Unit(f"audit/{cell.measure}-{seed}", audit, {"plain": plain, "mended": mended}, 30.0))
    return list(bases.values()), list(arms.values()), audits


def _seconds(arm: Mapping[str, Any]) -> float:
    """About how long an arm is trained, on one core."""
    return 120.0 if "dp_epsilon" in arm["settings"] else 60.0 if arm["world"] == "memory" else 30.0


def settings_of(cell: Cell) -> dict[str, Any]:
    """Return the fields of the recipe that the cell's measure changes."""
    if cell.settings:
        return dict(cell.settings)
    if cell.measure == "reweighing":
        return {"reweigh": "native language"}
    found = {name: list(value) if isinstance(value, tuple) else value for name, value in usual(cell).items()}
    return found


def usual(cell: Cell) -> Mapping[str, Any]:
    """Return the measure at its usual strength; a world that plants gender is mended for gender alone."""
    if cell.measure == "counterfactual-augmentation":
        return {"counterfactuals": ("gender",)}
    if cell.measure == "counterfactual-logit-pairing":
        return {"logit_pairing": 1.0, "pairing_attributes": ("gender",)}
    return MEASURES[cell.measure].settings


def train_base(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train what the arms of a world begin from, on rows that none of its tables has."""
    world, seed = WORLDS[recipe["world"]], recipe["seed"]
    rows = world.tables(seed)["base"]
    place = _fresh(folder / "models" / f"{world.name}-base-{seed}")
    trained = ReferenceTrainer(
        rows, task=world.task, base_model="compact", out=place, seed=seed, epochs=4, learning_rate=1e-3
    ).train()
    return {"seconds": round(trained.record.seconds, 1)}


def plant(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Plant canaries in the training rows of a seed; planted again they are the same."""
    world, seed = WORLDS[recipe["world"]], recipe["seed"]
    plain, planted = folder / "tables" / f"plain-{seed}.jsonl", _planted(folder, seed)
    plain.parent.mkdir(parents=True, exist_ok=True)
    plain.write_text("".join(json.dumps(row) + "\n" for row in world.tables(seed)["train"]), encoding="utf-8")
    done = plant_canaries(
        plain, out=planted, manifest=_manifest(folder, seed), task="text-classification", seed=seed, overwrite=True,
        **CANARIES,
    )  # fmt: skip
    return {"rows": done.manifest.rows_after}


FIRST = {"memory": train_base, "repeats": plant}


def train_arm(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Train one arm and return what its record says."""
    world, seed = WORLDS[recipe["world"]], recipe["seed"]
    tables = world.tables(seed)
    place = _fresh(_place(folder, recipe))
    trained = ReferenceTrainer(
        str(_planted(folder, seed)) if world.name == "repeats" else tables["train"],
        task=world.task,
        base_model=_base(folder, world, seed) or "compact",
        out=place,
        dev_data=tables["dev"] if recipe["dev"] else None,
        recipe=Recipe.of(**{**recipe["recipe"], "seed": seed, **recipe["settings"]}),
    ).train()
    record = trained.record
    return {
        "seconds": round(record.seconds, 1),
        "examples": record.examples,
        "updates": record.updates,
        "steps": [step.model_dump() for step in record.steps],
        "privacy": None if record.privacy is None else record.privacy.model_dump(),
        "temperature": record.temperature,
    }


def audit(folder: Path, _data: Path, recipe: Mapping[str, Any]) -> Result:
    """Audit the arm without the measure and the arm with it on the same rows, and return what changed."""
    [cell] = [each for each in CELLS if each.measure == recipe["mended"]["arm"]]
    world, seed = WORLDS[cell.world], recipe["plain"]["seed"]
    started = time.perf_counter()
    before, after = (_audited(folder, cell, world, recipe[arm], seed) for arm in ("plain", "mended"))
    changes = compare(before[0], after[0], before[1], after[1]).changes
    finding = _worst(before[0], cell)
    if finding is None:
        return {"void": _why(before[0], cell), "seconds": round(time.perf_counter() - started, 1)}
    risk = _change(changes, cell.checker, cell.metric, finding.metric.group)
    accuracy = _change(changes, PERFORMANCE, "entity_f1" if world.task == "ner" else "accuracy", None)
    return {
        "group": finding.metric.group,
        "before interval": _interval(finding),
        "after interval": _interval(_same(after[0], cell, finding)),
        "risk": risk and _told(risk),
        "accuracy": accuracy and _told(accuracy),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _audited(folder: Path, cell: Cell, world: World, arm: Mapping[str, Any], seed: int) -> tuple[AuditReport, Any]:
    tables = world.tables(seed)
    options: dict[str, dict[str, Any]] = {cell.checker: dict(cell.options)} if cell.options else {}
    train: Any = tables["train"]
    if world.name == "repeats":
        train = str(_planted(folder, seed))
        options = {cell.checker: {"manifest": str(_manifest(folder, seed))}}
    outcome = Audit(
        str(_place(folder, arm)),
        tables["evaluation"],
        train_data=train,
        heldout_data=tables.get("heldout"),
        base_model=_base(folder, world, seed),
        seed=seed,
        device="cpu",
        options=options,
        plugins=Plugins(installed=False),
    )
    report = outcome.run(only=[cell.checker, PERFORMANCE]).report
    return report, row_outcomes(outcome.subject, KEY)


def _worst(report: AuditReport, cell: Cell) -> Finding | None:
    """Return the finding of the cell's metric that lies furthest from what a clean model shows."""
    found = [
        finding
        for finding in _result(report, cell).findings
        if finding.metric.id == cell.metric
        and re.fullmatch(cell.groups, finding.metric.group or "")
        and finding.metric.value is not None
    ]
    return max(found, key=lambda one: abs((one.metric.value or 0.0) - cell.aim), default=None)


def _same(report: AuditReport, cell: Cell, finding: Finding) -> Finding | None:
    return next(
        (
            each
            for each in _result(report, cell).findings
            if (each.metric.id, each.metric.group) == (finding.metric.id, finding.metric.group)
        ),
        None,
    )


def _result(report: AuditReport, cell: Cell) -> CheckResult:
    return next(result for result in report.results if result.checker.id == cell.checker)


def _why(report: AuditReport, cell: Cell) -> str:
    result = _result(report, cell)
    return f"{result.status}: {result.reason or 'no such metric'}"


def _interval(finding: Finding | None) -> list[float] | None:
    bounds = () if finding is None else finding.metric.bounds
    return next(([bound.low, bound.high] for bound in bounds if bound.level == 0.95), None)


def _change(changes: tuple[Change, ...], checker: str, metric: str, group: str | None) -> Change | None:
    found = [each for each in changes if each.metric == metric and each.group == group]
    return next((each for each in found if each.checker == checker), found[0] if found else None)


def _told(change: Change) -> Result:
    return change.model_dump(
        mode="json",
        include={"before", "after", "difference", "interval", "paired", "kind", "n", "before_state", "after_state"},
    )


def _base(folder: Path, world: World, seed: int) -> str | None:
    return str(folder / "models" / f"{world.name}-base-{seed}") if world.name == "memory" else None


def _place(folder: Path, recipe: Mapping[str, Any]) -> Path:
    return folder / "models" / f"{recipe['world']}-{recipe['arm']}-{recipe['seed']}"


def _fresh(place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _manifest(folder: Path, seed: int) -> Path:
    return folder / "tables" / f"manifest-{seed}.json"


def _planted(folder: Path, seed: int) -> Path:
    return folder / "tables" / f"planted-{seed}.jsonl"
