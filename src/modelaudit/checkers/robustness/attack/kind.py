"""Kind: what an attack may do to a word, and why the right answer stays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from modelaudit.text import Edit, match_case, row_rng
from modelaudit.text.perturbations.base import Tier
from modelaudit.text.perturbations.homoglyphs import look_alikes
from modelaudit.text.perturbations.invisible import ZERO_WIDTH
from modelaudit.text.perturbations.typos import word_slips

MOST_FORMS = 24
"""Forms of a word that a search may try, spread evenly over the sorts of edit."""
LONGEST = 100
"""Characters of a word beyond which it is none that somebody reads."""
NEIGHBOURS = 8
"""Substitutes of a word."""

_LETTERS = re.compile("[A-Za-z]{2}|[\u4e00-\u9fff]{2}")
"""Two letters that stand side by side without joining, so that nothing between them shows."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of attack.

    Attributes:
        name: as the report calls it. version: raised whenever the same seed would give other forms.
        tier: of the label rule. rule: why the right answer stays, in one sentence.
        edits: every single edit of a word, which stands alone.
        ordered: whether the edits come with the likeliest first; else they are drawn.
        slips: whether an edit that makes another word is none of the kind.
    """

    name: str
    tier: Tier
    rule: str
    edits: Callable[[str], Iterable[Edit]]
    version: int = 1
    ordered: bool = False
    slips: bool = False

    @property
    def judged(self) -> bool:
        """Whether its numbers are judged: only where the label is kept for certain."""
        return self.tier in ("L0", "L1", "L2")


@dataclass(slots=True)
class Forms:
    """What each word may become under one kind, made once a word and the same wherever it stands.

    `taken` are words in lower case that stand for themselves: a slip that makes one of them ("said", "sad") is no slip
    to a reader, and may change what is said.
    """

    kind: Kind
    seed: int
    taken: frozenset[str] = frozenset()
    _made: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, word: str) -> tuple[str, ...]:
        """Return at most `MOST_FORMS` forms of a word: one of each sort of edit, then the second of each, and so on."""
        made = self._made.get(word)
        if made is None:
            made = self._made[word] = self._chosen(word) if len(word) <= LONGEST else ()
        return made

    def _chosen(self, word: str) -> tuple[str, ...]:
        sorts: dict[str, list[Edit]] = {}
        for edit in self.kind.edits(word):
            sorts.setdefault(edit.kind, []).append(edit)
        if not self.kind.ordered and sorts:
            rng = row_rng(self.seed, self.kind.name, self.kind.version, 0, word)
            sorts = {sort: [edits[i] for i in rng.permutation(len(edits))] for sort, edits in sorts.items()}
        longest = max(map(len, sorts.values()), default=0)
        turns = (edits[turn] for turn in range(longest) for edits in sorts.values() if turn < len(edits))
        forms = dict.fromkeys(word[: edit.start] + edit.text + word[edit.end :] for edit in turns)
        return tuple(form for form in forms if form != word and form.lower() not in self.taken)[:MOST_FORMS]


def _slips(word: str) -> list[Edit]:
    return word_slips(word, (0, len(word)))


def _disguises(word: str) -> list[Edit]:
    letters = [
        Edit(place, place + 1, other, "look-alike")
        for place, letter in enumerate(word)
        for other in look_alikes().get(letter, ())
        # Faces set marks of another script at other heights.
        if not unicodedata.combining(word[place + 1 : place + 2] or " ")
    ]
    gaps = [place for place in range(1, len(word)) if _LETTERS.match(word, place - 1)]
    return letters + [Edit(place, place, mark, "zero-width") for place in gaps[::3] for mark in ZERO_WIDTH]


def substitution(table: Mapping[str, Iterable[str]]) -> Kind:
    """Return the kind that puts another word in a word's place, from a table of each word's substitutes."""

    def swaps(word: str) -> list[Edit]:
        return [Edit(0, len(word), match_case(word, other), "substitute") for other in table.get(word, ())]

    return Kind(
        "word substitutes",
        "L3",
        "A word that the model takes for a neighbour stands in the place of another; the meaning may well change.",
        swaps,
        ordered=True,
    )


CHARACTERS = Kind(
    "character edits", "L1", "A typing slip inside a word; a reader still recognises every word.", _slips, slips=True
)
INVISIBLE = Kind(
    "invisible edits", "L0", "Letters that look alike, and marks without a width; a reader sees no change.", _disguises
)
