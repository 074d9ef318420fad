"""Typing slips inside words: two letters swapped, a neighbouring key, a letter lost, a letter doubled."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import (
    TEXT_AND_TOKENS,
    WORD_RATES,
    Tier,
    budget,
    check_level,
    choose_spans,
    editable_words,
)
from modelaudit.text.words import word_spans

Operation = Literal["swap", "keyboard", "delete", "insert"]
OPERATIONS: tuple[Operation, ...] = ("swap", "keyboard", "delete", "insert")

MIN_LETTERS = 4
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Typos:
    """Typing slips at a word rate of 5, 10, 15, 25 or 40%, one in a word up to level 4 and up to two at level 5.

    Words shorter than four letters are left alone, and so are a word's first and last letter (Pruthi et al. 2019),
    numerals, addresses and negations. The rate counts all words of the text, so that short texts often stay as they are
    at low levels: that is the budget, not robustness. With at most one slip in a word of four letters and more, the
    edit distance stays under a quarter of the text up to level 4.
    """

    operations: tuple[Operation, ...] = OPERATIONS

    version: ClassVar[int] = 1
    family: ClassVar[str] = "typing errors"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "A reader still recognises every word, whose first and last letter stay."

    @property
    def name(self) -> str:
        """ "typos" for all operations, "typos: swap" and so on for some."""
        return "typos" if self.operations == OPERATIONS else f"typos: {', '.join(self.operations)}"

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each slip; a word gets its slips at places that do not touch."""
        check_level(self.name, level, self.levels)
        words = [word for word in editable_words(document) if _is_latin_word(document.text, word)]
        n = min(budget(WORD_RATES[level], len(word_spans(document.text)), rng), len(words))
        slips = 2 if level == max(self.levels) else 1
        edits: list[Edit] = []
        for word in choose_spans(words, n, rng):
            edits += self._slip(document.text, word, slips, rng)
        return edits

    def _slip(self, text: str, word: Span, slips: int, rng: np.random.Generator) -> list[Edit]:
        made: list[Edit] = []
        for _ in range(slips if slips == 1 else int(rng.integers(1, slips + 1))):
            for index in rng.permutation(len(self.operations)):
                options = [
                    edit
                    for edit in _MAKERS[self.operations[index]](text, word)
                    if all(edit.end < other.start or other.end < edit.start for other in made)
                ]
                if options:
                    made.append(options[int(rng.integers(len(options)))])
                    break
        return sorted(made, key=lambda edit: edit.start)


def _inner(word: Span) -> range:
    return range(word[0] + 1, word[1] - 1)


def _swaps(text: str, word: Span) -> list[Edit]:
    return [
        Edit(i, i + 2, text[i + 1] + text[i], "typo_swap")
        for i in range(word[0] + 1, word[1] - 2)
        if text[i].lower() != text[i + 1].lower()
    ]


def _keyboard(text: str, word: Span) -> list[Edit]:
    return [
        Edit(i, i + 1, key.upper() if text[i].isupper() else key, "typo_keyboard")
        for i in _inner(word)
        for key in _NEIGHBOURS.get(text[i].lower(), "")
    ]


def _deletions(text: str, word: Span) -> list[Edit]:
    return [Edit(i, i + 1, "", "typo_delete") for i in _inner(word)]


def _insertions(text: str, word: Span) -> list[Edit]:
    return [Edit(i, i, text[i], "typo_insert") for i in _inner(word)]


def _is_latin_word(text: str, word: Span) -> bool:
    """Precomposed Latin letters only: a slip must not tear a mark from its letter, or cut a compound at its hyphen."""
    letters = text[word[0] : word[1]]
    return len(letters) >= MIN_LETTERS and all(
        character.isalpha() and (character.isascii() or unicodedata.name(character, "").startswith("LATIN"))
        for character in letters
    )


def _neighbours() -> dict[str, str]:
    """Keys beside, above and below each letter on a QWERTY keyboard, whose rows are shifted by half a key."""
    near: dict[str, str] = {}
    for row, keys in enumerate(_ROWS):
        for column, key in enumerate(keys):
            beside = keys[max(column - 1, 0) : column] + keys[column + 1 : column + 2]
            above = _ROWS[row - 1][column : column + 2] if row else ""
            below = _ROWS[row + 1][max(column - 1, 0) : column + 1] if row + 1 < len(_ROWS) else ""
            near[key] = beside + above + below
    return near


_NEIGHBOURS = _neighbours()
_MAKERS: dict[Operation, Callable[[str, Span], list[Edit]]] = {
    "swap": _swaps,
    "keyboard": _keyboard,
    "delete": _deletions,
    "insert": _insertions,
}
