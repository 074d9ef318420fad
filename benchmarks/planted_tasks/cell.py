"""A cell: a defect that is planted in a tiny model of one task, and what an audit has to say of it and of its twin."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from modelaudit import Audit

Given = dict[str, Any]
"""What an audit is handed: the model, its tokenizer or processor, and tables of rows."""

EXCEEDS = "exceeds limit"


@dataclass(frozen=True, slots=True)
class Cell:
    """One defect of one task.

    Attributes:
        task: as reports call it. risk: the family of checks that is run.
        defect: what is planted, in a sentence's half. twin: what is not, in its clean twin.
        checker, metrics: what has to exceed its limit for the defect to count as found.
        make: returns what the audit is handed, from a seed and whether the defect is planted.
        group: the group of the metrics that has to; None for any.
    """

    task: str
    risk: str
    defect: str
    twin: str
    checker: str
    metrics: tuple[str, ...]
    make: Callable[[int, bool], Given] = field(repr=False)
    group: str | None = None

    @property
    def name(self) -> str:
        """The cell as it is named on the command line."""
        return f"{self.task}/{self.risk}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the starter policy says of one number.

    Attributes:
        interval: at the level of the policy; adjusted: where the limit is exceeded, for the number of these.
        n: rows, pairs or whatever the number rests on.
    """

    checker: str
    metric: str | None
    group: str | None
    state: str
    value: float | None
    interval: tuple[float, float] | None
    adjusted: tuple[float, float] | None
    p: float | None
    n: int | None
    limit: str | None
    reason: str

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """What it is of."""
        return self.checker, self.metric, self.group


@dataclass(frozen=True, slots=True)
class Told:
    """What the audit of one model says: its verdicts, what kept a check from an answer, and CPU seconds."""

    verdicts: tuple[Verdict, ...]
    broken: Mapping[str, str]
    training: float
    audit: float

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Told:
        """Return what was kept."""
        verdicts = [Verdict(**{key: _pair(key, value) for key, value in each.items()}) for each in kept["verdicts"]]
        return cls(tuple(verdicts), kept["broken"], kept["training"], kept["audit"])

    @property
    def exceeded(self) -> tuple[Verdict, ...]:
        """The verdicts on limits that are exceeded."""
        return tuple(each for each in self.verdicts if each.state == EXCEEDS)

    def count(self, state: str) -> int:
        """Return how many verdicts on a number are so."""
        return sum(each.state == state and each.metric is not None for each in self.verdicts)


def told(cell: Cell, seed: int, *, planted: bool) -> Told:
    """Make the model of a cell, or its clean twin, and audit it for the cell's risk."""
    torch.set_num_threads(1)
    began = time.process_time()
    given = cell.make(seed, planted)
    made = time.process_time()
    report = Audit(**given, preset="quick", seed=seed, device="cpu", project_file=False).run(only=cell.risk).report
    found = {
        (result.checker.id, each.metric.id, each.metric.group): each.metric
        for result in report.results
        for each in result.findings
    }
    verdicts = []
    for each in report.judgement.verdicts:
        if each.risk != cell.risk:
            continue
        metric = found.get((each.checker, each.metric, each.group)) if each.metric is not None else None
        verdicts.append(
            Verdict(
                checker=each.checker,
                metric=each.metric,
                group=each.group,
                state=each.state,
                value=None if metric is None else metric.value,
                interval=each.interval,
                adjusted=each.adjusted,
                p=each.p,
                n=None if metric is None else metric.n,
                limit=each.limit,
                reason=each.reason,
            )
        )
    broken = {result.checker.id: result.reason or "" for result in report.results if result.status == "errored"}
    return Told(tuple(verdicts), broken, round(made - began, 1), round(time.process_time() - made, 1))


def _pair(key: str, value: Any) -> Any:
    return tuple(value) if key in {"interval", "adjusted"} and value is not None else value
