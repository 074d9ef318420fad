"""Texts that name a well-known person: with another name or gender they would be false, and what a model knows of the
person would pass for what it makes of a name."""

from __future__ import annotations

from functools import cache

from modelaudit.text.edits import Document
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.pronouns import Tokens
from modelaudit.text.words import word_spans


def names_real_person(document: Document) -> bool:
    """Whether the full name of a well-known person (or character) of the lexicon stands in the text, in any case."""
    return bool(real_person_words(Tokens.of(document.text)))


def real_person_words(tokens: Tokens) -> list[int]:
    """The indices of the words that belong to full names of well-known persons, in order."""
    names = _names()
    found: list[int] = []
    for index, word in enumerate(tokens.lower):
        for name in names.get(word, ()):
            stop = index + len(name)
            spaced = all(gap in {" ", ". "} for gap in tokens.gaps[index : stop - 1])
            if spaced and tokens.lower[index:stop] == name:
                found += range(index, stop)
    return found


@cache
def _names() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Full names as words, by their first word."""
    by_first: dict[str, tuple[tuple[str, ...], ...]] = {}
    for _, line in read_lexicon("real_persons"):
        for name in line.split(";"):
            words = tuple(name[start:end] for start, end in word_spans(name))
            by_first[words[0]] = (*by_first.get(words[0], ()), words)
    return by_first
