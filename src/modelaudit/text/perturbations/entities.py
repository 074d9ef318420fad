"""Entities exchanged for others of the same type."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.articles import article_before, fits
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.names import load_known_names
from modelaudit.text.perturbations.base import TOKENS, Tier, check_level
from modelaudit.text.perturbations.sites import areas, keeps_words_whole
from modelaudit.text.pronouns import Tokens
from modelaudit.text.tags import split_tag
from modelaudit.text.words import outside, protected_spans

# How many words a name has, and the gender that its first word tells where it is a first name ("" where it is none).
Shape = tuple[int, str]
Shapes = Mapping[Shape, Sequence[str]]

_OWN: Mapping[str, tuple[str, ...]] = {
    "person": ("person",),
    "place": ("city",),
    "state": ("city", "country"),
    "organisation": ("organisation",),
}
_LONGEST_ACRONYM = 4
_LINKS = frozenset({"of", "the", "and", "for", "in", "de", "'s", "&"})


def entity_class(kind: str) -> str:
    """What a type is, whatever a corpus calls it ("person" for PER and PERSON), or its own name in lower case."""
    name = split_tag(kind)[1].lower()
    return next((label for label, words in word_classes("entity_types").items() if name in words), name)


def own_pool(types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Names of our own lexicon for those of the types that it has names for.

    A corpus with GPE keeps its LOC for rivers and mountains, of which the lexicon has none.
    """
    classes = {kind: entity_class(kind) for kind in types}
    has_states = "state" in classes.values()
    return {
        kind: tuple(name for group, name in read_lexicon("entity_names") if group in _OWN[label])
        for kind, label in classes.items()
        if label in _OWN and not (label == "place" and has_states)
    }


