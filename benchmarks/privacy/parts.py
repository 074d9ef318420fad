"""The parts of the calibration: what each works out, and the figures and records that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy.stats import binom
from study import Figure, at_least, at_most

from privacy import cells, comparison, dose, nulls, truth
from privacy.asking import FALSE_ALARM, HEADS, NO_TRAINING
from privacy.tasks import TRY
from privacy.units import Result, Unit

Results = Mapping[str, Result]
Outcome = tuple[list[Figure], dict[str, Any]]
NOTHING_BUT_CHANCE = 0.01
"""How rarely a bound on a count of false alarms may be passed by chance: 200 audits at 5% may give up to 18."""
GROWS = 0.8
"""Spearman's correlation of six doses and their AUCs from which leakage grows with the dose (one-sided p below .03)."""
CLEAN = 0.95


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        families, courses: of the truth and of the doses.
        null: arguments of `nulls.null_units` for the tier without training. heads: likewise with reference heads, or
            None. shifted: arguments of `nulls.shift_units`.
        seconds: what a unit costs, about, by the name of its family or course.
    """

    families: tuple[truth.Family, ...]
    courses: tuple[dose.Course, ...]
    null: dict[str, Any]
    shifted: dict[str, Any]
    heads: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)


MODELS = 3
SECONDS = {
    "sentiment-full": 42.0, "sentiment-lora": 28.0, "sentiment-head": 9.0, "cloze-full": 52.0, "cloze-lora": 38.0,
    "cloze-head": 10.0, "entities-full": 33.0, "entities-lora": 24.0, "entities-head": 6.0, "text-full": 20.0,
    "text-lora": 29.0,
}  # fmt: skip
"""Of one model of a family, on a core of a machine with others at work."""
SIZES = {
    "full": Size(
        truth.FULL,
        dose.FULL,
        {"models": MODELS, "splits": 17},
        {"models": MODELS},
        {"models": MODELS, "splits": 2, "tasks": ("sentiment", "cloze", "entities"), "tier": HEADS},
        SECONDS,
    ),
    "short": Size(
        truth.SHORT,
        dose.SHORT,
        {"models": 1, "splits": 2, "tasks": (TRY,), "rows": 100, "a_side": 110},
        {"models": 1, "tasks": (TRY,), "rows": 100, "a_side": 110},
    ),
}


def model_units(size: Size) -> list[Unit]:
    """Return the units that train models; the others need them."""
    null = {name: value for name, value in size.null.items() if name in ("models", "tasks", "rows")}
    return [*truth.model_units(size.families, size.seconds), *nulls.model_units(**null)]


def asking_units(size: Size) -> list[Unit]:
    """Return the units that ask the checker."""
    return [
        *dose.units(size.courses, {name: 4.0 * cost for name, cost in size.seconds.items()}),
        *truth.cell_units(size.families),
        *comparison.units(size.families),
        *_null_units(size),
        *nulls.shift_units(**size.shifted),
    ]


def outcomes(size: Size, results: Results) -> Outcome:
    """Return the figures and the records of all parts."""
    figures: list[Figure] = []
    records: dict[str, Any] = {}
    for part in PARTS:
        found, told = part(size, results)
        figures += found
        records |= told
    return figures, records


def allowed(audits: int) -> int:
    """Return how many false alarms at the nominal level so many audits may give."""
    return int(binom.ppf(1.0 - NOTHING_BUT_CHANCE, audits, FALSE_ALARM))


def honest(size: Size, results: Results) -> Outcome:
    """Null audits: a finding is a false one."""
    figures, records = [], {}
    for tier in (NO_TRAINING, HEADS):
        audits = [
            {"task": unit.recipe["task"], "model": unit.recipe["model"], **_without_text(audit)}
            for unit in _null_units(size)
            if unit.recipe["tier"] == tier
            for audit in results[unit.name]["audits"]
        ]
        if not audits:
            continue
        n, head = len(audits), f"honest null, tier {tier}"
        count = _counter(audits)
        figures += [
            Figure(f"{head}: audits", n, "audits"),
            at_most(
                f"{head}: false findings at a nominal {FALSE_ALARM:.0%}", count("found"), allowed(n), unit="audits"
            ),
            at_most(f"{head}: a limit of the starter policy exceeded", count("exceeds"), allowed(n), unit="audits"),
            Figure(
                f"{head}: family-wise p at or below {FALSE_ALARM:g}, guards not counted",
                sum(audit["p"] is not None and audit["p"] <= FALSE_ALARM for audit in audits),
                "audits",
            ),
            Figure(f"{head}: a guard withheld the verdict", count("confounded"), "audits"),
            Figure(f"{head}: check not completed", count("reason"), "audits"),
        ]
        records[f"null, {tier}"] = audits
    return figures, records


def shifts(size: Size, results: Results) -> Outcome:
    """Shifted sides: what is neither confounded nor clean is a wrong finding."""
    audits = [
        {"task": unit.recipe["task"], "kind": unit.recipe["kind"], **_without_text(audit)}
        for unit in nulls.shift_units(**size.shifted)
        for audit in results[unit.name]["audits"]
    ]
    n, count = len(audits), _counter(audits)
    wrong = count("found")
    naive = sum(audit["p"] is not None and audit["p"] <= FALSE_ALARM for audit in audits)
    figures = [
        Figure("shifted sides, no memory: audits", n, "audits"),
        at_least("shifted sides, no memory: confounded or clean", (n - wrong) / n, CLEAN, unit="share of audits"),
        Figure("shifted sides, no memory: a limit of the starter policy exceeded", count("exceeds"), "audits"),
        Figure("shifted sides, no memory: a guard withheld the verdict", count("confounded"), "audits"),
        Figure("shifted sides, no memory: what would be findings without guards", naive, "audits"),
    ]
    return figures, {"shifts": audits}


LARGEST = "largest of the suite"


def doses(size: Size, results: Results) -> Outcome:
    """Dose and response, by the attack that the checker names beforehand and by the largest of all, which is judged."""
    figures, records = [], []
    for course in size.courses:
        for epochs, told in results[f"dose/{course.name}"].items():
            largest = [max(one for one in aucs if one is not None) for aucs in zip(*told["auc"].values(), strict=True)]
            of = f"dose, {course.task}, {course.way}, {epochs} epochs: correlation of repetitions with"
            for said, aucs in (("AUC", told["auc"][told["headline"]]), ("the largest AUC of the suite", largest)):
                growth, name = dose.growth(aucs), f"{of} {said}"
                figures.append(
                    Figure(f"{name}; none, for AUCs are all alike", None, "Spearman", f">= {GROWS:g}", False)
                    if growth is None
                    else at_least(name, growth, GROWS, unit="Spearman")
                )
            told = {**told, "auc": {**told["auc"], LARGEST: largest}}
            records.append({"task": course.task, "way": course.way, "epochs": int(epochs), **told})
    return figures, {"doses": records}


def truths(size: Size, results: Results) -> Outcome:
    """The suite in each cell, against the truth and against the loss attack."""
    records = [cells.record_of(family, epochs, results) for family in size.families for epochs in family.epochs]
    figures = []
    for record in records:
        ratio, low, high = record["ratio"]
        cell = f"cell, {record['task']}, {record['way']}, {record['epochs']} epochs"
        name = f"{cell}: suite by loss attack at 1% false alarms"
        unit = f"ratio of shares found, 95% [{low:.2f}, {high:.2f}]"
        figures.append(
            at_least(f"{name} (truth shows leakage)", ratio, cells.WANTED, unit=unit)
            if cells.leaks(record)
            else Figure(name, ratio, unit)
        )
    worse = sum(map(cells.significantly_worse, records))
    figures += [
        Figure("cells", len(records), "cells"),
        Figure(
            "cells in which the truth shows leakage that the loss attack misses",
            sum(map(cells.leaks, records)),
            "cells",
        ),
        at_most("cells in which the suite finds significantly fewer than the loss attack", worse, 0, unit="cells"),
    ]
    return figures, {"cells": records}


def comparisons(size: Size, results: Results) -> Outcome:
    """The suite beside a peer."""
    units = comparison.units(size.families)
    records = [{**{key: unit.recipe[key] for key in ("task", "way", "epoch")}, **results[unit.name]} for unit in units]
    return [Figure("models on which the suite is compared with a peer", len(records), "models")], {
        "comparison": records
    }


PARTS: Sequence[Callable[[Size, Results], Outcome]] = (honest, shifts, doses, truths, comparisons)


def _null_units(size: Size) -> list[Unit]:
    return [*nulls.null_units(**size.null), *(nulls.null_units(**size.heads) if size.heads else ())]


def _without_text(audit: Mapping[str, Any]) -> dict[str, Any]:
    """Return an audit's record with whether it is confounded in the place of the sentence that says why."""
    return {**audit, "confounded": audit["confounded"] is not None}


def _counter(audits: Sequence[Mapping[str, Any]]) -> Callable[[str], int]:
    return lambda name: sum(bool(audit[name]) for audit in audits)
