"""Columns: which one holds the text, which one the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.tables import Table

Tiers = tuple[tuple[str, ...], ...]
CellTest = Callable[[Any], bool]


def find_column(
    table: Table,
    named: str | None,
    tiers: Tiers,
    *,
    what: str,
    flag: str,
    fits: CellTest,
    fallback: CellTest | None = None,
    taken: Iterable[str] = (),
) -> str | None:
    """Return the column that the user named, else the one found by its name, else by the type of its cells.

    Names are compared without case, tier by tier: the first tier of which the table has a column with fitting
    cells decides, and two such columns are ambiguous. `fallback` then looks at cells alone. Returns None where
    nothing fits; raises DataInputError where the named column is missing or more than one fits.

    Args:
        table: the table to look in.
        named: the user's column, or None.
        tiers: known names, the clearest first.
        what: how messages call the column ("text", "label").
        flag: the option that names it, in the shell's spelling (`--text-column`).
        fits: whether a cell can belong to such a column at all.
        fallback: whether a cell shows by itself that it belongs to such a column.
        taken: columns that already have a meaning.
    """
    if named is not None:
        if named not in table.columns:
            raise DataInputError(
                f"{table.name}: there is no column {named!r} for the {what}; it has {_listed(table.columns)}"
            )
        return named
    free = [column for column in table.columns if column not in set(taken)]
    for names in tiers:
        known = [column for column in free if column.strip().casefold() in names]
        candidates = [column for column in known if mostly(table, column, fits)] or known
        if candidates:
            return _only(candidates, table, what=what, flag=flag)
    if fallback is None:
        return None
    candidates = [column for column in free if mostly(table, column, fallback)]
    return _only(candidates, table, what=what, flag=flag) if candidates else None


def mostly(table: Table, column: str, fits: CellTest) -> bool:
    """Tell whether the cells of a column that are not missing fit, for more than half of them."""
    cells = [cell for cell in table.cells(column) if cell is not None]
    return bool(cells) and sum(map(fits, cells)) * 2 > len(cells)


def missing_column(table: Table, *, what: str, flag: str, known: Tiers) -> DataInputError:
    """Return the error for a table without a column that the task can't do without."""
    names = ", ".join(name for tier in known for name in tier[:4])
    return DataInputError(
        f"{table.name}: no {what} column found among {_listed(table.columns)}; call it one of {names}, or name it "
        f"with {_spelled(flag)}"
    )


def _only(candidates: list[str], table: Table, *, what: str, flag: str) -> str:
    if len(candidates) > 1:
        raise DataInputError(
            f"{table.name}: the {what} column is ambiguous, {_listed(candidates)} could each be it; name one with "
            f"{_spelled(flag)}"
        )
    return candidates[0]


def _spelled(flag: str) -> str:
    return f"{flag} ({flag.lstrip('-').replace('-', '_')}= in Python)"


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(repr(column) for column in columns)
