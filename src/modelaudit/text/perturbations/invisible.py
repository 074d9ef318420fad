"""Characters that a reader does not see: of no width, of reversed order, deleted again."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.perturbations.places import LETTER_LEVELS, places_in_words

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
DELETION = "\u0008"

# Letters that stand side by side without joining, from left to right. Elsewhere (Arabic, Indic scripts) a joiner
# changes the form of its neighbours, and a block of another direction tears them apart.
_ALPHABETS = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿͰ-Ͽἀ-῿Ѐ-ҁҊ-ԯ"
_EAST_ASIAN = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_LETTER_PAIR = re.compile(f"[{_ALPHABETS}]{{2}}")
_EAST_ASIAN_PAIR = re.compile(f"[{_EAST_ASIAN}]{{2}}")

# Boucher et al. 2022 ("Bad Characters"), the swap of two characters: override left to right, isolate, override right to
# left, then each character in an isolate of its own. Shown from right to left, the second comes first.
_LRO, _RLO, _PDF, _LRI, _PDI = "\u202d", "\u202e", "\u202c", "\u2066", "\u2069"
_BLOCK = f"{_LRO}{_LRI}{_RLO}{_LRI}{{first}}{_PDI}{_LRI}{{second}}{_PDI}{_PDF}{_PDI}{_PDF}"


@dataclass(frozen=True, slots=True)
class ZeroWidth:
    """Characters of no width between letters: 1, 2, 3 or 5 of them, or at level 5 one for ten letters.

    Zero-width space, non-joiner and joiner, word joiner, byte order mark, and soft hyphen, which shows at most where a
    line is broken there (not between East Asian letters). Numerals and addresses are left alone.
    """

    name: ClassVar[str] = "zero-width characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "invisible characters"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = LETTER_LEVELS
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "Without the added characters, which have no width, the text is the same."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion between two letters for each place."""
        check_level(self.name, level, self.levels)
        text = document.text
        places = places_in_words(document, level=level, rng=rng, fits=_is_pair)
        kinds = rng.random(len(places)).tolist()
        edits = []
        for place, kind in zip(places, kinds, strict=True):
            known = ZERO_WIDTH if _LETTER_PAIR.match(text, place) else ZERO_WIDTH.rstrip("\u00ad")
            edits.append(Edit(place + 1, place + 1, known[int(kind * len(known))], self.name))
        return edits


@dataclass(frozen=True, slots=True)
class ReversedOrder:
    """Neighbouring letters swapped in the file and put right again by bidirectional controls (Boucher et al. 2022).

    1, 2, 3 or 5 pairs, or at level 5 one for ten letters. Numerals and addresses are left alone.
    """

    name: ClassVar[str] = "reversed order"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "invisible characters"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = LETTER_LEVELS
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "Where bidirectional text is shown as Unicode prescribes, each pair stands in its old order and looks the same."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement of two different neighbouring letters for each place."""
        check_level(self.name, level, self.levels)
        text = document.text
        return [
            Edit(place, place + 2, _BLOCK.format(first=text[place + 1], second=text[place]), self.name)
            for place in places_in_words(document, level=level, rng=rng, fits=_is_unequal_pair, width=2)
        ]


@dataclass(frozen=True, slots=True)
class DeletionCharacters:
    """A letter and a backspace (U+0008) that deletes it again: 1, 2, 3 or 5 times, or once for ten letters.

    Numerals and addresses are left alone. A tokenizer that drops the backspace leaves the added letter.
    """

    name: ClassVar[str] = "deletion characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "invisible characters"
    tier: ClassVar[Tier] = "L3"
    levels: ClassVar[tuple[int, ...]] = LETTER_LEVELS
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "Rendering-dependent: a terminal carries out the backspace and shows the same text; "
        "a browser or an editor shows the added letter."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion of two characters between two letters for each place."""
        check_level(self.name, level, self.levels)
        places = places_in_words(document, level=level, rng=rng, fits=_is_pair)
        letters = rng.integers(ord("a"), ord("z") + 1, size=len(places)).tolist()
        return [
            Edit(place + 1, place + 1, chr(letter) + DELETION, self.name)
            for place, letter in zip(places, letters, strict=True)
        ]


def _is_pair(text: str, word: Span, place: int) -> bool:
    return (_LETTER_PAIR.match(text, place, word[1]) or _EAST_ASIAN_PAIR.match(text, place, word[1])) is not None


def _is_unequal_pair(text: str, word: Span, place: int) -> bool:
    """Two different letters, the second without a mark: inside the block it would lose the mark behind it."""
    behind = text[place + 2 : place + 3]
    return (
        _is_pair(text, word, place)
        and text[place] != text[place + 1]
        and not (behind and unicodedata.category(behind).startswith("M"))
    )
