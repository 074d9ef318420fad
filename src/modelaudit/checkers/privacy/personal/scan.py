"""The scan: which rows of a table hold personal data, of which kinds; ids and counts, and none of the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelaudit.checkers.privacy.folds import digest
from modelaudit.checkers.privacy.record import content, every_text
from modelaudit.rows import Row
from modelaudit.text.personal_data import find_personal_data, person_words
from modelaudit.text.personal_data.named import names_person

Found = tuple[str, int, int]
"""Kind, start and end of a match."""
Find = Callable[[str], Iterable[Found]]
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


@dataclass(frozen=True, slots=True)
class Named:
    """Rows with tags of words, and the names of persons that these mark."""

    rows: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Scan:
    """What the rows of one table hold.

    Attributes:
        table: the table in words. rows: how many were looked at.
        marked: the rows with personal data, those with most first, then in an order that content decides.
        kinds: by kind, the commonest first.
        named: None where no label stands for a person or no row has tags.
        split_words: rows that came as words, whose details may be cut up.
        groups: documents or persons that the rows belong to, or contexts that several questions share.
    """

    table: str
    rows: int
    marked: tuple[Marked, ...]
    kinds: Mapping[str, Tally]
    named: Named | None
    split_words: int
    groups: int


def built_in(text: str) -> list[Found]:
    """Return what the detectors of the text room find."""
    return [(match.kind, match.start, match.end) for match in find_personal_data(text)]


def scan(table: str, rows: Sequence[Row], find: Find, *, labels: Sequence[str]) -> Scan:
    """Search the rows of one table, each by itself."""
    counts = _Counts()
    marked: list[tuple[tuple[int, bytes, str], Marked]] = []
    for row in rows:
        text = every_text(row)
        kinds = counts.add((kind, text[start:end]) for kind, start, end in find(text))
        if kinds:
            found = Marked(row.id, dict(sorted(kinds.items())))
            marked.append(((-found.total, digest(content(row), seed=0, purpose="shown"), row.id), found))
    return Scan(
        table=table,
        rows=len(rows),
        marked=tuple(found for _, found in sorted(marked, key=lambda item: item[0])),
        kinds=counts.tallies(),
        named=_named(rows, labels),
        split_words=sum(row.words is not None for row in rows),
        groups=_documents(rows),
    )


def _documents(rows: Sequence[Row]) -> int:
    """Return how many documents, persons or contexts of questions the rows come from; 0 where they share none."""
    grouped = {("group", row.group) for row in rows if row.group is not None}
    if grouped:
        return len(grouped)
    contexts = {row.text for row in rows if row.answers is not None}
    return len(contexts) if len(contexts) < sum(row.answers is not None for row in rows) else 0


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
    for row in tagged:
        words = row.words or ()
        spans = person_words([labels[tag] for tag in row.tags or ()])
        counts.add((NAME, " ".join(words[first:end])) for first, end in spans)
    return Named(len(tagged), counts.tallies().get(NAME, Tally(0, 0, 0)))
