"""Spaces between Chinese characters, as scans, copied tables and evasive writers leave them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT, Tier, check_level, choose_spans
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, amount, han_positions


@dataclass(frozen=True, slots=True)
class SpacedCharacters:
    """A space between two neighbouring Han characters, at 1, 2, 3, 4, 5 or 0, 0, 5, 10, 20% of such places.

    Many tokenizers for Chinese set each character apart anyway: then nothing changes for the model. No pre-tokenised
    text changes.
    """

    name: ClassVar[str] = "spaces between characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "spacing"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = (
        "All characters stay in their order; written Chinese has no spaces that could mean anything."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each chosen place."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        gaps = [(after, after) for before, after in pairwise(han_positions(document)) if after == before + 1]
        return [Edit(start, end, " ", self.name) for start, end in choose_spans(gaps, amount(level, len(gaps)), rng)]
