"""The persons that a tagged sentence names, and the places where their first and last names stand in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from modelaudit.text import Document, Edit, load_known_names, match_case
from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.surnames import surname_at
from modelaudit.text.languages import LANGUAGES
from modelaudit.text.name_context import context
from modelaudit.text.personal_data.named import person_words
from modelaudit.text.tags import type_of

Role = Literal["first", "last"]

LONGEST = 40
"""Characters of a word that may be a name."""
_NAME = re.compile(r"[^\w]*([^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*?)(?:['’]s)?[^\w]*")
_NO_NAMES = frozenset(
    {
        *(
            "jr",
            "sr",
            "ii",
            "iii",
            "iv",
            "esq",
            "st",
            "saint",
            "pope",
            "king",
            "queen",
            "prince",
            "princess",
            "emperor",
        ),
        *("lord", "lady", "duke", "earl", "count", "baron", "president", "senator", "general", "captain", "coach"),
    }
)
"""Suffixes and ranks, in lower case."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands: the characters `[start, end)` of the document."""

    start: int
    end: int
    role: Role
    old: str


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a sentence, with every place where a name of theirs stands."""

    places: tuple[Place, ...]

    @property
    def has_first(self) -> bool:
        """Whether a first name of theirs stands anywhere."""
        return any(place.role == "first" for place in self.places)

    @property
    def names(self) -> dict[tuple[Role, str], None]:
        """The names that they have, each once, in order."""
        return dict.fromkeys((place.role, place.old) for place in self.places)


def english_persons(document: Document, tags: Sequence[str]) -> list[Person]:
    """Return the persons of an English sentence whose names can be exchanged, in order.

    Of several words the first is a first name and the last a last name; titles, ranks, initials and suffixes are none,
    names behind a particle ("van Gogh") stay, and of those between, known first names are exchanged too. One
    word alone is a name of the person who was called by it in full elsewhere in the sentence; else a first name where
    it is known as one and stands behind no title, and a last name otherwise.
    """
    texts = document.word_texts()
    named = [
        places for first, end in person_words(tags) if (places := _places(document, texts, tags[first], first, end))
    ]
    persons: dict[tuple[str, ...], list[Place]] = {}
    called: dict[str, tuple[tuple[str, ...], Role]] = {}
    for places in sorted(named, key=len, reverse=True):
        key = tuple(place.old for place in places)
        if len(places) == 1 and key[0] in called:
            key, role = called[key[0]]
            places = [replace(places[0], role=role)]
        persons.setdefault(key, []).extend(places)
        for place in places:
            called.setdefault(place.old, (key, place.role))
    found = [Person(tuple(places)) for places in persons.values()]
    return sorted(found, key=lambda person: min(place.start for place in person.places))


def chinese_persons(document: Document, tags: Sequence[str]) -> list[Person]:
    """Return the persons of a Chinese sentence with a surname and a given name of one or two characters, in order."""
    words, characters = document.words or (), Characters.of(document)
    spans = [(words[first][0], words[end - 1][1]) for first, end in person_words(tags)]
    persons: dict[tuple[str, str], list[Place]] = {}
    for mention in LANGUAGES["zh"].name_mentions(document, person_spans=spans):
        given = characters.index(mention.start)
        span = next(span for span in spans if span[0] <= mention.start < span[1])
        start = given - surname_at(characters.text, characters.index(span[0]))
        surname = characters.text[start:given]
        persons.setdefault((surname, mention.name), []).extend(
            [
                Place(*characters.span(start, given), "last", surname),
                Place(mention.start, mention.end, "first", mention.name),
            ]
        )
    return [Person(tuple(places)) for places in persons.values()]


def edits_of(
    document: Document, persons: Sequence[Person], new: Mapping[tuple[Person, Role, str], str], *, language: str
) -> list[Edit] | None:
    """Return the edits that put new names for old ones, by person, role and old name; those that lack a name stay.

    None where an edit would cut a word in two.
    """
    characters = Characters.of(document) if language == "zh" else None
    edits: list[Edit] = []
    for person in persons:
        for place in person.places:
            name = new.get((person, place.role, place.old))
            if name is None:
                continue
            if characters is None:
                old = document.text[place.start : place.end]
                edits.append(Edit(place.start, place.end, match_case(old, name), "name"))
                continue
            made = characters.edits(characters.index(place.start), characters.index(place.end), name, "name")
            if made is None:
                return None
            edits += made
    return edits


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a name: its number in the sentence, and its letters `[start, end)`."""

    number: int
    start: int
    end: int
    text: str


def _places(document: Document, texts: Sequence[str], tag: str, first: int, end: int) -> list[Place]:
    """Return the names in the words `[first, end)` of one person; `tag` is that of the first of them."""
    words = _words(document, texts, first, end)
    if not words:
        return []
    if len(words) == 1:
        return [] if _prefixed(texts, words[0], first) else [_place(words[0], _role(texts, words[0], tag))]
    *others, last = words
    places = [_place(word, "first") for at, word in enumerate(others) if at == 0 or _known(word.text)]
    places.append(_place(last, "last"))
    behind_particle = {word.start for word in words if _prefixed(texts, word, first)}
    return [place for place in places if place.start not in behind_particle]


def _words(document: Document, texts: Sequence[str], first: int, end: int) -> list[_Word]:
    """Return the words that are names: no title, rank, initial or suffix, nor what is lower-case beside capitals."""
    found, spans = [], document.words or ()
    for number in range(first, end):
        match = _NAME.fullmatch(texts[number]) if len(texts[number]) <= LONGEST else None
        if match and len(match[1]) > 1 and match[1].lower() not in context("title") | _NO_NAMES:
            start = spans[number][0]
            found.append(_Word(number, start + match.start(1), start + match.end(1), match[1]))
    capitals = [word for word in found if not word.text.islower()]
    return capitals or found


def _prefixed(texts: Sequence[str], word: _Word, first: int) -> bool:
    """Whether a particle stands before a capitalised name inside the same person's words."""
    return word.number > first and texts[word.number - 1].islower() and not word.text.islower()


def _role(texts: Sequence[str], word: _Word, tag: str) -> Role:
    """Return what a word that stands alone is: as its tag says it, else as it is known."""
    kind = (type_of(tag) or "").lower()
    if "first" in kind or "given" in kind:
        return "first"
    titled = word.number > 0 and texts[word.number - 1].lower().rstrip(".") in context("surname_title")
    named_last = "last" in kind or "sur" in kind or "family" in kind
    return "last" if titled or named_last or not _known(word.text) else "first"


def _place(word: _Word, role: Role) -> Place:
    return Place(word.start, word.end, role, word.text.lower())


def _known(word: str) -> bool:
    return word.lower() in _first_names()


@cache
def _first_names() -> frozenset[str]:
    return frozenset(name.name.lower() for name in load_known_names())
