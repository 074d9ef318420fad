"""What the membership checker says: the one module of the studies that knows how it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit import Audit
from modelaudit.checker import Budget
from modelaudit.checkers.privacy.membership.checker import MembershipInference
from modelaudit.checkers.privacy.membership.sides import choose_sides
from modelaudit.checkers.privacy.membership.tiers import make_suite
from modelaudit.runner import Randomisation, RunContext, Silent, checker_rng
from modelaudit.subject.references import ReferenceShelf
from privacy.tasks import TextRow

CHECKER = MembershipInference.info.id
VERSION = MembershipInference.info.version
REFERENCES = 64
NO_TRAINING, HEADS = "no-training", "reference-heads"
ALL_ROWS = 10**9
FALSE_ALARM = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suite:
    """The scores of all attacks on one model.

    Attributes:
        attacks: by name, (n1 + n0,) scores, members first, in the order in which the rows were handed in; NaN where a
            record has none or was left out.
        headline: the attack that the checker names beforehand.
        seconds: of asking the models, training references and scoring, guards not counted.
    """

    attacks: dict[str, Floats]
    headline: str
    seconds: float


def suite_of(
    model: Path, base: Path, members: Sequence[TextRow], nonmembers: Sequence[TextRow], *, tier: str, seed: int = 0
) -> Suite:
    """Return the scores of a tier's suite on all rows."""
    with context_of(model, base, members, nonmembers, seed=seed) as ctx:
        started = time.perf_counter()
        sides = choose_sides(ctx, size=ALL_ROWS)
        made = make_suite(ctx, sides, tier=tier, references=REFERENCES)
        seconds = time.perf_counter() - started
    attacks = {}
    for attack in made.suite.attacks:
        scores = np.full(len(members) + len(nonmembers), np.nan)
        scores[[_place(row) for row in sides.members]] = attack.members
        scores[[len(members) + _place(row) for row in sides.nonmembers]] = attack.nonmembers
        attacks[attack.name] = scores
    return Suite(attacks, made.suite.headline, seconds)


@contextmanager
def context_of(
    model: Path, base: Path, members: Sequence[TextRow], nonmembers: Sequence[TextRow], *, seed: int = 0
) -> Iterator[Any]:
    """Yield the context that the checker would be given, for what an audit does not report."""
    audit = _audit(model, base, members, nonmembers, preset="full", seed=seed, options={})
    subject = audit.subject
    random = Randomisation(subject, seed=seed, listener=Silent())
    try:
        yield RunContext(
            data=subject.data,
            model=subject.model,
            base_model=subject.base_model,
            subject=subject.info,
            budget=Budget("full"),
            rng=checker_rng(seed, CHECKER),
            seed=seed,
            engine=subject.model.engine,
            random=random,
            shelf=ReferenceShelf(subject, seed=seed),
        )
    finally:
        for engine in subject.engines:
            engine.close()


@dataclass(frozen=True)
class Verdict:
    """What a whole audit says.

    Attributes:
        p: the family-wise p of the suite. auc: the largest of the suite, None where there is none.
        confounded: why no verdict is given, or None. exceeds: whether a limit of the policy is exceeded.
        reason: why the check did not complete, or None. seconds: of the checker.
    """

    p: float | None
    auc: float | None
    confounded: str | None
    exceeds: bool
    reason: str | None
    seconds: float

    @property
    def found(self) -> bool:
        """Whether the audit says that there is a signal: p at the nominal level and no guard that objects."""
        return self.p is not None and self.p <= FALSE_ALARM and self.confounded is None


def verdict_of(
    model: Path,
    base: Path,
    members: Sequence[TextRow],
    nonmembers: Sequence[TextRow],
    *,
    tier: str,
    preset: str = "quick",
    seed: int = 0,
) -> Verdict:
    """Return what the audit says, by its report alone."""
    options = {CHECKER: {"tier": tier}}
    report = (
        _audit(model, base, members, nonmembers, preset=preset, seed=seed, options=options).run(only=[CHECKER]).report
    )
    [result] = [each for each in report.results if each.checker.id == CHECKER]
    by_id = {(finding.metric.id, finding.metric.primary): finding for finding in result.findings}
    p, largest = by_id.get(("suite_p", False)), by_id.get(("membership_auc", True))
    states = {verdict.state for verdict in report.judgement.verdicts if verdict.checker == CHECKER}
    return Verdict(
        p=None if p is None else p.metric.value,
        auc=None if largest is None else largest.metric.value,
        confounded=None if largest is None else largest.confounded,
        exceeds="exceeds limit" in states,
        reason=result.reason,
        seconds=report.run.checker_seconds.get(CHECKER, 0.0),
    )


def _audit(
    model: Path,
    base: Path,
    members: Sequence[TextRow],
    nonmembers: Sequence[TextRow],
    *,
    preset: str,
    seed: int,
    options: dict[str, dict[str, Any]],
) -> Audit:
    return Audit(
        str(model),
        list(nonmembers),
        train_data=list(members),
        heldout_data=list(nonmembers),
        base_model=str(base),
        preset=preset,
        seed=seed,
        device="cpu",
        # Opened some hundred times, and exporting layers for the other backend takes as long as a short audit.
        backend="torch",
        options=options,
    )


def _place(row: Any) -> int:
    """The place of a row in the list that was handed in: ids end in its number, from 1."""
    return int(row.id.rpartition(":")[2]) - 1
