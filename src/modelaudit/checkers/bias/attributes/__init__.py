"""The attributes: for each language the kinds of words that can be exchanged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from modelaudit.checkers.bias.attributes.attribute import Attribute
from modelaudit.checkers.bias.attributes.first_names import FirstNames
from modelaudit.checkers.bias.attributes.gender_words import GenderWords
from modelaudit.checkers.bias.attributes.last_names import LastNames
from modelaudit.checkers.bias.attributes.terms import Terms
from modelaudit.text import Language


def attributes_of(language: Language, topics: Collection[str]) -> tuple[Attribute[Any], ...]:
    """Return the attributes of a language that have a comparison among the topics."""
    words, names = GenderWords(language), FirstNames(language, topics)
    others: list[Attribute[Any]] = [LastNames(language)] if len(language.ethnicities) > 1 else []
    others += [Terms(language, terms) for terms in language.term_sets()]
    return (
        *([words] if words.topic in topics else []),
        *([names] if names.planned else []),
        *(each for each in others if each.topic in topics),
    )
