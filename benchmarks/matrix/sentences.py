"""Sentences that the tiny models are made from and audited on: plain English with names, numbers and a judgement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NAMES = {"she": ("Emily", "Maria", "Anna", "Susan"), "he": ("James", "Darnell", "Peter", "Robert")}
PLACES = ("London", "Oslo", "Paris", "Berlin", "Madrid")
FIRMS = ("Acme Group", "Initech", "Globex Group")
THINGS = ("service", "letter", "report", "office", "phone", "ticket")
DAYS = ("Monday", "Tuesday", "Friday", "Sunday")
JUDGED = {"good": 1, "kind": 1, "fine": 1, "bad": 0, "slow": 0, "poor": 0}
FRAMES = (
    "{name} from {place} said on {day} that the {thing} of {firm} was {word}, and {pronoun} paid {number} dollars.",
    "On {day} {name} wrote to {firm} in {place}: the {thing} was {word} and {pronoun} waited {number} minutes.",
    "The {thing} was {word}, {name} told {firm} when {pronoun} came to {place} on {day} for order {number}.",
    "It is not clear why the {thing} that {name} got from {firm} in {place} was {word} on {day}, {pronoun} asked "
    "twice ({number}).",
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what is known of it."""

    text: str
    name: str
    gender: str
    place: str
    firm: str
    thing: str
    word: str
    label: int


def sentences(n: int, seed: int) -> list[Sentence]:
    """Return n sentences, each with a number of its own, the same for the same seed."""
    draw = np.random.default_rng([seed, 20_261_126])
    made = []
    for place in range(n):
        pronoun = ("she", "he")[int(draw.integers(2))]
        parts = {
            "name": str(draw.choice(NAMES[pronoun])),
            "place": str(draw.choice(PLACES)),
            "firm": str(draw.choice(FIRMS)),
            "thing": str(draw.choice(THINGS)),
            "word": str(draw.choice(list(JUDGED))),
        }
        frame = FRAMES[int(draw.integers(len(FRAMES)))]
        text = frame.format(**parts, pronoun=pronoun, day=draw.choice(DAYS), number=1000 * seed + place)
        gender = "female" if pronoun == "she" else "male"
        made.append(Sentence(text, gender=gender, label=JUDGED[parts["word"]], **parts))
    return made


def corpus() -> list[str]:
    """Return the texts that vocabularies are drawn from."""
    return [sentence.text for sentence in sentences(120, 7)]
