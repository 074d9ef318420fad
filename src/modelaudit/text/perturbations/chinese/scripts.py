"""The same text in traditional or in simplified characters, and which of the two a text is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.words import outside, protected_spans

_CONSIDERED = 5_000
# The share of kana and hangul above which a text is Japanese or Korean (`language_of` has the same).
_MAX_OTHER_EAST_ASIAN = 0.1
_KANA_OR_HANGUL = re.compile("[\u3041-\u3096\u30a1-\u30fa\uac00-\ud7a3\u1100-\u11ff]")


@dataclass(frozen=True, slots=True)
class ToTraditional:
    """Simplified characters written in their traditional form, in the standard of Taiwan; addresses stay.

    A character with several counterparts (发: 發 or 髮) is changed where a listed word of two characters tells which
    (头发, 发展), and stays where none does or two disagree.
    """

    name: ClassVar[str] = "traditional characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "script"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same words in the same order, spelled in the other of the two Chinese scripts."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each character that changes."""
        check_level(self.name, level, self.levels)
        return _respelled(document, _traditional(), _words_there(), self.name)


@dataclass(frozen=True, slots=True)
class ToSimplified:
    """Traditional characters written in their simplified form; addresses stay.

    A character with several counterparts (乾: 干 or 乾) is changed where a listed word of two characters tells which.
    Its texts are those of `is_traditional`.
    """

    name: ClassVar[str] = "simplified characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "script"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh-Hant",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same words in the same order, spelled in the other of the two Chinese scripts."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each character that changes."""
        check_level(self.name, level, self.levels)
        return _respelled(document, _simplified(), _words_back(), self.name)


def is_traditional(text: str) -> bool:
    """Whether a text is Chinese in traditional characters.

    The first 5,000 characters decide: more of them are written so in traditional Chinese only than in simplified
    Chinese only, or in Japanese only, and at most one in ten is kana or hangul.
    """
    head = text[:_CONSIDERED]
    traditional = sum(character in _only_traditional() for character in head)
    if traditional <= sum(character in _only_simplified() for character in head):
        return False
    if traditional <= sum(character in word_classes("zh_scripts")["japanese"] for character in head):
        return False
    return len(_KANA_OR_HANGUL.findall(head)) <= _MAX_OTHER_EAST_ASIAN * len(head)


def _respelled(document: Document, settled: Mapping[str, str], words: Mapping[str, str], kind: str) -> list[Edit]:
    """The edits that write each character anew: as it is always written, or else as the words around it have it."""
    characters = Characters.of(document)
    text = characters.text
    edits = []
    for index, character in enumerate(text):
        new = settled.get(character) or _told(text, index, words)
        if new is not None and new != character:
            start, end = characters.span(index, index + 1)
            edits.append(Edit(start, end, new, kind))
    barred = protected_spans(document.text)
    if not barred:
        return edits
    free = set(outside([(edit.start, edit.end) for edit in edits], barred))
    return [edit for edit in edits if (edit.start, edit.end) in free]


def _told(text: str, index: int, words: Mapping[str, str]) -> str | None:
    """The counterpart in the words of two characters that end and begin here; None where they disagree."""
    ending = words.get(text[max(index - 1, 0) : index + 1])
    beginning = words.get(text[index : index + 2])
    if ending is None or beginning is None:
        return ending[1] if ending else beginning[0] if beginning else None
    return ending[1] if ending[1] == beginning[0] else None


@cache
def _traditional() -> dict[str, str]:
    return {old: new for old, new, direction in read_lexicon("zh_traditional") if direction != "back"}


@cache
def _simplified() -> dict[str, str]:
    return {old: new for new, old, direction in read_lexicon("zh_traditional") if direction != "there"}


@cache
def _words_there() -> dict[str, str]:
    return {row[0]: row[1] for row in read_lexicon("zh_traditional_words")}


@cache
def _words_back() -> dict[str, str]:
    return {traditional: simplified for simplified, traditional in read_lexicon("zh_traditional_words")}


@cache
def _only_traditional() -> frozenset[str]:
    """Characters that simplified texts do not have."""
    return frozenset(_simplified()) - {character for character, _ in read_lexicon("zh_readings")}


@cache
def _only_simplified() -> frozenset[str]:
    """Characters that traditional texts do not have: each of their uses is spelled otherwise there."""
    return frozenset(_traditional()) - set(_simplified()) - set(_traditional().values())
