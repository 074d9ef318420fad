"""Numbers exchanged for others of the same shape, which no type of entity depends on."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.perturbations.base import TOKENS, Tier, check_level, choose_spans
from modelaudit.text.perturbations.entities import entity_class
from modelaudit.text.perturbations.sites import areas, keeps_words_whole, month_names
from modelaudit.text.pronouns import Tokens
from modelaudit.text.words import outside, protected_spans

# A number that stands alone: digits, in groups of three or not, with decimals or not. What hangs on letters, hyphens,
# slashes or colons is an id, a range, a date, a score or a time.
_NUMBER = re.compile(
    r"(?<![^\s(\"'“‘$€£¥])(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}|[1-9][0-9]{0,5}|0(?=\.[0-9]))(?:\.[0-9]{1,4})?"
    r"(?=[)\"'”’%.,;!?]{0,3}(?:\s|$))"
)
_YEARS = range(1000, 2200)
_JOINTS = frozenset({"/", ":", "-", "–", "."})
_SHARE = frozenset({"%", "percent", "pct"})


@dataclass(frozen=True, slots=True)
class NumberSwap:
    """One number (level 1) or all (level 2) exchanged for others with as many digits, groups and decimals.

    Years (1000 to 2199 in four digits) stay wherever they are, and so do numbers beside the name of a month, times,
    0 and 1, and shares of 100% and more. Numbers inside a known entity stay unless its type is one of numbers
    (CARDINAL, MONEY), since "Boeing 747" is a name; where the entities are unknown, a number behind a capital stays.
    """

    name: ClassVar[str] = "numbers replaced"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "entities and numbers"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1, 2)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TOKENS
    label_rule: ClassVar[str] = (
        "What an entity is does not depend on how large a number is; no date and no name changes."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen number."""
        check_level(self.name, level, self.levels)
        sites = _sites(document)
        chosen = choose_spans(sites, 1 if level == 1 else len(sites), rng)
        return [Edit(start, end, _other(document.text[start:end], rng), self.name) for start, end in chosen]


def _sites(document: Document) -> list[Span]:
    text = document.text
    found = [match.span() for match in _NUMBER.finditer(text)]
    if not found:
        return []
    names = areas(entity for entity in document.entities if entity_class(entity[2]) != "number")
    free = outside(outside(found, protected_spans(text)), names)
    return [
        span
        for span in free
        if keeps_words_whole(document, Edit(*span, "0", ""))
        and not _is_fixed(text[slice(*span)])
        and not _belongs(text, span, entities_known=bool(document.entities))
    ]


def _is_fixed(number: str) -> bool:
    """Whether a number says more than how many: a year; or decides the grammar beside it: none and one."""
    return number in {"0", "1"} or (number.isdigit() and int(number) in _YEARS)


def _belongs(text: str, span: Span, *, entities_known: bool) -> bool:
    """Whether the words and marks beside a number make it part of a date, a time, a whole share, a name."""
    tokens = Tokens.of(text)
    first, behind = bisect_left(tokens.spans, (span[0], 0)), bisect_left(tokens.spans, (span[1], 0))
    gap_before = tokens.gaps[first - 1].strip() if first else ""
    gap_behind = text[span[1] : tokens.spans[behind][0]].strip() if behind < len(tokens.spans) else ""
    before = tokens.lower[first - 1] if first else ""
    after = tokens.lower[behind] if behind < len(tokens.spans) else ""
    if gap_before in _JOINTS or gap_behind in _JOINTS or not {before, after}.isdisjoint(month_names()):
        return True
    if (gap_behind[:1] == "%" or after in _SHARE) and len(text[slice(*span)].partition(".")[0]) > len("99"):
        return True
    if not gap_behind and after in word_classes("number_context")["clock"]:
        return True
    capital = first > 0 and not gap_before and tokens.surfaces[first - 1][0].isupper()
    return capital and not entities_known


def _other(number: str, rng: np.random.Generator) -> str:
    """Another number with the digits, groups and decimals of ``number``."""
    digits = [character for character in number if character.isdigit()]
    low = _least_first_digit(number)
    new = number
    while new == number:
        drawn = iter([rng.integers(low, 10) if digits[0] != "0" else 0, *rng.integers(0, 10, len(digits) - 1)])
        new = "".join(str(next(drawn)) if character.isdigit() else character for character in number)
    return new


def _least_first_digit(number: str) -> int:
    """No number becomes 1, and none of four digits a year."""
    if not number.isdigit():
        return 1
    return {1: 2, 4: 3}.get(len(number), 1)
