"""Whether an adjective or noun of belonging ("Kenyan", "Muslim") is said of a person, told from the words around it.

The rules never look at the term itself, so that they read a text alike whichever filler stands in it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from modelaudit.text.lexicon import word_classes
from modelaudit.text.names import load_known_names
from modelaudit.text.pronouns import Tokens

_MAX_MODIFIERS = 3
_SUBJECT_REACH = 4


def role(tokens: Tokens, first: int, stop: int) -> Literal["adjective", "person"] | None:
    """What the term at words ``[first, stop)`` is to a person: said of one, the noun for one, or nothing (None)."""
    if person_behind(tokens, stop) is not None or is_predicate(tokens, first, stop):
        return "adjective"
    if _after_determiner(tokens, first) and ends_phrase(tokens, stop):
        return "person"
    return None


def person_behind(tokens: Tokens, stop: int) -> int | None:
    """The index of the word for a person that follows ("singer" in "Kenyan pop singer"), or None."""
    for index in range(stop, min(stop + _MAX_MODIFIERS, len(tokens.lower))):
        if tokens.gaps[index - 1] != " ":
            return None
        if tokens.lower[index] in words_for("person"):
            return None if _names_a_thing(tokens, index) else index
        if tokens.lower[index] not in words_for("modifier"):
            return None
    return None


def is_predicate(tokens: Tokens, first: int, stop: int) -> bool:
    """ "he is also Kenyan", "her mother was Kenyan and ...": said of a subject that is a person."""
    index = _skip_back(tokens, first - 1, "adverb")
    if tokens.behind(first, first - index) not in words_for("be"):
        return False
    subject = _skip_back(tokens, index - 1, "adverb")
    behind = tokens.ahead(stop - 1, 1)
    return _is_subject(tokens, subject) and (not behind or behind in words_for("after_person") | {"and", "but"})


def ends_phrase(tokens: Tokens, stop: int) -> bool:
    """Whether the words before ``stop`` end a noun phrase: a clause ends there, or a word follows that is no noun."""
    behind, second = tokens.ahead(stop - 1, 1), tokens.ahead(stop - 1, 2)
    if not behind or behind in words_for("after_person") | words_for("be"):
        return True
    # "a Kenyan complained about", but "a Kenyan owned shop".
    past = behind.endswith("ed") and (not second or second in _function_words())
    return past or (behind in {"and", "or"} and second in {"a", "an", "the"})


def speaks_of_person(tokens: Tokens, index: int, reach: int = _SUBJECT_REACH) -> bool:
    """Whether a personal pronoun, a word for a person or a first name is among the ``reach`` words before ``index``."""
    return any(_is_subject(tokens, before) for before in range(max(0, index - reach), index))


def opens_for_person(tokens: Tokens, index: int, reach: int = _SUBJECT_REACH) -> bool:
    """Whether a personal pronoun is among the ``reach`` words behind ``index`` ("Aged 27, he ...")."""
    return any(word in words_for("subject") for word in tokens.lower[index + 1 : index + 1 + reach])


def is_proper_name(tokens: Tokens, first: int, stop: int) -> bool:
    """Whether capitals beside the term make it part of a name: "Christian Bale", "Cleveland Indians", "The Hindu"."""
    if first and tokens.gaps[first - 1] == " " and _capital(tokens, first - 1):
        before = tokens.lower[first - 1]
        opens = first == 1 or any(mark in tokens.gaps[first - 2] for mark in ".!?:;\n\"'“”(")
        plain = before in words_for("determiner") | words_for("quantifier") | _function_words() | words_for("modifier")
        if before == "the" and person_behind(tokens, stop) is None and not _plural_follows(tokens, first):
            return True
        if not (opens and plain) and before not in {"i", "a", "an", "the"}:
            return True
    noun = person_behind(tokens, stop)
    following = stop if noun is None else noun
    if noun is None and tokens.ahead(stop - 1, 1) in {"and", "&"}:
        following += 1
    return following < len(tokens.lower) and tokens.gaps[following - 1] == " " and _capital(tokens, following)


def _names_a_thing(tokens: Tokens, index: int) -> bool:
    """ "women's team", "gentlemen's club": the plural of a person that says what kind of thing something is."""
    possessive = tokens.ahead(index, 1) == "'s" or tokens.gaps[index].startswith(("'", "’"))
    return possessive and tokens.lower[index] in words_for("plural_kind")


@cache
def words_for(name: str) -> frozenset[str]:
    """A class of the lexicon of words for persons."""
    return word_classes("person_nouns")[name]


def is_first_name(word: str) -> bool:
    """Whether a lower-case word is a known first name."""
    return word in _first_names()


def _plural_follows(tokens: Tokens, first: int) -> bool:
    return tokens.lower[first].endswith("s")


def _after_determiner(tokens: Tokens, first: int) -> bool:
    return (
        bool(tokens.behind(first, 1))
        and tokens.gaps[first - 1] == " "
        and (tokens.lower[first - 1] in words_for("determiner"))
    )


def _is_subject(tokens: Tokens, index: int) -> bool:
    if index < 0:
        return False
    word = tokens.lower[index]
    named = tokens.surfaces[index][0].isupper() and is_first_name(word)
    return word in words_for("subject") or word in words_for("person") or named


def _skip_back(tokens: Tokens, index: int, words: str) -> int:
    while index > 0 and tokens.lower[index] in words_for(words):
        index -= 1
    return index


def _capital(tokens: Tokens, index: int) -> bool:
    surface = tokens.surfaces[index]
    return surface[0].isupper() and not surface.isupper()


@cache
def _function_words() -> frozenset[str]:
    return word_classes("pronoun_context")["function"]


@cache
def _first_names() -> frozenset[str]:
    return frozenset(name.name.lower() for name in load_known_names())
