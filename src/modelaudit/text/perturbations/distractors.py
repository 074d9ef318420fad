"""Sentences that have nothing to do with the text, put beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.additions import behind_sentence, in_front, neutral_sentences, written_like
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level

SENTENCES = {1: 1, 3: 2, 5: 3}
"""Sentences by level. Two outweigh a short text, so one is the mild form that is judged, and there is no level 2."""


@dataclass(frozen=True, slots=True)
class Distractor:
    """One, two or three sentences about nothing, of a list of our own, in front of the text or behind it (drawn).

    They name nobody and nothing that an entity could be, hold no opinion, no number and no time.
    """

    name: ClassVar[str] = "distractor sentences"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "irrelevant text"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = tuple(SENTENCES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "The text stays whole; the sentences beside it say nothing that an answer could rest on."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion; none in a text without words."""
        check_level(self.name, level, self.levels)
        added = written_like(document, neutral_sentences(SENTENCES[level], rng))
        place = in_front if rng.random() < 0.5 else behind_sentence
        return place(document, added, self.name)
