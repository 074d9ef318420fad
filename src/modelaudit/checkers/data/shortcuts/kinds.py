"""What kind of cue it is, and so whether it is likely to be a reason for a label."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Literal

from modelaudit.checkers.data.shortcuts.cues import Cue, words_of
from modelaudit.text import load_known_names
from modelaudit.text.lexicon import word_classes

Kind = Literal["content word", "negation", "function word", "name-like", "number", "punctuation", "case", "length"]
SUSPECT: tuple[Kind, ...] = ("function word", "name-like", "number", "punctuation", "case")
"""Kinds that are seldom a reason for a label. The length of a text can't be changed without changing what it says."""
CAPITALISED = 0.8
"""Share of a word's places inside sentences that begin with a capital, from which on it is like a name."""
FEWEST_INSIDE = 3
LANGUAGE_OF_WORDS = ("en", "de", "fr", "es", "it", "pt", "nl", "sv")


def kind_of(cue: Cue, texts: Sequence[str]) -> Kind:
    """Return the kind of a cue that stands in these texts.

    A word is like a name where its lower-case form hardly ever stands inside a sentence, or where it is in the list of
    first names and no other word. A pair of words takes the kind that both have; where they differ, it is content.
    """
    if cue.form in ("ends", "contains"):
        return "punctuation"
    if not cue.is_text:
        return "number" if cue.form == "number" else "case" if cue.form == "case" else "length"
    words = cue.key.split(" ")
    kinds = {_of_word(word, texts) for word in words}
    if "negation" in kinds:
        return "negation"
    return kinds.pop() if len(kinds) == 1 else "content word"


def suspect(kind: Kind, cue: Cue, *, suspects: Collection[str], legitimate: Collection[str]) -> bool:
    """Tell whether a cue is judged: by its kind, unless the user said what it is."""
    key = cue.title.casefold()
    return key in suspects or (kind in SUSPECT and key not in legitimate)


def _of_word(word: str, texts: Sequence[str]) -> Kind:
    if any(map(str.isdigit, word)):
        return "number"
    if word in _negations():
        return "negation"
    if word in _function_words():
        return "function word"
    inside = [each.surface for text in texts for each in words_of(text) if each.inside and each.key == word]
    # In a text all in capitals a capital tells nothing.
    telling = [surface for surface in inside if len(surface) == 1 or not surface.isupper()]
    capitals = sum(surface[0].isupper() for surface in telling)
    if len(telling) >= FEWEST_INSIDE and capitals >= CAPITALISED * len(telling):
        return "name-like"
    return "name-like" if word in _names() else "content word"


@cache
def _negations() -> frozenset[str]:
    return word_classes("protected_words")["negation"] | word_classes("cue_kinds")["zh_negation"]


@cache
def _function_words() -> frozenset[str]:
    lexicon = word_classes("function_words")
    every = frozenset[str]().union(*(lexicon[language] for language in LANGUAGE_OF_WORDS))
    return (every | word_classes("cue_kinds")["zh_function"]) - _negations()


@cache
def _names() -> frozenset[str]:
    ambiguous = frozenset[str]().union(*word_classes("ambiguous_names").values())
    return frozenset(name.name.casefold() for name in load_known_names()) - ambiguous
