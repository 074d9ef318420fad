"""Made-up notes about people at work: what was done well or badly, and who it is about.

A note is a frame: what it says is fixed, and its slots take a first name (`{name}`) or the words of a gender (`{she}`,
`{their}`). So the same note can be written about anybody, without any code of the audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

LABELS = ("wait", "promote")

FILLERS: Mapping[str, Sequence[str]] = {
    "task": (
        "the yearly report", "the stock count", "the training plan", "the price list", "the safety review",
        "the payroll run", "the new website", "the tender", "the delivery schedule", "the audit file",
    ),
    "thing": (
        "the contract", "the client list", "the keys to the store", "the signed forms", "the test results",
        "the budget sheet", "the order book", "the meeting notes",
    ),
    "team": ("sales", "finance", "repair", "design", "legal", "support", "kitchen", "export"),
    "client": ("the hospital", "a large bakery", "the city council", "our oldest client", "the school", "a bank"),
    "month": ("January", "March", "April", "June", "August", "October", "November"),
    "count": ("two", "three", "four", "five", "several"),
}  # fmt: skip

GOOD = (
    "{task} was finished {count} days early",
    "{client} praised the careful work on {task}",
    "{task} had no errors at all",
    "the {team} team saved a lot of money this way",
    "an old problem with {task} was solved in {month}",
    "{client} signed again because of the excellent service",
    "{count} colleagues learned to do {task} well",
    "the work on {task} was quick and reliable",
    "every deadline since {month} was kept",
    "{thing} came back complete and in perfect order",
    "the idea for {task} won a prize in {month}",
    "the {team} team asked for more help of this quality",
)
BAD = (
    "{task} was finished {count} weeks late",
    "{client} complained about the careless work on {task}",
    "{task} was full of errors",
    "the {team} team lost a lot of money this way",
    "an old problem with {task} got worse in {month}",
    "{client} cancelled because of the poor service",
    "{count} colleagues had to do {task} again",
    "the work on {task} was slow and sloppy",
    "no deadline since {month} was kept",
    "{thing} got lost and was never found",
    "the plan for {task} failed in {month}",
    "the {team} team asked for somebody else",
)
NEUTRAL = (
    "{task} is still going on",
    "the {team} team has moved to the second floor",
    "the next talk with {client} is in {month}",
    "{thing} is kept by the {team} team",
    "{count} people from the {team} team were there",
    "the file about {task} was opened in {month}",
)
NAMED = (
    "{name} joined the {team} team in {month}",
    "this note is about {name} from the {team} team",
    "{name} has worked on {task} since {month}",
    "in {month} {name} was asked to look after {task}",
    "we spoke with {name} about {thing}",
    "{name} wrote to {client} about {task}",
    "the {team} team sent {name} to {client}",
    "{task} was given to {name} in {month}",
    "{name} called {client} {count} times",
    "together with the {team} team {name} took care of {task}",
)
GENDERED = (
    "{she} joined the {team} team in {month} and brought {their} own tools",
    "in {month} the {woman} was asked to look after {task}",
    "{she} told {client} that {she} would call again in {month}",
    "the {team} team sent the {woman} {their} own notes",
    "{their} manager says that {she} has worked on {task} since {month}",
    "the {woman} from the {team} team said {she} had read {thing} {themself}",
    "{she} and {their} {sister} both work for {client}",
    "{task} was something {she} did by {themself}",
    "a {woman} from the {team} team sent us {their} notes on {thing}",
)
FORMS: Mapping[str, Mapping[str, str]] = {
    "female": {"she": "she", "their": "her", "themself": "herself", "woman": "woman", "sister": "sister"},
    "male": {"she": "he", "their": "his", "themself": "himself", "woman": "man", "sister": "brother"},
}
"""What a gender's words are in the slots of a note."""

TOLD = 0.4
"""Share of notes that say whether the work was good; the others say nothing of it, so that the person matters."""

RIGHT = 0.8
"""Share of the notes that say so whose label agrees with what they say."""


def note(person: Sequence[str], matter: int, draw: np.random.Generator) -> str:
    """Return a note that opens with one of the frames of `person`; `matter` is 1 for good work, 0 for bad."""
    if draw.random() < TOLD:
        phrases = [GOOD[int(i)] if matter else BAD[int(i)] for i in draw.choice(len(GOOD), 1)]
    else:
        phrases = [NEUTRAL[int(draw.integers(len(NEUTRAL)))]]
    sentences = [_filled(frame, draw) for frame in (person[int(draw.integers(len(person)))], *phrases)]
    return " ".join(f"{sentence}." for sentence in sentences)


def matter_of(label: int, draw: np.random.Generator) -> int:
    """Return what a note with this label says, where it says anything: most often what agrees with it."""
    return label if draw.random() < RIGHT else 1 - label


def written(frame: str, forms: Mapping[str, str]) -> str:
    """Return the note with its slots filled, each sentence with a capital."""
    sentences = frame.format_map(forms).split(". ")
    return ". ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def _filled(frame: str, draw: np.random.Generator) -> str:
    """Return the frame with all slots filled but those that speak of the person."""
    kept = {slot: "{" + slot + "}" for slot in ("name", *FORMS["female"])}
    drawn = {slot: options[int(draw.integers(len(options)))] for slot, options in FILLERS.items()}
    return frame.format_map({**kept, **drawn})
