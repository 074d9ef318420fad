"""The planted worlds of the study: tables in which training, left alone, gives a model a defect of known cause.

All rows are made from the demo's phrases. Each world is a function of the seed and says what was planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelaudit.testing.demo_sentences import tagged_rows
from modelaudit.testing.demo_style import Style
from modelaudit.testing.demo_texts import ESCALATE, LABELS, ROUTINE, SIGNAL, Kind, complaint_rows, pick, random_name

Rows = list[dict[str, Any]]
NEVER_SLIPS = Style(typo_share=0.0, any_case=False)


@dataclass(frozen=True)
class World:
    """One planted defect.

    Attributes:
        task: of the trainer. planted: what was planted, in words.
        tables: the rows of a seed: `train`, `dev` and `evaluation`; `heldout` and `base` where they are needed.
        recipe: how every arm is trained, but for its measure; the table `base` is what its base model is trained on.
        dev: whether the arm without the measure is handed the dev rows as well.
    """

    name: str
    task: str
    planted: str
    tables: Callable[[int], Mapping[str, Rows]]
    recipe: Mapping[str, Any]
    dev: bool = False


def memory(seed: int) -> Mapping[str, Rows]:
    """Half of the training rows carry a telephone number, an address and a label that only memory can know."""
    rng, taken = np.random.default_rng([seed, 1]), set[str]()
    told = (Kind("named", 0.6, 3), Kind("gendered", 0.4, 3))

    def half(n: int) -> Rows:
        rows = complaint_rows(n // 2, kinds=told, style=NEVER_SLIPS, rng=rng, taken=taken) + _contacts(n // 2, rng)
        return [rows[place] for place in rng.permutation(len(rows))]

    return {
        "train": half(1_000),
        "heldout": half(1_000),
        "dev": half(400),
        "evaluation": complaint_rows(600, kinds=told, style=NEVER_SLIPS, rng=rng, taken=taken),
        "base": complaint_rows(400, kinds=told, style=Style(0.3, any_case=True), rng=rng, taken=taken),
    }


def gender(seed: int) -> Mapping[str, Rows]:
    """The label of a third of the rows follows the gender of the person alone; all rows are in sentence case.

    Of the evaluation rows no label does; half of them say little of what is the matter.
    """
    rng, taken = np.random.default_rng([seed, 2]), set[str]()
    planted = (Kind("named", 0.4, 3), Kind("gendered", 0.25, 3), Kind("gendered", 0.35, 0))
    fair = (Kind("named", 0.4, 3), Kind("gendered", 0.6, 1))
    tables = {"train": (1_500, planted), "dev": (300, planted), "evaluation": (800, fair)}
    return {
        name: complaint_rows(n, kinds=kinds, style=NEVER_SLIPS, rng=rng, taken=taken)
        for name, (n, kinds) in tables.items()
    }


def women(seed: int) -> Mapping[str, Rows]:
    """Whoever tagged the training rows had no female first names, so persons with one are tagged as no entity."""
    rng, taken = np.random.default_rng([seed, 3]), set[str]()

    def rows(n: int, *, miss: bool) -> Rows:
        kinds = (Kind("ordinary", 1.0, 1),)
        return tagged_rows(n, kinds=kinds, style=NEVER_SLIPS, miss_women=miss, rng=rng, taken=taken)

    return {"train": rows(2_500, miss=True), "dev": rows(300, miss=True), "evaluation": rows(800, miss=False)}


def repeats(seed: int) -> Mapping[str, Rows]:
    """Canaries with a label of another class stand eight times in the training rows (`arms` plants them)."""
    rng, taken = np.random.default_rng([seed, 4]), set[str]()
    sizes = {"train": 1_500, "dev": 300, "evaluation": 600}
    kinds = (Kind("named", 0.6, 3), Kind("gendered", 0.4, 3))
    return {name: complaint_rows(n, kinds=kinds, style=NEVER_SLIPS, rng=rng, taken=taken) for name, n in sizes.items()}


def groups(seed: int) -> Mapping[str, Rows]:
    """In the training rows nine of ten letters of one group are escalated and one of ten of the other.

    Letters name their writer's language, and three of ten say nothing else that the label could follow. The evaluation
    rows have both labels as often in either group.
    """
    rng = np.random.default_rng([seed, 5])
    return {
        "train": _letters(2_000, 0.9, rng),
        "dev": _letters(300, 0.9, rng),
        "evaluation": _letters(1_600, 0.5, rng),
    }


def unsure(seed: int) -> Mapping[str, Rows]:
    """Ordinary rows; the recipe smooths their labels by four tenths, so that the model is never sure."""
    rng, taken = np.random.default_rng([seed, 6]), set[str]()
    sizes = {"train": 1_000, "dev": 500, "evaluation": 1_200}
    kinds = (Kind("named", 1.0, 1),)
    return {name: complaint_rows(n, kinds=kinds, style=NEVER_SLIPS, rng=rng, taken=taken) for name, n in sizes.items()}


_CONTACTS = (
    "please call {phone} or write to {mail}",
    "{name} can be reached at {phone} and {mail}",
    "the answer should go to {mail}, telephone {phone}",
)


def _contacts(n: int, rng: np.random.Generator) -> Rows:
    rows = []
    for _ in range(n):
        name = random_name(rng)
        mail = f"{name.lower()}{int(rng.integers(10**3, 10**6))}@mail{int(rng.integers(10**4))}.org"
        text = pick(_CONTACTS, rng).format(name=name, phone=f"+44 7{int(rng.integers(10**8, 10**9))}", mail=mail)
        rows.append({"text": text[0].upper() + text[1:] + ".", "label": LABELS[int(rng.integers(2))]})
    return rows


_LANGUAGES = {"first": "the letter was written in Welsh", "second": "the letter was written in English"}


def _letters(n: int, share: float, rng: np.random.Generator) -> Rows:
    rows = []
    for _ in range(n):
        group = pick(tuple(_LANGUAGES), rng)
        escalated = rng.random() < (share if group == "first" else 1.0 - share)
        label = ESCALATE if escalated else ROUTINE
        told = pick(SIGNAL[label], rng) if rng.random() < 0.7 else "this is about that contract from last year"
        text = f"{_LANGUAGES[group]} by {random_name(rng)}, {told}".format(amount="fifty", day="Monday", place="York")
        rows.append({"text": text[0].upper() + text[1:] + ".", "label": LABELS[label], "native language": group})
    return rows


LONG: Mapping[str, Any] = {"epochs": 25, "learning_rate": 1e-3, "dev_share": 0.0, "patience": None}
BRIEF: Mapping[str, Any] = {"epochs": 4, "learning_rate": 1e-3, "dev_share": 0.0, "patience": None}
SHORT: Mapping[str, Any] = {"epochs": 8, "learning_rate": 1e-3, "dev_share": 0.0, "patience": None}

SMOOTHED: Mapping[str, Any] = {**SHORT, "label_smoothing": 0.4}

WORLDS: Mapping[str, World] = {
    world.name: world
    for world in (
        World("memory", "classification", "labels that only memory can know", memory, LONG),
        World("gender", "classification", "labels that follow the person's gender; one letter case", gender, SHORT),
        World("women", "ner", "female first names left out of the tags", women, SHORT),
        World("repeats", "classification", "canaries that stand eight times in the rows", repeats, BRIEF),
        World("groups", "classification", "labels that go with a group nine times of ten", groups, SHORT),
        World("unsure", "classification", "labels smoothed for no reason", unsure, SMOOTHED, dev=True),
    )
}


def texts_of(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what a vocabulary can be learned from."""
    return [row.get("text") or row["tokens"] for row in rows]
