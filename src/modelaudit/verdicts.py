"""Policy, verdict and judgement as values; `policy.py` reads the one and makes the others."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from modelaudit.evidence import Frozen, Text
from modelaudit.results import Risk

State = Literal["within limit", "exceeds limit", "inconclusive", "not assessed", "accepted risk"]
Level = Literal["medium", "high", "critical"]
Severity = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = ("medium", "high", "critical")
"""The severities that a policy sets a step for, the mildest first; what reaches no step is low."""
Strict = Annotated[float, Field(strict=True)]
"""A number that a person wrote: whole ones are welcome, `true` and `"0.1"` are slips."""
LONGEST_WAIVER_DAYS = 180
"""How long a waiver may run where the policy says nothing else."""


class Limit(Frozen):
    """The range that one metric may lie in: `max`, `min`, both, or `within` (the size of a signed difference).

    Attributes:
        checker: id of the checker; metric: id of its metric; group: one group of it, or None for all.
        severity: values of the metric from which an exceeded limit counts as medium, high and critical. Where the
            range has two edges they are values beyond the upper one, and count mirrored about its middle below the
            lower one. A step that is the limit itself holds for whatever exceeds it.
        use_cases: the declared use cases that the limit is for, or none for all; it wins over one for all.
        required: an inconclusive or missing result lets the gate fail with exit code 3.
        override_reason: why it is looser than the limit of the policy that it extends, or None.
    """

    checker: Text
    metric: Text
    group: Text | None = None
    use_cases: tuple[Text, ...] = ()
    max: Strict | None = None
    min: Strict | None = None
    within: Strict | None = Field(default=None, ge=0)
    severity: dict[Level, Strict] = Field(default_factory=dict)
    required: bool = Field(default=False, strict=True)
    rationale: Text = Field(min_length=10)
    source: Text = Field(min_length=3)
    override_reason: Text | None = Field(default=None, min_length=10)

    @model_validator(mode="after")
    def _one(self) -> Limit:
        edges = (self.max is not None) or (self.min is not None)
        if edges == (self.within is not None):
            raise ValueError(f"the limit on {self.name} needs max, min or both, or within alone")
        if self.max is not None and self.min is not None and self.min >= self.max:
            raise ValueError(f"the limit on {self.name} has min {self.min:g} not below max {self.max:g}")
        return self

    @property
    def name(self) -> str:
        """What the limit is on, and for which use cases where it is not for all."""
        cases = f" for {', '.join(self.use_cases)}" if self.use_cases else ""
        return f"{self.checker} {self.metric}" + (f" ({self.group})" if self.group else "") + cases

    def serves(self, use_case: str | None) -> bool:
        """Tell whether the limit is for a use case: one for all always is, the others where it is declared."""
        return not self.use_cases or (use_case is not None and alike(use_case) in map(alike, self.use_cases))

    @property
    def place(self) -> tuple[str, str, str | None]:
        """What the limit is on: check, metric and group."""
        return self.checker, self.metric, self.group

    @property
    def low(self) -> float | None:
        """The lower edge of the range, or None where it is open."""
        return self.min if self.within is None else -self.within

    @property
    def high(self) -> float | None:
        """The upper edge of the range, or None where it is open."""
        return self.max if self.within is None else self.within

    @property
    def edges(self) -> tuple[float, ...]:
        """The edges that there are, in ascending order."""
        return tuple(edge for edge in (self.low, self.high) if edge is not None)

    @property
    def words(self) -> str:
        """The limit as a reader would say it."""
        if len(self.edges) == 2:
            return f"between {self.low:g} and {self.high:g}"
        return f"at most {self.high:g}" if self.high is not None else f"at least {self.low:g}"

    def holds(self, interval: tuple[float, float]) -> bool:
        """Tell whether the whole interval lies inside the range."""
        return (self.low is None or self.low <= interval[0]) and (self.high is None or interval[1] <= self.high)

    def crossed(self, interval: tuple[float, float]) -> bool:
        """Tell whether the interval holds an edge of the range."""
        return any(interval[0] <= edge <= interval[1] for edge in self.edges)

    def beyond(self, interval: tuple[float, float]) -> float:
        """Return how far the interval's nearest bound lies beyond the range; negative where it does not."""
        above = -math.inf if self.high is None else interval[0] - self.high
        below = -math.inf if self.low is None else self.low - interval[1]
        return max(above, below)

    def severity_of(self, interval: tuple[float, float]) -> Severity:
        """Return how far an exceeded limit is exceeded, read from the interval's bound nearest to it."""
        # A bound that rounding leaves a hair short of the limit still reaches the steps that are the limit itself.
        beyond = max(self.beyond(interval), 0.0)
        for name in reversed(LEVELS):
            threshold = self.severity.get(name)
            if threshold is not None and beyond >= abs(threshold - self.edges[-1]):
                return name
        return "low"


