"""A fault of known strength that can be planted into a subject, and its clean twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from modelaudit.policy_file import load_policy
from modelaudit.verdicts import Limit, Policy

Subject = Mapping[str, Any]
"""What is audited, as the keyword arguments of `modelaudit.Audit`: `model` and `data`, and what goes with them."""
WHY = "The size of the planted fault that a calibration takes for one."


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault that a checker is meant to find.

    Attributes:
        name: what is planted, in plain words: `a gender shortcut`. name_zh: the same in Chinese.
        unit: what a strength counts: `log-odds that a female pronoun adds`.
        strengths: rising and positive; a sound checker finds the last one (nearly) always.
        plant: from a strength and a seed to the subject. Strength 0 is the clean twin: the same rows without the fault.
            Equal arguments give equal subjects, and another seed another draw of the rows.
        metric: id of the metric that speaks for the fault; None for any judged one.
        limits: limits of metrics that the starter policy has none for: `{"flip_rate": {"max": 0.05}}`.
        truth: from a strength to what `metric` estimates, its value over all rows that could have been drawn; with it
            a calibration measures how often the interval holds the truth.
    """

    name: str
    unit: str
    strengths: tuple[float, ...]
    plant: Callable[[float, int], Subject]
    metric: str | None = None
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    truth: Callable[[float], float] | None = None
    name_zh: str = ""

    def __post_init__(self) -> None:
        rising = sorted(set(self.strengths)) == list(self.strengths)
        if not self.strengths or self.strengths[0] <= 0 or not rising:
            raise ValueError(f"strengths of {self.name!r} must be positive and rise, not {self.strengths}")

    def defective(self, seed: int, strength: float | None = None) -> Subject:
        """Return the subject with the fault, by default in its full strength."""
        return self.plant(self.strengths[-1] if strength is None else strength, seed)

    def clean(self, seed: int) -> Subject:
        """Return the twin without the fault."""
        return self.plant(0.0, seed)

    def limited(self, limits: Mapping[str, Mapping[str, float]]) -> Defect:
        """Return the same fault for a checker with other metrics, which have these limits: `{"drop": {"max": 0.1}}`.

        What these metrics estimate is not known, so it has no `truth`.
        """
        metric = next(iter(limits)) if len(limits) == 1 else None
        return replace(self, limits=limits, metric=metric, truth=None)

    def policy(self, checker: str) -> Policy:
        """Return the starter policy, and the defect's own limits on the metrics of a checker.

        Raises:
            ValidationError: a limit that no policy may hold; the message names it.
        """
        starter = load_policy()
        own = tuple(
            Limit.model_validate(
                {"checker": checker, "metric": metric, **edges, "rationale": WHY, "source": "calibration"}
            )
            for metric, edges in self.limits.items()
        )
        mine = {limit.place for limit in own}
        kept = tuple(limit for limit in starter.limit if limit.place not in mine)
        return starter.model_copy(update={"id": "calibration", "sha256": "", "limit": (*kept, *own)})
