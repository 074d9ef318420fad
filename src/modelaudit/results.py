"""What a checker returns: metrics with their interval, findings, and the result of one check."""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import Any, Literal, Protocol, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from modelaudit.evidence import Evidence, Frozen, Text

__all__ = [
    "Bound",
    "CheckResult",
    "CheckerInfo",
    "Estimated",
    "Finding",
    "Metric",
    "Risk",
]


class Risk(StrEnum):
    """The families of risk; the report has one state for each."""

    PRIVACY = "privacy"
    BIAS = "bias"
    OPACITY = "opacity"
    ROBUSTNESS = "robustness"
    DATA = "data"
    PERFORMANCE = "performance"


class Bound(Frozen):
    """A two-sided interval at one confidence level."""

    level: float = Field(gt=0, lt=1)
    low: float
    high: float


class Estimated(Protocol):
    """What `Metric.of` reads: the estimate that the statistics room returns."""

    @property
    def value(self) -> float | None:
        """The point estimate, or None."""
        ...

    @property
    def n(self) -> int:
        """How many units it rests on."""
        ...

    @property
    def method(self) -> str:
        """Estimator and interval in words."""
        ...

    @property
    def bounds(self) -> tuple[tuple[float, float, float], ...]:
        """(level, low, high) on the grid of levels, nested."""
        ...

    @property
    def smallest_detectable(self) -> float | None:
        """The smallest effect that the data could have shown."""
        ...

    @property
    def reason(self) -> str | None:
        """Why there is no value or no interval."""
        ...


