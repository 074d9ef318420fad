"""What may not change a result: another run, another checker beside it, the order of the rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import CheckerInfo, Context, Cost, Risk
from modelaudit.results import CheckResult, Finding, Metric
from modelaudit.testing.contract.runs import TABLE_ROWS, Runs, rows_of
from modelaudit.testing.defect import Subject

TOLERANCE = 1e-6
"""Relative, and absolute: sums in another order differ in their last digits."""


class Companion:
    """A checker that stands before another: it asks the model, and draws from its own and the global generators."""

    info = CheckerInfo(
        id="conformance/companion",
        version="1",
        risk=Risk.DATA,
        title="Companion",
        question="Does a check beside another change it?",
        summary="It asks what it can and draws random numbers.",
        needs=(),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Always."""
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """A few rows."""
        return Cost(5, 100)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask, and draw."""
        rows = ctx.data.evaluation[-5:]
        if "predict" in ctx.model.capabilities:
            ctx.model.predict(rows)
        ctx.rng.random(7)
        random.random()
        np.random.random(3)  # noqa: NPY002  a careless neighbour
        yield Finding(
            metric=Metric(
                id="company", title="Rows beside", value=float(len(rows)), unit="rows", better="neither", n=len(rows),
                method="count", reason="a count has no interval",
            ),
            statement="A neighbour ran.",
        )  # fmt: skip


def seed_faults(runs: Runs) -> Iterator[str]:
    """What differs between two runs with one seed."""
    if not differences(runs.completed, _in_company(runs)):
        # That was a second run as well.
        return
    again = runs.of(runs.audited("once more", lambda: runs.subject))
    for difference in differences(runs.completed, again):
        yield (
            f"Two runs with one seed differ in {difference}: draw from ctx.rng alone, go through sets in sorted order, "
            "and keep nothing in the checker from one run to the next."
        )


def company_faults(runs: Runs) -> Iterator[str]:
    """What differs where another checker runs before this one."""
    for difference in differences(runs.completed, _in_company(runs)):
        yield (
            f"The result alone and beside another checker differs in {difference}: draw from ctx.rng, never from a "
            "global generator, and keep nothing where another checker can change it."
        )


def _in_company(runs: Runs) -> CheckResult:
    return runs.of(runs.audited("in company", lambda: runs.subject, beside=(Companion(),)))


def order_faults(runs: Runs) -> Iterator[str]:
    """Which metrics differ where the rows of every table stand in another order."""
    other_way = runs.of(runs.audited("permuted", lambda: permuted(runs.subject)))
    first, second = (
        {_key(finding): finding.metric for finding in result.findings} for result in (runs.completed, other_way)
    )
    for key in sorted(first.keys() | second.keys()):
        one, other = first.get(key), second.get(key)
        if one is None or other is None or not _alike(one, other):
            yield (
                f"The order of the rows changes {key[0]}{f' ({key[1]})' if key[1] else ''}"
                f"{_seen(one, other)}: choose rows by what they say and not by where they stand, as "
                "modelaudit.drawing.drawn(ctx, rows, size) does."
            )


def permuted(subject: Subject) -> Subject:
    """Return a subject with the rows of each table in another order."""
    changed: dict[str, Any] = dict(subject)
    for table in TABLE_ROWS:
        if subject.get(table) is not None:
            rows = rows_of(subject, table)
            order = np.random.default_rng(len(rows)).permutation(len(rows))
            changed[table] = [rows[place] for place in order]
    return changed


def differences(one: CheckResult, other: CheckResult) -> list[str]:
    """Return in what two results differ, the first only: `flip_rate` of `upper case`, a note, or the status."""
    if one == other:
        return []
    if one.status != other.status:
        return [f"its status ({one.status}, {other.status})"]
    for mine, theirs in zip(one.findings, other.findings, strict=False):
        if mine != theirs:
            group = f" of {mine.metric.group}" if mine.metric.group else ""
            return [
                f"the {'metric' if mine.metric != theirs.metric else 'text or evidence'} of {mine.metric.id}{group}"
            ]
    return ["the number of its findings" if len(one.findings) != len(other.findings) else "its notes"]


def _key(finding: Finding) -> tuple[str, str]:
    return finding.metric.id, finding.metric.group or ""


def _alike(one: Metric, other: Metric) -> bool:
    if one.n != other.n or len(one.grid) != len(other.grid):
        return False
    bounds = (
        pair for mine, theirs in zip(one.grid, other.grid, strict=True) for pair in zip(mine, theirs, strict=True)
    )
    return _near(one.value, other.value) and all(_near(a, b) for a, b in bounds)


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _seen(one: Metric | None, other: Metric | None) -> str:
    if one is None or other is None:
        return ", which one order has and the other has not"
    return f" from {one.value} to {other.value}" if one.value != other.value else " in its n or its interval"