def _misplaced(limit: Limit) -> str | None:
    """What is wrong with a limit's severities: each must lie beyond the limit, and the graver beyond the milder."""
    upper = limit.high is not None
    edge, side = limit.edges[-1], "above" if upper else "below"
    steps = [("limit", edge), *((name, limit.severity[name]) for name in LEVELS if name in limit.severity)]
    for (inner, start), (outer, value) in pairwise(steps):
        if value < start if upper else value > start:
            return f"the limit on {limit.name} needs its severity {outer} ({value:g}) {side} its {inner} ({start:g})"
    return None


UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Characters that show nothing though Unicode does not count them as white space, control or format."""


def alike(name: str) -> str:
    """Return a name as it is compared: what no reader sees makes no other use case, and no other person.

    That is case, white space, forms of one character (NFKC), and characters that show nothing. Letters of two scripts
    that look the same stay apart.
    """
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()))
    shown = "".join(" " if mark.isspace() else mark for mark in seen if mark.isspace() or not _formats(mark))
    return " ".join(shown.split())


def _formats(mark: str) -> bool:
    return unicodedata.category(mark).startswith("C")


def inheriting(limits: Sequence[Limit]) -> tuple[Limit, ...]:
    """Return the limits, each for a use case required where the one for all is and no reason is given against it."""
    required = {limit.place for limit in limits if limit.required and not limit.use_cases}
    return tuple(
        limit.model_copy(update={"required": True})
        if limit.use_cases and limit.override_reason is None and limit.place in required
        else limit
        for limit in limits
    )


def in_force(limits: Sequence[Limit], use_case: str | None) -> tuple[Limit, ...]:
    """Return the limits that hold for a declared use case: one for it stands in the place of the one for all."""
    served = [limit for limit in inheriting(limits) if limit.serves(use_case)]
    own = {limit.place for limit in served if limit.use_cases}
    return tuple(limit for limit in served if limit.use_cases or limit.place not in own)


def unserved(limits: Sequence[Limit], use_case: str | None) -> tuple[Limit, ...]:
    """Return the required limits for use cases where none of the policy's is declared.

    A slip in the declared name would let them disappear, and what they require with them.
    """
    if any(limit.use_cases and limit.serves(use_case) for limit in limits):
        return ()
    return tuple(limit for limit in limits if limit.use_cases and limit.required)


class Waiver(Frozen):
    """A risk that an owner accepts until a date. It makes nothing green: what it covers is an accepted risk.

    Attributes:
        owner, approver: who answers for the risk and who agreed to it. They differ as strings; who they are, nobody
            checked. Records of older versions may lack the approver, and the ceiling.
        created, expires: the first and the last day on which it holds.
        ceiling: the value that the risk is accepted up to: void unless the whole interval lies within it.
        compensating: what is done instead; ticket: where the decision is kept.
        model_digest: SHA-256 of the weights that it is for; void on any other model.
    """

    id: Text
    checker: Text
    metric: Text
    group: Text | None = None
    owner: Text = Field(min_length=2)
    approver: Text = ""
    reason: Text = Field(min_length=10)
    created: dt.date
    expires: dt.date
    ceiling: Strict | None = None
    compensating: Text | None = None
    ticket: Text | None = None
    model_digest: str | None = Field(default=None, pattern=r"^(sha256:)?[0-9a-f]{64}$")

    @property
    def name(self) -> str:
        """What the waiver is on."""
        return f"{self.checker} {self.metric}" + (f" ({self.group})" if self.group else "")

    @model_validator(mode="after")
    def _dated(self) -> Waiver:
        if self.expires <= self.created:
            raise ValueError(f"waiver {self.id}: expires {self.expires} is not after created {self.created}")
        return self


class Requirement(Frozen):
    """A check that has to give an answer, as if each of its limits were `required`, and why.

    With `where_applicable` the gate does not wait for a check that says that its question makes no sense for this model
    or task; the report still lists it as not assessed.
    """

    checker: Text
    where_applicable: bool = Field(default=False, strict=True)
    rationale: Text = Field(min_length=10)
    source: Text = Field(min_length=3)


class Policy(Frozen):
    """The user's policy file: limits, waivers, and the error rates that verdicts are held to.

    Attributes:
        note: what a reader has to know of the policy as a whole.
        approved_by, approved_on: who approved it and when; unreviewed while nobody is named.
        level: of the interval that a verdict is read from. q: false discovery rate over the metrics judged together.
        longest_waiver_days: how many days a waiver may run from the day that it was created.
        extends: the policy that it was built on, whose limits it holds as well; extends_sha256: that one's hash.
        sha256: of the file's bytes; where it extends another, of its bytes followed by that one's hash in hex.
    """

    schema_: Literal["modelaudit.policy/1"] = Field(alias="schema")
    id: Text
    version: Text
    owner: Text = ""
    approved_by: Text = ""
    approved_on: dt.date | None = None
    note: Text = ""
    extends: Text | None = None
    extends_sha256: Text = ""
    level: Strict = Field(default=0.95, ge=0.5, le=0.999)
    q: Strict = Field(default=0.05, gt=0, le=0.2)
    longest_waiver_days: int = Field(default=LONGEST_WAIVER_DAYS, ge=1, le=3650, strict=True)
    sha256: Text = ""
    limit: tuple[Limit, ...]
    require: tuple[Requirement, ...] = ()
    waiver: tuple[Waiver, ...] = ()

    @property
    def reviewed(self) -> bool:
        """Whether somebody is named who approved it."""
        return bool(alike(self.approved_by))

    def limits_for(self, use_case: str | None) -> tuple[Limit, ...]:
        """Return the limits that hold for a declared use case, or for none."""
        return in_force(self.limit, use_case)

    @field_validator("limit")
    @classmethod
    def _severities(cls, limits: tuple[Limit, ...], info: ValidationInfo) -> tuple[Limit, ...]:
        # A policy with a hash (which stands before the limits for this) comes from a report: it was judged by as it is,
        # and has to stay readable.
        faults = [] if info.data.get("sha256") else [fault for fault in map(_misplaced, limits) if fault]
        if faults:
            raise ValueError(faults[0])
        return limits

    @model_validator(mode="after")
    def _one_error_rate(self) -> Policy:
        most = round(1.0 - self.level, 6)
        if self.q > most:
            raise ValueError(
                f"q = {self.q:g} is more than 1 - level = {most:g}, so a limit could be called exceeded that the "
                f"printed interval still touches; set q to {most:g} or less"
            )
        return self


class Verdict(Frozen):
    """What the policy says of one finding, or of one check that has none (then `metric` is None).

    Attributes:
        interval: at the policy's level. adjusted: the interval adjusted for the number of exceeded limits.
        p: two-sided p against the limit; q: its Benjamini-Hochberg value over the audit's primary metrics.
        separable: the value from which on this data tells the metric from its limit in four of five samples (two-sided
            test at the policy's level, other tests not counted); separable_below: the value up to which it does.
    """

    checker: Text
    metric: Text | None
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
    separable_below: float | None = None
    severity: Severity | None = None
    waiver: Text | None = None
    required: bool = False

    @property
    def grade(self) -> int:
        """Its severity as a number to order by: 0 for none, 1 for low, and so on up to critical."""
        return 0 if self.severity is None else ("low", *LEVELS).index(self.severity) + 1


class FamilyState(Frozen):
    """One risk family at a glance. `incomplete` where a member failed, is inconclusive or was not assessed."""

    risk: Risk
    state: Literal["exceeds limit", "accepted risk", "incomplete", "within limit", "not assessed"]
    incomplete: bool
    counts: dict[Text, int]


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
    idle_limits: tuple[Text, ...] = ()
    """Limits of the policy that met no metric of this audit though their check ran or is unknown, with the reason."""
    other_use_cases: tuple[Text, ...] = ()
    """Limits of the policy that are for use cases which this audit does not declare; they judged nothing."""
    idle_waivers: tuple[Text, ...] = ()
    """Waivers that no exceeded limit asked for, with the reason."""
    judged_on: dt.date | None = None
    """The day that waivers were read on; None where the policy has none, since the day then changes nothing."""
    judged_again: bool = False
    """Whether another policy than the one set before the run was put in its place when the results were known."""
