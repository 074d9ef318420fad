"""More text in front, or less at the end: what a model makes of the place and the length of what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.additions import in_front, neutral_sentences, written_like
from modelaudit.text.perturbations.base import TEXT, TEXT_AND_TOKENS, WORD_RATES, Tier, budget, check_level
from modelaudit.text.words import word_spans

SENTENCES = {1: 2, 2: 4, 3: 8, 4: 16, 5: 32}
"""Sentences in front, by level; one has about ten words."""


@dataclass(frozen=True, slots=True)
class LengthPad:
    """2, 4, 8, 16 or 32 neutral sentences in front, so that the text moves back, and at last out of what is read.

    Where a model cuts its input, a changed answer means that it no longer reads the text: a limit of its length.
    """

    name: ClassVar[str] = "neutral text in front"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "irrelevant text"
    tier: ClassVar[Tier] = "L3"
    levels: ClassVar[tuple[int, ...]] = tuple(SENTENCES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "The text stays whole and begins later; but four sentences about nothing outweigh a short text."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion; none in a text without words."""
        check_level(self.name, level, self.levels)
        added = written_like(document, neutral_sentences(SENTENCES[level], rng))
        return in_front(document, added, self.name)


@dataclass(frozen=True, slots=True)
class Truncation:
    """The last 5, 10, 15, 25 or 40% of the words dropped: at least one, and never all; plain text only."""

    name: ClassVar[str] = "end of the text dropped"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "shortened text"
    tier: ClassVar[Tier] = "L3"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "Most of the text stays, and what a text is about is mostly said before its end."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One deletion, from behind the last word that stays to the end."""
        check_level(self.name, level, self.levels)
        words = word_spans(document.text)
        if document.words is not None or len(words) < 2:
            return []
        dropped = max(1, budget(WORD_RATES[level], len(words), rng))
        return [Edit(words[-dropped - 1][1], len(document.text), "", self.name)]
