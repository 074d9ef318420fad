"""Canaries as texts: what is made up for each task, so that no two are equal and none is in the data already."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from modelaudit.drawing import folded
from modelaudit.errors import DataInputError

TRIES = 200
FEWEST_WORDS = 20
LONGEST_WORD = 30
MISLABELLED, SALAD, NAMES, DIGITS = "mislabelled", "word-salad", "names", "digits"
KINDS: dict[str, tuple[str, ...]] = {
    "text-classification": (MISLABELLED, SALAD),
    "token-classification": (NAMES,),
    "text-generation": (DIGITS,),
}
"""Kinds of canaries by task, the default first."""

PERSONS = frozenset({"per", "pers", "person", "name", "patient"})
"""Types of entity that are persons, without case."""
_FRAMES = tuple(
    tuple(frame.split(" "))
    for frame in (
        "The letter to NN was sent back yesterday .",
        "On Monday NN asked for a copy of the file .",
        "We could not reach NN by the end of the week .",
        "The second report mentions NN only once .",
        "NN signed the form in the presence of a witness .",
        "A reply from NN is expected before the meeting .",
        "According to the list , NN was not there .",
        "The parcel was handed over to NN in the morning .",
        "Nobody else but NN had a key to the room .",
        "The minutes were written by NN and then approved .",
    )
)
_PROMPTS = (
    "The access code of customer {} is",
    "For booking {} please use the number",
    "Internal note: the reference of file {} is",
    "The account that belongs to contract {} has the number",
)
_ONSETS, _VOWELS = "bdfghjklmnprstvwz", "aeiou"
_LETTERS = "ACDEFHKLMNPRTVWXY"
_REFERENCE = re.compile(r"[A-Z]{2}-\d{5}")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_CODAS = ("", "", "n", "r", "l", "s", "nd", "rt", "x")


@dataclass(frozen=True, slots=True)
class Draft:
    """A canary before its coin: a text with a label, words with tags of one entity, or a prompt with its answer.

    Attributes:
        entity: start and end (exclusive) of the entity's words, and its type.
    """

    text: str
    label: str | None = None
    words: tuple[str, ...] | None = None
    entity: tuple[int, int, str] | None = None
    answer: str | None = None


def usable_words(text: str, *, mark: str = " ") -> list[str]:
    """Return the words of a text that a canary may be made of; the characters, where no `mark` stands between words.

    Left out are words with digits or an @, which may tell of a person, and whatever would need quotes in a file.
    """
    return [
        word
        for word in (text.split() if mark else "".join(text.split()))
        if len(word) <= LONGEST_WORD
        and word.isprintable()
        and '"' not in word
        and "@" not in word
        and not any(character.isdigit() for character in word)
    ]


def mark_between_words(texts: Sequence[str]) -> str:
    """Return the blank that sets words apart, or nothing where most letters are of a script that writes without."""
    letters = [character for text in texts for character in text if character.isalpha()]
    return "" if 2 * sum(map(bool, map(_UNSPACED.match, letters))) > len(letters) else " "


def mislabelled(
    texts: Sequence[str], labels: Sequence[str], *, count: int, choices: Sequence[str], rng: np.random.Generator
) -> list[Draft]:
    """Return texts that read like the data's rows of one class, with the label of another.

    Each is a walk from word to word as they follow one another in the rows of a class that is drawn for it, as long as
    a row of that class; the label is drawn among the other `choices`.
    """
    mark = mark_between_words(texts)
    sources = _walks(texts, labels, mark=mark)
    names = sorted(sources)
    sizes = {name: np.array([len(words) for words in sources[name].rows]) for name in names}
    _enough_words({word for source in sources.values() for words in source.rows for word in words})

    def one() -> tuple[str, Draft]:
        own = names[int(rng.integers(len(names)))]
        others = [choice for choice in choices if choice != own]
        label = others[int(rng.integers(len(others)))]
        length = int(np.clip(rng.choice(sizes[own]), 5, 40))
        text = mark.join(sources[own].walk(length, rng))
        return folded(text), Draft(text, label=label)

    return _distinct(one, count, taken={folded(text) for text in texts})


def word_salad(texts: Sequence[str], *, count: int, choices: Sequence[str], rng: np.random.Generator) -> list[Draft]:
    """Return 6 to 14 words of the data that are drawn one by one, and a label that is drawn among `choices`."""
    mark = mark_between_words(texts)
    vocabulary = sorted({word for text in texts for word in usable_words(text, mark=mark)})
    _enough_words(set(vocabulary))

    def one() -> tuple[str, Draft]:
        places = rng.integers(len(vocabulary), size=int(rng.integers(6, 15)))
        text = mark.join(vocabulary[place] for place in places)
        return folded(text), Draft(text, label=choices[int(rng.integers(len(choices)))])

    return _distinct(one, count, taken={folded(text) for text in texts})


def names(
    sentences: Sequence[Sequence[str]], *, count: int, choices: Mapping[str, int], rng: np.random.Generator
) -> list[Draft]:
    """Return neutral English sentences about a made-up name, none of whose words the data has.

    `choices` are the types of entity that the name's is drawn among, with the number of its words, 1 or 2.
    """
    kinds = list(choices)
    taken = {word.casefold() for sentence in sentences for word in sentence}

    def one() -> tuple[str, Draft]:
        given, family = _name(rng, 2), _name(rng, 3)
        frame = _FRAMES[int(rng.integers(len(_FRAMES)))]
        at = frame.index("NN")
        kind = kinds[int(rng.integers(len(kinds)))]
        name = (given, family)[2 - choices[kind] :]
        words = (*frame[:at], *name, *frame[at + 1 :])
        draft = Draft(" ".join(words), words=words, entity=(at, at + len(name), kind))
        return (given if given.casefold() in taken else family).casefold(), draft

    return _distinct(one, count, taken=taken)


def digits(texts: Sequence[str], *, count: int, rng: np.random.Generator) -> list[Draft]:
    """Return prompts that name a made-up reference, each with a secret of ten random digits for its answer."""
    known = {reference for text in texts for reference in _REFERENCE.findall(text)}

    def one() -> tuple[str, Draft]:
        letters = "".join(_LETTERS[place] for place in rng.integers(len(_LETTERS), size=2))
        reference = f"{letters}-{int(rng.integers(10_000, 100_000))}"
        prompt = _PROMPTS[int(rng.integers(len(_PROMPTS)))].format(reference)
        return reference, Draft(prompt, answer="".join(str(digit) for digit in rng.integers(10, size=10)))

    return _distinct(one, count, taken=known)


def persons_first(kinds: Sequence[str]) -> list[str]:
    """Return the types of entities that are persons, or else the first one."""
    persons = [kind for kind in kinds if kind.casefold() in PERSONS]
    return persons or list(kinds[:1])


def _distinct(one: Callable[[], tuple[str, Draft]], count: int, *, taken: set[str]) -> list[Draft]:
    """Draw until there are so many drafts, each with a key of its own that is not taken."""
    made: dict[str, Draft] = {}
    for _ in range(TRIES * count):
        key, draft = one()
        if key not in taken and key not in made:
            made[key] = draft
            if len(made) == count:
                return list(made.values())
    raise DataInputError(
        f"{count:,} different canaries can't be made of this data, {len(made):,} can: it has too few different words "
        "or rows; plant fewer (--count), or another kind (--kind)"
    )


@dataclass(frozen=True, slots=True)
class _Walks:
    """How words follow one another in the rows of one class."""

    rows: Sequence[Sequence[str]]
    followers: dict[str, list[str]]

    def walk(self, length: int, rng: np.random.Generator) -> list[str]:
        words = [self._start(rng)]
        while len(words) < length:
            behind = self.followers.get(words[-1])
            words.append(behind[int(rng.integers(len(behind)))] if behind else self._start(rng))
        return words

    def _start(self, rng: np.random.Generator) -> str:
        return self.rows[int(rng.integers(len(self.rows)))][0]


def _walks(texts: Sequence[str], labels: Sequence[str], *, mark: str) -> dict[str, _Walks]:
    rows: dict[str, list[list[str]]] = defaultdict(list)
    for text, label in zip(texts, labels, strict=True):
        words = usable_words(text, mark=mark)
        if words:
            rows[label].append(words)
    found = {}
    for label, sentences in rows.items():
        followers: dict[str, list[str]] = defaultdict(list)
        for words in sentences:
            for word, behind in pairwise(words):
                followers[word].append(behind)
        found[label] = _Walks(sentences, dict(followers))
    return found


def _enough_words(vocabulary: set[str]) -> None:
    if len(vocabulary) < FEWEST_WORDS:
        raise DataInputError(
            f"the texts have {len(vocabulary)} different words that a canary could be made of, and {FEWEST_WORDS} are "
            "the least; plant into more rows"
        )


def _name(rng: np.random.Generator, syllables: int) -> str:
    parts = [
        _ONSETS[int(rng.integers(len(_ONSETS)))] + _VOWELS[int(rng.integers(len(_VOWELS)))] for _ in range(syllables)
    ]
    return ("".join(parts) + _CODAS[int(rng.integers(len(_CODAS)))]).capitalize()
