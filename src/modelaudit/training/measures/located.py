"""What is personal in a row: data of a kind by the detectors, names by the tags or, in plain text, by name lists."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from modelaudit.rows import Row
from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.surnames import surnames
from modelaudit.text.edits import Document, Span
from modelaudit.text.language import language_of
from modelaudit.text.languages import LANGUAGES
from modelaudit.text.mentions import read_first_names
from modelaudit.text.name_context import context
from modelaudit.text.personal_data import Kind, find_personal_data, person_words
from modelaudit.text.personal_data.folding import folded
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
from modelaudit.text.surnames import last_name_mentions
from modelaudit.text.words import outside, protected_spans
from modelaudit.training.measures.candidates import may_be_names, named_around
from modelaudit.training.measures.surrogate_names import value_of_word
from modelaudit.training.measures.surrogates import FORMS

NameKind = Literal["name", "Chinese name", "initials"]

OTHER_SCRIPT = "names left, of a script without name lists"
WELL_KNOWN = "texts in which the names of a well-known person were left"
MAY_BE_NAMES = "words left that may be names"
OPEN = "texts left with their names, for it is open what is a name"
ONE_CASE = "texts in which names can't be told, for all letters are small or all are capitals"
OTHER_LANGUAGE = "texts not searched for names, for their language has no name lists"

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
_MARKS = "\u0300-\u036f"
_LETTER = rf"(?:(?![{_HAN}])[^\W\d_]|[{_MARKS}])"
_PART = re.compile(rf"[{_HAN}]+|{_LETTER}+(?:['\u2019]{_LETTER}{{2,}})*")
_ANY_HAN = re.compile(f"[{_HAN}]")
_KANA_OR_HANGUL = re.compile("[\u3041-\u3096\u30a1-\u30fa\uac00-\ud7a3]")
_NUMBERS = frozenset("IVX")
_LONGEST_INITIALS = 2
_NO_NAMES = frozenset(
    {
        "the", "of", "and", "in", "de", "der", "den", "des", "du", "da", "di", "dos", "das", "del", "della", "la",
        "las", "le", "les", "el", "al", "zu", "zur", "zum", "von", "vom", "van", "ter", "ten", "bin", "ibn",
        "ben", "abu", "af", "av", "och", "og", "jr", "sr", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi",
        "xii", "esq", "phd", "md", "saint", "st", "san", "santa", "sir", "dame", "lord", "lady", "king", "queen",
        "prince", "princess", "pope", "emperor", "president", "general", "captain", "colonel", "major", "father",
        "sister", "brother", "duke", "duchess", "earl", "count", "countess", "baron", "baroness", "marquess",
        "empress", "cardinal", "bishop", "archbishop", "lieutenant",
    }
)  # fmt: skip
"""Words in names of persons that are not theirs: particles, ranks, numbers."""
_BEHIND_NAMES = frozenset({"jr", "sr", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "esq", "phd", "md"})
"""Those that stand behind a last name and are none."""
_FIRST_TOO = frozenset({"al", "ben", "del", "della", "les", "van"})
"""Particles that are first names, too."""
_DIGITS = re.compile("[0-9]+")
_GAP = 3
"""The most characters between two groups of digits of one number."""
_MOST_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """Something personal at the characters ``[start, end)`` of a reading.

    Attributes:
        value: what all writings of it share.
        place: 1 opens a name of several words, -1 closes one, 0 is neither.
        sure: whether it is personal for itself, or only if it is so elsewhere.
    """

    kind: Kind | NameKind
    start: int
    end: int
    value: str
    place: int = 0
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Located:
    """A row as it is read, what is personal in it, in order and apart, and what had to be left, by reason."""

    reading: Characters
    found: tuple[Found, ...]
    left: tuple[str, ...] = ()

    def writing(self, found: Found) -> str:
        """Return how it stands in the row."""
        return self.reading.text[found.start : found.end]


def located(row: Row, labels: Sequence[str]) -> Located:
    """Return what is personal in a row; of two readings of one place, data of a kind goes before names."""
    document = Document(row.text) if row.words is None else Document.from_words(row.words)
    # Chinese words are often single characters, between which the spaces only stand to tell them apart.
    joined = row.words is not None and _ANY_HAN.search(document.text) is not None
    reading = Characters.of(document) if joined else Characters(document, document.text, range(len(document.text)))
    found = [
        Found(match.kind, match.start, match.end, FORMS[match.kind].value(reading.text[match.start : match.end]))
        for match in find_personal_data(reading.text)
    ]
    left: list[str] = []
    if row.tags is None:
        found = _with_named_in_text(reading, found, left)
    else:
        found = _apart(found, _named_by_tags(reading, [labels[tag] for tag in row.tags], left))
    return Located(reading, tuple(found), tuple(left))


def with_repeated(place: Located, known: Mapping[str, Found]) -> Located:
    """Return the row with the numbers, too, that are known from elsewhere by their digits and show nothing here."""
    plain = folded(place.reading.text)
    groups = [group.span() for group in _DIGITS.finditer(plain)] if known else []
    more = []
    for first, (start, _) in enumerate(groups):
        for last in range(min(first + _MOST_GROUPS, len(groups)) - 1, first - 1, -1):
            end = groups[last][1]
            spaced = all(groups[at + 1][0] - groups[at][1] <= _GAP for at in range(first, last))
            match = known.get(re.sub("[^0-9]", "", plain[start:end])) if spaced else None
            same = match is not None and (match.kind != "IP address" or plain[start:end] == match.value)
            if match is not None and same and not re.search("[^0-9 ().+/-]", plain[start:end]):
                more.append(Found(match.kind, start, end, match.value))
                break
    return Located(place.reading, tuple(_apart(place.found, more)), place.left) if more else place


def _apart(found: Sequence[Found], more: Sequence[Found]) -> list[Found]:
    """Return what was found, in order, and what is more and touches nothing before it."""
    kept, reached = list(found), 0
    starts, ends = [each.start for each in found], [each.end for each in found]
    for each in sorted(more, key=lambda each: each.start):
        # Nothing begins within it, and nothing that begins before it reaches into it.
        if bisect_right(ends, each.start) == bisect_left(starts, each.end) and each.start >= reached:
            kept.append(each)
            reached = each.end
    return sorted(kept, key=lambda each: each.start)


def _named_by_tags(reading: Characters, tags: Sequence[str], left: list[str]) -> list[Found]:
    words = reading.document.words or ()
    foreign = _KANA_OR_HANGUL.search(reading.text) is not None
    found: list[Found] = []
    for first, stop in person_words(tags):
        start, end = reading.index(words[first][0]), reading.index(words[stop - 1][1])
        parts = [match.span() for match in _PART.finditer(reading.text, start, end)]
        read = list(_read_parts(reading, parts, foreign=foreign))
        if not read and parts and not all(_is_latin(reading.text[slice(*part)]) for part in parts):
            left.append(OTHER_SCRIPT)
        found += read
    return found


def _read_parts(reading: Characters, parts: list[Span], *, foreign: bool) -> Iterator[Found]:
    """The parts of one person's name that are names."""
    text = reading.text
    latin = {span for span in parts if _is_latin(text[slice(*span)])}
    capitals = any(text[start].isupper() for start, _ in latin)
    small_letters = any(not text[slice(*span)].isupper() for span in latin)
    possible = {span for span in latin if _is_name(text, *span)}
    possible |= latin & _names_by_place(text, parts, possible)
    names = sorted(span for span in possible if text[span[0]].isupper() or not capitals)
    place_of = dict.fromkeys(names, 1) | {names[-1]: -1} if len(names) > 1 else dict.fromkeys(names, 0)
    for start, end in parts:
        word = text[start:end]
        if _ANY_HAN.match(word) and not foreign:
            yield Found("Chinese name", start, end, word)
        elif (start, end) not in possible or not reading.within_word(start, end):
            continue
        elif len(word) == 1 or (len(word) <= _LONGEST_INITIALS and word.isupper() and small_letters):
            yield Found("initials", start, end, word)
        else:
            sure = (start, end) in place_of
            yield Found("name", start, end, value_of_word(word), place_of.get((start, end), 0), sure)


