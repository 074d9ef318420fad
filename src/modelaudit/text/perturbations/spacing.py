"""Space between words that a reader does not see: doubled, non-breaking, at the end. No pre-tokenised text changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT, WORD_RATES, Tier, budget, check_level, choose_spans

_SINGLE_SPACE = re.compile(r"(?<=\S) (?=\S)")
_TRAILING = (" ", "\n", "  ", "\t", " \n")


def _chosen_spaces(document: Document, level: int, rng: np.random.Generator) -> list[Span]:
    """A level's share of the single spaces of a plain text, and at least one where there is one."""
    if document.words is not None:
        return []
    spaces = [match.span() for match in _SINGLE_SPACE.finditer(document.text)]
    return choose_spans(spaces, max(1, budget(WORD_RATES[level], len(spaces), rng)), rng)


@dataclass(frozen=True, slots=True)
class SpacingDouble:
    """Single spaces doubled, at 5, 10, 15, 25 or 40% of the gaps and at least one."""

    name: ClassVar[str] = "double spaces"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "The words stay and look the same; only the width of a gap changes."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each chosen gap."""
        check_level(self.name, level, self.levels)
        return [Edit(end, end, " ", self.name) for _, end in _chosen_spaces(document, level, rng)]


@dataclass(frozen=True, slots=True)
class SpacingNonBreaking:
    """Single spaces turned into no-break spaces (U+00A0), at 5, 10, 15, 25 or 40% of the gaps and at least one."""

    name: ClassVar[str] = "no-break spaces"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "A no-break space looks like a space; the text reads the same."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each chosen gap."""
        check_level(self.name, level, self.levels)
        return [Edit(start, end, "\u00a0", self.name) for start, end in _chosen_spaces(document, level, rng)]


@dataclass(frozen=True, slots=True)
class SpacingTrailing:
    """Whitespace behind the last word."""

    name: ClassVar[str] = "trailing whitespace"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "Nothing is changed but invisible whitespace at the end."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion at the end; none in an empty or a pre-tokenised text."""
        check_level(self.name, level, self.levels)
        if document.words is not None or not document.text:
            return []
        length = len(document.text)
        return [Edit(length, length, _TRAILING[int(rng.integers(len(_TRAILING)))], self.name)]
