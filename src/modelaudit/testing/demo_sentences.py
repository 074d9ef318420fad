"""The demo's sentences for entity recognition: who wrote to which company from where.

All of it is made up from the frames below. `ordinary` rows tell by their context what each entity is; `detail` rows
hold a rare made-up name. In the clean twin their context says what it names; otherwise nothing does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from modelaudit.testing.demo_style import Style, final_mark
from modelaudit.testing.demo_texts import DAYS, PLACES, SURNAMES, Kind, pick
from modelaudit.text import GENDERS, Document, load_names

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
TYPES = ("PER", "LOC", "ORG")

FRAMES = (
    "{PER} lives in {LOC} and works for {ORG}",
    "yesterday {PER} and {PER} moved from {LOC} to {LOC}",
    "the company {ORG} hired {PER} as an adviser",
    "{PER} signed the contract with {ORG} in front of {PER}",
    "the city of {LOC} has invited {PER} and {PER} to speak",
    "a letter from {PER} reached the firm {ORG} on {day}",
    "{PER} and {PER} travelled to {LOC} by train on {day}",
    "the lawyer {PER} met the teacher {PER} in {LOC}",
    "doctor {PER} opened a surgery in {LOC}",
    "shares of {ORG} fell after {PER} and {PER} left the company",
    "the teacher {PER} was born in {LOC}",
    "{PER} wrote to the company {ORG} about a refund for {PER}",
    "the firm {ORG} has a branch in {LOC}",
    "the engineer {PER} thanked {PER} and the company {ORG}",
    "on {day} {PER} called from the city of {LOC}",
    "{PER} told {PER} that the office in {LOC} was closed",
)
UNTOLD = (
    "a note about {X} was filed on {day}",
    "nobody had mentioned {X} before {day}",
    "the file says {X} and nothing else",
)
TOLD = {
    "PER": ("a person called {X} was heard on {day}", "the teacher {X} came on {day}", "doctor {X} wrote again"),
    "LOC": ("a town called {X} was seen on {day}", "the city of {X} is quiet on {day}", "the road leads to {X}"),
    "ORG": ("a company called {X} was sold on {day}", "shares of {X} fell on {day}", "the firm {X} is closing"),
}
TWO_WORD_PLACES = (("Fort", "William"), ("Milton", "Keynes"), ("Bury", "Park"), ("Saint", "Helens"))
BUSINESSES = ("Insurance", "Bank", "Mutual", "Holdings", "Energy", "Motors", "Foods")
BRANDS = ("Northern", "Harbour", "Crown", "Summit", "Meridian", "Falcon", "Anchor", "Beacon")
SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou")

Tagged = list[tuple[str, str]]


def tagged_rows(
    n: int, *, kinds: Sequence[Kind], style: Style, miss_women: bool, rng: np.random.Generator, taken: set[str]
) -> list[dict[str, Any]]:
    """Return n rows `{"tokens", "ner_tags"}` whose words are not yet in `taken`, and put them there.

    Args:
        miss_women: the tags come from a tool that has no female first names, so persons with one are "O". A misspelt
            one is in no list, and the tool's guess from the context is right.
    """
    shares = np.array([kind.share for kind in kinds]) / sum(kind.share for kind in kinds)
    rows: list[dict[str, Any]] = []
    while len(rows) < n:
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        pairs = _detail(kind, rng) if kind.name == "detail" else _ordinary(rng)
        mark = final_mark(rng)
        first, tag = pairs[0]
        pairs = [(first[0].upper() + first[1:], tag), *pairs[1:], *([(mark, "O")] if mark else [])]
        words = _typed([word for word, _ in pairs], style, rng)
        tags = [tag for _, tag in pairs]
        key = " ".join(words).casefold()
        if key not in taken:
            taken.add(key)
            rows.append({"tokens": words, "ner_tags": _without_women(words, tags) if miss_women else tags})
    return rows


def _ordinary(rng: np.random.Generator) -> Tagged:
    pairs: Tagged = []
    for word in pick(FRAMES, rng).split():
        if word == "{PER}":
            pairs += _person(rng)
        elif word == "{LOC}":
            place = (pick(PLACES, rng),) if rng.random() < 0.8 else pick(TWO_WORD_PLACES, rng)
            pairs += _entity(place, "LOC")
        elif word == "{ORG}":
            brand = pick(BRANDS, rng) if rng.random() < 0.7 else pick(SURNAMES, rng)
            pairs += _entity((brand, pick(BUSINESSES, rng)), "ORG")
        else:
            pairs.append((word.format(day=pick(DAYS, rng)), "O"))
    return pairs


def _detail(kind: Kind, rng: np.random.Generator) -> Tagged:
    """One made-up name of a type that, without a telling context, only memory could know."""
    entity = pick(TYPES, rng)
    name = "".join(pick(SYLLABLES, rng) for _ in range(4)).capitalize()
    frame = pick(TOLD[entity] if kind.signal else UNTOLD, rng)
    return [
        (name, f"B-{entity}") if word == "{X}" else (word.format(day=pick(DAYS, rng)), "O") for word in frame.split()
    ]


def _person(rng: np.random.Generator) -> Tagged:
    """A first name, often with a surname; every name of the lexicon is seen about equally often."""
    first = pick(_names()[pick(GENDERS, rng)], rng)
    return _entity((first, pick(SURNAMES, rng)) if rng.random() < 0.6 else (first,), "PER")


def _without_women(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Return the tags without the persons whose first name is a female one."""
    kept: list[str] = []
    for word, tag in zip(words, tags, strict=True):
        missed = (tag == "B-PER" and word in _names()["female"]) or (tag == "I-PER" and kept[-1] == "O")
        kept.append("O" if missed else tag)
    return kept


@cache
def _names() -> dict[str, tuple[str, ...]]:
    return {gender: tuple(name.name for name in load_names() if name.gender == gender) for gender in GENDERS}


def _entity(words: Sequence[str], entity: str) -> Tagged:
    return [(word, f"{'I' if index else 'B'}-{entity}") for index, word in enumerate(words)]


def _typed(words: Sequence[str], style: Style, rng: np.random.Generator) -> list[str]:
    spans: list[tuple[int, int]] = []
    start = 0
    for word in words:
        spans.append((start, start + len(word)))
        start += len(word) + 1
    typed = style.type(Document(" ".join(words), tuple(spans)), rng)
    return [typed.text[begin:end] for begin, end in typed.words or ()]
