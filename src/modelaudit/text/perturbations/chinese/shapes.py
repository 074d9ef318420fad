"""Characters that look alike, as they are misread, miswritten or misrecognised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, exchanged
from modelaudit.text.perturbations.chinese.protected import left_alone, never_put_in


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Characters replaced by another of nearly the same shape (己 已, 晴 睛), as many as `SoundAlikes` replaces.

    Negations, numerals and addresses stay, no two neighbours change, and at most one character in four does.
    """

    name: ClassVar[str] = "look-alike characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "look-alike characters"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "A reader takes the character for the one it looks like; the other characters stay."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen character."""
        check_level(self.name, level, self.levels)
        return exchanged(document, look_alikes(), level=level, kind=self.name, rng=rng)


@cache
def look_alikes() -> dict[str, str]:
    """The candidates of each editable character, as one string."""
    alike: dict[str, list[str]] = {}
    for (group,) in read_lexicon("zh_lookalikes"):
        for character in group.split():
            others = [other for other in group.split() if other != character and other not in never_put_in()]
            if character not in left_alone():
                alike.setdefault(character, []).extend(others)
    return {character: "".join(dict.fromkeys(others)) for character, others in alike.items() if others}
