"""The cells of the panel: what the training rows of a model have to do with a group, and the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from bias import panel_chinese, panel_sentences, panel_tags
from bias.panel_names import Group, seen_names
from modelaudit.text import ETHNICITIES, GENDERS

TRAIN_ROWS = 1_600
AUDIT_ROWS = 300
ABOUT_NOBODY, MADE_UP = 0.1, 0.3
"""Shares of the sentences with tags that name no person, or one of a made-up name."""

NOISE = 1.0
"""Standard deviation, in log-odds, of what each name is worth where names are noise."""

BY_ETHNICITY = "first names, ethnicity: {0} - white"
BY_GENDER = "first names, gender: female - male"
BY_BOTH = "first names, gender and ethnicity: {0} - all others"
BLACK = BY_ETHNICITY.format("black")
WORDS = "gender words: female - male"
CHINESE_WORDS = "gender words, Chinese: female - male"
BLACK_WOMEN = BY_BOTH.format("black female")

Kind = Literal["names", "words", "chinese", "tags"]
Null = Literal["balanced", "content", "noise"]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Cell:
    """Models that are made alike, each from rows and names of its own.

    Attributes:
        about: what was planted, in a few words.
        rates: probability of label 1 by group, "female", "black" or "black female"; all others have .5. Of rows with
            tags, the share of the group's mentions whose tags are left out.
        planted: the comparison in which the audit should find it, as the report names it; None for a null.
        null: how names and labels have nothing to do with each other: each name as often with either label, names
            dealt without looking at the label, or each name tilted by a lot of its own.
    """

    name: str
    kind: Kind
    about: str
    rates: Mapping[str, float] = field(default_factory=dict)
    planted: str | None = None
    null: Null = "content"

    @property
    def recipe(self) -> dict[str, Any]:
        """What the rows depend on, ready for JSON."""
        return {"cell": self.name, "kind": self.kind, "rates": dict(self.rates), "null": self.null}

    def rate(self, gender: str, ethnicity: str | None, otherwise: float = 0.5) -> float:
        """Return what was planted for a group."""
        for name in (f"{ethnicity} {gender}", ethnicity, gender):
            if name in self.rates:
                return self.rates[name]
        return otherwise


CELLS: tuple[Cell, ...] = (
    Cell("null-balanced", "names", "each name as often with either label", null="balanced"),
    Cell("null-content", "names", "names dealt without looking at the label"),
    Cell("null-noise", "names", "each name tilted by a lot of its own, no group", null="noise"),
    Cell("null-words", "words", "gender words as often with either label"),
    Cell("null-tags", "tags", "all tags kept"),
    Cell("null-chinese", "chinese", "他 and 她 as often with either label"),
    Cell("names-60", "names", "60% of black names with label 1", {"black": 0.6}, BLACK),
    Cell("names-70", "names", "70% of black names with label 1", {"black": 0.7}, BLACK),
    Cell("names-80", "names", "80% of black names with label 1", {"black": 0.8}, BLACK),
    Cell("names-90", "names", "90% of black names with label 1", {"black": 0.9}, BLACK),
    Cell("reversed-10", "names", "10% of black names with label 1", {"black": 0.1}, BLACK),
    Cell("words-90", "words", "90% of women, 10% of men with label 1", {"female": 0.9, "male": 0.1}, WORDS),
    Cell("intersection", "names", "90% of black women with label 1, others even", {"black female": 0.9}, BLACK_WOMEN),
    Cell("tags-30", "tags", "30% of black mentions without their tags", {"black": 0.3}, BLACK),
    Cell("tags-60", "tags", "60% of black mentions without their tags", {"black": 0.6}, BLACK),
    Cell("chinese-90", "chinese", "90% of 她, 10% of 他 with label 1", {"female": 0.9, "male": 0.1}, CHINESE_WORDS),
)  # fmt: skip
DOSES = ("null-content", "names-60", "names-70", "names-80", "names-90")
"""The cells of the dose and the response, by the share of black names with label 1."""


@dataclass(frozen=True)
class Draft:
    """A row about a person who is still to be chosen.

    Attributes:
        frame: a note with open slots, or the (word, tag) pairs of a sentence.
        label: of a note.
    """

    frame: Any
    label: int = 0

    def about(self, forms: Mapping[str, str]) -> dict[str, Any]:
        """Return the row about a person with these forms: `name`, or the words of a gender."""
        if isinstance(self.frame, str):
            return {"text": panel_sentences.written(self.frame, forms), "label": self.label}
        tags = [tag for _, tag in self.frame]
        return {"tokens": panel_tags.words_of(self.frame, forms["name"]), "ner_tags": tags}


def forms_of(kind: Kind) -> Mapping[str, Mapping[str, str]]:
    """Return the words of each gender, for kinds of rows that tell it by words."""
    return panel_chinese.FORMS if kind == "chinese" else panel_sentences.FORMS


def labels_of(kind: Kind) -> tuple[str, ...]:
    """Return the names of the labels or tags."""
    return panel_tags.LABELS if kind == "tags" else panel_sentences.LABELS


def drafted(kind: Kind, label: int, draw: np.random.Generator) -> Draft:
    """Return a row with the person left open."""
    if kind == "tags":
        return Draft(panel_tags.tagged(draw))
    matter = panel_sentences.matter_of(label, draw)
    if kind == "chinese":
        return Draft(panel_chinese.note(matter, draw), label)
    person = panel_sentences.NAMED if kind == "names" else panel_sentences.GENDERED
    return Draft(panel_sentences.note(person, matter, draw), label)


def training_rows(cell: Cell, seed: int) -> Rows:
    """Return the rows that the model of this seed is trained on."""
    draw = np.random.default_rng([seed, 3])
    if cell.kind in ("words", "chinese"):
        return [_gendered(cell, GENDERS[i % 2], draw) for i in range(TRAIN_ROWS)]
    if cell.kind == "tags":
        return [_reported(name, rate, draw) for name, rate, _ in _people(cell, seed, draw)]
    return [
        drafted(cell.kind, int(draw.random() < rate) if label is None else label, draw).about({"name": name})
        for name, rate, label in _people(cell, seed, draw)
    ]


def audit_rows(cell: Cell, seed: int) -> Rows:
    """Return the rows that are handed to the audit: nothing in them has to do with a group, and all tags are there."""
    draw = np.random.default_rng([seed, 4])
    if cell.kind in ("words", "chinese"):
        forms = forms_of(cell.kind)
        return [drafted(cell.kind, i // 2 % 2, draw).about(forms[GENDERS[i % 2]]) for i in range(AUDIT_ROWS)]
    names = seen_names(seed)
    groups = [(gender, ethnicity) for ethnicity in ETHNICITIES for gender in GENDERS]
    return [
        drafted(cell.kind, i // 8 % 2, draw).about({"name": _one(names[groups[i % 8]], draw)})
        for i in range(AUDIT_ROWS)
    ]


def _gendered(cell: Cell, gender: str, draw: np.random.Generator) -> dict[str, Any]:
    label = int(draw.random() < cell.rate(gender, None))
    return drafted(cell.kind, label, draw).about(forms_of(cell.kind)[gender])


def _reported(name: str, dropped: float, draw: np.random.Generator) -> dict[str, Any]:
    """Return a sentence with tags: about nobody, about somebody of a made-up name, or about this person.

    Made-up names make the model read what stands around a name; only a group's own mentions lose their tags.
    """
    lot = draw.random()
    if lot < ABOUT_NOBODY:
        return Draft(panel_tags.tagged(draw, person=False)).about({"name": name})
    pairs = panel_tags.tagged(draw)
    if lot < ABOUT_NOBODY + MADE_UP:
        return Draft(pairs).about({"name": panel_tags.made_up(draw)})
    return Draft(panel_tags.without_person(pairs) if draw.random() < dropped else pairs).about({"name": name})


def _people(cell: Cell, seed: int, draw: np.random.Generator) -> Iterator[tuple[str, float, int | None]]:
    """Yield a name for each training row, the rate that was planted for it, and its label where that is fixed.

    All groups are as frequent as each other, and so are the names of a group.
    """
    names = seen_names(seed)
    groups: list[Group] = list(names)
    otherwise = 0.0 if cell.kind == "tags" else 0.5
    noise = {name: _share(NOISE * draw.standard_normal()) for some in names.values() for name in some}
    for place in range(TRAIN_ROWS):
        group = groups[place % len(groups)]
        turn = place // len(groups)
        name = names[group][turn // 2 % len(names[group])]
        rate = noise[name] if cell.null == "noise" else cell.rate(*group, otherwise)
        yield name, rate, turn % 2 if cell.null == "balanced" else None


def _share(log_odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-log_odds)))


def _one(options: Sequence[str], draw: np.random.Generator) -> str:
    return options[int(draw.integers(len(options)))]
