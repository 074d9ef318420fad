"""Awkward rows: what real tables hold and no author thinks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from modelaudit.results import CheckResult
from modelaudit.testing.contract.runs import TABLE_ROWS, Runs, rows_of
from modelaudit.testing.defect import Subject

Cells = dict[str, Any]

MOST = 40
"""Rows of each table that are taken."""
EMOJI = (
    "\U0001f469\U0001f3fd\u200d\U0001f680 \u202eabc\u202c \u0645\u0631\u062d\u0628\u0627 e\u0301 \U0001f1e8\U0001f1f3"
)
TEXTS = {"empty": "", "one-character": "a", "5000-characters": "word " * 1_000, "emoji": EMOJI}
MIXED = "all of these"


def awkward_faults(kind: str) -> Callable[[Runs], Iterator[str]]:
    """Return the check that rows of one kind end in a defined state."""

    def faults(runs: Runs) -> Iterator[str]:
        _ = runs.completed
        if kind in TEXTS and _ended(runs, MIXED).status != "errored":
            # A table with rows of all these kinds passes for each; where it fails, each is asked for itself.
            return
        result = _ended(runs, kind)
        if result.status == "errored":
            yield (
                f"With rows of the kind {kind!r} the check fails ({result.reason}): measure what can be measured, and "
                "raise NotAssessable with a sentence where the rows can't answer the question."
            )

    return faults


def _ended(runs: Runs, kind: str) -> CheckResult:
    table = runs.report.subject.evaluation
    columns = (table.text_column, table.label_column)
    return runs.of(runs.audited(("awkward", kind), lambda: awkward(runs.subject, kind, *columns)))


def awkward(subject: Subject, kind: str, text: str, label: str | None) -> Subject:
    """Return a subject with awkward rows: every other row has such a text, or the table itself is awkward.

    `text` and `label` are the names of the columns.
    """
    changed: dict[str, Any] = dict(subject)
    for table in TABLE_ROWS:
        if subject.get(table) is not None:
            changed[table] = _awkward_rows(rows_of(subject, table)[:MOST], kind, text, label)
    return changed


def _awkward_rows(rows: list[Cells], kind: str, text: str, label: str | None) -> list[Cells]:
    if kind == "single-row":
        return rows[:1]
    if kind == "duplicates":
        return [dict(rows[0]) for _ in rows]
    if kind == "one-class":
        return rows if label is None else [row | {label: _one_class(rows[0][label], row[label])} for row in rows]
    texts = list(TEXTS.values()) if kind == MIXED else [TEXTS[kind]]
    return [
        row if place % 2 else row | {text: _like(row[text], texts[place // 2 % len(texts)])}
        for place, row in enumerate(rows)
    ]


def _like(cell: Any, text: str) -> Any:
    """A cell with another text: a list of words keeps its length, since their tags stand beside it."""
    return [text.strip() or "\u200b"] * len(cell) if isinstance(cell, list | tuple) else text


def _one_class(first: Any, cell: Any) -> Any:
    if isinstance(cell, list | tuple) and isinstance(first, list | tuple) and first:
        return [first[0]] * len(cell)
    return first
