"""Letters of another script that look the same, one code point for one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.places import LETTER_LEVELS, places_in_words


@dataclass(frozen=True, slots=True)
class Homoglyphs:
    """Latin, Greek and Cyrillic letters in place of one another: 1, 2, 3 or 5 of them, or one for ten letters.

    Only letters whose upright pictures are the same in common serif, sans-serif and fixed-width faces
    (``homoglyphs.tsv`` says which faces and how measured); in italics some of them differ. Mathematical alphabets,
    which a reader sees, are not among them. Numerals and addresses are left alone.
    """

    name: ClassVar[str] = "homoglyphs"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "invisible characters"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = LETTER_LEVELS
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "In upright type every letter looks as before; it only comes from another script."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement of one letter for each place."""
        check_level(self.name, level, self.levels)
        text = document.text
        alike = look_alikes()
        places = places_in_words(document, level=level, rng=rng, fits=_has_look_alike)
        kinds = rng.random(len(places)).tolist()
        return [
            Edit(place, place + 1, alike[text[place]][int(kind * len(alike[text[place]]))], self.name)
            for place, kind in zip(places, kinds, strict=True)
        ]


@cache
def look_alikes() -> dict[str, tuple[str, ...]]:
    """For each letter that has some, the letters of other scripts that look the same."""
    alike: dict[str, tuple[str, ...]] = {}
    for *scripts, _ in read_lexicon("homoglyphs"):
        letters = [[] if cell == "-" else cell.split() for cell in scripts]
        for number, own in enumerate(letters):
            others = tuple(letter for other, cell in enumerate(letters) if other != number for letter in cell)
            alike |= dict.fromkeys(own, others)
    return alike


def _has_look_alike(text: str, word: Span, place: int) -> bool:
    """A letter with a mark behind it is left alone: faces set marks of other scripts at other heights."""
    behind = text[place + 1 : place + 2]
    return text[place] in look_alikes() and not (behind and unicodedata.category(behind).startswith("M"))
