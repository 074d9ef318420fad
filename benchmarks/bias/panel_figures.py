"""What the panel says: how much is found, how often a verdict is wrong, and whether intervals hold the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from privacy.units import Result
from study import Figure, at_most

from bias.panel_cells import CELLS, DOSES, Cell
from bias.panel_models import CHECKER
from modelaudit.choices import policy_of
from modelaudit.statistics import clopper_pearson_interval

GRAVE = ("medium", "high", "critical")
FOUND = "exceeds limit"
WRONG_WITHIN, SIGN_ERRORS = 0.05, 0.01
DIGITS = 4
LIMITS = {
    limit.metric: float(limit.within)
    for limit in policy_of(None).limit
    if limit.checker == CHECKER and limit.group is None and limit.within is not None
}
"""Of the starter policy, by metric: the size of a signed difference."""


@dataclass(frozen=True)
class Told:
    """One verdict on one model, with the truth where it is known.

    Attributes:
        title: the comparison, as the report names it.
        truth: the same difference by the model's own answers; None for other metrics than that of the score.
    """

    cell: str
    seed: int
    metric: str
    title: str
    state: str
    severity: str | None
    value: float | None
    interval: tuple[float, float] | None
    truth: float | None

    @property
    def found(self) -> bool:
        return self.state == FOUND

    @property
    def grave(self) -> bool:
        return self.found and self.severity in GRAVE

    @property
    def beyond(self) -> bool:
        """Whether the model's own answers are beyond the limit."""
        return self.truth is not None and abs(self.truth) > LIMITS[self.metric]

    @property
    def false(self) -> bool:
        """Whether a limit is said to be exceeded that the model's own answers keep."""
        return self.found and self.truth is not None and not self.beyond

    @property
    def wrong_within(self) -> bool:
        """Whether a limit is said to be kept that the model's own answers exceed."""
        return self.state == "within limit" and self.beyond

    @property
    def wrong_sign(self) -> bool:
        """Whether something is found, in the wrong direction."""
        return self.found and bool(self.truth and self.value and self.truth * self.value < 0)

    @property
    def covered(self) -> bool | None:
        """Whether the interval holds the truth; None where there is none of either."""
        if self.interval is None or self.truth is None:
            return None
        return self.interval[0] <= self.truth <= self.interval[1]


@dataclass(frozen=True)
class CellResult:
    """What came of one cell."""

    cell: Cell
    verdicts: tuple[Told, ...]
    models: int
    seconds: Mapping[str, float]
    faults: tuple[str, ...]

    @property
    def known(self) -> list[Told]:
        """The verdicts of which the truth is known, and an interval."""
        return [told for told in self.verdicts if told.covered is not None]

    def models_with(self, holds: Callable[[Told], bool], *, planted: bool = False) -> int:
        """Return how many models have a verdict for which something holds, of all or of the planted comparison."""
        some = [told for told in self.verdicts if not planted or told.title == self.cell.planted]
        return len({told.seed for told in some if holds(told)})


def result_of(cell: Cell, models: int, results: Mapping[str, Result]) -> CellResult:
    """Return what came of a cell, from the results of its units."""
    metric = "recall_difference" if cell.kind == "tags" else "score_difference"
    verdicts, faults, seconds = [], [], {"training": [], "truth": [], "audit": []}
    for seed in range(models):
        made, asked = results[f"model/{cell.name}-{seed}"], results[f"audit/{cell.name}-{seed}"]
        for told in asked["verdicts"]:
            truth = made["truth"].get(told["group"]) if told["metric"] == metric else None
            interval = told["interval"] and (told["interval"][0], told["interval"][1])
            numbers = (told["state"], told["severity"], told["value"], interval, truth)
            verdicts.append(Told(cell.name, seed, told["metric"], told["group"], *numbers))
        if asked["status"] != "completed":
            faults.append(f"{cell.name}, model {seed}: {asked['status']}, {asked['reason']}")
        seconds["training"].append(made["training seconds"])
        seconds["truth"].append(made["truth seconds"])
        seconds["audit"].append(asked["seconds"])
    means = {name: round(float(np.mean(some)), 1) for name, some in seconds.items()}
    return CellResult(cell, tuple(verdicts), models, means, tuple(faults))


def figures_of(cells: Sequence[CellResult]) -> list[Figure]:
    """Return the figures of all cells and those over all of them."""
    figures: list[Figure] = []
    for one in cells:
        figures += _null(one) if one.cell.planted is None else _planted(one)
    return [*figures, *_dose(cells), *_verdicts(cells), *_coverage(cells)]


