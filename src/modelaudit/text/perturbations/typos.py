"""Typing slips inside words: two letters swapped, a neighbouring key, a letter lost, a letter added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.places import Maker, Slip, can_slip, edits_in_words

Operation = Literal["swap", "keyboard", "delete", "insert"]
OPERATIONS: tuple[Operation, ...] = ("swap", "keyboard", "delete", "insert")

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NAMES: dict[Operation, str] = {
    "swap": "letters swapped",
    "keyboard": "neighbouring keys",
    "delete": "letters lost",
    "insert": "letters added",
}


@dataclass(frozen=True, slots=True)
class Typos:
    """Typing slips at a word rate of 5, 10, 15, 25 or 40%, one in a word up to level 4 and up to two at level 5.

    Words shorter than four letters are left alone, and so are a word's first and last letter (Pruthi et al. 2019),
    numerals, addresses and negations. The rate counts all words of the text, so that short texts often stay as they are
    at low levels: that is the budget, not robustness. With at most one slip in a word of four letters and more, the
    edit distance (a swap counted as one) is at most a quarter of the text up to level 4. Now and then a slip makes
    another word ("friend", "fiend"), which a reader tells from the sentence, as in real typing.
    """

    operations: tuple[Operation, ...] = OPERATIONS

    version: ClassVar[int] = 2
    family: ClassVar[str] = "typing errors"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "A reader still recognises every word, whose first and last letter stay."

    @property
    def name(self) -> str:
        """ "typos" for all operations, "letters swapped" and so on for some."""
        if self.operations == OPERATIONS:
            return "typos"
        return ", ".join(_NAMES[operation] for operation in self.operations)

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each slip; a word gets its slips at places that do not touch."""
        check_level(self.name, level, self.levels)
        makers = [_MAKERS[operation] for operation in self.operations]
        return edits_in_words(document, level=level, rng=rng, makers=makers, kind=self.name)


def word_slips(text: str, word: Span) -> list[Edit]:
    """Every single slip of one word, in a fixed order: swaps, neighbouring keys, losses, additions, each left to right.

    No two of them give the same text, and none gives the text back. Empty for a word that has to stay
    (`places.can_slip`). Whether the word stands in an address is not seen from it: take the words
    from `base.editable_words`.
    """
    if not can_slip(text, word):
        return []
    return [Edit(*slip, _NAMES[operation]) for operation in OPERATIONS for slip in _MAKERS[operation](text, word)]


def _inner(word: Span) -> range:
    return range(word[0] + 1, word[1] - 1)


def _swaps(text: str, word: Span) -> list[Slip]:
    return [
        (i, i + 2, text[i + 1] + text[i])
        for i in range(word[0] + 1, word[1] - 2)
        if text[i].lower() != text[i + 1].lower()
    ]


def _keyboard(text: str, word: Span) -> list[Slip]:
    return [(i, i + 1, key) for i in _inner(word) for key in _KEYS.get(text[i], ())]


def _deletions(text: str, word: Span) -> list[Slip]:
    """The first of two equal letters stands for both, here and below: losing the other gives the same word."""
    return [(i, i + 1, "") for i in _inner(word) if i == word[0] + 1 or text[i] != text[i - 1]]


def _insertions(text: str, word: Span) -> list[Slip]:
    """The key struck twice, or together with a neighbour, which comes behind the letter that was meant."""
    return [
        (i + 1, i + 1, key) for i in _inner(word) for key in (text[i], *_KEYS.get(text[i], ())) if key != text[i + 1]
    ]


def _neighbours() -> dict[str, tuple[str, ...]]:
    """Keys beside, above and below each letter on a QWERTY keyboard, whose rows are shifted by half a key."""
    near: dict[str, tuple[str, ...]] = {}
    for row, keys in enumerate(_ROWS):
        for column, key in enumerate(keys):
            beside = keys[max(column - 1, 0) : column] + keys[column + 1 : column + 2]
            above = _ROWS[row - 1][column : column + 2] if row else ""
            below = _ROWS[row + 1][max(column - 1, 0) : column + 1] if row + 1 < len(_ROWS) else ""
            near[key] = tuple(beside + above + below)
            near[key.upper()] = tuple((beside + above + below).upper())
    return near


_KEYS = _neighbours()
_MAKERS: dict[Operation, Maker] = {
    "swap": _swaps,
    "keyboard": _keyboard,
    "delete": _deletions,
    "insert": _insertions,
}
