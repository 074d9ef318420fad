"""What changed between two audits, as values; `monitoring` finds it and `reports` tells it.

Sentences here are of a fixed list, so that a report can say them in its own language; what differs from case to case
(hashes, versions, a plugin's error) stands beside them as a detail.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelaudit.evidence import Frozen, Text
from modelaudit.results import Risk
from modelaudit.verdicts import State

NOT_ASKED = "The check was not asked for."
"""Reason of a number that is in one audit alone, since the other was told to leave its check out."""

ChangeKind = Literal["worse", "better", "no clear change", "new", "gone", "not comparable"]


class Change(Frozen):
    """One metric before and after.

    Attributes:
        kind: `worse` and `better` only where the interval of the difference, adjusted for all metrics compared, lies
            wholly on that side; `new` and `gone` where only one audit has the metric; `not comparable` with a `reason`.
            A number of which neither side is better is not tested (`q` is None), and `no clear change` says nothing.
        before, after: the estimates.
        difference: after less before, with its `interval` at the policy's level and the interval `adjusted` for all
            metrics compared. Of a signed metric (`size_only`) it is the change of its distance from zero.
        p: two-sided, of no change; q: its Benjamini-Hochberg value over all metrics compared.
        paired: whether the difference was taken row by row, or unit by unit (`method` says which).
        n: of paired rows, or of the smaller audit.
        smallest_detectable: the smallest change that these two audits could have shown (two-sided 5%, power 80%).
        reason: a sentence of a fixed list; detail: what it rests on here.
        lost: the metric is gone because its check failed, or though the policy requires it; or a check that failed,
            of which neither audit has a number. Counts as worse.
    """

    checker: Text
    metric: Text
    group: Text | None = None
    title: Text
    unit: Text
    risk: Risk
    kind: ChangeKind
    before: float | None = None
    after: float | None = None
    before_state: State | None = None
    after_state: State | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    adjusted: tuple[float, float] | None = None
    p: float | None = None
    q: float | None = None
    size_only: bool = False
    paired: bool = False
    n: int | None = Field(default=None, ge=0)
    smallest_detectable: float | None = None
    method: Text | None = None
    reason: Text | None = None
    detail: Text | None = None
    lost: bool = False

    @property
    def newly_exceeds(self) -> bool:
        """Whether it exceeds its limit now and did not before; that says nothing of how clear the change is."""
        return self.after_state == "exceeds limit" and self.before_state != "exceeds limit"

    @property
    def not_asked(self) -> bool:
        """Whether it is gone because the second audit was told to leave its check out."""
        return self.kind == "gone" and self.reason == NOT_ASKED

    @property
    def for_context(self) -> bool:
        """Whether neither side is better, so that the difference is shown and not tested."""
        return self.kind == "no clear change" and self.q is None


class Comparison(Frozen):
    """What changed since another audit, the baseline.

    Attributes:
        comparable: whether anything can be compared; where not, `reasons` say why and there are no changes.
        notes: what differs between the audits and does not stand in the way.
        details: what a reason or a note rests on here, keyed by its sentence.
        changes: the gravest first.
        level: of the intervals, `adjusted_level` of the adjusted ones; q: the false discovery rate over the `tested`
            metrics.
        paired_rows: how many rows were found in both row files; None where there were none.
        after_digest: of the record compared, before any comparison was put into it.
    """

    baseline_digest: Text
    baseline_model: Text
    baseline_started: Text
    after_digest: Text | None = None
    after_model: Text | None = None
    after_started: Text | None = None
    comparable: bool
    reasons: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    details: dict[Text, Text] = Field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    level: float
    adjusted_level: float | None = None
    q: float
    tested: int = Field(default=0, ge=0)
    paired_rows: int | None = None

    def count(self, kind: ChangeKind) -> int:
        """Return how many metrics changed in this way."""
        return sum(change.kind == kind for change in self.changes)

    @property
    def lost(self) -> int:
        """How many metrics are gone that may not go missing, and checks that failed without one."""
        return sum(change.lost for change in self.changes)

    @property
    def exit_code(self) -> Literal[0, 1, 2]:
        """0: nothing is clearly worse or lost. 1: something is, or a check failed. 2: they can't be compared."""
        if not self.comparable:
            return 2
        return 1 if self.count("worse") + self.lost else 0