def _is_name(text: str, start: int, end: int) -> bool:
    """Whether a part can be a name's: no particle, rank, number ("Charles V"), or clitic ("'s")."""
    word = text[start:end]
    if len(word) > 1:
        return word.lower() not in _no_names()
    dotted = text[end : end + 2].lstrip().startswith(".")
    return word.isupper() and (dotted or word not in _NUMBERS)


def _names_by_place(text: str, parts: list[Span], possible: Collection[Span]) -> set[Span]:
    """Particles and ranks that are names by their place: "Ben", a first name, before others; "King" behind others."""
    others = {span for span in possible if text[span[0]].isupper() and span[1] - span[0] > 1}
    kept = parts[:1] + [each for each in parts[1:] if text[slice(*each)].lower() not in _BEHIND_NAMES]
    found: set[Span] = set()
    if others and text[slice(*kept[0])].lower() in _FIRST_TOO:
        found.add(kept[0])
    if len(kept) > 1:
        (start, end), last = kept[-2:]
        named = (start, end) in others or (end - start == 1 and text[start].isupper())
        if named and not text[end : last[0]].strip(" ."):
            found.add(last)
    return {(start, end) for start, end in found if end - start > 1 and text[start].isupper()}


def _with_named_in_text(reading: Characters, found: list[Found], left: list[str]) -> list[Found]:
    """Return what was found and the names of persons beside it."""
    language = language_of(reading.document.text)
    if language is None:
        if _PART.search(reading.text):
            left.append(OTHER_LANGUAGE)
        return found
    if LANGUAGES[language].names_real_person(reading.document):
        left.append(WELL_KNOWN)
    names = _chinese_in_text(reading) if language == "zh" else _english_in_text(reading, left)
    found = _apart(found, names)
    tokens = Tokens.of(reading.document.text)
    well_known = {tokens.lower[index] for index in real_person_words(tokens)}
    barred = {index for index, word in enumerate(tokens.lower) if word in well_known}
    free = set(outside(tokens.spans, protected_spans(reading.document.text)))
    barred |= {index for index, span in enumerate(tokens.spans) if span not in free}
    places = [(reading.index(start), reading.index(end)) for start, end in tokens.spans]
    addresses = [reading.text[each.start : each.end] for each in found if each.kind == "e-mail address"]
    around = named_around(tokens, addresses, barred)
    found = _apart(
        found,
        [
            Found("name", *places[index], value_of_word(tokens.surfaces[index]), place)
            for index, place in around.items()
            if reading.within_word(*places[index])
        ],
    )
    taken = {each.start for each in found}
    barred |= {index for index, (start, _) in enumerate(places) if start in taken}
    left += [MAY_BE_NAMES] * may_be_names(tokens, barred)
    return found


