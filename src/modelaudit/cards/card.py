"""The card of one checker: measured false alarms, power and coverage, each figure with the cell that it comes from.

Cards are data files, `data/<vendor>--<noun>.json`, made by `benchmarks/cards.py` from committed results of studies.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Sequence
from importlib import resources
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from modelaudit.errors import DataInputError
from modelaudit.evidence import Frozen, Text


class Rate(Frozen):
    """A count of simulated audits, `k` of `n`, with its exact 95% interval.

    Attributes:
        cell: the name of the figure in the result file. source: the name of that file.
        metric: the metric that it speaks for, or None where it speaks for the check.
    """

    cell: Text = Field(min_length=3)
    source: str = Field(min_length=3)
    metric: str | None = None
    k: int = Field(ge=0)
    n: int = Field(gt=0)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)

    @property
    def rate(self) -> float:
        """The share."""
        return self.k / self.n

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.low <= self.rate <= self.high:
            raise ValueError(f"{self.cell!r}: {self.k} of {self.n} is not inside {self.low:g} to {self.high:g}")
        return self


class FalseAlarms(Rate):
    """How many audits of a model without the fault raised an alarm; `nominal` is the rate that they promise."""

    nominal: float | None = Field(default=None, ge=0, lt=1)


class Power(Rate):
    """How many audits found a fault that was planted, of size `effect` in `unit`; None where it has no one size."""

    effect: float | None = None
    unit: Text = Field(min_length=3)


class Coverage(Rate):
    """How many intervals of level `nominal` held the truth."""

    nominal: float = Field(gt=0, lt=1)


class Source(Frozen):
    """A committed file of results: its name, the day that it was made, and the command that makes it again."""

    file: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*\.json$")
    made_on: dt.date
    command: Text = Field(min_length=3)


class MeasuredCost(Frozen):
    """What an audit by this checker alone took: medians over `n` audits of a model without the fault.

    Attributes:
        evaluations: rows asked for. tokens: those of the rows that went through the model, each once.
        seconds: of wall-clock time on `hardware`, under `preset`.
    """

    n: int = Field(gt=0)
    preset: Literal["quick", "standard", "full"]
    evaluations: float = Field(ge=0)
    tokens: float = Field(ge=0)
    seconds: float = Field(ge=0)
    hardware: Text = Field(min_length=2)


class Card(Frozen):
    """The measured error rates of one version of one checker.

    Attributes:
        checker, version: which checker; figures of another major version don't speak for this one.
        study, study_zh: what was simulated. missing, missing_zh: what was not measured, or nothing.
        cost: what an audit took where it was measured.
    """

    schema_: Literal["modelaudit.card/1"] = Field(alias="schema")
    checker: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    version: str = Field(min_length=1)
    study: Text = Field(min_length=10)
    study_zh: Text = Field(min_length=5)
    missing: Text = ""
    missing_zh: Text = ""
    sources: tuple[Source, ...] = Field(min_length=1)
    false_alarms: tuple[FalseAlarms, ...] = ()
    power: tuple[Power, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    cost: MeasuredCost | None = None

    @property
    def rates(self) -> tuple[Rate, ...]:
        """All figures."""
        return (*self.false_alarms, *self.power, *self.coverage)

    def speaks_for(self, version: str) -> bool:
        """Tell whether its figures are of this major version of the checker."""
        return _major(self.version) == _major(version)

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.rates:
            raise ValueError("a card without figures says nothing; leave the file out")
        named = {source.file for source in self.sources}
        for rate in self.rates:
            if rate.source not in named:
                raise ValueError(f"{rate.cell!r} comes from {rate.source}, which is not among the sources")
        cells = [(rate.source, rate.cell) for rate in self.rates]
        if len(set(cells)) != len(cells):
            raise ValueError("two figures come from the same cell")
        return self


def parse_card(text: str, *, name: str) -> Card:
    """Return the card that a JSON text holds.

    Raises:
        DataInputError: the text is no card of this schema; the message names the file and each fault.
    """
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise DataInputError(f"{name} is not a calibration card (modelaudit.card/1): {faults}") from error


def card_for(checker_id: str, version: str, brought: Sequence[Card] = ()) -> Card | None:
    """Return the card of a checker, or None where it was not calibrated.

    Where only another major version was calibrated its card is returned: ask `speaks_for(version)`.

    Args:
        brought: cards of strangers' checkers, which they brought themselves.
    """
    own = [card for card in (*cards(), *brought) if card.checker == checker_id]
    return next((card for card in own if card.speaks_for(version)), next(iter(own), None))


@functools.cache
def cards() -> tuple[Card, ...]:
    """Return the cards of the package, in the order of their files.

    Raises:
        DataInputError: a file is not a card.
    """
    folder = resources.files("modelaudit").joinpath("cards", "data")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(parse_card(file.read_text(encoding="utf-8"), name=file.name) for file in files)


def _major(version: str) -> str:
    return re.split(r"[.+-]", version, maxsplit=1)[0]
