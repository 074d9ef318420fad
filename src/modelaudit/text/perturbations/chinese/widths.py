"""Digits and marks in their full and in their half width; `FullWidthForms` has the letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.words import outside, protected_spans

# A full-width form lies this far behind its ASCII character.
_OFFSET = 0xFEE0
_FULL = re.compile("[\uff01-\uff20\uff3b-\uff40\uff5b-\uff5e]")
_HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
_MARK = "[,!?:;()]"
# Runs of marks only beside a Han character: those within figures, English and code belong there.
_HALF = re.compile(rf"[0-9]|(?<={_HAN}){_MARK}+|(?<!{_MARK}){_MARK}+(?={_HAN})")


@dataclass(frozen=True, slots=True)
class HalfWidthMarks:
    """Every full-width mark and digit (，！？：；（）１) in half width; addresses stay, and so does 。"""

    name: ClassVar[str] = "half-width digits and marks"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "character widths"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same characters in another width; compatibility normalisation (NFKC) undoes it."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each full-width digit and mark."""
        check_level(self.name, level, self.levels)
        return _moved(document, _FULL, -_OFFSET, self.name)


@dataclass(frozen=True, slots=True)
class FullWidthMarks:
    """Every ASCII digit, and runs of marks beside a Han character (,!?:;()), in full width; addresses stay."""

    name: ClassVar[str] = "full-width digits and marks"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "character widths"
    tier: ClassVar[Tier] = "L0"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same characters in another width; compatibility normalisation (NFKC) undoes it."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each digit and mark."""
        check_level(self.name, level, self.levels)
        return _moved(document, _HALF, _OFFSET, self.name)


def _moved(document: Document, pattern: re.Pattern[str], offset: int, kind: str) -> list[Edit]:
    text = document.text
    spans = [(place, place + 1) for match in pattern.finditer(text) for place in range(*match.span())]
    return [
        Edit(start, end, chr(ord(text[start]) + offset), kind)
        for start, end in outside(spans, protected_spans(text))
        if document.within_word(start, end)
    ]
