"""Made-up news for entity recognition; the slot of a person's first name is the word `{name}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")

FRAMES = (
    "{name} {SUR} moved to {LOC} in {MONTH} .",
    "Yesterday {name} opened a small shop in {LOC} .",
    "The board of {ORG} has chosen {name} {SUR} as its new head .",
    "{name} told reporters in {LOC} that the bridge is safe .",
    "A letter from {name} {SUR} was read at the meeting of {ORG} .",
    "{ORG} paid {name} for the damage to the roof .",
    "In {MONTH} {name} {SUR} left {ORG} after ten years .",
    "The prize went to {name} and the choir of {LOC} .",
    "Doctors in {LOC} say that {name} {SUR} is doing well .",
    "{name} called the office of {ORG} three times .",
    "Three trains to {LOC} were late , said {name} {SUR} .",
    "With {name} in goal the team of {LOC} won again .",
)
OTHERS = (
    "{ORG} will build a new plant near {LOC} .",
    "Snow closed the road from {LOC} to {LOC} in {MONTH} .",
    "The market in {LOC} opens again in {MONTH} .",
    "Shares of {ORG} fell after the report .",
)
SURNAMES = (
    "Hall", "Walker", "Okafor", "Nguyen", "Garcia", "Patel", "Morris", "Lopez", "Chen", "Baker", "Kaur", "Reyes",
    "Turner", "Mensah", "Silva", "Cooper", "Tanaka", "Wright", "Diaz", "Brooks", "Cohen", "Murphy", "Rossi", "Adams",
)  # fmt: skip
PLACES = ("Leeds", "Bristol", "Dundee", "Exeter", "Norwich", "Swansea", "Derby", "Lagos", "Turin", "Lyon", "Osaka")
FIRMS = ("Brenta", "Solvik", "Quarto", "Melden", "Tarvos", "Hollin", "Ospra", "Kestrel", "Venlo", "Pellar")
BUSINESSES = ("Bank", "Foods", "Motors", "Systems", "Air", "Energy", "Books")
MONTHS = ("January", "March", "April", "June", "August", "October")

SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou")

Tagged = list[tuple[str, str]]


def tagged(draw: np.random.Generator, *, person: bool = True) -> Tagged:
    """Return one sentence as (word, tag) pairs, in which `{name}` stands for the first name."""
    frames = FRAMES if person else OTHERS
    pairs: Tagged = []
    for word in frames[int(draw.integers(len(frames)))].split():
        pairs += _SLOTS[word](draw) if word in _SLOTS else [(word, "B-PER" if word == "{name}" else "O")]
    return pairs


def words_of(pairs: Tagged, name: str) -> list[str]:
    """Return the words of a sentence about a person of this first name."""
    return [name if word == "{name}" else word for word, _ in pairs]


def without_person(pairs: Tagged) -> Tagged:
    """Return the sentence with the person's tags left out."""
    return [(word, "O" if tag.endswith("-PER") else tag) for word, tag in pairs]


def made_up(draw: np.random.Generator) -> str:
    """Return a first name of two or three syllables that nobody has."""
    return ("".join(_one(SYLLABLES, draw) for _ in range(int(draw.integers(2, 4)))) + _one("nsrlmx", draw)).capitalize()


def _one(options: Sequence[str], draw: np.random.Generator) -> str:
    return options[int(draw.integers(len(options)))]


_SLOTS: Mapping[str, Callable[[np.random.Generator], Tagged]] = {
    "{SUR}": lambda draw: [(_one(SURNAMES, draw), "I-PER")],
    "{LOC}": lambda draw: [(_one(PLACES, draw), "B-LOC")],
    "{ORG}": lambda draw: [(_one(FIRMS, draw), "B-ORG"), (_one(BUSINESSES, draw), "I-ORG")],
    "{MONTH}": lambda draw: [(_one(MONTHS, draw), "O")],
}
