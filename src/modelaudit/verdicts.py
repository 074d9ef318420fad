"""Policy, verdict and judgement as values; `policy.py` reads the one and makes the others."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, model_validator

from modelaudit.evidence import Frozen, Text
from modelaudit.results import Risk

State = Literal["within limit", "exceeds limit", "inconclusive", "not assessed", "accepted risk"]
Severity = Literal["low", "medium", "high"]


class Limit(Frozen):
    """A limit on one metric: `max`, `min`, or `within` (the absolute value of a signed difference).

    Attributes:
        checker: id of the checker; metric: id of its metric; group: one group of it, or None for all.
        severity: values of the metric from which an exceeded limit counts as medium and as high.
        required: an inconclusive or missing result lets the gate fail with exit code 3.
    """

    checker: str
    metric: str
    group: Text | None = None
    max: float | None = None
    min: float | None = None
    within: float | None = Field(default=None, ge=0)
    severity: dict[Literal["medium", "high"], float] = Field(default_factory=dict)
    required: bool = False
    rationale: Text = Field(min_length=10)
    source: Text = Field(min_length=3)

    @model_validator(mode="after")
    def _one(self) -> Limit:
        if sum(value is not None for value in (self.max, self.min, self.within)) != 1:
            raise ValueError(f"the limit on {self.checker} {self.metric} needs exactly one of max, min, within")
        return self

    @property
    def words(self) -> str:
        """The limit as a reader would say it."""
        if self.max is not None:
            return f"at most {self.max:g}"
        return f"at least {self.min:g}" if self.min is not None else f"between -{self.within:g} and {self.within:g}"


class Waiver(Frozen):
    """A risk that an owner accepts until a date; void once the value is beyond `ceiling`."""

    id: Text
    checker: str
    metric: str
    group: Text | None = None
    owner: Text = Field(min_length=2)
    reason: Text = Field(min_length=10)
    created: dt.date
    expires: dt.date
    ceiling: float | None = None

    @model_validator(mode="after")
    def _dated(self) -> Waiver:
        if self.expires <= self.created:
            raise ValueError(f"waiver {self.id}: expires {self.expires} is not after created {self.created}")
        return self


class Policy(Frozen):
    """The user's policy file: limits, waivers, and the error rates that verdicts are held to."""

    schema_: Literal["modelaudit.policy/1"] = Field(alias="schema")
    id: Text
    version: Text
    owner: Text = ""
    approved_by: Text = ""
    level: float = Field(default=0.95, ge=0.5, le=0.999)
    q: float = Field(default=0.05, gt=0, le=0.2)
    limit: tuple[Limit, ...]
    waiver: tuple[Waiver, ...] = ()
    sha256: str = ""


class Verdict(Frozen):
    """What the policy says of one finding, or of one check that has none (then `metric` is None).

    Attributes:
        interval: at the policy's level. adjusted: the interval adjusted for the number of exceeded limits.
        p: two-sided p against the limit; q: its Benjamini-Hochberg value over the audit's primary metrics.
        separable: the value from which this data tells the metric from its limit in four of five samples (two-sided
            test at the policy's level, other tests not counted).
    """

    checker: str
    metric: str | None
    group: Text | None
    risk: Risk
    state: State
    reason: Text
    limit: Text | None = None
    interval: tuple[float, float] | None = None
    adjusted: tuple[float, float] | None = None
    p: float | None = None
    q: float | None = None
    separable: float | None = None
    severity: Severity | None = None
    waiver: Text | None = None
    required: bool = False


class FamilyState(Frozen):
    """One risk family at a glance. `incomplete` where a member failed, is inconclusive or was not assessed."""

    risk: Risk
    state: Literal["exceeds limit", "accepted risk", "incomplete", "within limit", "not assessed"]
    incomplete: bool
    counts: dict[str, int]


class Gate(Frozen):
    """The exit code of the audit (0 holds, 4 a checker failed, 1 a limit exceeded, 3 a required check missing)."""

    exit_code: Literal[0, 1, 3, 4]
    reasons: tuple[Text, ...] = ()


class Judgement(Frozen):
    """All verdicts of one report under one policy."""

    verdicts: tuple[Verdict, ...]
    families: tuple[FamilyState, ...]
    gate: Gate
    level: float
    q: float
    family_size: int
    """How many primary metrics with a limit and an interval were tested together."""
    exceeded: int
    judged_on: dt.date | None = None
    """The day that waivers were read on; None where the policy has none, since the day then changes nothing."""
