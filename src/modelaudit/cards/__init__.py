"""Calibration cards: what a checker's own false-alarm rate, power and coverage were when they were measured.

A card is data, `cards/<anything>.json` in this folder; its one schema stands here.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from modelaudit.errors import DataInputError
from modelaudit.evidence import Frozen, Text

__all__ = ["CalibrationCard", "Cost", "CoverageStudy", "NullStudy", "PowerStudy", "load_cards", "parse_card"]

Share = tuple[float, float]


def _ordered(share: float, interval: Share, what: str) -> None:
    low, high = interval
    if not 0 <= low <= share <= high <= 1:
        raise ValueError(f"{what}: the share {share:g} is not inside its interval {low:g} to {high:g} within 0 and 1")


class NullStudy(Frozen):
    """False alarms on models without the defect.

    Attributes:
        name: the null model, as a reader would say it.
        n: audits of that null; alarms: how many called the limit exceeded; rate: alarms / n with its interval.
        bound: the most alarms that the promised rate allows at this n.
        held: whether alarms <= bound.
    """

    name: Text = Field(min_length=3)
    n: int = Field(gt=0)
    alarms: int = Field(ge=0)
    rate: float
    interval: Share
    bound: int = Field(ge=0)
    held: bool

    @model_validator(mode="after")
    def _consistent(self) -> NullStudy:
        if self.alarms > self.n or not math.isclose(self.rate, self.alarms / self.n, abs_tol=1e-9):
            raise ValueError(f"null {self.name!r}: rate {self.rate:g} is not {self.alarms} of {self.n}")
        if self.held != (self.alarms <= self.bound):
            raise ValueError(f"null {self.name!r}: held={self.held} but {self.alarms} alarms against {self.bound}")
        _ordered(self.rate, self.interval, f"null {self.name!r}")
        return self


class PowerStudy(Frozen):
    """How often a planted defect of one size is found: detected is a share of n audits, with its interval."""

    effect: Text = Field(min_length=3)
    n: int = Field(gt=0)
    detected: float
    interval: Share

    @model_validator(mode="after")
    def _consistent(self) -> PowerStudy:
        _ordered(self.detected, self.interval, f"effect {self.effect!r}")
        return self


class CoverageStudy(Frozen):
    """How often an interval of a nominal level held the truth: covered is a share of n draws, with its interval."""

    nominal: float = Field(gt=0, lt=1)
    n: int = Field(gt=0)
    covered: float
    interval: Share

    @model_validator(mode="after")
    def _consistent(self) -> CoverageStudy:
        _ordered(self.covered, self.interval, f"coverage at {self.nominal:g}")
        return self


class Cost(Frozen):
    """What one run of the checker took: rows through the model, seconds, and on what."""

    evaluations: int = Field(ge=0)
    seconds: float = Field(ge=0)
    hardware: Text


class CalibrationCard(Frozen):
    """The measured error rates of one version of one checker.

    Attributes:
        checker, version: which checker; numbers of another version don't speak for this one.
        package_version, date, command, seeds: what makes the study again.
        nulls, power, coverage: the studies.
        notes: what the studies do not cover.
    """

    schema_: Literal["modelaudit.card/1"] = Field(alias="schema")
    checker: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    version: str
    package_version: str
    date: dt.date
    command: Text = Field(min_length=3)
    seeds: tuple[int, ...] = Field(min_length=1)
    nulls: tuple[NullStudy, ...] = ()
    power: tuple[PowerStudy, ...] = ()
    coverage: tuple[CoverageStudy, ...] = ()
    cost: Cost
    notes: tuple[Text, ...] = ()


def parse_card(text: str, *, name: str) -> CalibrationCard:
    """Return the card that a JSON text holds.

    Raises:
        DataInputError: the text is no card of this schema; the message names the file and each fault.
    """
    try:
        return CalibrationCard.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise DataInputError(f"{name} is not a calibration card (modelaudit.card/1): {faults}") from error


@functools.cache
def load_cards() -> dict[tuple[str, str], CalibrationCard]:
    """Return the package's cards by checker id and checker version.

    Raises:
        DataInputError: a file is not a card, or two cards speak for the same version of a checker.
    """
    cards: dict[tuple[str, str], CalibrationCard] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        card = parse_card(file.read_text(encoding="utf-8"), name=file.name)
        if (card.checker, card.version) in cards:
            raise DataInputError(f"{file.name}: {card.checker} {card.version} has a card already; remove one")
        cards[card.checker, card.version] = card
    return cards
