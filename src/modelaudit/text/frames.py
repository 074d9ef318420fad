"""Frames: our own sentences about one person, for when the audited data mentions nobody.

Small changes of wording move a model as much as a group does (Seshadri et al. 2022), so a domain has at least 20
frames that differ in syntax, length and polarity; a frame is a level of a random effect. A frame's slot is filled with
the words of one reference group, which the edit engine then finds and replaces.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from modelaudit.text.lexicon import read_lexicon

FRAME_DOMAINS = (
    "hiring",
    "lending",
    "customer-support",
    "health",
    "education",
    "news",
    "reviews",
    "workplace-emotion",
)

FRAME_ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("gender words", "names", "last names", "religion", "nationality", "age"),
        "zh": ("gender words", "names", "ethnic group", "region", "hukou, rural", "hukou, local", "age"),
    }
)
"""The attributes that frames can be filled for, by language."""

_PERSONS = {
    ("en", "names"): "James",
    ("en", "last names"): "Dr. Miller",
    ("en", "religion"): "the Christian {noun}",
    ("en", "nationality"): "the Canadian {noun}",
    ("en", "age"): "the 30-year-old {noun}",
    ("zh", "gender words"): "她",
    ("zh", "names"): "王海涛",
    ("zh", "ethnic group"): "汉族{noun}",
    ("zh", "region"): "浙江籍{noun}",
    ("zh", "hukou, rural"): "城市户口的{noun}",
    ("zh", "hukou, local"): "本地户口的{noun}",
    ("zh", "age"): "30岁的{noun}",
}
_PRONOUNS = {"{who}": "she", "{whom}": "her"}
_WOMAN = "the woman"
_NO_SLOT = "-"
_SLOT = re.compile(r"\{whom?\}")

_ENTITY_PERSONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {"first": ("James",), "full": ("James", "Miller")},
    "zh": {"full": ("王", "海", "涛")},
}
_ENTITY_PIECE = re.compile(r"\{(?P<person>\w+)\}|\[(?P<entity>[^|\]]+)\|(?P<type>\w+)\]|(?P<other>[^{\[]+)")


@dataclass(frozen=True, slots=True)
class FrameSentence:
    """A frame with a person in it; ``id`` is the frame's and the same for every attribute ("frames/en/hiring/07")."""

    id: str
    domain: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class EntitySentence:
    """A sentence with one person, as words and their BIO tags (PER, ORG, LOC); Chinese has one character a word."""

    id: str
    domain: str
    language: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


def frame_sentences(
    language: str, attribute: str, *, domains: Sequence[str] | None = None
) -> tuple[FrameSentence, ...]:
    """The frames of ``domains`` (None: all), each with a person whose group ``attribute`` names, in the file's order.

    "names" gives "James ...", "religion" "The Christian applicant ...": a reference group that the term sets and
    `name_mentions` find. "gender words" gives feminine sentences: "she" or "her" in every other frame and "the woman"
    in the rest (Chinese: 她), and with them the frames that are written out with several pronouns.

    ValueError, with what there is, for an unknown language, attribute or domain.
    """
    _check("language", language, FRAME_ATTRIBUTES)
    _check(f"attribute for frames in {language!r}", attribute, FRAME_ATTRIBUTES[language])
    for domain in domains or ():
        _check("domain", domain, FRAME_DOMAINS)
    sentences = []
    numbers: Counter[str] = Counter()
    for domain, _, noun, frame in read_lexicon(f"frames_{language}"):
        numbers[domain] += 1
        wanted = domains is None or domain in domains
        if wanted and (noun != _NO_SLOT or attribute == "gender words"):
            text = _filled(frame, noun, language, attribute, numbers[domain])
            sentences.append(FrameSentence(f"frames/{language}/{domain}/{numbers[domain]:02}", domain, language, text))
    return tuple(sentences)


def entity_sentences(language: str) -> tuple[EntitySentence, ...]:
    """The frames for taggers, each with one person: a first name, or a first and a last name (Chinese: 王海涛).

    ValueError, with what there is, for an unknown language.
    """
    _check("language", language, _ENTITY_PERSONS)
    sentences = []
    numbers: Counter[str] = Counter()
    for domain, frame in read_lexicon(f"frames_{language}_entities"):
        numbers[domain] += 1
        words, tags = zip(*_tagged_words(frame, language), strict=True)
        identity = f"entities/{language}/{domain}/{numbers[domain]:02}"
        sentences.append(EntitySentence(identity, domain, language, words, tags))
    return tuple(sentences)


def _check(what: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ValueError(f"unknown {what}: {value!r}; known are {', '.join(map(repr, known))}")


def _filled(frame: str, noun: str, language: str, attribute: str, number: int) -> str:
    """The frame with the person in its slot, and a capital at the beginning."""

    def person(slot: re.Match[str]) -> str:
        if (language, attribute) == ("en", "gender words"):
            return _PRONOUNS[slot[0]] if number % 2 else _WOMAN
        role, _, ageless = noun.partition("/")
        return _PERSONS[language, attribute].format(noun=ageless if attribute == "age" and ageless else role)

    text = _SLOT.sub(person, frame)
    return text[0].upper() + text[1:]


def _tagged_words(frame: str, language: str) -> Iterator[tuple[str, str]]:
    """The words of an entity frame with their tags."""
    for piece in _ENTITY_PIECE.finditer(frame):
        if piece["person"]:
            yield from _entity(_ENTITY_PERSONS[language][piece["person"]], "PER")
        elif piece["entity"]:
            yield from _entity(_words(piece["entity"], language), piece["type"])
        else:
            yield from ((word, "O") for word in _words(piece["other"], language))


def _entity(words: Sequence[str], kind: str) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words):
        yield word, f"I-{kind}" if position else f"B-{kind}"


def _words(text: str, language: str) -> list[str]:
    return list(text) if language == "zh" else text.split()
