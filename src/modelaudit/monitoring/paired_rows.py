"""What two audited models answered to the same rows, compared row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.comparison import Change
from modelaudit.errors import InputError
from modelaudit.monitoring.comparability import NO_INTERVAL
from modelaudit.monitoring.differences import Better, Difference, Key, measured_change
from modelaudit.monitoring.row_file import RowOutcome, RowOutcomes
from modelaudit.results import Risk
from modelaudit.statistics import (
    Estimate,
    clustered_proportion,
    f1_drop,
    mean_difference,
    no_difference_p,
    paired_right,
    paired_share,
)

TASK_SCORES = "modelaudit/task-performance"
BY_ROW = "modelaudit/row-outcomes"
"""The checker of what only the rows tell."""
EXACT = "tango-score interval, McNemar's exact p (rows right in one audit alone)"
_LOSS_OF_TOKENS = ("mean_loss", "Mean loss of a token", "nats", BY_ROW)
_LOSSES = {"text-regression": ("mean_absolute_error", "Mean absolute error", "units of the output", TASK_SCORES)}
Floats = NDArray[np.float64]
Clusters = NDArray[np.int64] | None


@dataclass(frozen=True)
class Pairs:
    """The outcomes of rows that both audits have, in the order of the hashes."""

    task: str
    before: tuple[RowOutcome, ...]
    after: tuple[RowOutcome, ...]

    @classmethod
    def of(cls, before: RowOutcomes, after: RowOutcomes) -> Pairs:
        """Match rows by their hashes.

        Raises:
            InputError: the hashes were made with two keys, the tasks are two, or no row is in both.
        """
        if before.key_id != after.key_id:
            raise InputError(
                f"the row files were made with two keys ({before.key_id} and {after.key_id}), so that no row can be "
                "found again; write both with one key"
            )
        if before.task != after.task:
            raise InputError(f"the row files are of two tasks, {before.task} and {after.task}; compare without rows")
        both = [name for name in sorted(before.by_row) if name in after.by_row]
        if not both:
            raise InputError("no row is in both row files; give those that were written with these two reports")
        return cls(before.task, *(tuple(side.by_row[name] for name in both) for side in (before, after)))

    def __len__(self) -> int:
        return len(self.before)

    def having(self, value: Callable[[RowOutcome], Any]) -> Pairs:
        """Return the pairs of which both sides have a value."""
        held = [
            pair for pair in zip(self.before, self.after, strict=True) if all(value(side) is not None for side in pair)
        ]
        return Pairs(self.task, tuple(one for one, _ in held), tuple(other for _, other in held))

    def values(self, value: Callable[[RowOutcome], Any]) -> tuple[Floats, Floats]:
        """Return a value of all rows, before and after."""
        one, other = (np.array([value(row) for row in side], dtype=np.float64) for side in (self.before, self.after))
        return one, other

    @property
    def documents(self) -> Clusters:
        """The document of each row as a number; None where no two rows share one."""
        code: dict[str, int] = {}
        found = [code.setdefault(row.document or f"row {row.row}", len(code)) for row in self.before]
        return None if len(code) == len(found) else np.array(found, dtype=np.int64)


def paired_differences(pairs: Pairs, *, level: float) -> Iterator[tuple[Key, Difference]]:
    """Yield what the task's rows tell: accuracy or F1, loss, changed answers, and confidence."""
    kinds = (_right, _words, _entities, _loss, _changed_answers, _confidence)
    for found in (kind(pairs, level) for kind in kinds):
        if found is not None:
            yield (found.change.checker, found.change.metric, None), found


def _right(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.right if row.of == 1 else None)
    if not len(held) or any(row.entities is not None for row in held.before):
        return None
    before, after = held.values(lambda row: row.right)
    estimate, p = paired_right(before > 0.0, after > 0.0, clusters=held.documents)
    return _difference(
        "accuracy", "Accuracy", "share of rows", "higher", before.mean(), after.mean(), estimate, level,
        checker=TASK_SCORES, p=p, method=None if p is None else EXACT,
    )  # fmt: skip


def _words(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.right if row.entities is not None and row.of else None)
    if not len(held):
        return None
    (before, after), (totals, _) = held.values(lambda row: row.right), held.values(lambda row: row.of)
    estimate = paired_share(before, after, totals, clusters=held.documents)
    shares = before.sum() / totals.sum(), after.sum() / totals.sum()
    return _difference("word_accuracy", "Words tagged right", "share of words", "higher", *shares, estimate, level)


def _entities(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.entities)
    if not len(held):
        return None
    before, after = (_entity_counts(side, held.documents) for side in (held.before, held.after))
    # The drop from the second to the first is the change from the first to the second.
    return _difference(
        "entity_f1", "Entity F1", "F1", "higher", _f1(before), _f1(after), f1_drop(after, before), level,
        checker=TASK_SCORES,
    )  # fmt: skip


def _loss(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.loss)
    if not len(held):
        return None
    before, after = held.values(lambda row: row.loss)
    estimate = mean_difference(after - before, clusters=held.documents)
    name, title, unit, checker = _LOSSES.get(pairs.task, _LOSS_OF_TOKENS)
    return _difference(name, title, unit, "lower", before.mean(), after.mean(), estimate, level, checker=checker)


def _changed_answers(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.answer)
    if not len(held):
        return None
    changed = np.array([one.answer != other.answer for one, other in zip(held.before, held.after, strict=True)])
    estimate = clustered_proportion(changed, held.documents)
    return _difference("changed_answers", "Changed answers", "share of rows", "neither", None, None, estimate, level)


def _confidence(pairs: Pairs, level: float) -> Difference | None:
    held = pairs.having(lambda row: row.confidence)
    if not len(held):
        return None
    before, after = held.values(lambda row: row.confidence)
    estimate = mean_difference(after - before, clusters=held.documents, reach=1.0)
    return _difference(
        "mean_confidence", "Mean confidence", "probability", "neither", before.mean(), after.mean(), estimate, level
    )


def _difference(
    metric: str,
    title: str,
    unit: str,
    better: Better,
    before: float | None,
    after: float | None,
    estimate: Estimate,
    level: float,
    *,
    checker: str = BY_ROW,
    p: float | None = None,
    method: str | None = None,
) -> Difference:
    change = Change(
        checker=checker,
        metric=metric,
        title=title,
        unit=unit,
        risk=Risk.PERFORMANCE,
        kind="no clear change" if estimate.bounds else "not comparable",
        before=None if before is None else float(before),
        after=None if after is None else float(after),
        paired=True,
        method=method or estimate.method,
        reason=None if estimate.bounds else NO_INTERVAL,
        detail=None if estimate.bounds else estimate.reason,
        **measured_change(estimate, level=level),
    )
    if not estimate.bounds:
        return Difference(change, better)
    return Difference(change, better, estimate, no_difference_p(estimate.bounds) if p is None else p)


def _entity_counts(side: tuple[RowOutcome, ...], documents: Clusters) -> Floats:
    """Return right, predicted and true entities of each row, or of each document where rows share any."""
    counts = np.array([row.entities for row in side], dtype=np.float64).reshape(-1, 3)
    if documents is None:
        return counts
    return np.stack([np.bincount(documents, weights=part) for part in counts.T], axis=1)


def _f1(counts: Floats) -> float | None:
    right, predicted, true = counts.sum(axis=0)
    return float(2.0 * right / (predicted + true)) if predicted + true else None
