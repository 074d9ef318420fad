"""Characters that sound alike, as a pinyin input method offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, exchanged
from modelaudit.text.perturbations.chinese.readings import near_syllable, same_syllable, same_tone

Likeness = Literal["same tone", "any tone", "near sound"]

_TABLES: Mapping[Likeness, Callable[[], dict[str, str]]] = {
    "same tone": same_tone,
    "any tone": same_syllable,
    "near sound": near_syllable,
}


@dataclass(frozen=True, slots=True)
class SoundAlikes:
    """Characters replaced by another that sounds like them: 1, 2, 3, 4, 5 or 0, 0, 5, 10, 20% of the Han characters.

    ``likeness`` is "same tone" (园 圆), "any tone" (元 远) or "near sound" (one of the sounds that many speakers do not
    tell apart: 诗 丝, 来 奶). Negations, numerals and addresses stay, no two neighbours change, and at most one
    character in four does.
    """

    likeness: Likeness = "same tone"

    version: ClassVar[int] = 1
    family: ClassVar[str] = "sound-alike characters"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "Read aloud the text is the same or nearly so; wrong characters are common in typed Chinese."
    )

    @property
    def name(self) -> str:
        """ "sound-alike characters: same tone" and so on."""
        return f"sound-alike characters: {self.likeness}"

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen character."""
        check_level(self.name, level, self.levels)
        return exchanged(document, _TABLES[self.likeness](), level=level, kind=self.name, rng=rng)
