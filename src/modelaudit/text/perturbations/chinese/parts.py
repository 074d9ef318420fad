"""Characters taken apart: 好 written as 女子, as writers do who evade a filter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT, Tier, check_level
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, exchanged
from modelaudit.text.perturbations.chinese.protected import left_alone


@dataclass(frozen=True, slots=True)
class SplitCharacters:
    """Characters written as their left and right part, as many as `SoundAlikes` replaces: a stress test.

    Readers of forums know the habit, but the parts are words of their own (明 as 日月), so that no verdict rests on it.
    """

    name: ClassVar[str] = "split characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "disguised characters"
    tier: ClassVar[Tier] = "L3"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT
    label_rule: ClassVar[str] = "Side by side the parts look like the character, and a reader puts them together."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen character; none in pre-tokenised text."""
        check_level(self.name, level, self.levels)
        if document.words is not None:
            return []
        return exchanged(document, _parts(), level=level, kind=self.name, rng=rng)


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    return {
        character: (parts,) for character, parts in read_lexicon("zh_split_characters") if character not in left_alone()
    }
