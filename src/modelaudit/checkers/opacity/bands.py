"""Bands: between which values the scores of models lie of which it is known what they are.

They are drawn from the calibration panel (`make calibration-opacity`) and stand in `bands.json` beside this module.
They orient a reader; no verdict is decided by them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from modelaudit.errors import DataInputError
from modelaudit.evidence import Frozen, Text

__all__ = ["Band", "Bands", "Panelist", "load_bands", "orientation", "parse_bands"]

WELL_TRAINED = "well-trained"
TOLD = (WELL_TRAINED, "labels shuffled", "random weights")
"""Groups of models that a reader is told of; the others are in the documentation."""


class Band(Frozen):
    """Where the models of one group lie on one score.

    Attributes:
        metric: id of the score. group: what the models have in common.
        models, measured: how many there are, and how many of them have a value.
        low, middle, high: the lowest value, the median and the highest; None where no model has one.
    """

    metric: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    group: Text = Field(min_length=3)
    models: int = Field(gt=0)
    measured: int = Field(ge=0)
    low: float | None
    middle: float | None
    high: float | None

    @model_validator(mode="after")
    def _consistent(self) -> Band:
        what = f"band of {self.metric!r}, group {self.group!r}"
        if self.measured > self.models:
            raise ValueError(f"{what}: {self.measured} of {self.models} models can't be measured")
        values = [value for value in (self.low, self.middle, self.high) if value is not None]
        if len(values) != (3 if self.measured else 0):
            raise ValueError(f"{what}: low, middle and high are there where a model was measured, and only there")
        if values != sorted(values):
            raise ValueError(f"{what}: {values} do not ascend")
        return self


class Panelist(Frozen):
    """One model of the panel on one set of rows: its name, its group, and how it was made."""

    name: Text = Field(min_length=3)
    group: Text = Field(min_length=3)
    about: Text = Field(min_length=3)


class Bands(Frozen):
    """The bands of one panel.

    Attributes:
        panel: year and month in which it was audited; the bands' version.
        checker, checker_version: what audited it; values of another version are not comparable.
        command: what makes the study again.
    """

    schema_: Literal["modelaudit.bands/1"] = Field(alias="schema")
    panel: str = Field(pattern=r"^\d{4}-\d{2}$")
    checker: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    checker_version: str
    command: Text = Field(min_length=3)
    models: tuple[Panelist, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Bands:
        keys = [(band.metric, band.group) for band in self.bands]
        if len(set(keys)) != len(keys):
            raise ValueError("two bands are of one metric and group")
        for band in self.bands:
            there = sum(model.group == band.group for model in self.models)
            if there != band.models:
                raise ValueError(f"group {band.group!r} has {there} models, and a band says {band.models}")
        return self

    def of(self, metric: str) -> dict[str, Band]:
        """Return the bands of a score by group."""
        return {band.group: band for band in self.bands if band.metric == metric}


def parse_bands(text: str, *, name: str) -> Bands:
    """Return the bands that a JSON text holds.

    Raises:
        DataInputError: the text does not hold bands; the message names the file and each fault.
    """
    try:
        return Bands.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise DataInputError(f"{name} does not hold bands (modelaudit.bands/1): {faults}") from error


@functools.cache
def load_bands() -> Bands:
    """Return the package's bands. Raises DataInputError where the file does not hold them."""
    file = resources.files(__package__).joinpath("bands.json")
    return parse_bands(file.read_text(encoding="utf-8"), name=file.name)


def orientation(metric: str) -> tuple[str, ...]:
    """Return one sentence on where the panel's models lie on a score; none for a score without bands."""
    bands = load_bands()
    found = bands.of(metric)
    groups = [found[group] for group in TOLD if group in found]
    if not any(band.measured for band in groups):
        return ()
    where = f"panel {bands.panel} of English classifiers and taggers, standard preset, checker {bands.checker_version}"
    return (f"For orientation ({where}): {', '.join(map(_told, groups))}{_apart(groups)}.",)


def _told(band: Band) -> str:
    of = f"{band.measured} of {band.models} models"
    if band.low is None or band.high is None:
        return f"{band.group} no value ({of})"
    ends = (f"{band.low:.2f}", f"{band.high:.2f}")
    return f"{band.group} {' to '.join(dict.fromkeys(ends))} ({of})"


def _apart(groups: Sequence[Band]) -> str:
    """Return whether a well-trained model can be told from the others, which it can't be where they reach its range."""
    first, *others = [band for band in groups if band.low is not None and band.high is not None]
    if first.group != WELL_TRAINED or not others:
        return ""
    alike = [band.group for band in others if (band.high or 0.0) >= (first.low or 0.0)]
    if not alike:
        return "; on these few models the others lie below"
    return f"; so the value alone does not tell {first.group} from {' or '.join(alike)}"
