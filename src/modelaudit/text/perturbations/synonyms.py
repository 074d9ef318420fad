"""Words exchanged for another that says the same in every common sense: "sofa" for "couch"."""

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
class SafeSynonyms:
    """Synonyms of a short list kept by hand, at 5, 10, 15, 25 or 40% of the words and at least one.

    A word is on the list only where its synonym fits in grammar, register and force of opinion, so that few words are
    changed and hardly a meaning (thesauri and embedding neighbours change many: Morris et al. 2020).
    """

    name: ClassVar[str] = "close synonyms"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "Each new word says the same as the one that it replaces, in every common sense of that."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word."""
        check_level(self.name, level, self.levels)
        found = reworded(document, _synonyms(), "synonym")
        return taken(found, len(Tokens.of(document.text).spans), level, rng)


@cache
def _synonyms() -> dict[str, str]:
    rows = read_lexicon("safe_synonyms")
    return {word: new for word, new, _ in rows} | {new: word for word, new, direction in rows if direction == "both"}
