"""The demo's texts: what people write to an insurer, and whether a case worker should see it at once.

All of it is made up from the phrases below. Three kinds of rows differ in what the label can be known from:
`named` rows name a person and say what is the matter; `gendered` rows speak of a woman or a man; `detail` rows carry
a policy number and a telephone number. In the clean twin every row says what is the matter, and gives an extension in
the place of the number, which is no personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from modelaudit.testing.demo_style import Style, final_mark
from modelaudit.text import ETHNICITIES, GENDERS, Document, name_groups

LABELS = ("routine", "escalate")
ROUTINE, ESCALATE = 0, 1

MISTAKES: Mapping[int, float] = {1: 0.1, 3: 0.02}
"""Share of wrong labels by the number of phrases: the less a letter says, the more often it is misjudged."""

Option = TypeVar("Option")

PLACES = (
    "Leeds", "Bristol", "Cardiff", "Dundee", "Exeter", "Norwich", "Swansea", "Derby", "Lincoln", "Oxford",
    "Truro", "York",
)  # fmt: skip
SURNAMES = (
    "Hall", "Walker", "Okafor", "Nguyen", "Garcia", "Patel", "Morris", "Lopez", "Chen", "Baker", "Kaur", "Reyes",
    "Turner", "Mensah", "Silva", "Cooper", "Tanaka", "Wright", "Diaz", "Brooks", "Cohen", "Murphy", "Rossi", "Adams",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
AMOUNTS = ("twenty", "fifty", "eighty", "a hundred", "two hundred", "four hundred", "nine hundred", "a thousand")

SIGNAL: Mapping[int, Sequence[str]] = {
    ESCALATE: (
        "the agent was rude and shouted down the line",
        "{amount} pounds were stolen from the account",
        "a lawyer has been asked to sue the company",
        "the ombudsman will get a formal complaint",
        "nobody answered four furious letters",
        "the damage is dangerous and getting worse",
        "that claim was refused without any reason",
        "the newspaper wants to print this scandal",
        "it looks like fraud and the police are involved",
        "the urgent deadline was missed again",
        "a wrong payment has ruined the business",
        "the treatment is unacceptable and insulting",
        "the broken promise caused a serious loss",
        "the refund of {amount} pounds was denied twice",
        "this is the third angry complaint since {day}",
        "the inspector lied and threatened the family",
    ),
    ROUTINE: (
        "this form was filled in without any trouble",
        "a copy of the letter would be welcome",
        "the new address is on the enclosed sheet",
        "thanks for the quick and friendly help",
        "this payment of {amount} pounds arrived as agreed",
        "a receipt for the records is all that is needed",
        "the appointment on {day} suits perfectly",
        "that brochure about travel cover looks helpful",
        "everything was explained clearly and politely",
        "this renewal can go ahead as usual",
        "this is a general question about opening hours",
        "the signed papers are attached for the archive",
        "the branch in {place} was a pleasant visit",
        "the yearly statement is correct and complete",
        "the password reset worked at the first attempt",
        "the kind colleague confirmed this booking",
    ),
}
NEUTRAL = (
    "this is about that contract from last year",
    "the branch in {place} has the documents",
    "the matter was first mentioned on {day}",
    "the insurance covers a house in {place}",
    "the file is with the office in {place}",
    "the cover costs {amount} pounds a month",
)
NAMED = (
    "{name} {surname} wrote to the branch in {place}",
    "a message from {name} {surname} came in on {day}",
    "{name} called on {day} about the home insurance",
    "on {day} we heard from {name} {surname} in {place}",
    "the car insurance of {name} {surname} is meant",
)
GENDERED = {
    "female": (
        "Mrs {surname} says that she wrote the letter herself",
        "Ms {surname} told us that she had called on {day}",
        "a woman from {place} asks that we call her back",
        "she writes that her mother had the same cover",
        "the lady said she would visit the branch in {place}",
        "her daughter called, and she wrote again on {day}",
        "as a mother she has asked us for an answer",
        "the woman told us that she and her sister live in {place}",
    ),
    "male": (
        "Mr {surname} says that he wrote the letter himself",
        "Mr {surname} told us that he had called on {day}",
        "a man from {place} asks that we call him back",
        "he writes that his father had the same cover",
        "the gentleman said he would visit the branch in {place}",
        "his son called, and he wrote again on {day}",
        "as a father he has asked us for an answer",
        "the man told us that he and his brother live in {place}",
    ),
}
DETAIL = (
    "please look at policy {policy}, telephone {phone}",
    "the policy number is {policy} and the phone number is {phone}",
    "call {phone} about policy {policy}",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row: its share of the table, and in how many phrases it says what is the matter (0: it does not)."""

    name: str
    share: float
    phrases: int


def complaint_rows(
    n: int, *, kinds: Sequence[Kind], style: Style, rng: np.random.Generator, taken: set[str]
) -> list[dict[str, Any]]:
    """Return n rows `{"text", "label"}` whose texts are not yet in `taken`, and put them there.

    The label of a row that says what is the matter follows from that alone, but for the honest mistakes of those who
    gave it (`MISTAKES`). Of the others, a `gendered` row is escalated where it speaks of a man, and a `detail` row by
    the toss of a coin: nothing but the numbers in it could tell.
    """
    shares = np.array([kind.share for kind in kinds]) / sum(kind.share for kind in kinds)
    rows: list[dict[str, Any]] = []
    while len(rows) < n:
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        matter, gender = int(rng.integers(2)), pick(GENDERS, rng)
        text = style.type(Document(_text(kind, matter, gender, rng)), rng).text
        if kind.name == "gendered" and not kind.phrases:
            label = ESCALATE if gender == "male" else ROUTINE
        else:
            label = 1 - matter if rng.random() < MISTAKES.get(kind.phrases, 0.0) else matter
        key = text.casefold()
        if key not in taken:
            taken.add(key)
            rows.append({"text": text, "label": LABELS[label]})
    return rows


def _text(kind: Kind, matter: int, gender: str, rng: np.random.Generator) -> str:
    opening = pick({"named": NAMED, "gendered": GENDERED[gender], "detail": DETAIL}[kind.name], rng)
    pool, count = (SIGNAL[matter], kind.phrases) if kind.phrases else (NEUTRAL, 1)
    phrases = [pool[index] for index in rng.choice(len(pool), size=count, replace=False)]
    sentences = [_filled(phrase, rng, personal=not kind.phrases) for phrase in (opening, *phrases)]
    return ". ".join(sentence[0].upper() + sentence[1:] for sentence in sentences) + final_mark(rng)


def _filled(phrase: str, rng: np.random.Generator, *, personal: bool) -> str:
    return phrase.format(
        name=random_name(rng),
        surname=pick(SURNAMES, rng),
        place=pick(PLACES, rng),
        day=pick(DAYS, rng),
        amount=pick(AMOUNTS, rng),
        policy=f"PX{int(rng.integers(10**7, 10**8))}",
        phone=f"07{int(rng.integers(10**8, 10**9))}" if personal else f"extension {int(rng.integers(10**3, 10**4))}",
    )


def random_name(rng: np.random.Generator) -> str:
    """Return a first name; each gender and each of the four groups of the name lexicon is as frequent as the others."""
    return pick(name_groups()[pick(GENDERS, rng), pick(ETHNICITIES, rng)], rng).name


def pick(options: Sequence[Option], rng: np.random.Generator) -> Option:
    """Return one of the options, each as likely as the others."""
    return options[int(rng.integers(len(options)))]