class Metric(Frozen):
    """One number with everything that is needed to judge it without the data.

    Attributes:
        id: the field's noun for it, in snake case (`flip_rate`).
        value: the point estimate, or None with a `reason`.
        unit: what the value counts (`share of rows`, `log-odds`, `AUC`).
        better: `lower`, `higher`, `zero` (a signed difference) or `neither` (descriptive, never judged).
        n: how many independent units the number rests on, and `n_unit` names them.
        method: estimator and interval, as a reader of the report would cite them.
        group: the group, comparison or perturbation that the number is about, or None.
        primary: whether the number is judged; the others are shown for context.
        smallest_detectable: the smallest effect that this data could have shown (two-sided 5%, power 80%).
        bounds: intervals on a fixed grid of levels, ascending and nested.
        reason: why there is no value or no interval.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    value: float | None
    unit: Text
    better: Literal["lower", "higher", "zero", "neither"]
    n: int = Field(ge=0)
    n_unit: Text = "rows"
    method: Text
    group: Text | None = None
    primary: bool = False
    smallest_detectable: float | None = None
    bounds: tuple[Bound, ...] = ()
    reason: Text | None = None
    _influence: Any = PrivateAttr(default=None)

    @classmethod
    def of(
        cls,
        estimate: Estimated,
        *,
        id: str,
        title: str,
        unit: str,
        better: Literal["lower", "higher", "zero", "neither"],
        n_unit: str = "rows",
        group: str | None = None,
        primary: bool = False,
        smallest_detectable: float | None = None,
    ) -> Self:
        """Make the metric of an estimate; `smallest_detectable` overrides the estimate's own.

        The influence of an estimate goes with it as long as the report is in memory, and is in no file.
        """
        detectable = smallest_detectable if smallest_detectable is not None else estimate.smallest_detectable
        made = cls(
            id=id,
            title=title,
            value=estimate.value,
            unit=unit,
            better=better,
            n=estimate.n,
            n_unit=n_unit,
            method=estimate.method,
            group=group,
            primary=primary,
            smallest_detectable=detectable,
            bounds=tuple(Bound(level=level, low=low, high=high) for level, low, high in estimate.bounds),
            reason=estimate.reason,
        )
        made._influence = getattr(estimate, "influence", None)
        return made

    def __eq__(self, other: object) -> bool:
        """Tell whether all that a file holds is equal."""
        return isinstance(other, Metric) and self.__dict__ == other.__dict__

    @property
    def influence(self) -> Any:
        """What each unit adds to the error (`statistics.Influence`), or None: of a report that was read, always."""
        return self._influence

    def with_influence(self, other: Metric) -> Metric:
        """Return the metric with the influence of another, of which it is a copy."""
        copied = self.model_copy()
        copied._influence = other._influence
        return copied

    @field_validator("bounds")
    @classmethod
    def _nested(cls, bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
        for inner, outer in itertools.pairwise(bounds):
            if not (inner.level < outer.level and outer.low <= inner.low and inner.high <= outer.high):
                raise ValueError(f"intervals must be nested: {inner} is not inside {outer}")
        return bounds

    @model_validator(mode="after")
    def _honest(self) -> Metric:
        if (self.value is None or not self.bounds) and not self.reason:
            raise ValueError(f"metric {self.id!r} has no value or no interval: give the reason")
        return self

    @property
    def grid(self) -> tuple[tuple[float, float, float], ...]:
        """The bounds as the statistics room takes them: (level, low, high)."""
        return tuple((bound.level, bound.low, bound.high) for bound in self.bounds)


class Finding(Frozen):
    """One metric with what a person needs to understand it.

    Attributes:
        statement: one sentence in plain words that says what was measured and what came out. No row text.
        confounded: why the number can't be read as the risk, or None. A confounded finding is never judged.
        remedies: what could be done, most useful first; the checker's own come after them.
        caveats: what this number does not show, beyond what the checker always says.
    """

    metric: Metric
    statement: Text
    evidence: tuple[Evidence, ...] = ()
    confounded: Text | None = None
    remedies: tuple[Text, ...] = ()
    caveats: tuple[Text, ...] = ()


class CheckerInfo(Frozen):
    """What a checker says of itself, readable without running it.

    Attributes:
        id: `vendor/noun-phrase`.
        version: of the checker; numbers of two versions are not comparable.
        question: the question in plain words, for the compliance reader.
        summary: how it is answered, in two or three sentences.
        metrics: ids of the metrics that it may give, which of them hangs on the task: a policy's limit on one of these
            that meets none is no slip. Empty where it does not say.
        needs: what the subject must have: `labels` (of the evaluation rows), `members` (training rows),
            `membership_labels` (labels of training and held-out rows), `base_model`, or a verb of the model handle
            (`predict_masked`, `gradients`, …). What is missing is reported with how to provide it.
        means: what it means for the people that the model is used on where a limit is exceeded.
        not_shown: what the check does not prove, whatever its outcome.
        remedies: what could be done where a limit is exceeded.
        measures: ids of those measures of the reference trainer that are meant to lower what the check measures
            (`modelaudit.training.catalogue`), the most useful first.
        references: papers and standards.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    version: Text
    risk: Risk
    title: Text
    question: Text
    summary: Text
    metrics: tuple[Text, ...] = ()
    needs: tuple[Text, ...] = ("predict",)
    means: Text = ""
    not_shown: tuple[Text, ...] = ()
    remedies: tuple[Text, ...] = ()
    measures: tuple[Text, ...] = ()
    references: tuple[Text, ...] = ()


class CheckResult(Frozen):
    """The outcome of one check: completed with findings, or why there are none. An error is never a pass."""

    checker: CheckerInfo
    status: Literal["completed", "not applicable", "skipped", "errored"]
    reason: Text | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[Text, ...] = ()
    options: dict[Text, Text] = Field(default_factory=dict)
    plugin: Text = "modelaudit"

    @model_validator(mode="after")
    def _reasoned(self) -> CheckResult:
        if self.status != "completed" and not self.reason:
            raise ValueError(f"{self.checker.id}: a check that is {self.status} needs a reason")
        if self.status == "completed" and not self.findings:
            raise ValueError(f"{self.checker.id}: a completed check has findings; otherwise say why it was skipped")
        keys = [(finding.metric.id, finding.metric.group) for finding in self.findings]
        if len(set(keys)) != len(keys):
            repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
            raise ValueError(f"{self.checker.id}: two findings share metric and group: {', '.join(repeated)}")
        return self