def records_of(cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    """Return the verdicts of which the truth is known, by cell and comparison, in columns."""
    return [
        {
            "cell": one.cell.name,
            "planted": one.cell.about,
            "comparison": title,
            "seconds a model": dict(one.seconds),
            **_columns([told for told in one.known if told.title == title]),
        }
        for one in cells
        for title in dict.fromkeys(told.title for told in one.known)
    ]


def faults_of(cells: Sequence[CellResult]) -> list[str]:
    """Return which audits did not complete, and why."""
    return [fault for one in cells for fault in one.faults]


def share(name: str, hits: int, n: int, noun: str) -> Figure:
    """Return a share with its Clopper-Pearson interval in its unit."""
    if not n:
        return Figure(f"{name}: nothing to count", None, noun)
    low, high = clopper_pearson_interval(hits, n, level=0.95)
    return Figure(name, hits / n, f"{hits} of {n} {noun}, 95% {low:.3f} to {high:.3f}")


def _null(one: CellResult) -> list[Figure]:
    head = f"{one.cell.name} ({one.cell.about})"
    return [
        share(
            f"{head}: models with any limit exceeded", one.models_with(lambda told: told.found), one.models, "models"
        ),
        share(f"{head}: at medium or above", one.models_with(lambda told: told.grave), one.models, "models"),
        share(f"{head}: where the model's own answers keep it", one.models_with(_false), one.models, "models"),
    ]


def _planted(one: CellResult) -> list[Figure]:
    head = f"{one.cell.name} ({one.cell.about})"
    found = one.models_with(lambda told: told.found, planted=True)
    grave = one.models_with(lambda told: told.grave, planted=True)
    return [
        share(f"{head}: found", found, one.models, "models"),
        share(f"{head}: found at medium or above", grave, one.models, "models"),
    ]


def _dose(cells: Sequence[CellResult]) -> list[Figure]:
    by_name = {one.cell.name: one for one in cells}
    if any(name not in by_name for name in DOSES):
        return []
    title = by_name[DOSES[-1]].cell.planted
    means = []
    for name in DOSES:
        means.append(float(np.mean([told.value for told in by_name[name].known if told.title == title])))
    steps = [after - before for before, after in pairwise(means)]
    said = ", ".join(f"{mean:+.3f}" for mean in means)
    name = f"dose .5 to .9: smallest step between mean estimates ({said})"
    return [Figure(name, min(steps), "probability", "> 0", bool(min(steps) > 0))]


def _verdicts(cells: Sequence[CellResult]) -> list[Figure]:
    scores = [told for one in cells for told in one.known]
    beyond = [told for told in scores if told.beyond]
    found = [told for told in scores if told.found]
    if not scores:
        return []
    wrong, reversed_, false = (
        sum(told.wrong_within for told in beyond), sum(told.wrong_sign for told in found), sum(map(_false, scores))
    )  # fmt: skip
    figures = [
        share("wrong: within limit, where the model's own answers are beyond", wrong, len(beyond), "comparisons"),
        share("wrong: sign of what is found", reversed_, len(found), "comparisons"),
        share("wrong: limit exceeded, where the model's own answers keep it", false, len(scores), "comparisons"),
    ]
    for name, hits, some, limit in (
        ("wrong 'within limit', share", wrong, beyond, WRONG_WITHIN),
        ("sign errors, share", reversed_, found, SIGN_ERRORS),
    ):
        figures += [at_most(name, hits / len(some), limit)] if some else []
    return figures


def _coverage(cells: Sequence[CellResult]) -> list[Figure]:
    figures = []
    for kind in dict.fromkeys(cell.kind for cell in CELLS):
        held = [bool(told.covered) for one in cells if one.cell.kind == kind for told in one.known]
        if held:
            figures.append(share(f"95% intervals that hold the truth, {kind}", sum(held), len(held), "intervals"))
    return figures


def _false(told: Told) -> bool:
    return told.false


def _columns(some: Sequence[Told]) -> dict[str, list[Any]]:
    return {
        "state": [told.state for told in some],
        "severity": [told.severity for told in some],
        "value": [_rounded(told.value) for told in some],
        "low": [_rounded(told.interval and told.interval[0]) for told in some],
        "high": [_rounded(told.interval and told.interval[1]) for told in some],
        "truth": [_rounded(told.truth) for told in some],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