@dataclass(frozen=True, slots=True)
class EntitySwap:
    """One entity (level 1, drawn) or all (level 2) exchanged for others of their type, every mention alike.

    Args:
        pool: names by type, as the caller's data has them, say; None for our own lexicon of persons, places and
            organisations, which a model has hardly seen.

    A new name has as many words as the old one and the same gender, as far as first names tell and the pool allows, no
    word that stands in the text, and fits a "a" or "an" before it; places behind "the" stay. Types without a name that
    fits stay, and so does every entity where `Document.entities` is empty, or where no other word is there to tell what
    a new name is.
    """

    pool: Mapping[str, Sequence[str]] | None = field(default=None, hash=False)
    _shapes: Mapping[str, Shapes] | None = field(init=False, repr=False, compare=False)

    version: ClassVar[int] = 1
    family: ClassVar[str] = "entities and numbers"
    levels: ClassVar[tuple[int, ...]] = (1, 2)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TOKENS

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shapes", None if self.pool is None else _by_class(self.pool))

    @property
    def name(self) -> str:
        """ "entities replaced", by unseen names or by names of the data."""
        return "entities replaced by unseen names" if self.pool is None else "entities replaced by others of the data"

    @property
    def tier(self) -> Tier:
        """L2 for names that the data give that type, L3 for names of ours, some of them made up."""
        return "L3" if self.pool is None else "L2"

    @property
    def label_rule(self) -> str:
        """Why the types stay."""
        rule = "A name gives way to another of the same type, and the type stays where it stands."
        return rule if self.pool is not None else f"{rule} A name that nobody knows is told by its sentence alone."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each mention of the chosen entities."""
        check_level(self.name, level, self.levels)
        if not document.entities or not _has_context(document):
            return []
        types = frozenset(kind for _, _, kind in document.entities)
        shapes = self._shapes if self._shapes is not None else _own_shapes(types)
        text, tokens = document.text, Tokens.of(document.text)
        mentions = list(_mentions(document, tokens, shapes).items())
        barred, shouting = set(tokens.lower), text.isupper()
        made: list[Edit] = []
        for place in rng.permutation(len(mentions)):
            (label, _), spans = mentions[place]
            new = _drawn(text, tokens, spans, shapes[label], barred, rng)
            if new is None:
                continue
            barred |= _telling_words(new)
            for start, end in spans:
                made.append(Edit(start, end, _in_case(text[start:end], new, shouting=shouting), self.name))
            if level == 1:
                break
        return sorted(made, key=lambda edit: edit.start)


def _has_context(document: Document) -> bool:
    """Whether a word with letters stands outside of the entities."""
    position = 0
    for start, end in [*areas(document.entities), (len(document.text), len(document.text))]:
        if any(map(str.isalpha, document.text[position:start])):
            return True
        position = end
    return False


def _mentions(document: Document, tokens: Tokens, shapes: Mapping[str, Shapes]) -> dict[tuple[str, str], list[Span]]:
    """The spans of each entity that there are names for, by class and name; of those that overlap, the first."""
    text = document.text
    spans = sorted(document.entities)
    free = set(outside([(start, end) for start, end, _ in spans], protected_spans(text)))
    found: dict[tuple[str, str], list[Span]] = {}
    fixed: set[tuple[str, str]] = set()
    closed = 0
    for start, end, kind in spans:
        if start < closed:
            continue
        closed = end
        key = (entity_class(kind), " ".join(text[start:end].split()).lower())
        # Two words stand for a name of any length, which only a span of whole words can take.
        whole = keeps_words_whole(document, Edit(start, end, "two words", ""))
        if (start, end) not in free or not whole or _follows_the(tokens, start, key[0]):
            fixed.add(key)
        if key[0] in shapes and any(map(str.isalpha, key[1])):
            found.setdefault(key, []).append((start, end))
    return {key: places for key, places in found.items() if key not in fixed}


def _follows_the(tokens: Tokens, start: int, label: str) -> bool:
    """Whether a place is one with an article ("the Alps"), for which no city can stand."""
    index = bisect_left(tokens.spans, (start, 0))
    return label in {"place", "state"} and index > 0 and tokens.lower[index - 1] == "the"


def _drawn(
    text: str, tokens: Tokens, spans: Sequence[Span], shapes: Shapes, barred: Set[str], rng: np.random.Generator
) -> str | None:
    """A name like the one at ``spans`` that shares no word with the text and fits the articles, or None."""
    surface = text[slice(*spans[0])]
    indices = [bisect_left(tokens.spans, (start, 0)) for start, _ in spans]
    articles = [article for index in indices if (article := article_before(tokens, index)) and fits(article, surface)]
    options = _alike(surface, shapes)
    for place in rng.permutation(len(options)):
        name: str = options[place]
        if barred.isdisjoint(_telling_words(name)) and all(fits(article, name) for article in articles):
            return name
    return None


def _alike(surface: str, shapes: Shapes) -> Sequence[str]:
    """The names with as many words and the same gender; without the same gender, or of any length, where none has."""
    words, gender = _shape(surface)
    if shapes.get((words, gender)):
        return shapes[words, gender]
    as_long = [name for shape, names in shapes.items() if shape[0] == words for name in names]
    return as_long or [name for names in shapes.values() for name in names]


def _by_class(pool: Mapping[str, Sequence[str]]) -> Mapping[str, Shapes]:
    """The names of a pool by class and shape; types of one class put theirs together."""
    names: dict[str, list[str]] = {}
    for kind, given in pool.items():
        names.setdefault(entity_class(kind), []).extend(given)
    return {label: _shaped(given) for label, given in names.items()}


def _shaped(names: Iterable[str]) -> Shapes:
    """Names by shape, each once and sorted, so that it does not matter in which order the data has them."""
    shapes: dict[Shape, list[str]] = {}
    for name in sorted({" ".join(name.split()) for name in names}):
        if any(map(str.isalpha, name)):
            shapes.setdefault(_shape(name), []).append(name)
    return shapes


def _shape(name: str) -> Shape:
    words = name.lower().split()
    return len(words), _genders().get(words[0], "") if words else ""


def _telling_words(name: str) -> frozenset[str]:
    return frozenset(Tokens.of(name).lower) - _LINKS


def _in_case(old: str, new: str, *, shouting: bool) -> str:
    """``new`` in capitals where the text or a name that is no acronym is, in small letters where the name is."""
    if shouting or (old.isupper() and sum(map(str.isalpha, old)) > _LONGEST_ACRONYM):
        return new.upper()
    return new.lower() if old.islower() else new


@cache
def _own_shapes(types: frozenset[str]) -> Mapping[str, Shapes]:
    return _by_class(own_pool(types))


@cache
def _genders() -> dict[str, str]:
    return {name.name.lower(): name.gender or "" for name in load_known_names()}
