"""Whom and what the evaluation rows are meant to stand for: declared shares, and how far the rows fall short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelaudit.checker import Row
from modelaudit.checkers.data.drawing import documents, medium_of, shown, whole_text
from modelaudit.checkers.data.drift.profile import worded
from modelaudit.errors import DataInputError
from modelaudit.statistics import Estimate, detectable_shortfall, shortfall
from modelaudit.text import language_of

MOST_TARGETS = 200
FEWEST = 30
"""Rows with a known value that a column needs."""
LABEL, LANGUAGE = "label", "language"
LANGUAGES = ("en", "zh", "other")
"""Names that stand for the label and the language of a row where the table has no such column."""
UNKNOWN = frozenset({"", "n/a", "na", "nan", "none", "null", "unknown", "not known", "未知"})


@dataclass(frozen=True, slots=True)
class Target:
    """The declared share of one value of one column."""

    column: str
    value: str
    share: float

    @property
    def title(self) -> str:
        """The column and value as the report names them."""
        return f"{shown(self.column)}: {shown(self.value)}"


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A target, the rows with a known value, those with the target's, and target less share with its interval."""

    target: Target
    rows: int
    hits: int
    estimate: Estimate
    detectable: float


def targets_of(values: Any) -> tuple[Target, ...]:
    """Return the declared shares; ValueError where they are no shares, or add up to more than 1 in a column."""
    if values is None:
        return ()
    form = 'give shares by column and value, as {"region": {"north": 0.3, "south": 0.7}}'
    if not isinstance(values, Mapping) or not values:
        raise ValueError(f"the option targets is {values!r:.60}; {form}")
    found = []
    for column, shares in values.items():
        if not isinstance(column, str) or not isinstance(shares, Mapping) or not shares:
            raise ValueError(f"the option targets has {column!r:.40} = {shares!r:.60}; {form}")
        for value, share in shares.items():
            number = isinstance(share, int | float) and not isinstance(share, bool)
            if not number or not 0.0 < float(share) <= 1.0:
                raise ValueError(
                    f"the option targets gives {value!r:.40} of {column!r:.40} the share {share!r:.20}; "
                    "a share lies above 0 and is at most 1 (30% is 0.3)"
                )
            found.append(Target(column, str(value), float(share)))
        total = sum(float(share) for share in shares.values())
        if total > 1.0 + 1e-6:
            raise ValueError(f"the option targets gives {column!r:.40} shares that add up to {total:g}, more than 1")
        keys = [folded(str(value)) for value in shares]
        if len(set(keys)) < len(keys):
            raise ValueError(f"the option targets names a value of {column!r:.40} twice, but for case and spaces")
    if len(found) > MOST_TARGETS:
        raise ValueError(f"the option targets has {len(found)} shares; {MOST_TARGETS} are the most")
    return tuple(found)


def gaps_of(targets: Sequence[Target], rows: Sequence[Row], labels: Sequence[str]) -> tuple[list[Gap], list[str]]:
    """Return the gap of each target, and the columns that too few rows have a known value of.

    Raises:
        DataInputError: a column that the table does not have, a label that the model does not have, or a language that
            is not told from others.
    """
    gaps: list[Gap] = []
    few: list[str] = []
    for column in dict.fromkeys(target.column for target in targets):
        cells = _cells(rows, column, labels)
        own = [target for target in targets if target.column == column]
        if column == LABEL and not _is_column(rows, column):
            _check_labels(own, labels)
        if column == LANGUAGE and not _is_column(rows, column):
            _check_languages(own)
        known = [(row, cell) for row, cell in zip(rows, cells, strict=True) if cell is not None]
        # Sums over documents may differ in the last bit with the order of their rows.
        known.sort(key=lambda each: (each[0].group is None, each[0].group or "", sorted(each[1])))
        if len(known) < FEWEST:
            few.append(f"{shown(column)} ({len(known)})")
            continue
        units = documents([row for row, _ in known])
        for target in own:
            hits = np.array([folded(target.value) in cell for _, cell in known])
            gaps.append(
                Gap(
                    target,
                    len(known),
                    int(hits.sum()),
                    shortfall(hits, target.share, units),
                    detectable_shortfall(hits, target.share, units, family=len(targets)),
                )
            )
    return gaps, few


def folded(text: str) -> str:
    """Return what two cells share that differ in case and white space alone."""
    return " ".join(text.casefold().split())


def _cells(rows: Sequence[Row], column: str, labels: Sequence[str]) -> list[frozenset[str] | None]:
    """Return what each row has in a column; None where it is not known."""
    if _is_column(rows, column):
        values = [folded(_written(row.columns.get(column, ""))) for row in rows]
        return [None if value in UNKNOWN else frozenset({value}) for value in values]
    if column == LANGUAGE:
        if not worded(rows):
            raise DataInputError(
                f"the option targets gives shares to languages, which no {medium_of(rows)} shows; hand in a column "
                "with the language of each row"
            )
        return [frozenset({language_of(whole_text(row)) or "other"}) for row in rows]
    if column == LABEL:
        return [_labels(row, labels) for row in rows]
    there = dict.fromkeys(shown(name) for row in rows for name in row.columns)
    raise DataInputError(
        f"the option targets names the column {shown(column)!r}, which the evaluation rows do not have; they have "
        f"{', '.join(list(there)[:10]) or 'no other columns'}, and label and language can be named too"
    )


def _check_labels(targets: Sequence[Target], labels: Sequence[str]) -> None:
    known = {folded(label) for label in labels}
    for target in targets:
        if folded(target.value) not in known:
            raise DataInputError(
                f"the option targets gives a share to the label {shown(target.value)!r}; the model's labels are "
                f"{', '.join(shown(label) for label in labels[:20])}"
            )


def _check_languages(targets: Sequence[Target]) -> None:
    for target in targets:
        if folded(target.value) not in LANGUAGES:
            raise DataInputError(
                f"the option targets gives a share to the language {shown(target.value)!r}; told from one another are "
                f"{', '.join(LANGUAGES)}. For others hand in a column with the language of each row"
            )


def _written(cell: Any) -> str:
    """Return a cell as text; "" for a whole number of thousands of digits, which Python does not write out."""
    try:
        return str(cell)
    except ValueError:
        return ""


def _is_column(rows: Sequence[Row], column: str) -> bool:
    return any(column in row.columns for row in rows)


def _labels(row: Row, labels: Sequence[str]) -> frozenset[str] | None:
    held = row.label_set if row.label_set is not None else None if row.label is None else (row.label,)
    return None if held is None else frozenset(folded(labels[each]) for each in held if each < len(labels))
