"""Chinese names: a surname with a given name that is known for one sex.

A surname alone is too often a word, and so is a given name alone. Together they name a person, unless a longer word
holds one of them (上周建军节). What is exchanged is the given name; the surname stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from modelaudit.text.chinese.characters import Characters, is_han
from modelaudit.text.chinese.surnames import surname_at, wordlike_surnames
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.mentions import Mention
from modelaudit.text.names import Name
from modelaudit.text.words import protected_spans


@cache
def load_names() -> tuple[Name, ...]:
    """The given names to put into texts: two characters, each of one sex, none an everyday word."""
    return tuple(name for name, use in _names() if use == "insert")


@cache
def load_known_names() -> tuple[Name, ...]:
    """The given names to recognise in texts, of one or two characters."""
    return tuple(name for name, _ in _names())


def name_mentions(
    document: Document,
    known_names: Iterable[Name] | None = None,
    person_spans: Sequence[Span] | None = None,
) -> list[Mention]:
    """The given names of persons in a text, in order; ``known_names`` default to `load_known_names`.

    Without ``person_spans`` a known given name counts behind a surname; the longest first. A name of one character
    counts only behind a surname that is no everyday word, and before a character that can follow a name.
    With ``person_spans`` (characters; for example the gold PER spans) the given name is what a span of two to four
    characters has behind its surname; it need not be known, and then has no gender. Nothing outside the spans counts.
    """
    characters = Characters.of(document)
    lexicon = _default() if known_names is None else {name.name: name for name in known_names}
    if person_spans is not None:
        return _in_spans(characters, person_spans, lexicon)
    found = []
    names = _default_trie() if known_names is None else Trie(lexicon)
    barred = iter([*protected_spans(characters.text), (len(characters.text), len(characters.text))])
    address = next(barred)
    start = 0
    while start < len(characters.text):
        if start >= address[1] and address[0] < len(characters.text):
            address = next(barred)
        elif start >= address[0]:
            start = address[1]
        elif (word := _words().longest(characters.text, start)) is not None:
            start = word[0]
        elif (span := _given_name(characters.text, start, names)) is not None:
            name = lexicon[characters.text[slice(*span)]]
            found.append(Mention(*characters.span(*span), name.name, name.gender))
            start = span[1]
        else:
            start += 1
    return found


def name_edits(document: Document, mentions: Iterable[Mention], replacement: Mapping[str, str]) -> list[Edit]:
    """Edits that exchange every mention whose name ``replacement`` maps: one person keeps one name in a text.

    As `modelaudit.text.name_edits`, but a name that covers several words of one character is exchanged word by word.
    """
    characters = Characters.of(document)
    edits: list[Edit] = []
    for mention in mentions:
        if mention.name in replacement:
            start = characters.index(mention.start)
            new = replacement[mention.name]
            edits += characters.edits(start, start + len(mention.name), new, "name") or ()
    return edits


def _given_name(text: str, start: int, names: Trie[Name]) -> Span | None:
    """Where a known given name stands behind the surname at ``start``."""
    surname = surname_at(text, start)
    if not surname:
        return None
    match = names.longest(text, start + surname)
    if match is None:
        return None
    begin, end = start + surname, match[0]
    follower = text[end : end + 1]
    if end - begin == 1:
        wordlike = text[start:begin] in wordlike_surnames()
        apart = not follower or follower.isspace() or follower in word_classes("zh_name_context")["behind"]
        return (begin, end) if apart and not wordlike else None
    broken = text[end - 1 : end + 1] in word_classes("zh_name_context")["not_behind"]
    return None if broken else (begin, end)


def _in_spans(characters: Characters, spans: Sequence[Span], lexicon: Mapping[str, Name]) -> list[Mention]:
    found = []
    previous = 0
    for first, last in sorted(set(spans)):
        start, end = characters.index(first), characters.index(last)
        if start < previous or not 1 < end - start <= 4:
            continue
        surname = surname_at(characters.text, start)
        given = characters.text[start + surname : end]
        if surname and 1 <= len(given) <= 2 and all(map(is_han, given)):
            known = lexicon.get(given)
            found.append(Mention(*characters.span(start + surname, end), given, known.gender if known else None))
            previous = end
    return found


@cache
def _names() -> tuple[tuple[Name, str], ...]:
    genders: dict[str, Literal["female", "male"]] = {"female": "female", "male": "male"}
    return tuple(
        (Name(name, genders[gender], source="modelaudit_zh"), use)
        for gender, use, names in read_lexicon("zh_given_names")
        for name in names.split()
    )


@cache
def _default() -> dict[str, Name]:
    return {name.name: name for name in load_known_names()}


@cache
def _default_trie() -> Trie[Name]:
    return Trie(_default())


@cache
def _words() -> Trie[None]:
    return Trie(dict.fromkeys(word_classes("zh_name_context")["word"]))
