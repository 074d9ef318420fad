"""Tag faults: places where the tags of a table break the scheme that the table is written in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from modelaudit.text.tags import OUTSIDE, split_tag

TagScheme = Literal["BIO", "IOB1", "BIOES", "BILOU", "plain"]

_TYPELESS = re.compile(r"\s*|[BIOESLU]?[-_]")
_LONE = frozenset("BIESLU")
_LETTERS: Mapping[TagScheme, frozenset[str]] = {
    "BIO": frozenset("BI"),
    "IOB1": frozenset("BI"),
    "BIOES": frozenset("BIES"),
    "BILOU": frozenset("BILU"),
    "plain": frozenset({""}),
}
_LAST: Mapping[TagScheme, str] = {"BIOES": "E", "BILOU": "L"}
_OPEN = frozenset("BI")
_CLEARLY = 10
"""How many times as often a table must break BIO as IOB1 to be read as IOB1."""


@dataclass(frozen=True, slots=True)
class TagFaults:
    """What a table's tags break.

    Attributes:
        scheme: that the table is written in, the one that its tags break least often. IOB1 has a B only where an entity
            stands directly behind another of its type, or no B at all.
        words: by sentence (its place in the table), the places of the words whose tags break it.
        typeless: how many tags name no type of entity.
    """

    scheme: TagScheme
    words: Mapping[int, tuple[int, ...]]
    typeless: int

    @property
    def tags(self) -> int:
        """How many tags break the scheme."""
        return sum(map(len, self.words.values()))


def tag_faults(sentences: Sequence[Sequence[str]]) -> TagFaults:
    """Return what the tags of a table's sentences break, of the schemes IOB1, BIO, BIOES, BILOU and bare types."""
    patterns = Counter(map(tuple, sentences))
    counts: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for pattern, often in patterns.items():
        for tag in pattern:
            counts[tag] += often
        for pair in pairwise((OUTSIDE, *pattern, OUTSIDE)):
            pairs[pair] += often
    untyped = typeless_among(counts)
    parsed = {tag: ("-", "") if tag in untyped else split_tag(tag) for tag in (*counts, OUTSIDE)}
    scheme = _scheme(pairs, parsed)
    broken = {pair: found for pair in pairs if any(found := _broken(scheme, pair, parsed))}
    faulty = {pattern: spots for pattern in patterns if broken and (spots := _faulty(pattern, broken))}
    words = {place: faulty[key] for place, key in enumerate(map(tuple, sentences)) if key in faulty} if faulty else {}
    return TagFaults(scheme, words, sum(counts[tag] for tag in untyped))


def _faulty(pattern: Sequence[str], broken: Mapping[tuple[str, str], tuple[bool, bool]]) -> tuple[int, ...]:
    """The places of the words of a sentence that stand in broken pairs on the broken side."""
    found: set[int] = set()
    for after, pair in enumerate(pairwise((OUTSIDE, *pattern, OUTSIDE))):
        left_open, misplaced = broken.get(pair, (False, False))
        found |= ({after - 1} if left_open else set()) | ({after} if misplaced else set())
    return tuple(sorted(found))


def typeless_among(tags: Iterable[str]) -> frozenset[str]:
    """Return the tags that name no type of entity: empty ones, `B-`, and a lone `B` where other tags name a type."""
    known = set(tags)
    lone = _LONE if any(split_tag(tag)[0] for tag in known) else frozenset()
    return frozenset(tag for tag in known if tag in lone or _TYPELESS.fullmatch(tag))


def typed(sentences: Sequence[Sequence[str]], *, known: Iterable[str] = ()) -> Sequence[Sequence[str]]:
    """Return the sentences with "O" for each tag that names no type, except those that are `known` as they are."""
    untyped = typeless_among({tag for sentence in sentences for tag in sentence}) - set(known)
    if not untyped:
        return sentences
    return [[OUTSIDE if tag in untyped else tag for tag in sentence] for sentence in sentences]


def _scheme(pairs: Counter[tuple[str, str]], parsed: Mapping[str, tuple[str, str]]) -> TagScheme:
    """The scheme that pairs of neighbours break least often; BIO where others break as often."""
    often = {
        scheme: sum(count for pair, count in pairs.items() if any(_broken(scheme, pair, parsed))) for scheme in _LETTERS
    }
    rivals: tuple[TagScheme, ...] = ("BIO", "BIOES", "BILOU", "plain")
    best = min(rivals, key=often.__getitem__)
    # An I without its B is a slip in BIO and the rule in IOB1; the two are told apart by which of them explains far
    # more, so that a few slips don't make IOB1 of BIO, nor one slip BIO of IOB1.
    return "IOB1" if best == "BIO" and often["BIO"] and _CLEARLY * often["IOB1"] <= often["BIO"] else best


def _broken(scheme: TagScheme, pair: tuple[str, str], parsed: Mapping[str, tuple[str, str]]) -> tuple[bool, bool]:
    """Whether the first of two neighbours is left open against the scheme, and whether the second can't stand there."""
    (before, kind), (after, new_kind) = (parsed[tag] for tag in pair)
    letters, last = _LETTERS[scheme], _LAST.get(scheme)
    inside = pair[0] != OUTSIDE and before in _OPEN and kind == new_kind
    if pair[1] == OUTSIDE:
        misplaced = False
    elif after not in letters:
        misplaced = True
    elif scheme == "IOB1":
        misplaced = after == "B" and not inside
    else:
        misplaced = after in {"I", last} and not inside
    goes_on = inside and pair[1] != OUTSIDE and after in {"I", last}
    return last is not None and pair[0] != OUTSIDE and before in _OPEN and not goes_on, misplaced
