"""The groups of one column, or of two columns crossed: who belongs where, which are large enough, and the reference."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.bias.groups.columns import is_age, shown
from modelaudit.evidence import distinct_names
from modelaudit.rows import Row

FEWEST_ROWS = 30
LEAST_SHARE = 0.02
"""Below either a group is shown and not judged; 2% is what NYC's rules on Local Law 144 let an auditor leave out."""
NAMED_FROM = 5
"""Rows from which a group is shown by its name: a value that few rows have may tell who they are."""
MOST_GROUPS = 12
OLDEST = 130.0

UNKNOWN = frozenset(
    {
        *("", "?", "-", "--", "n/a", "na", "nan", "null", "unknown", "missing", "not known", "not stated"),
        *("not disclosed", "undisclosed", "not specified", "unspecified", "prefer not to say", "decline to state"),
        *("未知", "不详", "缺失", "未填", "未填写", "保密"),
    }
)
"""Cells that say that the value is not known, in lower case. `none` is not among them: it may be a religion."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Rows by group.

    Attributes:
        title: the column's name, or both names.
        names: the groups as shown, the largest first, all different.
        keys: the groups as cells are compared, one string a column.
        code: int64 (rows,), the group of each row; -1 where it is not known.
        judged: groups that are large enough, the largest first. reference: the one that others are compared with.
        crossed: whether two columns are crossed.
    """

    title: str
    names: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    code: Codes
    judged: tuple[int, ...]
    reference: int
    crossed: bool = False

    @property
    def sizes(self) -> Codes:
        """Rows of each group (groups,)."""
        return np.bincount(self.code[self.code >= 0], minlength=len(self.names))

    @property
    def known(self) -> int:
        """How many rows have a group."""
        return int((self.code >= 0).sum())

    @property
    def unknown(self) -> int:
        """How many rows have none."""
        return len(self.code) - self.known

    @property
    def small(self) -> tuple[int, ...]:
        """Groups that are too small to be judged."""
        return tuple(group for group, size in enumerate(self.sizes) if not _large(int(size), self.known))

    @property
    def compared(self) -> tuple[int, ...]:
        """Groups that are held against the reference."""
        return tuple(group for group in self.judged if group != self.reference)

    def pair(self, group: int) -> str:
        """Return how a comparison is called."""
        return f"{self.title}: {self.names[group]} - {self.names[self.reference]}"


def grouping(
    rows: Sequence[Row], column: str, *, age_bands: Sequence[float], reference: Collection[str] = ()
) -> Grouping:
    """Return the groups of a column. Case, width and white space of cells make no difference.

    Ages that are numbers are put into bands: `age_bands` are the ages at which a new band begins. `reference` may hold
    the name of the reference group; otherwise it is the largest.
    """
    cells = [_cell(row.columns.get(column)) for row in rows]
    if is_age(column):
        cells = _banded(cells, age_bands)
    keys = [None if cell is None else (folded(cell),) for cell in cells]
    spelled: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for key, cell in zip(keys, cells, strict=True):
        if key is not None and cell is not None:
            spelled[key][shown(cell)] += 1
    names = {key: min(counts, key=lambda name: (-counts[name], name)) for key, counts in spelled.items()}
    return _grouped(shown(column), keys, names, {folded(name) for name in reference}, crossed=False)


def crossed(a: Grouping, b: Grouping, *, reference: Collection[str] = ()) -> Grouping:
    """Return the groups of two columns together; a row that is not known in one of them is not known."""
    both = [
        None if first < 0 or second < 0 else (*a.keys[first], *b.keys[second])
        for first, second in zip(a.code, b.code, strict=True)
    ]
    of_a, of_b = (dict(zip(one.keys, one.names, strict=True)) for one in (a, b))
    names = {key: f"{of_a[key[:1]]} & {of_b[key[1:]]}" for key in both if key is not None}
    return _grouped(f"{a.title} × {b.title}", both, names, {folded(name) for name in reference}, crossed=True)


def folded(text: str) -> str:
    """Return what two cells share that differ in compatibility forms, case and white space alone."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _grouped(
    title: str,
    keys: Sequence[tuple[str, ...] | None],
    names: dict[tuple[str, ...], str],
    reference: Collection[str],
    *,
    crossed: bool,
) -> Grouping:
    counts = Counter(key for key in keys if key is not None)
    order = sorted(counts, key=lambda key: (-counts[key], key))
    place = {key: index for index, key in enumerate(order)}
    code = np.array([-1 if key is None else place[key] for key in keys], dtype=np.int64)
    found = Grouping(title, distinct_names([names[key] for key in order]), tuple(order), code, (), 0, crossed)
    large = [group for group, size in enumerate(found.sizes) if _large(int(size), found.known)][:MOST_GROUPS]
    asked = [group for group in large if reference and all(part in reference for part in order[group])]
    return replace(found, judged=tuple(large), reference=(asked or large or [0])[0])


def _large(size: int, known: int) -> bool:
    return size >= FEWEST_ROWS and size >= LEAST_SHARE * known


def _cell(cell: Any) -> str | None:
    """Return a cell as text, None where its value is not known."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    try:
        text = str(cell)
    except ValueError:
        # Python writes no integer of more than some thousand digits.
        text = f"a {type(cell).__name__} that is too long to show"
    return None if cell is None or folded(text) in UNKNOWN else text


def _banded(cells: Sequence[str | None], bands: Sequence[float]) -> list[str | None]:
    """Return ages by band, or the cells as they are where most are not numbers; then what is no age is not known."""
    ages = [None if cell is None else _age(cell) for cell in cells]
    known = sum(cell is not None for cell in cells)
    if 2 * sum(age is not None for age in ages) <= known:
        return list(cells)
    edges = sorted(set(bands))
    names = [
        f"under {edges[0]:g}",
        *(f"{low:g} to under {high:g}" for low, high in itertools.pairwise(edges)),
    ]
    names.append(f"{edges[-1]:g} and over")
    return [None if age is None else names[int(np.searchsorted(edges, age, side="right"))] for age in ages]


def _age(cell: str) -> float | None:
    if not re.fullmatch(r"\s*\d{1,3}(\.\d{1,9})?\s*", cell):
        return None
    age = float(cell)
    return age if math.isfinite(age) and age <= OLDEST else None
