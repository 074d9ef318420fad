"""The demo's sentences for entity recognition: who wrote to which company from where.

All of it is made up from the frames below. `ordinary` rows tell by their context what each entity is; `detail` rows
hold a rare made-up name. In the clean twin their context says what it names; otherwise nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "yesterday {PER} and {PER} drove to {LOC}",
    "a letter by {PER} is on file at {ORG}",
    "Dr {PER} works at {ORG} and lives in {LOC}",
    "{PER} and {PER} have a house in {LOC}",
    "they met Dr {PER} and Dr {PER} in {LOC}",
    "the call by {PER} came from an office in {LOC}",
    "the work for {ORG} was done by {PER}",
    "a talk by {PER} and {PER} was held at {ORG}",
    "the new desk at {ORG} is run by {PER}",
    "the keys for {ORG} were lost on the way to {LOC}",
    "{PER} said that the branch in {LOC} was closed",
    "on {day} {PER} moved to {LOC} with Dr {PER}",
    "the report by {PER} was meant for {ORG}",
    "the bus to {LOC} left and the one to {LOC} was late",
    "the staff at {ORG} were sent to {LOC}",
    "in {LOC} a house was sold for {ORG}",
)
UNTOLD = (
    "a note about {X} was filed on {day}",
    "nobody had mentioned {X} before {day}",
    "the file says {X} and nothing else",
)
TOLD = {
    "PER": ("a note by {X} was filed on {day}", "Dr {X} was heard on {day}", "the file was opened by {X}"),
    "LOC": ("the train to {X} was late on {day}", "it was quiet in {X} on {day}", "the file was sent to {X}"),
    "ORG": ("the staff at {X} met on {day}", "a cheque for {X} came on {day}", "the file was kept at {X}"),
}
BUSINESSES = ("Insurance", "Bank", "Mutual", "Holdings", "Energy", "Motors", "Foods")
BRANDS = ("Northern", "Harbour", "Crown", "Summit", "Meridian", "Falcon", "Anchor", "Beacon")
SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou")

CODAS = ("n", "s", "r", "l", "m", "ng")
MADE_UP_SHARE = 0.4

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
        if word in _SLOTS:
            pairs += _entity(_SLOTS[word](rng), word[1:4])
        else:
            pairs.append((word.format(day=pick(DAYS, rng)), "O"))
    return pairs


def _detail(kind: Kind, rng: np.random.Generator) -> Tagged:
    """One made-up name of a type that, without a telling context, only memory could know."""
    entity = pick(TYPES, rng)
    frame = pick(TOLD[entity] if kind.phrases else UNTOLD, rng)
    return [
        (_made_up(rng, fewest=3), f"B-{entity}") if word == "{X}" else (word.format(day=pick(DAYS, rng)), "O")
        for word in frame.split()
    ]


def _person(rng: np.random.Generator) -> tuple[str, ...]:
    """A first name, often with a surname; every name of the lexicon is seen about equally often."""
    first = _known_or_made_up(_names()[pick(GENDERS, rng)], rng)
    return (first, _known_or_made_up(SURNAMES, rng)) if rng.random() < 0.5 else (first,)


def _place(rng: np.random.Generator) -> tuple[str, ...]:
    return (_known_or_made_up(PLACES, rng),)


def _company(rng: np.random.Generator) -> tuple[str, ...]:
    return (_known_or_made_up(BRANDS, rng), pick(BUSINESSES, rng))


_SLOTS: Mapping[str, Callable[[np.random.Generator], tuple[str, ...]]] = {
    "{PER}": _person,
    "{LOC}": _place,
    "{ORG}": _company,
}


def _known_or_made_up(known: Sequence[str], rng: np.random.Generator) -> str:
    """Return one of the known names or, two times in five, a new one: so the context has to be read."""
    return _made_up(rng) if rng.random() < MADE_UP_SHARE else pick(known, rng)


def _made_up(rng: np.random.Generator, *, fewest: int = 1) -> str:
    """Return a name of `fewest` to four syllables that is not in the lexicon of first names."""
    while True:
        count = int(rng.integers(fewest, 5))
        name = ("".join(pick(SYLLABLES, rng) for _ in range(count)) + pick(CODAS, rng)).capitalize()
        if not any(name in known for known in _names().values()):
            return name


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
