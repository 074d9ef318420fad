"""American spellings made British, and British ones American."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.sites import reworded, taken
from modelaudit.text.pronouns import Tokens


@dataclass(frozen=True, slots=True)
class Spelling:
    """Words in the other country's spelling, at 5, 10, 15, 25 or 40% of the words and at least one."""

    name: ClassVar[str] = "American and British spelling"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The words are the same; only the country whose dictionary spells them is another."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word."""
        check_level(self.name, level, self.levels)
        found = reworded(document, _other_spellings(), "spelling")
        return taken(found, len(Tokens.of(document.text).spans), level, rng)


@cache
def _other_spellings() -> dict[str, str]:
    pairs = [(us, uk) for us, uk in read_lexicon("us_uk_spelling")]
    return dict(pairs) | {uk: us for us, uk in pairs}
