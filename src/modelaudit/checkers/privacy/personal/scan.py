"""The scan: which rows of a table hold personal data, of which kinds; ids and counts, and none of the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.folds import digest
from modelaudit.checkers.privacy.record import content, every_text
from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.text.personal_data import find_personal_data, person_words
from modelaudit.text.personal_data.named import names_person

Found = tuple[str, int, int]
"""Kind, start and end of a match."""
Find = Callable[[str], Iterable[Found]]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
NAME = "person's name (from the NER labels)"
APART = str.maketrans("", "", " -./()")


@dataclass(frozen=True, slots=True)
class Marked:
    """A row with personal data: its id, and how many matches of each kind it has."""

    row: str
    kinds: Mapping[str, int]

    @property
    def total(self) -> int:
        """Matches of all kinds."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one kind was found: rows that have it, matches, and different values among these."""

    rows: int
    matches: int
    values: int


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Which rows of some hold what is looked for, in an order that the order of the rows has no part in.

    Attributes:
        found: bool (n,). documents: int64 (n,), the document, person or context of questions of each row; None where no
            two rows share one.
    """

    found: Flags
    documents: Places | None

    @classmethod
    def of(cls, rows: Sequence[Row], found: Sequence[bool]) -> Hits:
        """Sort rows by documents, these by how many rows they have and how many of them were found."""
        flags, code = np.array(found, dtype=np.bool_), documents(rows)
        if code is None:
            return cls(np.sort(flags), None)
        rank = np.empty(int(code.max()) + 1, dtype=np.int64)
        rank[np.lexsort((np.bincount(code, weights=flags), np.bincount(code)))] = np.arange(len(rank))
        order = np.lexsort((flags, rank[code]))
        return cls(flags[order], rank[code][order])

    @property
    def independent(self) -> int:
        """How many documents there are, or rows where these share none."""
        return len(self.found) if self.documents is None else int(self.documents.max()) + 1


@dataclass(frozen=True, slots=True)
class Named:
    """Rows with tags of words, and the names of persons that these mark."""

    hits: Hits
    tally: Tally


@dataclass(frozen=True, slots=True)
class Scan:
    """What the rows of one table hold.

    Attributes:
        table: the table in words. rows: how many were looked at. hits: which of them hold personal data.
        marked: the rows with personal data, those with most first, then in an order that content decides.
        kinds: by kind, the commonest first.
        named: None where no label stands for a person or no row has tags.
        split_words: rows that came as words, whose details may be cut up.
    """

    table: str
    rows: int
    hits: Hits
    marked: tuple[Marked, ...]
    kinds: Mapping[str, Tally]
    named: Named | None
    split_words: int


def built_in(text: str) -> list[Found]:
    """Return what the detectors of the text room find."""
    return [(match.kind, match.start, match.end) for match in find_personal_data(text)]


def scan(table: str, rows: Sequence[Row], find: Find, *, labels: Sequence[str]) -> Scan:
    """Search the rows of one table, each by itself."""
    counts = _Counts()
    marked: list[tuple[tuple[int, bytes, str], Marked]] = []
    held: list[bool] = []
    for row in rows:
        text = every_text(row)
        kinds = counts.add((kind, text[start:end]) for kind, start, end in find(text))
        held.append(bool(kinds))
        if kinds:
            found = Marked(row.id, dict(sorted(kinds.items())))
            marked.append(((-found.total, digest(content(row), seed=0, purpose="shown"), row.id), found))
    return Scan(
        table=table,
        rows=len(rows),
        hits=Hits.of(rows, held),
        marked=tuple(found for _, found in sorted(marked, key=lambda item: item[0])),
        kinds=counts.tallies(),
        named=_named(rows, labels),
        split_words=sum(row.words is not None for row in rows),
    )


class _Counts:
    """Rows, matches and different values by kind, as rows come in."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._matches: Counter[str] = Counter()
        self._values: dict[str, set[str]] = {}

    def add(self, found: Iterable[tuple[str, str]]) -> Counter[str]:
        """Count the (kind, value) pairs of one row and return how many of each kind it has."""
        kinds: Counter[str] = Counter()
        for kind, value in found:
            kinds[kind] += 1
            # One number in two ways of writing is one value.
            self._values.setdefault(kind, set()).add(value.translate(APART).casefold())
        self._matches += kinds
        self._rows.update(kinds.keys())
        return kinds

    def tallies(self) -> dict[str, Tally]:
        ordered = sorted(self._rows, key=lambda kind: (-self._rows[kind], kind))
        return {kind: Tally(self._rows[kind], self._matches[kind], len(self._values[kind])) for kind in ordered}


def _named(rows: Sequence[Row], labels: Sequence[str]) -> Named | None:
    tagged = [row for row in rows if row.tags is not None and row.words is not None]
    if not tagged or not any(names_person(label) for label in labels):
        return None
    counts = _Counts()
    held: list[bool] = []
    for row in tagged:
        words = row.words or ()
        spans = person_words([labels[tag] for tag in row.tags or ()])
        held.append(bool(counts.add((NAME, " ".join(words[first:end])) for first, end in spans)))
    return Named(Hits.of(tagged, held), counts.tallies().get(NAME, Tally(0, 0, 0)))
