"""Words that say nothing: "um", "you know", a greeting, a closing word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.additions import (
    behind_sentence,
    in_front,
    sentence_starts,
    written_like,
)
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level, choose_spans

_OPENING = ("Um...", "Uh...", "Well...", "You know...", "So...")
_INSIDE = ("um,", "uh,", "you know,", "I mean,", "well,")
_GREETINGS = ("Hi,", "Hello,", "Hi all,", "Hello there,")
_CLOSINGS = ("Thanks.", "Regards.")
_BEHIND_COMMA = re.compile(r"(?<=[^\W\d]),\s+(?=[a-z])|(?<=\s),\s+(?=[a-z])")


@dataclass(frozen=True, slots=True)
class Fillers:
    """One, two or three fillers: where a sentence begins or, in plain text, behind a comma inside it.

    In pre-tokenised text they stand only where a sentence begins, and are no part of an entity.
    """

    name: ClassVar[str] = "filler words"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "informal writing"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1, 2, 3)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "All words stay; the added ones are the hesitations of speech and say nothing."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each filler, as many as the level where there are as many places."""
        check_level(self.name, level, self.levels)
        starts = set(sentence_starts(document))
        if not starts:
            return []
        places = set(starts)
        if document.words is None:
            places |= {match.end() for match in _BEHIND_COMMA.finditer(document.text)}
        return [
            Edit(place, place, _filler(document, _OPENING if place in starts else _INSIDE, rng), self.name)
            for place, _ in choose_spans([(place, place) for place in sorted(places)], level, rng)
        ]


@dataclass(frozen=True, slots=True)
class Greeting:
    """A greeting in front or a closing word behind (level 1, drawn), or both (level 2)."""

    name: ClassVar[str] = "greeting and closing"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "informal writing"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1, 2)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The text stays as it is; it is only opened or closed as a message is."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One insertion for each of the two; none in a text without words."""
        check_level(self.name, level, self.levels)
        greeting = in_front(document, written_like(document, _one(_GREETINGS, rng)), self.name)
        closing = behind_sentence(document, written_like(document, _one(_CLOSINGS, rng)), self.name)
        if level == 1:
            return (greeting, closing)[int(rng.integers(2))]
        return greeting + closing


def _filler(document: Document, options: Sequence[str], rng: np.random.Generator) -> str:
    return f"{written_like(document, _one(options, rng))} "


def _one(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