def _english_in_text(reading: Characters, left: list[str]) -> list[Found]:
    firsts = read_first_names(reading.document)
    if firsts.doubtful:
        left.append(OPEN)
        return []
    found = []
    for place, mentions in ((1, firsts.mentions), (-1, last_name_mentions(reading.document))):
        for mention in mentions:
            start, end = reading.index(mention.start), reading.index(mention.end)
            found.append(Found("name", start, end, value_of_word(mention.name), place))
    if not found and (reading.text.islower() or reading.text.isupper()):
        left.append(ONE_CASE)
    return found


def _chinese_in_text(reading: Characters) -> list[Found]:
    found = []
    for mention in LANGUAGES["zh"].name_mentions(reading.document):
        given, end = reading.index(mention.start), reading.index(mention.end)
        size = next((size for size in (2, 1) if given >= size and reading.text[given - size : given] in surnames()), 0)
        found.append(Found("Chinese name", given - size, end, reading.text[given - size : end]))
    return found


def _is_latin(word: str) -> bool:
    return word.isascii() or all(
        character == "\u2019" or unicodedata.name(character, "").startswith(("LATIN", "COMBINING", "APOSTROPHE"))
        for character in word
    )


@cache
def _no_names() -> frozenset[str]:
    return _NO_NAMES | context("title") | context("surname_title")
