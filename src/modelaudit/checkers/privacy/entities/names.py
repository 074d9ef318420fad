"""Names of persons in training and in held-out rows: which were seen in training only, and which never."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from modelaudit.checkers.privacy.folds import digest, unit
from modelaudit.rows import Row
from modelaudit.text.tags import entity_spans, type_of

PERSON_TYPES = frozenset({"per", "pers", "person", "persname", "name", "patient", "doctor"})
"""Types that name a person in common label sets, casefolded."""
LONGEST_NAME = 4
"""Words; longer entities are mostly titles and lists."""
LONGEST_WORD = 40
"""Characters."""
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is mostly written, and in how many units (documents, or rows of different content) it stands.

    `key` are its words without regard to case: by it names are told apart.
    """

    words: tuple[str, ...]
    key: Key
    seen: int

    @property
    def content(self) -> tuple[int, ...]:
        """The places of the words that tell one name from another: no particles, initials, suffixes, punctuation."""
        return tuple(place for place, word in enumerate(self.words) if _tells(word, self.words))

    @property
    def parts(self) -> frozenset[str]:
        """The words that it can share with other names, casefolded."""
        return frozenset(self.key[place] for place in self.content)


@dataclass(slots=True)
class Corpus:
    """The words of a table, to be asked where a sequence of words stands in it."""

    rows: list[Key] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    _places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Corpus:
        """Return the corpus of rows of words."""
        made = cls()
        for row in rows:
            key = folded(row.words or ())
            for word in key:
                made._places[word].add(len(made.rows))
            made.rows.append(key)
            made.units.append(unit(row))
        return made

    def units_of(self, key: Key) -> frozenset[str]:
        """Return the units in which the words stand side by side, tagged or not."""
        held = [self._places.get(word, set()) for word in key]
        rows = set.intersection(*sorted(held, key=len)) if held else set()
        if len(key) > 1:
            rows = {row for row in rows if _stands(key, self.rows[row])}
        return frozenset(self.units[row] for row in rows)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the training rows that no held-out row holds, and the other way round, in drawn order.

    `left_out` counts by reason the names that are in neither list.
    """

    exposed: list[Name]
    fresh: list[Name]
    left_out: dict[str, int]


def types_among(labels: Sequence[str], wanted: str | None) -> frozenset[str]:
    """Return the entity types of the model that are asked for: the option's, or else all that name persons."""
    types = {kind for label in labels if (kind := type_of(label)) is not None}
    accepted = PERSON_TYPES if wanted is None else {wanted.casefold()}
    return frozenset(kind for kind in types if kind.casefold() in accepted)


def names_of(
    members: Sequence[Row],
    heldout: Sequence[Row],
    inside: Corpus,
    outside: Corpus,
    *,
    labels: Sequence[str],
    types: Collection[str],
    seed: int,
) -> Names:
    """Return the names found at gold entities of the given types; a name counts as seen wherever its words stand."""
    unreadable: set[Key] = set()
    common: set[Key] = set()
    sides = []
    for rows, own, other in ((members, inside, outside), (heldout, outside, inside)):
        kept = []
        for key, words in _surfaces(rows, labels, types).items():
            name = Name(words, key, len(own.units_of(key)))
            if not _readable(name):
                unreadable.add(key)
            elif other.units_of(key):
                common.add(key)
            else:
                kept.append(name)
        sides.append(sorted(kept, key=lambda name: digest("\x1f".join(name.key), seed=seed, purpose="names")))
    reasons = {"in training and in held-out rows": len(common), "too long, or without a telling word": len(unreadable)}
    return Names(sides[0], sides[1], {reason: count for reason, count in reasons.items() if count})


def folded(words: Iterable[str]) -> Key:
    """Return the words without regard to case."""
    return tuple(word.casefold() for word in words)


def spans_in(row: Row, labels: Sequence[str], types: Collection[str]) -> list[tuple[int, int]]:
    """Return where a tagged row names an entity of the types."""
    if row.tags is None or row.words is None:
        return []
    return [(start, end) for start, end, kind in entity_spans([labels[tag] for tag in row.tags]) if kind in types]


def _surfaces(rows: Iterable[Row], labels: Sequence[str], types: Collection[str]) -> dict[Key, tuple[str, ...]]:
    """Return each name by its key, in the form in which it is mostly written."""
    forms: dict[Key, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in rows:
        for start, end in spans_in(row, labels, types):
            words = (row.words or ())[start:end]
            forms[folded(words)][words] += 1
    return {key: min(found, key=lambda form: (-found[form], form)) for key, found in forms.items()}


def _readable(name: Name) -> bool:
    fits = len(name.words) <= LONGEST_NAME and all(len(word) <= LONGEST_WORD for word in name.words)
    return fits and bool(name.content)


def _stands(key: Key, row: Key) -> bool:
    return any(row[start : start + len(key)] == key for start in range(len(row) - len(key) + 1))


def _tells(word: str, words: Sequence[str]) -> bool:
    bare = word.strip(".,")
    if not any(character.isalpha() for character in bare) or bare.casefold() in SUFFIXES:
        return False
    if len(bare) == 1 and bare.lower() != bare.upper():
        return False
    # "van" in "Ludwig van Beethoven"; where a whole name is in lower case, nothing can be told from that.
    return not (word.islower() and any(other.lower() != other for other in words))
