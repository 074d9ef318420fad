"""Two audits, compared: what is worse, better, new and gone.

A change is claimed only where its interval, adjusted for all metrics compared, leaves 0 out: Benjamini-Hochberg over
the differences at the policy's q, and intervals at the level 1 - q R / m, as limits are judged within one audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modelaudit.audit_report import AuditReport
from modelaudit.comparison import Change, ChangeKind, Comparison
from modelaudit.errors import InputError
from modelaudit.monitoring.comparability import FEWER_ROWS, Why, notes, refusals
from modelaudit.monitoring.differences import Difference, Key, differences
from modelaudit.monitoring.paired_rows import BY_ROW, Pairs, paired_differences
from modelaudit.monitoring.row_file import RowOutcomes, measured
from modelaudit.statistics import benjamini_hochberg, fcr_level, interval_at

GRAVITY: tuple[ChangeKind, ...] = ("better", "gone", "not comparable", "new", "no clear change")
"""Changes in the order in which a reader wants them, behind what is worse, lost, or newly beyond its limit."""


def compare(
    before: AuditReport,
    after: AuditReport,
    rows_before: RowOutcomes | None = None,
    rows_after: RowOutcomes | None = None,
) -> Comparison:
    """Return what changed from one audit, the baseline, to another.

    Compared are the numbers that are judged, and how well the model does its task. With the outcomes of the rows
    (`read_row_file`, `row_outcomes`) the task's scores are compared row by row.

    Raises:
        InputError: outcomes of one side alone, of another report, of two keys, or without a common row.
    """
    policy = before.policy
    known: dict[str, Any] = {
        "baseline_digest": before.digest,
        "baseline_model": before.subject.model.name,
        "baseline_started": before.run.started,
        "after_digest": after.digest,
        "after_model": after.subject.model.name,
        "after_started": after.run.started,
        "level": policy.level,
        "q": policy.q,
    }
    if refused := refusals(before, after):
        return Comparison(comparable=False, reasons=_sentences(refused), details=_details(refused), **known)
    noted = notes(before, after)
    found: dict[Key, Difference] = {
        (each.change.checker, each.change.metric, each.change.group): each for each in differences(before, after)
    }
    pairs = _paired(before, after, rows_before, rows_after)
    if pairs is not None and rows_before is not None and rows_after is not None:
        for key, by_row in paired_differences(pairs, level=policy.level):
            found |= _told_once(key, found.get(key), by_row)
        rows = (len(rows_before.rows), len(rows_after.rows))
        if rows != (len(pairs), len(pairs)):
            noted.append(Why(FEWER_ROWS, f"{len(pairs):,} / {rows[0]:,} / {rows[1]:,}"))
    differing = list(found.values())
    q_values, adjusted_level = _tested(differing, policy.q)
    changes = [
        each.change if value is None else _change(each, value, adjusted_level, policy.q)
        for each, value in zip(differing, q_values, strict=True)
    ]
    return Comparison(
        comparable=True,
        notes=_sentences(noted),
        details=_details(noted),
        changes=tuple(sorted(changes, key=_gravity)),
        tested=sum(each.tested for each in differing),
        adjusted_level=adjusted_level,
        paired_rows=None if pairs is None else len(pairs),
        **known,
    )


def _paired(
    before: AuditReport, after: AuditReport, rows_before: RowOutcomes | None, rows_after: RowOutcomes | None
) -> Pairs | None:
    if rows_before is None and rows_after is None:
        return None
    if rows_before is None or rows_after is None:
        raise InputError("rows of one audit alone can't be paired; give the row files of both, or of none")
    for report, rows in ((before, rows_before), (after, rows_after)):
        if rows.record not in (None, measured(report)):
            raise InputError("a row file belongs to another report than the one it is compared with")
    return Pairs.of(rows_before, rows_after)


def _told_once(key: Key, unpaired: Difference | None, by_row: Difference) -> dict[Key, Difference]:
    """Return what stands of a score that rows and reports may both tell of, by key.

    The difference by row takes the place of the unpaired one where both have an interval. What the reports say beyond
    that (the score is lost, its check has another version, it is clearly worse in all) no row takes away: there the
    difference by row stands beside, or not at all where it has no interval.
    """
    if unpaired is None:
        return {key: by_row}
    if by_row.estimate is None:
        return {key: unpaired}
    if unpaired.estimate is None:
        beside = by_row.change.model_copy(update={"checker": BY_ROW})
        return {key: unpaired, (BY_ROW, key[1], key[2]): replace(by_row, change=beside)}
    # Only the reports know how the score is judged and called.
    known = unpaired.change.model_dump(include={"title", "unit", "before_state", "after_state"})
    return {key: replace(by_row, change=by_row.change.model_copy(update=known))}


def _tested(found: Sequence[Difference], q: float) -> tuple[list[float | None], float]:
    """Return the q-value of each difference, None where it is not tested, and the level that intervals are held to."""
    p = [each.p for each in found if each.tested and each.p is not None]
    adjusted = [float(value) for value in benjamini_hochberg(p)] if p else []
    values = iter(adjusted)
    level = fcr_level(sum(value <= q for value in adjusted), max(len(p), 1), q=q)
    return [next(values) if each.tested else None for each in found], level


def _change(each: Difference, value: float, level: float, q: float) -> Change:
    assert each.estimate is not None
    low, high = interval_at(each.estimate.bounds, level)
    kind: ChangeKind = "no clear change"
    if value <= q and (low > 0.0 or high < 0.0):
        kind = "worse" if (low > 0.0) == (each.better == "lower") else "better"
    return each.change.model_copy(update={"kind": kind, "adjusted": (low, high), "p": each.p, "q": value})


def _gravity(change: Change) -> tuple[int, float, float, str, str, str]:
    urgent = (change.kind == "worse", change.lost, change.newly_exceeds and change.kind != "better")
    rank = urgent.index(True) if any(urgent) else len(urgent) + GRAVITY.index(change.kind)
    q = 1.0 if change.q is None else change.q
    size = abs(change.difference or 0.0) / (change.smallest_detectable or 1.0)
    return rank, q, -size, change.checker, change.metric, change.group or ""


def _sentences(found: Sequence[Why]) -> tuple[str, ...]:
    return tuple(why.sentence for why in found)


def _details(found: Sequence[Why]) -> dict[str, str]:
    return {why.sentence: why.detail for why in found if why.detail is not None}
